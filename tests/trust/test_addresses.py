"""Ids in what the review app keeps of addresses: filters of lists and lines of the log, written as addresses write."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlencode

import pytest

from analyzer.progress import Silent
from analyzer.review.database import SqliteDatabase
from analyzer.trust.review_columns import tables_in
from analyzer.trust.reviewed import Going, rows_about, take_out
from analyzer.trust.search import search_files


@pytest.mark.parametrize("agent", ["eva@firma.example", "a/7", "Jörg M", "x#2", "7"])
def test_ids_go_out_of_addresses(tmp_path: Path, agent: str) -> None:
    database = SqliteDatabase(tmp_path / "review.sqlite")
    query = urlencode({"view": "concern", "agent": agent, "page": 3})
    kept = urlencode({"view": "concern", "agent": f"{agent}0"})
    lines = (query, f"read {agent} again", kept)
    with database.write() as connection:
        connection.change("INSERT INTO users VALUES (?,?,?,?,?,?)", "dana", "lead", None, "", "2026", None)
        connection.change("INSERT INTO last_lists VALUES (?,?)", "dana", query)
        for line in lines:
            connection.change("INSERT INTO audit_log VALUES (?,?,?,?,?)", "2026", "dana", "read", line, "")
        tables = tables_in(database, connection)
        told = rows_about(connection, tables, (), {agent})
        assert {table: len(rows) for table, rows in told.items()} == {"last_lists": 1, "audit_log": 2}
        take_out(connection, tables, Going(agents={agent}))
        assert connection.rows("SELECT query FROM last_lists") == [{"query": "forgotten"}]
        left = [row["object"] for row in connection.rows("SELECT object FROM audit_log ORDER BY rowid")]
    assert left == ["forgotten", "forgotten", kept]


def test_search_finds_ids_as_addresses_write_them(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("view=concern&agent=eva%40firma.example", "utf-8")
    assert search_files(tmp_path, [file], {"eva@firma.example"}, Silent()).found_in == ["notes.txt"]
    assert not search_files(tmp_path, [file], {"eva@firma.test"}, Silent()).found_in
