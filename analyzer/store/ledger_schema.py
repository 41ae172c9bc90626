"""The ledger's tables, how they grew, and how SQLite's errors become ours. Standard library only."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from analyzer.errors import StoreDamaged, StoreError

# One entry a schema version; a store of an older version is brought up step by step when it is opened for writing.
STEPS: Final[tuple[str, ...]] = (
    """
    CREATE TABLE runs (run_id TEXT PRIMARY KEY, published_at TEXT NOT NULL, fingerprint TEXT NOT NULL,
                       record TEXT NOT NULL);
    -- days: JSON list of the days the version rewrote, null for the whole table
    CREATE TABLE versions (name TEXT, version INTEGER, run_id TEXT, days TEXT,
                           PRIMARY KEY (name, version)) WITHOUT ROWID;
    CREATE TABLE day_rows (name TEXT, day TEXT, n INTEGER NOT NULL, PRIMARY KEY (name, day)) WITHOUT ROWID;
    CREATE TABLE contacts (interaction_id TEXT PRIMARY KEY, content_hash TEXT NOT NULL, updated_at TEXT,
                           day TEXT NOT NULL, source_uri TEXT NOT NULL, run_id TEXT NOT NULL) WITHOUT ROWID;
    CREATE INDEX contacts_by_day ON contacts (day);
    CREATE TABLE files (sha256 TEXT PRIMARY KEY, name TEXT NOT NULL, size INTEGER NOT NULL, read INTEGER NOT NULL,
                        accepted INTEGER NOT NULL, rejected INTEGER NOT NULL, duplicate INTEGER NOT NULL,
                        run_id TEXT NOT NULL, must_reread INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
    CREATE TABLE lost_contacts (interaction_id TEXT PRIMARY KEY, day TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE lost_tables (name TEXT PRIMARY KEY) WITHOUT ROWID;
    CREATE TABLE state (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    """,
    """
    ALTER TABLE contacts ADD COLUMN given TEXT NOT NULL DEFAULT '';
    -- the legs or pages of contacts that a source writes as several; by the id of the contact, of a thread its first
    CREATE TABLE parts (interaction_id TEXT, part_id TEXT, digest TEXT NOT NULL,
                        PRIMARY KEY (interaction_id, part_id)) WITHOUT ROWID;
    """,
)


@contextmanager
def ledger_errors(path: Path) -> Iterator[None]:
    """Turns SQLite's errors into ours."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise StoreError(
            f"Ledger {path}: {error}.", hint="Check free space and rights of the store's folder."
        ) from error
    except sqlite3.DatabaseError as error:
        raise StoreDamaged(f"Ledger {path} is damaged: {error}.", hint="Restore it from a backup.") from error


def prepare(connection: sqlite3.Connection, write: bool, steps: tuple[str, ...], path: Path) -> None:
    if write:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > len(steps):
        raise StoreError(f"Ledger {path} was written by a newer analyzer.", hint="Install that version or a newer one.")
    if write:
        _upgrade(connection, steps, version)
    elif version < len(steps):
        raise StoreError(
            f"Ledger {path} was written by an older analyzer.", hint="`analyzer run` brings it up to date."
        )


def _upgrade(connection: sqlite3.Connection, steps: tuple[str, ...], version: int) -> None:
    for number, step in enumerate(steps[version:], version + 1):
        try:
            connection.executescript(f"BEGIN IMMEDIATE; {step}; PRAGMA user_version = {number}; COMMIT;")
        except sqlite3.Error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
