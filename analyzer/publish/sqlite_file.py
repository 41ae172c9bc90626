"""A SQLite file with keys, indexes and views: for Metabase, Superset, DBeaver, a notebook.

Times are ISO 8601 text in UTC, truth values 0 and 1, lists JSON text. A whole export is written beside the file and
takes its place at once; one of the latest days is a single transaction, which readers see whole or not at all.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from analyzer.errors import RunAborted, UsageError
from analyzer.publish.datapackage import NAME, datapackage, type_name
from analyzer.publish.exported import Exported, check_file, disk_errors, staged, to_disk
from analyzer.publish.outgoing import Outgoing
from analyzer.publish.sql_text import Dialect, is_view, quoted, views
from analyzer.tables import Table

_DIALECT: Final = Dialect(
    {"string": "TEXT", "array": "TEXT", "number": "REAL", "integer": "INTEGER", "boolean": "INTEGER", "date": "TEXT",
     "datetime": "TEXT"}
)  # fmt: skip
_OURS: Final = 0x414E414C  # "ANAL" in the header's application_id: a file of ours
_HEADER: Final = b"SQLite format 3\0"


def write_sqlite(tables: Mapping[str, Outgoing], to: str, since: date | None) -> list[Exported]:
    """All tables in the file ``to``, and ``to`` + ``.datapackage.json`` beside it."""
    target = Path(to)
    check_file(target)
    told = target.with_name(f"{target.name}.{NAME}")
    with disk_errors(target), staged({"data": target, "package": told}) as places:
        places["package"].write_bytes(datapackage(dict.fromkeys(tables, target.name), "sqlite"))
        try:
            if since is not None and target.exists():
                rows = _update(target, tables, since)
            else:
                rows = _create(places["data"], tables)
                to_disk(places["data"])
                places["data"].replace(target)
        except sqlite3.Error as error:
            raise RunAborted(
                f"Cannot write the database {target}: {error.sqlite_errorname}.", hint="Former content is unchanged."
            ) from error
        places["package"].replace(told)
    return [Exported(name, f"{'view' if is_view(name) else 'table'} {name}", rows[name], target) for name in tables]


def _create(path: Path, tables: Mapping[str, Outgoing]) -> dict[str, int]:
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute(f"PRAGMA application_id = {_OURS}")
        database.execute("PRAGMA journal_mode = OFF")  # nobody sees the file before it is whole
        database.execute("BEGIN")
        rows = _filled(database, tables, None)
        database.execute("COMMIT")
    return rows


def _update(path: Path, tables: Mapping[str, Outgoing], since: date) -> dict[str, int]:
    with path.open("rb") as file:
        if file.read(len(_HEADER)) != _HEADER:
            raise UsageError(f"{path} is no SQLite database.", hint="Give --to another file, or leave out --since.")
    with closing(sqlite3.connect(path, isolation_level=None, timeout=60)) as database:
        if database.execute("PRAGMA application_id").fetchone()[0] != _OURS:
            raise UsageError(
                f"{path} is a database of something else.", hint="Give --to another file; nothing was changed."
            )
        database.execute("BEGIN IMMEDIATE")
        try:
            rows = _filled(database, tables, since)
            database.execute("COMMIT")
        except BaseException:
            database.execute("ROLLBACK")
            raise
    return rows


def _filled(database: sqlite3.Connection, tables: Mapping[str, Outgoing], since: date | None) -> dict[str, int]:
    stored = {name: out for name, out in tables.items() if not is_view(name)}
    for name in views():
        database.execute(f'DROP VIEW IF EXISTS "{name}"')
    rows = {name: _replaced(database, out, since) for name, out in stored.items()}
    for out in stored.values():
        for index in _DIALECT.indexes(out.table):
            database.execute(index)
    for name, query in views().items():
        database.execute(f'CREATE VIEW "{name}" AS {query}')
    for name in tables.keys() - stored.keys():
        rows[name] = database.execute(f'SELECT COUNT(*) FROM "{name}"').fetchone()[0]
    return rows


def _replaced(database: sqlite3.Connection, out: Outgoing, since: date | None) -> int:
    table = out.table
    if since is None or not out.by_day:
        database.execute(f'DROP TABLE IF EXISTS "{table.name}"')  # as it may have got columns since
        database.execute(_DIALECT.create(table))
    else:
        database.execute(_DIALECT.create(table))
        _with_new_columns(database, table)
        database.execute(f'DELETE FROM "{table.name}" WHERE day >= ?', [since.isoformat()])
    marks = ", ".join("?" * len(table.columns))
    insert = f'INSERT INTO "{table.name}" ({quoted(table.column_names)}) VALUES ({marks})'
    rows = 0
    for part in out.parts():
        database.executemany(insert, _values(table, part))
        rows += part.num_rows
    return rows


def _with_new_columns(database: sqlite3.Connection, table: Table) -> None:
    there = {row[1] for row in database.execute(f'PRAGMA table_info("{table.name}")')}
    for column in table.columns:
        if column.name not in there:
            kind = _DIALECT.types[type_name(column.type)]
            database.execute(f'ALTER TABLE "{table.name}" ADD COLUMN "{column.name}" {kind}')


def _values(table: Table, part: Any) -> Iterator[tuple[Any, ...]]:
    columns = []
    for column in table.columns:
        values = part[column.name].to_pylist()
        if told := _TOLD.get(type_name(column.type)):
            values = [None if value is None else told(value) for value in values]
        columns.append(values)
    return zip(*columns, strict=True)


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


_TOLD: Final[Mapping[str, Callable[[Any], Any]]] = {
    "datetime": _iso, "date": date.isoformat, "boolean": int,
    "array": lambda value: json.dumps(value, ensure_ascii=False),
}  # fmt: skip
