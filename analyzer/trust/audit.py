"""Who saw, changed, exported and deleted what: the review app's log, runs, looks behind an audit, and the journal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from analyzer.adopted import changes
from analyzer.review.database import Database, text_of, time_of
from analyzer.store.store import open_store
from analyzer.trust.journal import Journal
from analyzer.trust.reviewed import reviews_of

if TYPE_CHECKING:
    from analyzer.store.store import Store

_RUN: Final = ("read", "accepted", "rejected", "duplicate")


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened: where it is on record, when, by whom, what, and to which object."""

    at: datetime
    record: str  # review, run, reveal, weights or trust
    who: str
    action: str
    what: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "at": self.at.isoformat()}


def audit(path: Path, since: datetime | None, *, db: str | None = None) -> list[Event]:
    """Everything on record since then, oldest first."""
    events: list[Event] = []
    with open_store(path, write=False) as store:
        events += [*_runs(store), *_reveals(store)]
    events += [Event(d.at, "trust", d.who, d.action, detail=d.detail) for d in Journal(path).deeds(since)]
    events += [
        Event(datetime.fromisoformat(change["at"]), "weights", "", change["why"], change["to"])
        for change in changes(path)
    ]
    for review in reviews_of(path, db):
        events += _reviewed(review, since)
    return sorted((event for event in events if since is None or event.at >= since), key=lambda event: event.at)


def _runs(store: Store) -> Iterator[Event]:
    for run in store.ledger.runs():
        at = datetime.fromisoformat(run["finished_at"]) if run.get("finished_at") else None
        if at is not None:
            detail: dict[str, Any] = {name: run[name] for name in _RUN if name in run}
            yield Event(at.astimezone(UTC), "run", "", "run", run["run_id"], detail)


def _reveals(store: Store) -> Iterator[Event]:
    for row in store.read("reveals").to_pylist():
        yield Event(row["revealed_at"], "reveal", row["revealed_by"], "reveal", row["interaction_id"])


def _reviewed(review: Database, since: datetime | None) -> list[Event]:
    with review.read() as connection:
        rows = connection.rows(
            "SELECT at, name, action, object FROM audit_log WHERE at >= ? ORDER BY at", text_of(since) if since else ""
        )
    return [Event(time_of(row["at"]), "review", row["name"], row["action"], row["object"]) for row in rows]
