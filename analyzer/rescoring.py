"""Stored contacts heard anew by the models of today: from their masked turns, without the files they came from."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from analyzer.adopted import with_adopted
from analyzer.batches import UNDERSTOOD, characters, is_heavy, stage
from analyzer.config import Settings
from analyzer.engine import kept_in, workers_for
from analyzer.gather import given_tables
from analyzer.pipeline import Conditions, Found, conclude
from analyzer.progress import Progress, Silent
from analyzer.records import Interaction
from analyzer.run_request import RunRequest
from analyzer.run_summary import RunSummary, new_run_id, summary_of
from analyzer.standing import FACT_NAMES, TURN_COLUMNS, contact_of, turns_by_contact
from analyzer.stopping import stoppable
from analyzer.store.folder import STAGING
from analyzer.store.store import Store, open_store
from analyzer.taken_in import Intake, begun
from analyzer.weights import model_version, models_folder

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor

    import pyarrow as pa

_BYTES_A_CONTACT: Final = 4096  # about; tells whether starting workers is worth it
FEELING_CHANGED: Final = 0.1  # of −1…1, from which a customer's feeling counts as heard otherwise


@dataclass(frozen=True)
class HeardAnew:
    """What the new hearing says otherwise. ``endings``: contacts whose most probable resolution is another;
    ``feelings``: whose mean feeling moved by 0.1 or more; ``reasons``: whose main reason is another."""

    contacts: int
    endings: int
    feelings: int
    reasons: int


def rescore(
    store_folder: Path, since: date | None, settings: Settings, progress: Progress | None = None
) -> tuple[RunSummary, HeardAnew]:
    """Hears the stored contacts from ``since`` on (None: all) with the models of today and publishes what follows.

    Needs no files: masked turns are read from the store. All at once or not at all; a killed one goes on where it was.
    Raises StoreBusy, or RunAborted and StoreError (nothing committed).
    """
    began, now = time.monotonic(), datetime.now(UTC)
    settings = with_adopted(settings, store_folder)
    run_id, version = new_run_id(now), model_version(models_folder(settings.understand.model))
    with stoppable() as stop, open_store(store_folder, write=True) as store:
        conditions = Conditions(settings, version, progress or Silent(), stop, began)
        days = days_since(store, since)
        before = store.read("interaction_facts", days=set(days))
        with workers_for(before.num_rows * _BYTES_A_CONTACT, settings, kept_in(store_folder, settings)) as workers:
            intake = hear_again(store, days, settings, conditions.progress, workers)
        given, _ = given_tables(RunRequest((), store_folder), settings, store)
        found = Found(intake, given, now, run_id, f"heard again {run_id}")
        concluded = conclude(store, found, None, conditions, keeps_clock=True)
        after = store.read("interaction_facts", days=set(days))
    told = heard_anew(before, after)
    return summary_of(
        intake.account, run_id, concluded.as_of, began, concluded.flags, {}, version=version, earlier=concluded.earlier
    ), told  # fmt: skip


def days_since(store: Store, since: date | None) -> list[date]:
    """The days of the store's contacts from ``since`` on; None: all."""
    return sorted(day for day in store.ledger.contacts_per_day() if since is None or day >= since)


def hear_again(
    store: Store, days: Collection[date], settings: Settings, progress: Progress,
    workers: ProcessPoolExecutor | None = None,
) -> Intake:  # fmt: skip
    """Every contact of ``days`` understood anew and staged, as if it had been taken in now; all else of it stays."""
    intake = begun(set())
    progress.begin("hearing again", sum(store.ledger.contacts_per_day(days).values()), "contacts")
    stage(
        _batches(store, days, settings, intake, progress), intake, store.path / STAGING / UNDERSTOOD, settings, workers
    )
    return intake


def _batches(
    store: Store, days: Collection[date], settings: Settings, intake: Intake, progress: Progress
) -> Iterator[list[Interaction]]:
    batch: list[Interaction] = []
    for day in days:
        for contact in _contacts(store, day, intake):
            batch.append(contact)
            if len(batch) >= settings.ingest.batch_contacts or is_heavy(sum(map(characters, batch))):
                yield batch
                progress.advance(len(batch))
                batch = []
    if batch:
        yield batch
        progress.advance(len(batch))


def _contacts(store: Store, day: date, intake: Intake) -> Iterator[Interaction]:
    """The contacts of a day as they were taken in, noted in ``intake`` as told anew."""
    facts = store.read("interaction_facts", [*FACT_NAMES, "language"], {day}).to_pylist()
    turns = turns_by_contact(store.read("turns", list(TURN_COLUMNS), {day}).to_pylist())
    known = store.ledger.identities([row["interaction_id"] for row in facts])
    for row in sorted(facts, key=lambda row: str(row["interaction_id"])):
        key = row["interaction_id"]
        language = row.pop("language")
        intake.identities[key] = known[key]
        intake.account.read += 1
        intake.account.accepted += 1
        intake.account.replaced += 1
        contact = contact_of(row, turns.get(key, []), known[key])
        # What was declared is not kept; where too little is said to tell, what was told from it is.
        yield msgspec.structs.replace(contact, declared_language=None if language == "und" else language)


def heard_anew(before: pa.Table, after: pa.Table) -> HeardAnew:
    """How the contacts' facts ``after`` the new hearing differ from those ``before``; both with the same contacts."""
    columns = ["interaction_id", "resolution", "sentiment_mean", "reason"]
    pairs = before.select(columns).to_pandas().merge(after.select(columns).to_pandas(), on="interaction_id")
    moved = (pairs["sentiment_mean_x"] - pairs["sentiment_mean_y"]).abs() >= FEELING_CHANGED
    known = pairs["sentiment_mean_x"].notna() == pairs["sentiment_mean_y"].notna()
    return HeardAnew(
        len(pairs), int((pairs["resolution_x"].fillna("") != pairs["resolution_y"].fillna("")).sum()),
        int((moved | ~known).sum()), int((pairs["reason_x"].fillna("") != pairs["reason_y"].fillna("")).sum()),
    )  # fmt: skip
