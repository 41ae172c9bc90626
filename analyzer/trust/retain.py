"""Contacts kept no longer than agreed, and agents' names and figures no longer than agreed for them.

What is too old goes as it goes when somebody is forgotten: rows, old versions, review notes, working files. Published
figures of teams, channels and queues stay as they were last computed, without any text; so do agents' figures until
their own time is over.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from analyzer.config import Settings
from analyzer.errors import StoreError, UsageError
from analyzer.ingest.quarantine import prune
from analyzer.ingest.sessions import piece_number
from analyzer.progress import Progress
from analyzer.review.database import Database
from analyzer.store.store import Store, open_store
from analyzer.trust import leftovers, reviewed
from analyzer.trust.forget import clear_old_files, publish_without
from analyzer.trust.journal import Journal
from analyzer.trust.removal import Removal, removed
from analyzer.trust.review_columns import tables_in

LONGEST: Final = 36_500
_PENDING: Final = "retain"


@dataclass
class Retained:
    """What was removed as too old: contacts before ``contacts_from``, agents' names and figures before ``agents_from``.

    ``threads``: contacts that stay though they are older, as the same thread goes on on a kept day.
    """

    contacts_from: date
    agents_from: date
    contacts: int = 0
    threads: int = 0
    rows: Counter[str] = field(default_factory=Counter)
    review_rows: Counter[str] = field(default_factory=Counter)
    working_files: int = 0
    quarantine_runs: int = 0
    dry_run: bool = False

    def as_json(self) -> dict[str, Any]:
        return {
            "contacts_from": self.contacts_from.isoformat(), "agents_from": self.agents_from.isoformat(),
            "dry_run": self.dry_run, "contacts": self.contacts, "threads": self.threads, "rows": dict(self.rows),
            "review_rows": dict(self.review_rows), "working_files": self.working_files,
            "quarantine_runs": self.quarantine_runs,
        }  # fmt: skip


def retain(
    path: Path, days: int, agents_days: int | None, settings: Settings, progress: Progress, today: date, *,
    db: str | None = None, dry_run: bool = False,
) -> Retained:  # fmt: skip
    """What went, once nothing older is held; of a dry run what would go.

    Raises UsageError for days that are none, StoreBusy while a run holds the lock.
    """
    for given in (days, agents_days):
        if given is not None and not 1 <= given <= LONGEST:
            raise UsageError(f"{given} is no number of days to keep.", hint=f"Give 1 to {LONGEST:,}.")
    contacts_from = today - timedelta(days=days)
    agents_from = today - timedelta(days=days if agents_days is None else agents_days)
    told = Retained(contacts_from, agents_from, dry_run=dry_run)
    with open_store(path, write=not dry_run) as store:
        _Retaining(store, told, settings, progress, reviewed.reviews_of(path, db)).run()
    return told


class _Retaining:
    """The steps, each of which can be killed and done again."""

    def __init__(
        self, store: Store, told: Retained, settings: Settings, progress: Progress, reviews: Sequence[Database]
    ) -> None:
        self.store, self.told, self.settings, self.progress, self.reviews = store, told, settings, progress, reviews
        self.journal = Journal(store.path)

    def run(self) -> None:
        told = self.told
        self.contacts, told.threads = old_contacts(self.store, told.contacts_from)
        told.contacts = len(self.contacts)
        found = removed(self.store, self._removal(), self.progress)
        told.rows.update(found.rows)
        if told.dry_run:
            return
        self.remember()
        publish_without(self.store, found.changes, self.contacts)
        self.clear_review()
        self.clear_files()
        self.check()
        counts = {name: value for name, value in told.as_json().items() if name != "dry_run"}
        self.journal.note("retain", **counts)
        self.journal.end(_PENDING)

    def remember(self) -> None:
        """What is too old stays out from now on, also out of an old dump."""
        self.journal.put_limit("contacts", self.told.contacts_from)
        self.journal.put_limit("agents", self.told.agents_from)
        before = self.journal.pending().get(_PENDING, {}).get("contacts", ())
        self.going = self.contacts | frozenset(before)
        self.journal.begin(_PENDING, {"kind": _PENDING, "contacts": sorted(self.going)})

    def clear_review(self) -> None:
        """Also of contacts that a killed call took out of the tables."""
        self.progress.begin("review database", None, "")
        for review in self.reviews:
            with review.write() as connection:
                going = reviewed.Going(contacts=self.going)
                done = reviewed.take_out(connection, tables_in(review, connection), going)
            if done:
                reviewed.compact(review)
            self.told.review_rows.update(done)

    def clear_files(self) -> None:
        self.progress.begin("deleting old versions", None, "")
        self.told.working_files += clear_old_files(self.store)
        leftovers.clear_ledger(self.store.path, None, (), self.told.agents_from)
        kept = self.settings.ingest.quarantine_days
        self.told.quarantine_runs = len(prune(self.store.path, kept, datetime.now(UTC)))

    def check(self) -> None:
        """Raises StoreError where a row of a contact that is too old is still there."""
        left = old_contacts(self.store, self.told.contacts_from)[0]
        if left or removed(self.store, self._removal(), self.progress).rows:
            raise StoreError("Rows that are too old are still there.", hint="Give the same command again.")

    def _removal(self) -> Removal:
        return Removal(contacts=self.contacts, agents_until=self.told.agents_from, given_from=self.told.contacts_from)


def old_contacts(store: Store, from_day: date) -> tuple[frozenset[str], int]:
    """Contacts of days before, without pieces of threads that go on; and how many pieces stay for that."""
    facts = store.read("interaction_facts", ["interaction_id", "source_id", "day"])
    old: dict[str, str] = {}
    going_on: set[str] = set()
    for row in facts.to_pylist():
        thread = _thread(row["interaction_id"], row["source_id"])
        if row["day"] < from_day:
            old[row["interaction_id"]] = thread
        else:
            going_on.add(thread)
    gone = frozenset(key for key, thread in old.items() if thread not in going_on)
    return gone, len(old) - len(gone)


def _thread(key: str, source_id: str) -> str:
    """The id of the thread that a contact is a piece of: its own where it is none."""
    return key.rpartition("#")[0] if piece_number(key) and key != source_id else key
