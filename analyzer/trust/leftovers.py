"""What lies beside the tables: quarantine, working files, the ledger's names of files. And what hides in free pages."""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Collection
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Final

import msgspec

from analyzer.ingest import quarantine
from analyzer.ingest.quarantine import Entry
from analyzer.records import UNNAMED
from analyzer.store import folder
from analyzer.store.ledger_schema import ledger_errors
from analyzer.trust.removal import GONE
from analyzer.trust.reviewed import compact_file

# Working files that a run makes again, and what a repair moved aside: rows of anybody, and nobody can search them.
WORKING: Final = (folder.STAGING, folder.ASIDE, folder.SENTENCES)
_PACKED: Final = (b"\x1f\x8b", b"PK\x03\x04", b"\x28\xb5\x2f\xfd", b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf")
_GIVEN_AGENT: Final = ("agent_id", "team_of")


def quarantined(store: Path, ids: re.Pattern[str] | None, *, unreadable: bool) -> list[Entry]:
    """Entries whose file name or bytes hold one of ``ids``; with ``unreadable`` those too whose bytes are packed.

    Packed bytes cannot be searched, so nobody can say that they do not hold the person.
    """
    found = []
    for entry in quarantine.entries(store):
        raw = quarantine.raw_bytes(store, entry)
        if (unreadable and raw.startswith(_PACKED)) or (ids and _mentions(entry.source_uri, raw, ids)):
            found.append(entry)
    return found


def _mentions(uri: str, raw: bytes, ids: re.Pattern[str]) -> bool:
    """Whatever the encoding: as UTF-8, and as UTF-16 with the zero bytes taken out."""
    texts = (uri, raw.decode("utf-8", "replace"), raw.replace(b"\0", b"").decode("latin-1"))
    return any(ids.search(text) for text in texts)


def clear_quarantine(store: Path, entries: Collection[Entry]) -> int:
    """How many records left; their bytes are overwritten."""
    quarantine.remove(store, {entry.place for entry in entries})
    return len({entry.place for entry in entries})


def clear_working(store: Path) -> int:
    """How many working files were deleted. The next run makes what it needs again."""
    count = 0
    for name in WORKING:
        path = store / name
        count += sum(1 for file in path.rglob("*") if file.is_file())
        shutil.rmtree(path, ignore_errors=True)
    (store / folder.STAGING).mkdir(mode=0o700, exist_ok=True)
    return count


def clear_ledger(
    store: Path, places: re.Pattern[str] | None, agents: Collection[str], agents_until: date | None = None
) -> None:
    """Cuts ids out of names of files and out of what side files told, and leaves nothing in free pages.

    The caller holds the writer's lock.
    """
    path = store / folder.LEDGER
    with ledger_errors(path):
        with closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            if places is not None:
                for table, column in (("contacts", "source_uri"), ("files", "name"), ("parts", "part_id")):
                    _cut(connection, table, column, places)
            if agents or agents_until:
                _unname_given(connection, agents, agents_until)
            connection.execute("COMMIT")
        compact_file(path)


def _cut(connection: sqlite3.Connection, table: str, column: str, places: re.Pattern[str]) -> None:
    """Two names that become one are no trouble: none of these columns is a key alone."""
    values = [value for (value,) in connection.execute(f"SELECT DISTINCT {column} FROM {table}")]
    named = [(places.sub(GONE, value), value) for value in values if value and places.search(value)]
    connection.executemany(f"UPDATE OR REPLACE {table} SET {column} = ? WHERE {column} = ?", named)


def _unname_given(connection: sqlite3.Connection, agents: Collection[str], until: date | None) -> None:
    """In what side files told of a contact, an agent is unnamed like in the contact."""
    changed: list[tuple[str, str]] = []
    for key, given, day in connection.execute("SELECT interaction_id, given, day FROM contacts WHERE given != ''"):
        told = msgspec.json.decode(given)
        old = until is not None and date.fromisoformat(day) < until
        new = {name: UNNAMED for name in _GIVEN_AGENT if told.get(name) in agents or (old and told.get(name))}
        if new and new.items() - told.items():
            changed.append((msgspec.json.encode({**told, **new}).decode(), key))
    connection.executemany("UPDATE contacts SET given = ? WHERE interaction_id = ?", changed)
