"""The whole flow on one screen: a night's dump becomes one publication, or nothing of it does.

What this run is made of, with what was adopted    ``adopted``, ``fingerprint``
→ nothing is new: nothing is read                  ``earlier_runs``
→ what is given: loyalty, surveys, verdicts, …     ``gather``
→ files to contacts, understood and staged         ``intake``, ``deciding``, ``batches`` over ingest, understand
→ all contacts, of before and of this night        ``gather``
→ journeys, scores, loyalty                        ``outlook`` over journey, score, loyalty
→ one publication of what changed                  ``publication``, store
→ tidied up                                        ``tidying``
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from analyzer.adopted import with_adopted
from analyzer.config import Settings
from analyzer.earlier_runs import as_read, new_bytes, stands, unchanged
from analyzer.engine import kept_in, workers_for
from analyzer.errors import RunAborted
from analyzer.fingerprint import Fingerprint, fingerprint_of
from analyzer.progress import Progress, Silent
from analyzer.run_request import RunRequest
from analyzer.run_summary import RunSummary, flags_by_rule, new_run_id, run_row, summary_of
from analyzer.stopping import Stop, stoppable
from analyzer.weights import model_version, models_folder

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor

    import pandas as pd
    import pyarrow as pa

    from analyzer.intake import Sources
    from analyzer.records import Reject
    from analyzer.store.store import Store
    from analyzer.taken_in import Intake


@dataclass(frozen=True)
class Conditions:
    """What holds for all of a run: its settings, its models, who watches, what may end it, since when it works."""

    settings: Settings
    version: str
    progress: Progress
    stop: Stop
    began: float  # monotonic


@dataclass(frozen=True)
class Found:
    """What is new in a run, and under which name and fingerprint it is published."""

    intake: Intake
    given: dict[str, pa.Table]
    now: datetime
    run_id: str
    fingerprint: str


@dataclass(frozen=True)
class Concluded:
    """What a run tells beside what it read: its clock, new flags by rule, contacts that earlier models heard."""

    as_of: datetime
    flags: dict[str, int]
    earlier: dict[str, int]


def run(request: RunRequest, settings: Settings, progress: Progress | None = None) -> RunSummary:
    """Reads the inputs into the store and publishes everything anew that they change; all at once or not at all.

    Raises UsageError (nothing read), StoreBusy, or RunAborted and StoreError (nothing committed).
    """
    try:
        with stoppable() as stop:
            return _begin(request, settings, progress or Silent(), stop, time.monotonic())
    except OSError as error:
        what = error.strerror or str(error).partition("\n")[0][:300]
        raise RunAborted(
            f"The machine refused: {what}.", hint="Check space and rights; `analyzer verify` tells more of a store."
        ) from error
    except MemoryError as error:
        raise RunAborted("Out of memory.", hint="Lower ingest.batch_contacts or engine.workers.") from error


def _begin(request: RunRequest, settings: Settings, progress: Progress, stop: Stop, began: float) -> RunSummary:
    settings = with_adopted(settings, request.store)
    fingerprint = fingerprint_of(request, settings)
    version = model_version(models_folder(settings.understand.model))
    if request.dry_run:
        return _dry_run(request, settings, fingerprint, progress, began)
    if not request.pieces and stands(request.store, fingerprint):
        return unchanged(request.store, fingerprint, version, began)
    conditions = Conditions(settings, version, progress, stop, began)
    with workers_for(new_bytes(request.store, fingerprint), settings, kept_in(request.store, settings)) as workers:
        return _run(request, fingerprint, conditions, workers)


def _dry_run(
    request: RunRequest, settings: Settings, fingerprint: Fingerprint, progress: Progress, began: float
) -> RunSummary:
    from analyzer.intake import account_only
    from analyzer.store.folder import exists
    from analyzer.store.store import open_store

    sources = _sources(request, settings, fingerprint)
    if exists(request.store):
        with open_store(request.store, write=False) as store:
            account = account_only(sources, store, settings, progress)
    else:
        account = account_only(sources, None, settings, progress)
    return summary_of(account, None, None, began, {}, {}, dry_run=True)


def _run(
    request: RunRequest, fingerprint: Fingerprint, conditions: Conditions, workers: ProcessPoolExecutor | None
) -> RunSummary:
    from analyzer.gather import given_tables
    from analyzer.ingest.quarantine import Quarantine
    from analyzer.intake import take_in
    from analyzer.store.store import open_store

    settings = conditions.settings
    sources = _sources(request, settings, fingerprint)
    with open_store(request.store, write=True) as store:
        given, problems = given_tables(request, settings, store)
        with Quarantine(store.path, sources.run_id) as quarantine:
            keep = _is_kept if request.pieces else quarantine.add
            intake = take_in(sources, store, settings, conditions.progress, keep, workers)
        found = Found(intake, given, sources.now, sources.run_id, as_read(fingerprint, intake.account))
        concluded = conclude(store, found, request.as_of, conditions, keeps_clock=bool(request.pieces))
    return summary_of(
        intake.account, sources.run_id, concluded.as_of, conditions.began, concluded.flags, problems,
        version=conditions.version, earlier=concluded.earlier,
    )  # fmt: skip


def _sources(request: RunRequest, settings: Settings, fingerprint: Fingerprint) -> Sources:
    from analyzer.ingest.metadata import load_metadata
    from analyzer.ingest.roster import load_roster
    from analyzer.intake import Sources

    now = datetime.now(UTC)
    return Sources(
        fingerprint.inputs,
        load_metadata(request.metadata, settings.ingest) if request.metadata else None,
        load_roster(request.agents, settings.ingest) if request.agents else None,
        now,
        new_run_id(now),
    )


def _is_kept(reject: Reject) -> None:
    """What comes out of quarantine and is rejected again stays where it lies, and no longer than it would have."""


def conclude(
    store: Store, found: Found, as_of: datetime | None, conditions: Conditions, *, keeps_clock: bool = False
) -> Concluded:
    """Journeys, scores and loyalty of the store as ``found`` leaves it, published together with it.

    ``as_of`` None: the latest time in the data; with ``keeps_clock`` never before that of the last publication, as of
    what is only read or heard again no window opens anew.
    """
    from analyzer.gather import known_after, names_of_known
    from analyzer.outlook import look_out
    from analyzer.publication import changes_of
    from analyzer.tidying import tidy

    intake, settings, version = found.intake, conditions.settings, conditions.version
    conditions.progress.begin("journeys, scores, loyalty", None, "")
    known, new_facts = known_after(store, intake, found.given, settings)
    clock = as_of or _data_clock(known.facts, found.now, store.ledger.runs()[-1:] if keeps_clock else ())
    derived = look_out(known, settings, clock, found.run_id, models_folder(settings.understand.model))
    conditions.progress.begin("publishing", None, "")
    row = run_row(
        intake.account, found.run_id, found.now, datetime.now(UTC), clock, settings, version, conditions.began
    )
    given = {**found.given, "agent_names": names_of_known(found.given["agent_names"], known)}
    changes = changes_of(store, intake, new_facts, derived, given, row)
    earlier = known.model_versions[known.model_versions != version].value_counts()
    conditions.stop.hold_off()  # what is being published is published; a kill undoes it
    store.publish(
        changes, run=row, fingerprint=found.fingerprint, identities=intake.identities.values(),
        files=intake.account.files, forgotten=intake.gone, parts=intake.parts,
    )  # fmt: skip
    tidy(store, settings, found.now, intake.mended or ())
    flags = flags_by_rule(derived["flags"], set(intake.identities))
    return Concluded(clock, flags, {str(name): int(count) for name, count in earlier.items()})


def _data_clock(facts: pd.DataFrame, now: datetime, runs: Sequence[Mapping[str, Any]] = ()) -> datetime:
    """The latest end or start in the store, or what ``runs`` were as of; the run's own clock for an empty one."""
    latest = [facts[column].max() for column in ("ended_at", "started_at") if facts[column].notna().any()]
    stood = [datetime.fromisoformat(run["as_of"]) for run in runs if run.get("as_of")]
    return max([*(moment.to_pydatetime() for moment in latest), *stood], default=now)
