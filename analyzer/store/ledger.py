"""The ledger: which versions are published, which contacts and files are known. Standard library only.

An unchanged re-run is recognised here alone, before anything heavy is imported. Contacts are never read whole:
they are looked up by id, a chunk at a time.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import astuple
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Self

from analyzer.store import folder
from analyzer.store.entries import ContactIdentity, FileSeen, Published
from analyzer.store.ledger_schema import STEPS, ledger_errors, prepare
from analyzer.store.ledger_values import counts_by_day, days_of, identity_of, in_chunks, marks, text_of

__all__ = ["ContactIdentity", "FileSeen", "Ledger", "Published", "last_fingerprint"]

_VERSIONS_KEPT = 20  # per table; enough to fall back on when newest commits are damaged


def last_fingerprint(store: Path) -> str | None:
    """The fingerprint of the published state of ``store``; None if there is no store or nothing was published."""
    if not folder.exists(store):
        return None
    with Ledger.open(store, write=False) as ledger:
        return ledger.fingerprint()


class Ledger:
    """One connection to STORE/ledger.sqlite. Changes happen inside ``transaction`` and become visible at its end."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection

    @classmethod
    def open(cls, store: Path, *, write: bool, steps: tuple[str, ...] = STEPS) -> Self:
        """The ledger of ``store``, brought up to the newest schema when ``write`` is given."""
        path = store / folder.LEDGER
        with ledger_errors(path):
            if write:
                folder.create_private(path)
            mode = "rw" if write else "ro"
            uri = f"{path.absolute().as_uri()}?mode={mode}"
            connection = sqlite3.connect(uri, uri=True, timeout=30, isolation_level=None)
            try:
                prepare(connection, write, steps, path)
            except BaseException:
                connection.close()
                raise
        return cls(path, connection)

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All changes inside are visible and on disk together at its end, or not at all."""
        with ledger_errors(self.path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    # What is published

    def fingerprint(self) -> str | None:
        """What the last published state was made of; None before the first run and after a loss."""
        return self._state("fingerprint")

    def vacuumed_at(self) -> datetime | None:
        """When old files were last deleted, or the store was first opened; None before that."""
        found = self._state("vacuumed_at")
        return datetime.fromisoformat(found) if found else None

    def vector(self) -> dict[str, int]:
        """The published version of every table."""
        return dict(self._rows("SELECT name, max(version) FROM versions GROUP BY name"))

    def versions(self, name: str) -> list[Published]:
        """The published versions of a table, oldest first; the newest 20 are kept."""
        found = self._rows("SELECT name, version, days FROM versions WHERE name = ? ORDER BY version", name)
        return [Published(name, version, days_of(days)) for name, version, days in found]

    def day_rows(self, name: str) -> dict[date | None, int]:
        """Rows per day of a published table; a table without days has one entry, None."""
        found = self._rows("SELECT day, n FROM day_rows WHERE name = ?", name)
        return {date.fromisoformat(day) if day else None: n for day, n in found}

    def runs(self) -> list[dict[str, Any]]:
        """What each published run said of itself, oldest first: in order of publication, as a clock may jump back."""
        return [json.loads(record) for (record,) in self._rows("SELECT record FROM runs ORDER BY rowid")]

    # What is known

    def identities(self, interaction_ids: Iterable[str]) -> dict[str, ContactIdentity]:
        """The known ones of ``interaction_ids``. The answer is as large as the question, so ask a batch at a time."""
        known: dict[str, ContactIdentity] = {}
        for chunk in in_chunks(interaction_ids):
            query = f"SELECT * FROM contacts WHERE interaction_id IN ({marks(chunk)})"
            known.update((row[0], identity_of(row)) for row in self._rows(query, *chunk))
        return known

    def pieces(self, interaction_id: str) -> list[ContactIdentity]:
        """Known contacts whose ids are written like those of the later pieces of a thread: ``…#2``, ``…#3``."""
        query = "SELECT * FROM contacts WHERE interaction_id > ? AND interaction_id < ?"
        found = self._rows(query, f"{interaction_id}#", f"{interaction_id}$")  # $ comes next after #
        return [identity_of(row) for row in found]

    def parts(self, interaction_id: str) -> dict[str, str]:
        """The parts of a contact that a source writes as several, each with the digest of what it told."""
        return dict(self._rows("SELECT part_id, digest FROM parts WHERE interaction_id = ?", interaction_id))

    def contacts_per_day(self, days: Collection[date] | None = None) -> dict[date, int]:
        """How many contacts are known of each of ``days`` (None: of all days); a day without contacts is absent."""
        if days is None:
            return counts_by_day(self._rows("SELECT day, count(*) FROM contacts GROUP BY day"))
        counts: dict[date, int] = {}
        for chunk in in_chunks(day.isoformat() for day in days):
            query = f"SELECT day, count(*) FROM contacts WHERE day IN ({marks(chunk)}) GROUP BY day"
            counts.update(counts_by_day(self._rows(query, *chunk)))
        return counts

    def files(self, sha256s: Iterable[str]) -> dict[str, FileSeen]:
        """The files among ``sha256s`` that were read before and need not be read again."""
        seen: dict[str, FileSeen] = {}
        columns = "sha256, name, size, read, accepted, rejected, duplicate"
        for chunk in in_chunks(sha256s):
            query = f"SELECT {columns} FROM files WHERE must_reread = 0 AND sha256 IN ({marks(chunk)})"
            seen.update((row[0], FileSeen(*row)) for row in self._rows(query, *chunk))
        return seen

    def lost(self) -> tuple[dict[date, int], list[str]]:
        """Contacts per day, and tables, that lost rows in a repair and were not written since."""
        contacts = self._rows("SELECT day, count(*) FROM lost_contacts GROUP BY day ORDER BY day")
        return counts_by_day(contacts), [name for (name,) in self._rows("SELECT name FROM lost_tables ORDER BY name")]

    def damage(self) -> str | None:
        """What SQLite's own check finds wrong; None if nothing."""
        found = str(self._rows("PRAGMA quick_check(1)")[0][0])
        return None if found == "ok" else found

    # Changes, inside a transaction

    def put_identities(self, identities: Iterable[ContactIdentity]) -> set[tuple[date | None, date]]:
        """Makes contacts known, or known anew; the pairs of (day before, day now) that occur, None for new contacts."""
        moves: set[tuple[date | None, date]] = set()
        for chunk in in_chunks(identities):
            known = self.identities(i.interaction_id for i in chunk)
            moves |= {(known[i.interaction_id].day if i.interaction_id in known else None, i.day) for i in chunk}
            rows = [
                (*astuple(i)[:2], text_of(i.updated_at), text_of(i.day), i.source_uri, i.run_id, i.given) for i in chunk
            ]
            self._connection.executemany("INSERT OR REPLACE INTO contacts VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
            self._connection.executemany(
                "DELETE FROM lost_contacts WHERE interaction_id = ?", [row[:1] for row in rows]
            )
        return moves

    def forget(self, interaction_ids: Iterable[str]) -> set[date]:
        """Makes contacts unknown; the days that they were on."""
        days: set[date] = set()
        for chunk in in_chunks(interaction_ids):
            days |= {identity.day for identity in self.identities(chunk).values()}
            for table in ("contacts", "lost_contacts", "parts"):
                self._connection.executemany(f"DELETE FROM {table} WHERE interaction_id = ?", [(i,) for i in chunk])
        return days

    def put_parts(self, parts: Mapping[str, Mapping[str, str]]) -> None:
        """Replaces what is known of the parts of contacts: the digest of each part, by contact."""
        for interaction_id, digests in parts.items():
            self._connection.execute("DELETE FROM parts WHERE interaction_id = ?", (interaction_id,))
            rows = ((interaction_id, part, digest) for part, digest in digests.items())
            self._connection.executemany("INSERT INTO parts VALUES (?, ?, ?)", rows)

    def put_files(self, files: Iterable[FileSeen], run_id: str) -> None:
        """Makes files known, with the account of their last reading."""
        rows = ((*astuple(file), run_id) for file in files)
        self._connection.executemany("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)", rows)

    def put_run(self, run: Mapping[str, Any], fingerprint: str) -> None:
        """Records a run and what its state was made of."""
        record = json.dumps(dict(run), default=text_of, ensure_ascii=False)
        row = (run["run_id"], datetime.now(UTC).isoformat(), fingerprint, record)
        self._connection.execute("INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?)", row)
        self._connection.execute("INSERT OR REPLACE INTO state VALUES ('fingerprint', ?)", (fingerprint,))

    def put_vacuumed(self, at: datetime) -> None:
        self._connection.execute("INSERT OR REPLACE INTO state VALUES ('vacuumed_at', ?)", (at.isoformat(),))

    def put_version(self, published: Published, run_id: str, rows: Mapping[date | None, int] | None = None) -> None:
        """Makes a version of a table the published one. ``rows`` per day replace those of its days; None: unchanged."""
        name, days = published.name, published.days
        listed = None if days is None else json.dumps(sorted(map(date.isoformat, days)))
        execute = self._connection.execute
        execute("INSERT OR REPLACE INTO versions VALUES (?, ?, ?, ?)", (name, published.version, run_id, listed))
        oldest = "SELECT version FROM versions WHERE name = ? ORDER BY version DESC LIMIT 1 OFFSET ?"
        execute(f"DELETE FROM versions WHERE name = ? AND version <= ({oldest})", (name, name, _VERSIONS_KEPT))
        if rows is not None:
            self.put_rows(name, days, rows)
            execute("DELETE FROM lost_tables WHERE name = ?", (name,))

    def put_rows(self, name: str, days: frozenset[date] | None, rows: Mapping[date | None, int]) -> None:
        """Replaces the counted rows of ``days`` (None: of the whole table)."""
        if days is None:
            self._connection.execute("DELETE FROM day_rows WHERE name = ?", (name,))
        else:
            stale = [(name, day.isoformat()) for day in days]
            self._connection.executemany("DELETE FROM day_rows WHERE name = ? AND day = ?", stale)
        counted = [(name, day.isoformat() if day else "", n) for day, n in rows.items()]
        self._connection.executemany("INSERT INTO day_rows VALUES (?, ?, ?)", counted)

    # Losses, inside a transaction

    def drop_versions_after(self, name: str, version: int) -> None:
        """Forgets that versions after ``version`` were ever published."""
        self._connection.execute("DELETE FROM versions WHERE name = ? AND version > ?", (name, version))

    def put_lost(self, days: Collection[date], tables: Iterable[str]) -> None:
        """Remembers that rows of all contacts of ``days``, and of ``tables``, must come back by a run that reads again.

        Their contents are forgotten, so that the same contact counts as new content when it is read again.
        """
        execute = self._connection.execute
        for day in days:
            at = (day.isoformat(),)
            execute("INSERT OR REPLACE INTO lost_contacts SELECT interaction_id, day FROM contacts WHERE day = ?", at)
            execute("UPDATE contacts SET content_hash = '', updated_at = NULL WHERE day = ?", at)
        self._connection.executemany("INSERT OR REPLACE INTO lost_tables VALUES (?)", [(name,) for name in tables])
        execute("UPDATE files SET must_reread = 1")
        execute("DELETE FROM state WHERE name = 'fingerprint'")

    def keep_contacts(self, days: Collection[date], surviving: Iterable[tuple[str, date, str]]) -> None:
        """Replaces the contacts of ``days`` by ``surviving`` (id, day, source), whose content counts as unknown."""
        days_ = [day.isoformat() for day in days]
        told = "SELECT interaction_id, given FROM contacts WHERE given != '' AND day = ?"
        given = dict(row for day in days_ for row in self._rows(told, day))
        self._connection.executemany("DELETE FROM contacts WHERE day = ?", [(day,) for day in days_])
        rows = ((key, "", None, day.isoformat(), uri, "", given.get(key, "")) for key, day, uri in surviving)
        self._connection.executemany("INSERT OR REPLACE INTO contacts VALUES (?, ?, ?, ?, ?, ?, ?)", rows)

    def _state(self, name: str) -> str | None:
        rows = self._rows("SELECT value FROM state WHERE name = ?", name)
        return rows[0][0] if rows else None

    def _rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with ledger_errors(self.path):
            return self._connection.execute(query, values).fetchall()
