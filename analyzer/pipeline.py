"""The whole flow on one screen: ingest → understand → journey → score → loyalty → one publication."""

from __future__ import annotations

import logging
import secrets
import shutil
import signal
import threading
import time
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from analyzer.adopted import with_adopted
from analyzer.config import Settings
from analyzer.engine import kept_in, most_workers, workers_for
from analyzer.errors import RunAborted, StoreError, UsageError
from analyzer.fingerprint import UNREADABLE, Fingerprint, fingerprint_of
from analyzer.progress import Progress, Silent
from analyzer.store.commits import checkpointed, is_whole
from analyzer.store.folder import TABLES
from analyzer.store.ledger import Ledger, last_fingerprint
from analyzer.weights import model_version, models_folder

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor

    import pyarrow as pa

    from analyzer.ingest.files import InputFile
    from analyzer.ingest.quarantine import Place
    from analyzer.intake import Account, Intake
    from analyzer.records import Reject
    from analyzer.rescoring import HeardAnew
    from analyzer.store.store import Store

log = logging.getLogger(__name__)
_BYTES_A_CONTACT = 4096  # about; tells whether starting workers is worth it


@dataclass(frozen=True)
class RunRequest:
    """What the user asked for. ``as_of`` None: the latest time in the data."""

    inputs: Sequence[str]
    store: Path
    metadata: Path | None = None
    agents: Path | None = None
    loyalty: Path | None = None
    surveys: Path | None = None
    initiatives: Path | None = None
    as_of: datetime | None = None
    dry_run: bool = False
    pieces: Sequence[InputFile] = ()  # records out of quarantine, read in place of inputs


@dataclass(frozen=True)
class RunSummary:
    """The account of a run and what needs a look; everything a closing line or a log needs, and no text."""

    run_id: str | None
    read: int
    accepted: int
    rejected: int
    duplicate: int
    replaced: int
    skipped: int
    seconds: float
    as_of: datetime | None
    unchanged: bool = False
    dry_run: bool = False
    model_version: str = ""
    reject_codes: dict[str, int] = field(default_factory=dict)
    flags: dict[str, int] = field(default_factory=dict)
    side_file_problems: dict[str, int] = field(default_factory=dict)
    ignored_keys: dict[str, int] = field(default_factory=dict)
    skipped_files: dict[str, str] = field(default_factory=dict)
    earlier_models: dict[str, int] = field(default_factory=dict)
    turned_away: int = 0  # of the duplicate: of people who were forgotten, or older than what is kept

    @property
    def reject_share(self) -> float:
        return self.rejected / self.read if self.read else 0.0

    @property
    def contacts_per_s(self) -> float:
        return self.accepted / self.seconds if self.seconds > 0 else 0.0


def run(request: RunRequest, settings: Settings, progress: Progress | None = None) -> RunSummary:
    """Reads the inputs into the store and publishes everything anew that they change; all at once or not at all.

    Raises UsageError (nothing read), StoreBusy, or RunAborted and StoreError (nothing committed).
    """
    try:
        with _stoppable() as stop:
            return _begin(request, settings, progress or Silent(), stop, time.monotonic())
    except OSError as error:
        what = error.strerror or str(error).partition("\n")[0][:300]
        raise RunAborted(
            f"The machine refused: {what}.", hint="Check space and rights; `analyzer verify` tells more of a store."
        ) from error
    except MemoryError as error:
        raise RunAborted("Out of memory.", hint="Lower ingest.batch_contacts or engine.workers.") from error


def _begin(request: RunRequest, settings: Settings, progress: Progress, stop: _Stop, began: float) -> RunSummary:
    settings = with_adopted(settings, request.store)
    fingerprint = fingerprint_of(request, settings)
    version = model_version(models_folder(settings.understand.model))
    if request.dry_run:
        return _dry_run(request, settings, fingerprint, progress, began)
    if not request.pieces and _stands(request.store, fingerprint):
        return _unchanged(request, fingerprint, version, began)
    return _run(request, settings, fingerprint, version, progress, stop, began)


