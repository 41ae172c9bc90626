"""Mends a store after a power loss or a damaged disk: what can be saved stays, what is lost is named.

Torn commits and damaged files are moved to STORE/aside, never deleted. Every step may be killed and run again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from analyzer.errors import StoreDamaged
from analyzer.store import commits, delta, folder
from analyzer.store.ledger import Ledger, Published
from analyzer.store.lock import writer_lock
from analyzer.tables import STORED

_FACTS = "interaction_facts"


@dataclass(frozen=True, slots=True)
class Repaired:
    """One thing that was done. ``days`` must be run again with the files that hold them; empty if nothing was lost."""

    message: str
    table: str | None = None
    days: tuple[date, ...] = ()


def repair(path: Path) -> list[Repaired]:
    """What was mended in the store at ``path``; empty if nothing was wrong. Raises StoreBusy while a run writes."""
    folder.require(path)
    with writer_lock(path), Ledger.open(path, write=True) as ledger:
        if found := ledger.damage():
            raise StoreDamaged(f"The ledger is damaged: {found}.", hint=f"Restore {folder.LEDGER} from a backup.")
        aside = path / folder.ASIDE / datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
        done: list[Repaired] = []
        lost: set[date] = set()
        for name in ledger.vector():
            work = _Work(path / folder.TABLES / name, ledger, aside)
            work.run()
            done += work.done
            lost |= work.lost_days
        return done + _mend_contacts(path / folder.TABLES, ledger, lost)


class _Work:
    """The repair of one table, step by step; ``done`` and ``lost_days`` tell what came of it."""

    def __init__(self, path: Path, ledger: Ledger, aside: Path) -> None:
        self.path, self.ledger, self.aside = path, ledger, aside / path.name
        self.name = path.name
        self.done: list[Repaired] = []
        self.lost_days: set[date] = set()

    def run(self) -> None:
        if not delta.checkpoint_is_whole(self.path):
            self._move(commits.checkpoint_files(self.path))
            self._say("a damaged checkpoint was moved aside; the log itself is complete")
        if torn := commits.torn(self.path):
            self._move(commits.commit_file(self.path, v) for v in commits.versions(self.path) if v >= torn[0])
            self._say(f"commits from {torn[0]} on were moved aside; the first of them is torn")
        self._fall_back()
        self._drop_damaged_files()
        self._recount()

    def _fall_back(self) -> None:
        """To the newest published version that is still in the log, or to an empty table where there is none."""
        newest = commits.newest(self.path)
        published = self.ledger.versions(self.name)
        kept = [p for p in published if newest is not None and p.version <= newest]
        if not kept:
            self._begin_again()
            return
        target = kept[-1].version
        gone = [p for p in published if p.version > target]
        days = {day for p in gone for day in (self._all_days() if p.days is None else p.days)}
        if gone:
            with self.ledger.transaction():
                self.ledger.drop_versions_after(self.name, target)
                self._lose(days, whole=any(p.days is None for p in gone))
            self._say(f"the published version {gone[-1].version} is lost, version {target} stands", days)
        if newest != target:
            restored = delta.restore(self.path, target, ignore_missing_files=True)
            with self.ledger.transaction():
                self.ledger.put_version(Published(self.name, restored, frozenset()), "")
            self._say(f"version {newest} was never published and is undone")

    def _begin_again(self) -> None:
        days = self._all_days()
        self._move([self.path] if self.path.exists() else [])
        with self.ledger.transaction():
            self.ledger.drop_versions_after(self.name, -1)
            self._lose(days, whole=True)
            self.ledger.put_version(Published(self.name, delta.create(self.path, STORED[self.name]), frozenset()), "")
        self._say("the table is lost and begins empty", days)

    def _drop_damaged_files(self) -> None:
        damaged = [file for file in delta.files(self.path, self._version()) if delta.damage_of(self.path, file)]
        if not damaged:
            return
        days = {file["partition.day"] for file in damaged if "partition.day" in file}
        with self.ledger.transaction():
            self._lose(days, whole=True)
        self._move(path for file in damaged if (path := self.path / file["path"]).exists())
        version = delta.forget_missing_files(self.path)
        with self.ledger.transaction():
            self.ledger.put_version(Published(self.name, version, frozenset()), "")
        self._say(f"{len(damaged)} data files are missing or damaged", days)

    def _recount(self) -> None:
        found, counted = delta.rows_per_day(self.path, self._version()), self.ledger.day_rows(self.name)
        wrong = {day for day in found.keys() | counted.keys() if found.get(day, 0) != counted.get(day, 0)}
        if not wrong:
            return
        days = {day for day in wrong if day is not None}
        with self.ledger.transaction():
            self.ledger.put_rows(self.name, None, found)
            self._lose(days, whole=True)
        if new := days - self.lost_days_said():
            self._say("rows per day differ from what was published", new)

    def _lose(self, days: Collection[date], *, whole: bool) -> None:
        self.lost_days.update(days)
        self.ledger.put_lost(days, [self.name] if whole and not STORED[self.name].by_day else [])

    def lost_days_said(self) -> set[date]:
        return {day for repaired in self.done for day in repaired.days}

    def _all_days(self) -> set[date]:
        return {day for day in self.ledger.day_rows(self.name) if day is not None}

    def _version(self) -> int:
        return self.ledger.vector()[self.name]

    def _say(self, what: str, days: Collection[date] = ()) -> None:
        again = f"; to be run again: {', '.join(map(str, sorted(days)))}" if days else ""
        self.done.append(Repaired(f"{self.name}: {what}{again}.", self.name, tuple(sorted(days))))

    def _move(self, paths: Iterable[Path]) -> None:
        for path in list(paths):
            target = self.aside / path.relative_to(self.path)
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.rename(target)
            folder.sync_file(path.parent)


def _mend_contacts(tables: Path, ledger: Ledger, lost: set[date]) -> list[Repaired]:
    """Contacts of lost days are those that still have facts; their content counts as unknown and is read again."""
    known, facts = ledger.contacts_per_day(), ledger.day_rows(_FACTS)
    days = lost | {day for day in known.keys() | facts.keys() if day and known.get(day, 0) != facts.get(day, 0)}
    if not days:
        return []
    with ledger.transaction():
        ledger.put_lost(days, [])
        ledger.keep_contacts(days, _surviving(tables / _FACTS, ledger.vector()[_FACTS], days))
    again = tuple(sorted(days))
    return [Repaired(f"Contacts of {len(days)} days will be read again, also from files already seen.", None, again)]


def _surviving(path: Path, version: int, days: Collection[date]) -> Iterator[tuple[str, date, str]]:
    chosen = pc.field("day").isin(pa.array(sorted(days), pa.date32()))
    found = delta.dataset(path, version, STORED[_FACTS])
    for batch in found.to_batches(columns=["interaction_id", "day", "source_uri"], filter=chosen):
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)
