"""Whether tables and ledger agree, file by file. Reads only; a writer at work does not disturb it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from analyzer.errors import StoreDamaged, StoreError
from analyzer.store import commits, delta, folder
from analyzer.store.ledger import Ledger
from analyzer.store.lock import is_locked
from analyzer.store.repair import Repaired, repair

__all__ = ["Problem", "Repaired", "repair", "verify"]

Kind = Literal[
    "ledger",  # the ledger itself is damaged
    "missing_table",  # a published table is not there
    "missing_commit",  # the published version is not in the log
    "torn_commit",  # a commit is empty or cut short
    "checkpoint",  # the checkpoint that opening relies on is damaged
    "ahead",  # a run was killed before it was published; the next run undoes it
    "file",  # a data file is missing or damaged
    "row_count",  # a day has another number of rows than was published
    "contact_count",  # a day has another number of facts than of known contacts
    "lost_rows",  # a repair could not save rows; they come back by running again
]


@dataclass(frozen=True, slots=True)
class Problem:
    """One disagreement. ``table`` and ``day`` where it concerns one."""

    kind: Kind
    message: str
    table: str | None = None
    day: date | None = None


def verify(path: Path) -> list[Problem]:
    """What is wrong with the store at ``path``; empty if nothing. Raises UsageError where there is no store."""
    folder.require(path)
    try:
        with Ledger.open(path, write=False) as ledger:
            if found := ledger.damage():
                return [Problem("ledger", f"The ledger is damaged: {found}. Restore it from a backup.")]
            problems = list(_lost(ledger))
            for name, version in ledger.vector().items():
                problems += _table(path / folder.TABLES / name, version, ledger, busy=is_locked(path))
            return problems + list(_contacts(ledger))
    except StoreError as error:
        return [Problem("ledger", str(error))]


def _table(path: Path, version: int, ledger: Ledger, *, busy: bool) -> list[Problem]:
    problems = list(_log(path, version, busy))
    if {problem.kind for problem in problems} & {"missing_table", "missing_commit", "torn_commit"}:
        return problems
    try:
        files = delta.files(path, version)
    except StoreDamaged as error:
        return [*problems, Problem("torn_commit", str(error), path.name)]
    damaged = [Problem("file", f"{path.name}: {file['path']} {what}.", path.name, file.get("partition.day"))
               for file in files if (what := delta.damage_of(path, file))]  # fmt: skip
    return [*problems, *damaged, *_rows(path, version, ledger)]


def _log(path: Path, version: int, busy: bool) -> Iterator[Problem]:
    name = path.name
    newest = commits.newest(path)
    if newest is None:
        yield Problem("missing_table", f"{name}: the table is missing.", name)
        return
    if not delta.checkpoint_is_whole(path):
        yield Problem("checkpoint", f"{name}: the last checkpoint is damaged.", name)
    for torn in commits.torn(path):
        if torn <= version or not busy:
            yield Problem("torn_commit", f"{name}: commit {torn} is torn.", name)
    if newest < version:
        yield Problem("missing_commit", f"{name}: published is version {version}, the newest commit is {newest}.", name)
    if newest > version and not busy:
        yield Problem("ahead", f"{name}: version {newest} was never published; the next run undoes it.", name)


def _rows(path: Path, version: int, ledger: Ledger) -> Iterator[Problem]:
    published, found = ledger.day_rows(path.name), delta.rows_per_day(path, version)
    for day in sorted(published.keys() | found.keys(), key=str):
        if published.get(day, 0) != found.get(day, 0):
            counts = f"{found.get(day, 0)} rows, published were {published.get(day, 0)}"
            yield Problem("row_count", f"{path.name}: {day or 'the table'} has {counts}.", path.name, day)


def _contacts(ledger: Ledger) -> Iterator[Problem]:
    known, facts = ledger.contacts_per_day(), ledger.day_rows("interaction_facts")
    for day in sorted({*known, *(day for day in facts if day)}):
        if known.get(day, 0) != facts.get(day, 0):
            counts = f"{facts.get(day, 0)} facts and {known.get(day, 0)} known contacts"
            yield Problem("contact_count", f"{day} has {counts}.", "interaction_facts", day)


def _lost(ledger: Ledger) -> Iterator[Problem]:
    days, tables = ledger.lost()
    for day, contacts in days.items():
        yield Problem(
            "lost_rows", f"{day}: rows of {contacts} contacts were lost; run again with their files.", day=day
        )
    for name in tables:
        yield Problem("lost_rows", f"{name}: rows were lost; run again with its files.", name)