def _stands(store: Path, fingerprint: Fingerprint) -> bool:
    """Whether the published state was made of the same, and its newest commits are on disk whole."""
    try:
        if last_fingerprint(store) != str(fingerprint):
            return False
        with Ledger.open(store, write=False) as ledger:
            vector = ledger.vector()
    except StoreError:
        return False  # opening it for writing brings it up to date, or says what is wrong
    return all(
        is_whole(store / TABLES / name, version) or checkpointed(store / TABLES / name) == version
        for name, version in vector.items()
    )


def _unchanged(request: RunRequest, fingerprint: Fingerprint, version: str, began: float) -> RunSummary:
    """The same inputs, settings and models as the last publication: nothing can change, so nothing is read."""
    with Ledger.open(request.store, write=False) as ledger:
        seen = ledger.files([digest for _, digest in fingerprint.files])
        last = ledger.runs()[-1]
    files = [seen[digest] for _, digest in fingerprint.files if digest in seen]
    read, rejected = sum(file.read for file in files), sum(file.rejected for file in files)
    return RunSummary(
        last["run_id"], read, 0, rejected, read - rejected, 0, int(last["skipped"]), time.monotonic() - began,
        datetime.fromisoformat(last["as_of"]) if last.get("as_of") else None, unchanged=True, model_version=version,
    )  # fmt: skip


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
    return _summary(account, None, None, began, {}, {}, dry_run=True)


def _run(
    request: RunRequest, settings: Settings, fingerprint: Fingerprint, version: str, progress: Progress, stop: _Stop,
    began: float,
) -> RunSummary:  # fmt: skip
    with workers_for(_new_bytes(request, fingerprint), settings, kept_in(request.store, settings)) as workers:
        return _run_with(workers, request, settings, fingerprint, version, progress, stop, began)


def _new_bytes(request: RunRequest, fingerprint: Fingerprint) -> int:
    """How much of the input no earlier run has read: none of it where that cannot be told yet."""
    seen: Collection[str] = ()
    if request.store.exists():
        try:
            with Ledger.open(request.store, write=False) as ledger:
                seen = ledger.files([digest for _, digest in fingerprint.files])
        except StoreError:
            return 0
    pairs = zip(fingerprint.inputs, fingerprint.files, strict=True)
    return sum(file.size for file, (_, digest) in pairs if digest not in seen)


def _run_with(
    workers: ProcessPoolExecutor | None, request: RunRequest, settings: Settings, fingerprint: Fingerprint,
    version: str, progress: Progress, stop: _Stop, began: float,
) -> RunSummary:  # fmt: skip
    from analyzer.gather import given_tables
    from analyzer.ingest.quarantine import Quarantine
    from analyzer.intake import take_in
    from analyzer.store.store import open_store

    sources = _sources(request, settings, fingerprint)
    with open_store(request.store, write=True) as store:
        given, problems = given_tables(request, settings, store)
        with Quarantine(store.path, sources.run_id) as quarantine:
            keep = _is_kept if request.pieces else quarantine.add
            intake = take_in(sources, store, settings, progress, keep, workers)
        found = _Found(intake, given, sources.now, sources.run_id, _as_read(fingerprint, intake.account))
        concluded = _conclude(store, found, request.as_of, settings, version, progress, stop, began)
    return _summary(
        intake.account, sources.run_id, concluded.as_of, began, concluded.flags, problems, version=version,
        earlier=concluded.earlier,
    )  # fmt: skip


