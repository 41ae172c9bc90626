"""The review database of a store, as far as it names somebody: shown, taken out, made as small as what is left."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote_plus

from analyzer.errors import StoreBusy
from analyzer.records import UNNAMED
from analyzer.review.database import Connection, Database, PostgresDatabase, SqliteDatabase, text_of
from analyzer.review.database import reviews_of as reviews_of
from analyzer.trust.removal import GONE
from analyzer.trust.review_columns import Columns, tables_in

_CHUNK: Final = 400
_WAIT_S: Final = 10.0
_ENDING: Final = ("sessions", "password_codes", "default_views", "last_lists", "views")  # what ends with an account
_BETWEEN: Final = re.compile(r"[\s/:,;#?&=]+")
Row = dict[str, Any]


def rows_about(
    connection: Connection, tables: Mapping[str, Columns], contacts: Collection[str], names: Collection[str]
) -> dict[str, list[Row]]:
    """By table, the rows of those contacts, and those that name a customer, agent or their account."""
    found: dict[str, list[Row]] = {}
    accounts = accounts_of(connection, names)
    for table, columns in tables.items():
        held = columns.held
        wanted = [(c, contacts) for c in held.contact] + [(c, names) for c in (*held.customer, *held.agent)]
        wanted += [(column, accounts) for column in held.account]
        rows = [row for column, ids in wanted for row in _having(connection, table, column, ids)]
        rows += [row for column in held.log for row in _mentioning(connection, table, column, {*contacts, *names})]
        if rows:
            found[table] = _once(rows)
    for table, columns in tables.items():
        for column, (parent, key) in columns.held.follows.items():
            ids = {row[key] for row in found.get(parent, ())}
            if rows := _having(connection, table, column, ids):
                found[table] = _once([*found.get(table, ()), *rows])
    return {table: [_without_secrets(row) for row in rows] for table, rows in found.items()}


@dataclass(frozen=True, slots=True)
class Going:
    """What is taken out. ``notes_of``: contacts about which nobody's free words stay; ``accounts``: old name → new.

    ``everywhere``: ids that are cut out of every text that is no key.
    """

    contacts: Collection[str] = ()
    customers: Collection[str] = ()
    agents: Collection[str] = ()
    notes_of: Collection[str] = ()
    accounts: Mapping[str, str] = field(default_factory=dict)
    everywhere: Sequence[str] = ()


def take_out(connection: Connection, tables: Mapping[str, Columns], going: Going) -> dict[str, int]:
    """Rows that were deleted or made nobody's, by table. Who looked when stays in the log, at whom does not."""
    done: dict[str, int] = {}
    for table, columns in tables.items():
        held = columns.held
        for kind, ids in ((held.contact, going.contacts), (held.customer, going.customers)):
            for column in kind:
                _delete(connection, tables, table, column, ids, done)
        for column in held.contact if held.notes else ():
            _delete(connection, tables, table, column, going.notes_of, done, f" AND {held.notes}")
        for column in held.agent if table != "users" else ():
            _unname(connection, tables, table, column, going.agents, done)
        for column in held.log:
            _blank(connection, table, column, {*going.contacts, *going.customers, *going.agents}, done)
    for old, new in going.accounts.items():
        _rename_account(connection, tables, old, new, done)
    _cut_everywhere(connection, tables, going.everywhere, done)
    return done


def _cut_everywhere(
    connection: Connection, tables: Mapping[str, Columns], ids: Sequence[str], done: dict[str, int]
) -> None:
    for table, columns in tables.items():
        for column in sorted(columns.text - columns.key):
            for one in ids:
                changed = connection.change(
                    f"UPDATE {table} SET {column} = replace({column}, ?, ?) WHERE replace({column}, ?, '') <> {column}",
                    one, GONE, one,
                )  # fmt: skip
                _count(done, table, changed)


def compact(database: Database) -> None:
    """Leaves nothing of deleted rows in the database's files. Raises StoreBusy where a reader does not let go."""
    if isinstance(database, SqliteDatabase):
        compact_file(database.path)
    elif isinstance(database, PostgresDatabase):
        with database.read() as connection:
            tables = list(tables_in(database, connection))
        database.rewrite(tables)


def compact_file(path: Path) -> None:
    """The same of one SQLite file: rewritten without free pages, its write-ahead log emptied."""
    until = time.monotonic() + _WAIT_S
    with closing(sqlite3.connect(path, timeout=_WAIT_S, isolation_level=None)) as connection:
        connection.execute("VACUUM")
        while connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
            if time.monotonic() > until:
                raise StoreBusy(
                    f"{path.name} is being read without a pause.",
                    hint="Stop `analyzer review serve` or other readers and run this again; it goes on where it was.",
                )
            time.sleep(0.1)


# Reading


def accounts_of(connection: Connection, agents: Collection[str]) -> list[str]:
    """The accounts of agents, by name."""
    return sorted(row["name"] for row in _having(connection, "users", "agent_id", agents))


