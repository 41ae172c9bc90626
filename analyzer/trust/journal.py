"""STORE/trust.sqlite: who must not come back (keyed hashes), how long things are kept, and what was done about people.

No id of a person stands in it, but for a removal that is under way: that one is needed to go on after a kill, and is
deleted with the last step. Standard library only, as every run asks it.
"""

from __future__ import annotations

import getpass
import hashlib
import hmac
import json
import os
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from analyzer.errors import StoreError
from analyzer.store import folder, keys

_SECRET: Final = "suppression"
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS suppressed (digest TEXT PRIMARY KEY, since TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS limits (name TEXT PRIMARY KEY, day TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS deeds (at TEXT NOT NULL, who TEXT NOT NULL, action TEXT NOT NULL, detail TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS pending (digest TEXT PRIMARY KEY, person TEXT NOT NULL) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that was done about people or their data: by whom, when, and what, without an id of theirs."""

    at: datetime
    who: str
    action: str
    detail: Mapping[str, Any] = field(default_factory=dict)


class Journal:
    """The record of ``store``; what it does not have yet is empty, and is made with the first entry."""

    def __init__(self, store: Path) -> None:
        self.store = store
        self.path = store / folder.TRUST

    def digest(self, kind: str, value: str) -> str:
        """A keyed hash: without this store's secret nobody can try ids against it."""
        return hmac.new(self._key, f"{kind}\0{value}".encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()

    @cached_property
    def _key(self) -> bytes:
        return keys.secret(self.store, _SECRET)

    # Who must not come back, and from which day on there is anything at all

    def suppressed(self) -> frozenset[str]:
        """The digests of people and contacts that must not come in again."""
        return frozenset(digest for (digest,) in self._rows("SELECT digest FROM suppressed"))

    def suppress(self, digests: Iterable[str]) -> None:
        since = datetime.now(UTC).isoformat(timespec="seconds")
        with self._change() as connection:
            rows = [(digest, since) for digest in digests]
            connection.executemany("INSERT OR IGNORE INTO suppressed VALUES (?, ?)", rows)

    def limit(self, name: str) -> date | None:
        """The first day of which ``name`` (``contacts``, ``agents``) is kept; None where nobody set one."""
        found = self._rows("SELECT day FROM limits WHERE name = ?", name)
        return date.fromisoformat(found[0][0]) if found else None

    def put_limit(self, name: str, day: date) -> None:
        with self._change() as connection:
            connection.execute("INSERT OR REPLACE INTO limits VALUES (?, ?)", (name, day.isoformat()))

    # What was done

    def deeds(self, since: datetime | None = None) -> list[Deed]:
        """What was done since then, oldest first."""
        query = "SELECT at, who, action, detail FROM deeds WHERE at >= ? ORDER BY at, rowid"
        found = self._rows(query, _text(since) if since else "")
        return [Deed(datetime.fromisoformat(at), who, action, json.loads(told)) for at, who, action, told in found]

    def note(self, action: str, **detail: object) -> None:
        """Adds a deed of whoever runs this program now."""
        row = (_text(datetime.now(UTC)), _who(), action, json.dumps(detail, ensure_ascii=False, default=str))
        with self._change() as connection:
            connection.execute("INSERT INTO deeds VALUES (?, ?, ?, ?)", row)

    def cut(self, ids: re.Pattern[str], instead: str) -> None:
        """Cuts ids out of what was written down of files that left the store."""
        told = [
            (detail, rowid) for detail, rowid in self._rows("SELECT detail, rowid FROM deeds") if ids.search(detail)
        ]
        if told:
            with self._change() as connection:
                changed = [(ids.sub(instead, detail), rowid) for detail, rowid in told]
                connection.executemany("UPDATE deeds SET detail = ? WHERE rowid = ?", changed)

    # A removal under way

    def pending(self) -> dict[str, dict[str, Any]]:
        """Removals that were begun and not ended, by the digest of whom they are about."""
        return {digest: json.loads(person) for digest, person in self._rows("SELECT * FROM pending")}

    def begin(self, digest: str, person: Mapping[str, Any]) -> None:
        with self._change() as connection:
            row = (digest, json.dumps(person, ensure_ascii=False))
            connection.execute("INSERT OR REPLACE INTO pending VALUES (?, ?)", row)

    def end(self, digest: str) -> None:
        """Lets go of the removal's ids, also within the file."""
        with self._change() as connection:
            connection.execute("DELETE FROM pending WHERE digest = ?", (digest,))
        with _errors(self.path), closing(self._open("rw")) as connection:
            connection.execute("VACUUM")

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        with _errors(self.path):
            folder.create_private(self.path)
            with closing(self._open("rw")) as connection:
                connection.executescript(_SCHEMA)
                connection.execute("BEGIN IMMEDIATE")
                yield connection
                connection.execute("COMMIT")

    def _rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        if not self.path.is_file() or not self.path.stat().st_size:
            return []
        # Whoever may write also mends what a kill left half written; others read what there is.
        mode = "rw" if os.access(self.path, os.W_OK) else "ro"
        with _errors(self.path), closing(self._open(mode)) as connection:
            return connection.execute(query, values).fetchall()

    def _open(self, mode: str) -> sqlite3.Connection:
        uri = f"{self.path.absolute().as_uri()}?mode={mode}"
        connection = sqlite3.connect(uri, uri=True, timeout=20, isolation_level=None)
        connection.execute("PRAGMA secure_delete = ON")
        return connection


@contextmanager
def _errors(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise StoreError(f"{path}: {error}.", hint="Check free space and rights of the store's folder.") from error


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _who() -> str:
    """The name that this machine knows the person by."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"
