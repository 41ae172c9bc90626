"""What changes a store: bring it up, publish, roll back. Each step may be killed; the next opening mends it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from analyzer.errors import StoreDamaged, StoreError
from analyzer.store import commits, delta, folder
from analyzer.store.ledger import ContactIdentity, FileSeen, Ledger, Published
from analyzer.store.rows import Checked
from analyzer.tables import STORED

_FACTS = "interaction_facts"
_NOTHING: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True)
class Notes:
    """What a publication says beside its tables: the run, what it knows of contacts and files, what it forgets."""

    run: Mapping[str, Any]
    fingerprint: str
    identities: Iterable[ContactIdentity] = ()
    files: Iterable[FileSeen] = ()
    forgotten: Iterable[str] = ()
    parts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def run_id(self) -> str:
        return str(self.run["run_id"])


def publish(tables: Path, ledger: Ledger, changes: Sequence[Checked], notes: Notes) -> None:
    """Makes everything visible together.

    The ledger's transaction is open from the first check to the last fsync and ends last: whatever fails or is killed
    before, the ledger still names the former versions.
    """
    with ledger.transaction():
        _note(ledger, changes, notes)
        published = [(_commit(tables, change, notes.run_id), change) for change in changes]
        for version, change in published:
            with delta.delta_errors(change.table.name):
                commits.harden(tables / change.table.name, version.version)
            ledger.put_version(version, notes.run_id, change.rows_per_day)


def checkpoint(tables: Path, ledger: Ledger) -> None:
    """Writes the checkpoints that are due, of published versions only."""
    for name, version in ledger.vector().items():
        with delta.delta_errors(name):
            delta.checkpoint(tables / name, version)


def roll_back(tables: Path, ledger: Ledger) -> None:
    """Gives tables that are ahead of the ledger a new version with the published content.

    Without it the next overwrite would build on rows of a run that never ended.
    """
    for name, version in ledger.vector().items():
        newest = commits.newest(tables / name)
        if newest is None or newest < version or commits.torn(tables / name):
            raise StoreDamaged(f"Table {name}: commits are missing or torn.", hint="Run `analyzer repair`.")
        if newest > version:
            with delta.delta_errors(name):
                restored = delta.restore(tables / name, version)
            put_unchanged(ledger, name, restored)


def bring_up(tables: Path, ledger: Ledger) -> None:
    """Creates missing tables and adds the columns that declared tables gained."""
    vector = ledger.vector()
    for name, table in STORED.items():
        path = tables / name
        newest = commits.newest(path)
        if newest and name not in vector:
            raise StoreDamaged(f"Table {name} is not in the ledger.", hint=f"Restore {folder.LEDGER} from a backup.")
        with delta.delta_errors(name):
            version = delta.create(path, table) if newest is None else delta.upgrade(path, table)
        if version is not None or name not in vector:
            put_unchanged(ledger, name, version or 0)


def vacuum(tables: Path, ledger: Ledger, retention_hours: int) -> None:
    """Deletes the files that no version of the last hours needs; vacuum itself makes a version."""
    for name, published in ledger.vector().items():
        if published == 0:
            continue  # created and never written
        with delta.delta_errors(name):
            version = delta.vacuum(tables / name, retention_hours)
        put_unchanged(ledger, name, version)
    _note_vacuum(ledger)


def vacuum_is_due(ledger: Ledger) -> bool:
    """Whether the last vacuum is a week ago; the first opening counts as one."""
    last = ledger.vacuumed_at()
    if last is None:
        _note_vacuum(ledger)
        return False
    return datetime.now(UTC) - last >= timedelta(hours=delta.RETENTION_HOURS)


def _note_vacuum(ledger: Ledger) -> None:
    with ledger.transaction():
        ledger.put_vacuumed(datetime.now(UTC))


def sweep(store: Path, older_than_hours: float = 24) -> int:
    """How many half-written files of killed runs were deleted. Vacuum does not know files named ``…#1``."""
    limit = time.time() - older_than_hours * 3600
    found = [*(store / folder.TABLES).rglob("*#[0-9]*"), *(store / folder.STAGING).rglob("*")]
    stale = [path for path in found if path.is_file() and path.stat().st_mtime < limit]
    for path in stale:
        path.unlink(missing_ok=True)
    return len(stale)


def put_unchanged(ledger: Ledger, name: str, version: int) -> None:
    """Publishes a version that holds the same rows as the published one."""
    with ledger.transaction():
        ledger.put_version(Published(name, version, _NOTHING), "")


def _commit(tables: Path, change: Checked, run_id: str) -> Published:
    name = change.table.name
    with delta.delta_errors(name):
        version = delta.overwrite(tables / name, change.rows, change.days, run_id)
    return Published(name, version, change.days)


def _note(ledger: Ledger, changes: Sequence[Checked], notes: Notes) -> None:
    days = ledger.forget(notes.forgotten)
    moves = ledger.put_identities(notes.identities)
    ledger.put_parts(notes.parts)
    ledger.put_files(notes.files, notes.run_id)
    ledger.put_run(notes.run, notes.fingerprint)
    _refuse_rows_left_behind(changes, moves)
    _refuse_uncounted_contacts(ledger, changes, days | {after for _, after in moves})


def _refuse_rows_left_behind(changes: Sequence[Checked], moves: set[tuple[date | None, date]]) -> None:
    """A contact that moves to another day takes its rows along: a change that covers one day must cover the other."""
    moved = [(before, after) for before, after in moves if before is not None and before != after]
    for change in changes:
        days = change.days
        if days is not None and any(after in days and before not in days for before, after in moved):
            raise StoreError(
                f"Table {change.table.name}: contacts moved here from a day that this change does not cover."
            )


def _refuse_uncounted_contacts(ledger: Ledger, changes: Sequence[Checked], days: set[date]) -> None:
    """On every touched day, contacts that are known and contacts that have facts are the same number."""
    rows = dict(ledger.day_rows(_FACTS))
    for change in changes:
        if change.table.name == _FACTS:
            touched = rows.keys() if change.days is None else change.days
            rows = {day: n for day, n in rows.items() if day not in touched} | change.rows_per_day
            days = days | {day for day in touched if day} | {day for day in change.rows_per_day if day}
    known = ledger.contacts_per_day(days)
    if wrong := sorted(day for day in days if known.get(day, 0) != rows.get(day, 0)):
        raise StoreError(
            f"{len(wrong)} days would have another number of contacts than of facts, the first is {wrong[0]}."
        )
