"""Who saw, changed, exported and deleted what: the review app's log, runs, looks behind an audit, and the journal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from analyzer.review.database import Database, text_of, time_of
from analyzer.store.store import open_store
from analyzer.trust.journal import Journal
from analyzer.trust.reviewed import review_of

if TYPE_CHECKING:
    from analyzer.store.store import Store

_RUN: Final = ("read", "accepted", "rejected", "duplicate")


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened: where it is on record, when, by whom, what, and to which object."""

    at: datetime
    record: str  # review, run, reveal or trust
    who: str
    action: str
    what: str

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "at": self.at.isoformat()}


def audit(path: Path, since: datetime | None, *, db: str | None = None) -> list[Event]:
    """Everything on record since then, oldest first."""
    events: list[Event] = []
    with open_store(path, write=False) as store:
        events += [*_runs(store), *_reveals(store)]
    events += [Event(d.at, "trust", d.who, d.action, _detail(d.detail)) for d in Journal(path).deeds(since)]
    review = review_of(path, db)
    if review is not None:
        events += _reviewed(review, since)
    return sorted((event for event in events if since is None or event.at >= since), key=lambda event: event.at)


def _runs(store: Store) -> Iterator[Event]:
    for run in store.ledger.runs():
        at = datetime.fromisoformat(run["finished_at"]) if run.get("finished_at") else None
        counts = ", ".join(f"{run[name]:,} {name}" for name in _RUN if name in run)
        if at is not None:
            yield Event(at.astimezone(UTC), "run", "", "run", f"{run['run_id']}: {counts}")


def _reveals(store: Store) -> Iterator[Event]:
    for row in store.read("reveals").to_pylist():
        yield Event(row["revealed_at"], "reveal", row["revealed_by"], "reveal", row["interaction_id"])


def _reviewed(review: Database, since: datetime | None) -> list[Event]:
    with review.read() as connection:
        rows = connection.rows(
            "SELECT at, name, action, object FROM audit_log WHERE at >= ? ORDER BY at", text_of(since) if since else ""
        )
    return [Event(time_of(row["at"]), "review", row["name"], row["action"], row["object"]) for row in rows]


def _detail(detail: Any) -> str:
    """The facts of a deed in a line: counts and places, lists as how many there are."""
    told = {name: sum(value.values()) if isinstance(value, dict) else value for name, value in detail.items()}
    return ", ".join(
        f"{name.replace('_', ' ')} {value if isinstance(value, str | int | float) else json.dumps(value)}"
        for name, value in told.items()
        if value not in (None, "", 0, False)
    )