def rescore(
    store_folder: Path, since: date | None, settings: Settings, progress: Progress | None = None
) -> tuple[RunSummary, HeardAnew]:
    """Hears the stored contacts from ``since`` on (None: all) with the models of today and publishes what follows.

    Needs no files: masked turns are read from the store. All at once or not at all; a killed one goes on where it was.
    Raises StoreBusy, or RunAborted and StoreError (nothing committed).
    """
    from analyzer.gather import given_tables
    from analyzer.rescoring import days_since, hear_again, heard_anew
    from analyzer.store.store import open_store

    began, now = time.monotonic(), datetime.now(UTC)
    settings = with_adopted(settings, store_folder)
    run_id, version = _run_id(now), model_version(models_folder(settings.understand.model))
    request, silent = RunRequest((), store_folder), progress or Silent()
    with _stoppable() as stop, open_store(store_folder, write=True) as store:
        days = days_since(store, since)
        before = store.read("interaction_facts", days=set(days))
        with workers_for(before.num_rows * _BYTES_A_CONTACT, settings, kept_in(store_folder, settings)) as workers:
            intake = hear_again(store, days, settings, silent, workers)
        given, _ = given_tables(request, settings, store)
        found = _Found(intake, given, now, run_id, f"heard again {run_id}")
        concluded = _conclude(store, found, None, settings, version, silent, stop, began)
        after = store.read("interaction_facts", days=set(days))
    told = heard_anew(before, after)
    return _summary(
        intake.account, run_id, concluded.as_of, began, concluded.flags, {}, version=version, earlier=concluded.earlier
    ), told  # fmt: skip


@dataclass(frozen=True)
class _Found:
    """What is new in a run, and under which name and fingerprint it is published."""

    intake: Intake
    given: dict[str, pa.Table]
    now: datetime
    run_id: str
    fingerprint: str


@dataclass(frozen=True)
class _Concluded:
    as_of: datetime
    flags: dict[str, int]
    earlier: dict[str, int]


def _conclude(
    store: Store, found: _Found, as_of: datetime | None, settings: Settings, version: str, progress: Progress,
    stop: _Stop, began: float,
) -> _Concluded:  # fmt: skip
    """Journeys, scores and loyalty of the store as ``found`` leaves it, published together with it."""
    from analyzer.gather import known_after, names_of_known
    from analyzer.outlook import look_out
    from analyzer.publication import changes_of

    intake = found.intake
    progress.begin("journeys, scores, loyalty", None, "")
    known, new_facts = known_after(store, intake, found.given, settings)
    clock = as_of or _data_clock(known.facts, found.now)
    derived = look_out(known, settings, clock, found.run_id, models_folder(settings.understand.model))
    progress.begin("publishing", None, "")
    run_row = _run_row(intake.account, found.run_id, found.now, clock, settings, version, began)
    given = {**found.given, "agent_names": names_of_known(found.given["agent_names"], known)}
    changes = changes_of(store, intake, new_facts, derived, given, run_row)
    earlier = known.model_versions[known.model_versions != version].value_counts()
    stop.hold_off()  # what is being published is published; a kill undoes it
    store.publish(
        changes, run=run_row, fingerprint=found.fingerprint, identities=intake.identities.values(),
        files=intake.account.files, forgotten=intake.gone, parts=intake.parts,
    )  # fmt: skip
    _tidy(store, settings, found.now, intake.mended or ())
    flags = _new_flags(derived["flags"], set(intake.identities))
    return _Concluded(clock, flags, {str(name): int(count) for name, count in earlier.items()})


def _as_read(fingerprint: Fingerprint, account: Account) -> str:
    """The fingerprint where each file was read as it was hashed; one that no run has where another reading may differ.

    A file changed or failed, or its times lie in the future of a clock that goes on: the next run must read again.
    """
    hashed = dict(fingerprint.files)
    same = [digest for _, digest in fingerprint.files] == [file.sha256 for file in account.files]
    failed = [reject.source_uri.partition("!")[0] for reject in account.rejects if reject.code == "unreadable_file"]
    lasting = all(hashed.get(uri) == UNREADABLE for uri in failed) and "future_time" not in account.reject_codes
    if same and lasting:
        return str(fingerprint)
    return f"{fingerprint}, read otherwise"


def _is_kept(reject: Reject) -> None:
    """What comes out of quarantine and is rejected again stays where it lies, and no longer than it would have."""


def _tidy(store: Store, settings: Settings, now: datetime, mended: Collection[Place]) -> None:
    """The run is published: what cannot be deleted now is no failure, and is deleted by a later run."""
    from analyzer.ingest.quarantine import prune, remove
    from analyzer.intake import UNDERSTOOD
    from analyzer.store.folder import STAGING
    from analyzer.understand.kept_sentences import merged

    shutil.rmtree(store.path / STAGING / UNDERSTOOD, ignore_errors=True)
    if kept := kept_in(store.path, settings):
        merged(kept, settings.engine.kept_sentences, now)
    try:
        remove(store.path, mended)
        prune(store.path, settings.ingest.quarantine_days, now)
    except OSError as error:
        log.warning("What is old or mended in quarantine could not be removed: %s", error.strerror)