def _having(connection: Connection, table: str, column: str, values: Collection[str]) -> list[Row]:
    rows: list[Row] = []
    for chunk in _chunks(values):
        rows += connection.rows(f"SELECT * FROM {table} WHERE {column} IN ({_marks(chunk)})", *chunk)
    return rows


def _mentioning(connection: Connection, table: str, column: str, ids: Collection[str]) -> list[Row]:
    return _having(connection, table, column, _values_with(connection, table, column, ids))


def _values_with(connection: Connection, table: str, column: str, ids: Collection[str]) -> list[str]:
    """The values of a log that are one of ``ids``, or hold it between signs that part words."""
    if not ids:
        return []
    values = [row[column] for row in connection.rows(f"SELECT DISTINCT {column} FROM {table}") if row[column]]
    parted = [each for each in ids if _BETWEEN.search(each)]  # that hold such a sign themselves
    return [value for value in values if any(_holds(text, ids, parted) for text in {value, unquote_plus(value)})]


def _holds(text: str, ids: Collection[str], parted: Collection[str]) -> bool:
    """Whether ``text``, as it stands or as an address was read, names one of ``ids``."""
    if text in ids or not set(_BETWEEN.split(text)).isdisjoint(ids):
        return True
    return any(_BETWEEN.sub(" ", f" {each} ") in _BETWEEN.sub(" ", f" {text} ") for each in parted if each in text)


def _once(rows: Iterable[Row]) -> list[Row]:
    return list({tuple(row.items()): row for row in rows}.values())


def _without_secrets(row: Row) -> Row:
    return {
        name: value for name, value in row.items() if not name.endswith(("_hash", "csrf")) or name == "content_hash"
    }


# Changing


def _delete(
    connection: Connection, tables: Mapping[str, Columns], table: str, column: str, values: Collection[Any],
    done: dict[str, int], condition: str = "",
) -> None:  # fmt: skip
    """Deletes the rows, after the rows of other tables that hang on them."""
    for chunk in _chunks(values):
        where = f"WHERE {column} IN ({_marks(chunk)}){condition}"
        for other, columns in tables.items():
            for at, (parent, key) in columns.held.follows.items():
                if parent == table:
                    hung = {row[key] for row in connection.rows(f"SELECT {key} FROM {table} {where}", *chunk)}
                    _delete(connection, tables, other, at, hung, done)
        _count(done, table, connection.change(f"DELETE FROM {table} {where}", *chunk))


def _unname(
    connection: Connection, tables: Mapping[str, Columns], table: str, column: str, agents: Collection[str],
    done: dict[str, int],
) -> None:  # fmt: skip
    """What somebody wrote about an agent goes; a row that only names one loses the name."""
    if tables[table].held.words or column in tables[table].key:
        _delete(connection, tables, table, column, agents, done)
        return
    for chunk in _chunks(agents):
        changed = connection.change(
            f"UPDATE {table} SET {column} = ? WHERE {column} IN ({_marks(chunk)})", UNNAMED, *chunk
        )
        _count(done, table, changed)


def _blank(connection: Connection, table: str, column: str, ids: Collection[str], done: dict[str, int]) -> None:
    for chunk in _chunks(_values_with(connection, table, column, ids)):
        where = f"WHERE {column} IN ({_marks(chunk)})"
        _count(done, table, connection.change(f"UPDATE {table} SET {column} = ? {where}", GONE, *chunk))


def _rename_account(
    connection: Connection, tables: Mapping[str, Columns], name: str, new: str, done: dict[str, int]
) -> None:
    """The account ends under a name that is nobody's; what it decided and saw stays, without where from."""
    connection.change(
        "INSERT INTO users (name, role, agent_id, password_hash, created_at, disabled_at) "
        "SELECT ?, 'viewer', NULL, '', created_at, ? FROM users WHERE name = ?",
        new, text_of(datetime.now(UTC)), name,
    )  # fmt: skip
    for table, columns in tables.items():
        if table == "users":
            continue
        for column in columns.held.account:
            if table in _ENDING:
                connection.change(f"DELETE FROM {table} WHERE {column} = ?", name)
                continue
            _count(done, table, connection.change(f"UPDATE {table} SET {column} = ? WHERE {column} = ?", new, name))
        for column in columns.held.log:
            _blank(connection, table, column, {name}, done)
    connection.change("UPDATE audit_log SET address = '' WHERE name = ?", new)
    _count(done, "users", connection.change("DELETE FROM users WHERE name = ?", name))


def _count(done: dict[str, int], table: str, changed: int) -> None:
    if changed > 0:
        done[table] = done.get(table, 0) + changed


def _chunks(values: Iterable[Any]) -> Iterator[list[Any]]:
    iterator = iter(sorted(values))
    while chunk := list(islice(iterator, _CHUNK)):
        yield chunk


def _marks(chunk: list[Any]) -> str:
    return ", ".join("?" * len(chunk))
