"""Every table and column is classified; a new one fails here until somebody has thought about whose it is."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pytest

from analyzer.review.database import SqliteDatabase
from analyzer.store.ledger import Ledger
from analyzer.tables import STORED
from analyzer.trust.register import LEDGER, REVIEW, STORE, Held


def of_text(connection: sqlite3.Connection) -> dict[str, set[str]]:
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    return {
        name: {row[1] for row in connection.execute(f"PRAGMA table_info({name})") if row[2].upper() == "TEXT"}
        for (name,) in tables.fetchall()
    }


def assert_complete(found: Mapping[str, set[str]], register: Mapping[str, Held]) -> None:
    assert set(found) == set(register), "a table is not classified in analyzer/trust/register.py, or is no more"
    for table, columns in found.items():
        assert columns == register[table].columns, f"columns of {table} are not classified, or are no more"


def test_register_knows_every_column_of_the_store() -> None:
    def is_text(kind: pa.DataType) -> bool:
        return pa.types.is_string(kind) or (pa.types.is_list(kind) and is_text(kind.value_type))

    found = {name: {c.name for c in table.columns if is_text(c.type)} for name, table in STORED.items()}
    assert_complete(found, STORE)


def test_register_knows_every_column_of_the_ledger(tmp_path: Path) -> None:
    Ledger.open(tmp_path, write=True).close()
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as connection:
        assert_complete(of_text(connection), LEDGER)


@pytest.fixture
def review(tmp_path: Path) -> Path:
    SqliteDatabase(tmp_path / "review.sqlite")
    return tmp_path / "review.sqlite"


def test_register_knows_every_column_of_the_review_database(review: Path) -> None:
    with closing(sqlite3.connect(review)) as connection:
        assert_complete(of_text(connection), REVIEW)


def test_register_follows_every_reference_to_what_somebody_said(review: Path) -> None:
    with closing(sqlite3.connect(review)) as connection:
        for table, held in REVIEW.items():
            for reference in connection.execute(f"PRAGMA foreign_key_list({table})"):
                parent, column, key = reference[2], reference[3], reference[4]
                if REVIEW[parent].contact or REVIEW[parent].follows:
                    assert held.follows.get(column) == (parent, key or column), f"{table}.{column} hangs on {parent}"


def test_register_tells_every_column_that_may_hold_words_from_plain_ones() -> None:
    held = [STORE[name].columns for name in ("turns", "surveys", "loyalty_records", "commitments")]
    assert all("text" in columns for columns in held)
    assert all("text" in STORE[name].words for name in ("turns", "surveys", "loyalty_records", "commitments"))