def _sources(request: RunRequest, settings: Settings, fingerprint: Fingerprint) -> Any:
    from analyzer.ingest.metadata import load_metadata
    from analyzer.ingest.roster import load_roster
    from analyzer.intake import Sources

    now = datetime.now(UTC)
    return Sources(
        fingerprint.inputs,
        load_metadata(request.metadata, settings.ingest) if request.metadata else None,
        load_roster(request.agents, settings.ingest) if request.agents else None,
        now,
        _run_id(now),
    )


def _run_id(now: datetime) -> str:
    return f"{now:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"


def _data_clock(facts: Any, now: datetime) -> datetime:
    """The latest end or start in the store; the run's own clock for an empty one."""
    latest = [facts[column].max() for column in ("ended_at", "started_at") if facts[column].notna().any()]
    return max(moment.to_pydatetime() for moment in latest) if latest else now


def _run_row(
    account: Account, run_id: str, started: datetime, as_of: datetime, settings: Settings, version: str, began: float
) -> dict[str, Any]:
    return {
        "run_id": run_id, "started_at": started, "finished_at": datetime.now(UTC), "as_of": as_of,
        "config_hash": settings.hash, "model_version": version, "read": account.read, "accepted": account.accepted,
        "rejected": account.rejected, "duplicate": account.duplicate, "replaced": account.replaced,
        "skipped": len(account.skipped), "seconds": time.monotonic() - began,
        "engine": f"local, up to {most_workers(settings)} process(es)",
    }  # fmt: skip


def _new_flags(flags: pa.Table, taken_in: set[str]) -> dict[str, int]:
    pairs = zip(flags["interaction_id"].to_pylist(), flags["rule"].to_pylist(), strict=True)
    return dict(Counter(rule for contact, rule in pairs if contact in taken_in).most_common())


def _summary(
    account: Account, run_id: str | None, as_of: datetime | None, began: float, flags: dict[str, int],
    problems: dict[str, int], *, dry_run: bool = False, version: str = "", earlier: dict[str, int] | None = None,
) -> RunSummary:  # fmt: skip
    return RunSummary(
        run_id, account.read, account.accepted, account.rejected, account.duplicate, account.replaced,
        len(account.skipped), time.monotonic() - began, as_of, dry_run=dry_run, model_version=version,
        reject_codes=dict(account.reject_codes.most_common()), flags=flags, side_file_problems=problems,
        ignored_keys=dict(account.stats.unknown_keys.most_common(10)),
        skipped_files={item.source_uri: item.reason for item in account.skipped[:20]}, earlier_models=earlier or {},
        turned_away=account.turned_away,
    )  # fmt: skip


class _Stop:
    """What a signal does: it ends the run, until publishing begins."""

    def __init__(self) -> None:
        self._holds_off = False

    def hold_off(self) -> None:
        """From now on the run goes on to its end: a stop within or after the commit could not say what stands."""
        self._holds_off = True

    def __call__(self, number: int, frame: FrameType | None) -> None:
        if not self._holds_off:
            name = signal.Signals(number).name
            raise RunAborted(f"Stopped by {name}; nothing was committed.", hint="Run again; it resumes.")


@contextmanager
def _stoppable() -> Iterator[_Stop]:
    """SIGTERM and Ctrl-C end a run as RunAborted: what is not published yet is dropped, what is understood is kept."""
    stop = _Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def check_paths(request: RunRequest) -> None:
    """Raises UsageError naming the first side file that is not there."""
    for option in ("metadata", "agents", "loyalty", "surveys", "initiatives"):
        path: Path | None = getattr(request, option)
        if path is not None and not path.is_file():
            raise UsageError(f"No file at {path}.", hint=f"Check --{option}.")
