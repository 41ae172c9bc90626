"""Exports read back equal by the programs people use: DuckDB, Polars, pandas, openpyxl, sqlite3, PostgreSQL."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pandas as pd
import polars as pl
import psycopg
import pyarrow as pa
import pytest

from analyzer.errors import RunAborted, UsageError
from analyzer.publish.datapackage import type_name
from analyzer.publish.export import export_tables
from analyzer.publish.relations import PUBLISHED
from analyzer.publish.sql_text import views
from tests.postgres import server

from .test_agents import publish
from .test_dimensions import whole
from .world import EMPTY, MemoryTables, world

Rows = list[dict[str, Any]]
SINCE = date(2026, 11, 16)
HOSTILE = '=HYPERLINK("x")\n"q", ü\u2028€'


def hostile() -> MemoryTables:
    """The world with a queue whose name is a formula, with quotes, commas and line breaks in it."""
    facts = world().read("interaction_facts").to_pylist()
    return world().having(
        interaction_facts=[{**row, "queue": HOSTILE} if n < 3 else row for n, row in enumerate(facts)]
    )


@pytest.fixture(scope="module")
def expected() -> Mapping[str, Rows]:
    return {name: table.to_pylist() for name, table in whole(hostile()).items()}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with server() as url:
        yield url


def assert_same(found: Rows, wanted: Rows, name: str) -> None:
    key = PUBLISHED[name].key
    order = [sorted(rows, key=lambda row: [str(row[column]) for column in key]) for rows in (found, wanted)]
    assert order[0] == order[1], name


def test_parquet_reads_back_equal_by_duckdb_polars_and_pandas(tmp_path: Path, expected: Mapping[str, Rows]) -> None:
    export_tables(hostile(), tmp_path, "parquet", publish())
    for name, rows in expected.items():
        path = str(tmp_path / f"{name}.parquet")
        by_duckdb = duckdb.sql(f"SELECT * FROM '{path}'").to_arrow_table()
        utc = by_duckdb.cast(PUBLISHED[name].schema).to_pylist()
        assert utc == rows and pl.read_parquet(path).to_dicts() == rows, name
        frame = pd.read_parquet(path, dtype_backend="pyarrow")
        assert pa.Table.from_pandas(frame, PUBLISHED[name].schema, preserve_index=False).to_pylist() == rows, name


def test_csv_reads_back_equal_but_for_disarmed_formulas(tmp_path: Path, expected: Mapping[str, Rows]) -> None:
    export_tables(hostile(), tmp_path, "csv", publish())
    queues = {row["queue"] for row in csv_rows(tmp_path, "interactions")}
    assert f"'{HOSTILE}" in queues and HOSTILE not in queues
    for name in ("unit_scores", "fcr", "dim_date", "customers"):
        assert_same(csv_rows(tmp_path, name), expected[name], name)


def csv_rows(folder: Path, name: str) -> Rows:
    """Read by DuckDB with the types of the table."""
    types = {
        "string": "VARCHAR", "array": "VARCHAR", "number": "DOUBLE", "integer": "BIGINT", "boolean": "BOOLEAN",
        "date": "DATE", "datetime": "TIMESTAMPTZ",
    }  # fmt: skip
    table = PUBLISHED[name]
    columns = {column.name: types[type_name(column.type)] for column in table.columns}
    told = duckdb.execute(
        "SELECT * FROM read_csv(?, header=true, columns=?, quote='\"', escape='\"', new_line='\\r\\n', "
        "allow_quoted_nulls=false)", [str(folder / f"{name}.csv"), columns]
    )  # fmt: skip
    rows = [dict(zip(table.column_names, row, strict=True)) for row in told.fetchall()]
    return [{c.name: plain(row[c.name], type_name(c.type)) for c in table.columns} for row in rows]


def plain(value: Any, kind: str) -> Any:
    """A value of a format without lists, times or truth values as the table has it."""
    if value is None:
        return None
    if kind == "array":
        return json.loads(value) if isinstance(value, str) else value
    if kind == "datetime":
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    if kind == "date":
        return (
            date.fromisoformat(value)
            if isinstance(value, str)
            else value.date()
            if isinstance(value, datetime)
            else value
        )
    if kind == "boolean":
        return bool(value)
    return float(value) if kind == "number" else int(value) if kind == "integer" else value


def test_workbook_reads_back_equal_and_holds_no_formula(tmp_path: Path, expected: Mapping[str, Rows]) -> None:
    path = tmp_path / "analyzer.xlsx"
    export_tables(hostile(), path, "xlsx", publish())
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["dictionary", *PUBLISHED]
    for name, rows in expected.items():
        sheet = book[name]
        head, *body = sheet.iter_rows()
        assert tuple(cell.value for cell in head) == PUBLISHED[name].column_names and sheet.freeze_panes == "B2"
        assert not any(cell.data_type == "f" for line in body for cell in line), name
        kinds = [type_name(column.type) for column in PUBLISHED[name].columns]
        names = PUBLISHED[name].column_names
        found = [
            {n: plain(cell.value, kind) for n, cell, kind in zip(names, line, kinds, strict=True)} for line in body
        ]
        assert found == [{column: in_cell(value) for column, value in row.items()} for row in rows], name
    meanings = {(row[0], row[1]): row[5] for row in book["dictionary"].iter_rows(values_only=True)}
    assert meanings["unit_scores", "raw_mean"] == "plain mean"
    assert sum(column.name != "" for table in PUBLISHED.values() for column in table.columns) == len(meanings) - 1


def in_cell(value: Any) -> Any:
    """What a cell can hold: milliseconds, and nothing for an empty text."""
    if isinstance(value, datetime):
        return value.replace(microsecond=round(value.microsecond, -3) % 1_000_000)
    if isinstance(value, float):
        return pytest.approx(value, rel=1e-14)  # 16 digits stand in a workbook
    return None if value == "" else value


def test_workbook_is_the_same_twice(tmp_path: Path) -> None:
    for name in ("a", "b"):
        export_tables(world(), tmp_path / f"{name}.xlsx", "xlsx", publish())
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_sqlite_reads_back_equal_with_keys_that_hold(tmp_path: Path, expected: Mapping[str, Rows]) -> None:
    path = tmp_path / "analyzer.sqlite"
    export_tables(hostile(), path, "sqlite", publish())
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        for name, rows in expected.items():
            assert_same(rows_of(database.execute(f"SELECT * FROM {name}"), name), rows, name)
        for view in views():
            database.execute(f"SELECT * FROM {view}").fetchall()
        at_risk = database.execute("SELECT customer_key FROM who_is_at_risk").fetchall()
    listed = [row for row in expected["action_lists"] if row["list"] == "at_risk" and row["may_contact"]]
    assert sorted(key for (key,) in at_risk) == sorted(row["customer_key"] for row in listed)
    assert json.loads((tmp_path / "analyzer.sqlite.datapackage.json").read_text(encoding="utf-8"))["resources"]


def rows_of(cursor: Any, name: str) -> Rows:
    names = [told[0] for told in cursor.description]
    kinds = {column.name: type_name(column.type) for column in PUBLISHED[name].columns}
    return [{n: plain(v, kinds[n]) for n, v in zip(names, row, strict=True)} for row in cursor.fetchall()]


def test_latest_days_in_sqlite_leave_the_earlier_ones(tmp_path: Path) -> None:
    path = tmp_path / "analyzer.sqlite"
    export_tables(world(), path, "sqlite", publish())
    before = dump(path)
    for _ in range(2):
        export_tables(world(), path, "sqlite", publish(), SINCE)
        assert dump(path) == before
    changed = world().read("outcomes").to_pylist()
    later = [{**row, "experience_score": 1.0} for row in changed]
    export_tables(world().having(outcomes=later), path, "sqlite", publish(), SINCE)
    with closing(sqlite3.connect(path)) as database:
        told = dict(
            database.execute("SELECT day >= ?, max(experience_score) FROM interactions GROUP BY 1", [str(SINCE)])
        )
    assert told[1] == 1.0 and told[0] > 1.0


def dump(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as database:
        return sorted(database.iterdump())


def test_database_of_something_else_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.sqlite"
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE mine (x)")
    before = path.read_bytes()
    with pytest.raises(UsageError, match="something else"):
        export_tables(world(), path, "sqlite", publish(), SINCE)
    (tmp_path / "text").write_text("no database")
    with pytest.raises(UsageError, match="no SQLite database"):
        export_tables(world(), tmp_path / "text", "sqlite", publish(), SINCE)
    assert path.read_bytes() == before


def test_postgres_reads_back_equal_with_keys_and_views(url: str, expected: Mapping[str, Rows]) -> None:
    place = f"{url}&schema=equal"
    for _ in range(2):
        exported = export_tables(hostile(), place, "postgres", publish())
        assert {table.table: table.rows for table in exported} == {name: len(rows) for name, rows in expected.items()}
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        for name, rows in expected.items():
            cursor.execute(f"SELECT * FROM equal.{name}")  # type: ignore[arg-type]
            assert_same(rows_of(cursor, name), rows, name)
        for view in views():
            cursor.execute(f"SELECT * FROM equal.{view}")  # type: ignore[arg-type]
        cursor.execute(
            "SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND connamespace = 'equal'::regnamespace"
        )
        assert cursor.fetchall()[0][0] > 15
        cursor.execute("SELECT col_description('equal.unit_scores'::regclass, 7)")
        assert cursor.fetchall() == [("contacts in the estimate",)]


def test_latest_days_in_postgres_leave_the_earlier_ones_and_what_others_built(url: str) -> None:
    place = f"{url}&schema=latest"
    export_tables(world(), place, "postgres", publish())
    with psycopg.connect(url) as connection:
        connection.execute("CREATE VIEW mine AS SELECT measure, value FROM latest.which_agents")
    later = [{**row, "experience_score": 1.0} for row in world().read("outcomes").to_pylist()]
    export_tables(world().having(outcomes=later), place, "postgres", publish(), SINCE)
    with psycopg.connect(url) as connection:
        told = connection.execute(
            "SELECT day >= %s, max(experience_score), count(*) FROM latest.interactions GROUP BY 1", [SINCE]
        ).fetchall()
        connection.execute("SELECT * FROM mine")
    scores = {late: (score, count) for late, score, count in told}
    assert scores[True][0] == 1.0 and scores[False][0] > 1.0
    assert scores[True][1] + scores[False][1] == world().read("interaction_facts").num_rows


def test_postgres_shows_the_former_content_until_the_new_is_whole(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from analyzer.publish import postgres

    place = f"{url}&schema=whole"
    export_tables(world(), place, "postgres", publish())
    copied, seen = postgres._copied, []

    def watched(cursor: Any, dialect: Any, out: Any) -> int:
        with psycopg.connect(url) as other:
            seen.extend(other.execute("SELECT count(*) FROM whole.interactions").fetchall())
        if out.table.name == "turns":
            raise psycopg.OperationalError("the server goes away")
        return copied(cursor, dialect, out)

    monkeypatch.setattr(postgres, "_copied", watched)
    with pytest.raises(RunAborted, match="PostgreSQL refuses"):
        export_tables(EMPTY, place, "postgres", publish())
    rows = world().read("interaction_facts").num_rows
    assert set(seen) == {(rows,)}
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT count(*) FROM whole.turns").fetchall()[0][0] > 0


def test_postgres_url_is_checked_and_no_password_is_told() -> None:
    for place in ("analyzer.db", "mysql://x/y", "postgresql:///x?schema=a;b", "postgresql:///x?schema=pg_catalog"):
        with pytest.raises(UsageError):
            export_tables(EMPTY, place, "postgres", publish())
    with pytest.raises(RunAborted) as caught:
        export_tables(EMPTY, "postgresql://bi:geheim@127.0.0.1:1/none", "postgres", publish())
    assert "geheim" not in f"{caught.value} {caught.value.hint}"


def test_long_text_is_cut_in_a_cell_and_counted(tmp_path: Path) -> None:
    facts = world().read("interaction_facts").to_pylist()
    facts[0] = {**facts[0], "queue": "q" * 40_000}
    told = {
        t.table: t
        for t in export_tables(world().having(interaction_facts=facts), tmp_path / "x.xlsx", "xlsx", publish())
    }
    assert told["interactions"].cut == 1 and told["turns"].cut == 0
    cells = openpyxl.load_workbook(tmp_path / "x.xlsx")["dim_queue"]
    assert any(len(row[0].value) == 32_767 and row[0].value.endswith("…") for row in cells.iter_rows(min_row=2))
