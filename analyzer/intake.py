"""Files → what is new: every record read, decided against what is known, understood in batches, staged as Parquet.

A batch's folder is named by what is in it, so a run that was killed finds its finished batches again.
"""

from __future__ import annotations

import shutil
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer import __version__
from analyzer.config import Settings
from analyzer.deciding import Decider, characters, is_heavy
from analyzer.engine import Tables, kept_in, understand_all
from analyzer.errors import RunAborted
from analyzer.fingerprint import UNREADABLE
from analyzer.ingest.files import InputFile
from analyzer.ingest.metadata import Metadata
from analyzer.ingest.quarantine import Place
from analyzer.ingest.raw import ReadStats
from analyzer.ingest.read import read_file, stitcher_over
from analyzer.ingest.roster import Roster
from analyzer.ingest.sessions import is_later_part
from analyzer.progress import Progress
from analyzer.records import Interaction, Reject, Skipped, stable_id
from analyzer.standing import Standing
from analyzer.store.entries import ContactIdentity, FileSeen
from analyzer.store.folder import STAGING
from analyzer.tables import FACT_TABLES
from analyzer.trust.suppression import admitted, gate_of

UNDERSTOOD = "understood"

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor

    from analyzer.store.store import Store


@dataclass
class Account:
    """read = accepted + rejected + duplicate; replaced is part of accepted; skipped are files, outside of it.

    All count conversation records. A thread is one, however many contacts it holds: accepted if any of them is new or
    changed, replaced if any took the place of an earlier version, duplicate if all are known.
    """

    read: int = 0
    accepted: int = 0
    rejected: int = 0
    duplicate: int = 0
    replaced: int = 0
    turned_away: int = 0  # of the duplicate: of people who were forgotten, or older than what is kept
    skipped: list[Skipped] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    stats: ReadStats = field(default_factory=ReadStats)
    files: list[FileSeen] = field(default_factory=list)

    def turn_away(self) -> None:
        """Counts a record that is known and must not come in again."""
        self.read += 1
        self.duplicate += 1
        self.turned_away += 1

    @property
    def reject_codes(self) -> Counter[str]:
        return Counter(reject.code for reject in self.rejects)


@dataclass(frozen=True)
class Sources:
    """Open inputs of a run. ``now`` is when it began; nothing else in a run looks at the clock."""

    files: Sequence[InputFile]
    metadata: Metadata | None
    roster: Roster | None
    now: datetime
    run_id: str


@dataclass
class Intake:
    """What a run took in: staged batch folders, the winning identity of each contact, and where old rows lie."""

    account: Account
    shards: list[Path]
    identities: dict[str, ContactIdentity]
    winner: dict[str, int]
    moved_from: set[date]
    gone: set[str]  # pieces of threads that the thread's new version does not have
    parts: dict[str, dict[str, str]]  # of contacts that a source writes as several records: each with its digest
    read_uris: set[str]
    mended: set[Place] | None  # records out of quarantine that are accepted now; None where whole files were read

    @property
    def outdated(self) -> set[str]:
        """Contacts of which nothing that the store holds may stay: told anew, or gone."""
        return self.identities.keys() | self.gone


def take_in(
    sources: Sources, store: Store, settings: Settings, progress: Progress, on_reject: Callable[[Reject], None],
    workers: ProcessPoolExecutor | None = None,
) -> Intake:  # fmt: skip
    """Reads, decides and understands all of ``sources``; stages under STORE/staging until published.

    ``workers`` are those of ``engine.workers_for``, where they have been started.
    """
    intake = begun({file.uri for file in sources.files})
    staging = store.path / STAGING / UNDERSTOOD
    size = sum(file.size for file in sources.files)
    progress.begin("reading and understanding", size, "bytes")
    batches = _batches(sources, store, settings, intake, progress, on_reject)
    stage(batches, intake, staging, settings, workers)
    for key in intake.gone:
        intake.winner.pop(key, None)
    if any(file.piece for file in sources.files):
        intake.mended = _mended(sources.files, intake.account.files)
    return intake


def stage(
    batches: Iterator[list[Interaction]], intake: Intake, staging: Path, settings: Settings,
    workers: ProcessPoolExecutor | None,
) -> None:  # fmt: skip
    """Understands every batch and notes in ``intake`` in which folder under ``staging`` its rows lie."""
    for place, shard in enumerate(_understood(batches, staging, settings, workers)):
        intake.shards.append(shard.folder)
        intake.winner.update(dict.fromkeys(shard.ids, place))


def _mended(pieces: Sequence[InputFile], seen: Sequence[FileSeen]) -> set[Place]:
    """Where the records lay of which all is in the store now."""
    return {
        (file.uri, file.piece.position)
        for file, told in zip(pieces, seen, strict=True)
        if file.piece and told.read and not told.rejected
    }


def account_only(sources: Sources, store: Store | None, settings: Settings, progress: Progress) -> Account:
    """The account of a dry run: everything is read and decided, nothing understood or written."""
    intake = begun({file.uri for file in sources.files})
    progress.begin("reading", sum(file.size for file in sources.files), "bytes")
    for _ in _batches(sources, store, settings, intake, progress, lambda reject: None):
        pass
    return intake.account


def begun(read_uris: set[str]) -> Intake:
    """An intake that holds nothing yet."""
    return Intake(Account(), [], {}, {}, set(), set(), {}, read_uris, None)


def _batches(
    sources: Sources, store: Store | None, settings: Settings, intake: Intake, progress: Progress,
    on_reject: Callable[[Reject], None],
) -> Iterator[list[Interaction]]:  # fmt: skip
    """Accepted contacts, a batch at a time; a contact stands in a batch once."""
    decider = Decider(store, intake, sources.run_id, settings.ingest.default_channel)
    known = Standing(store, settings.ingest.default_channel, intake.parts)
    batch: list[Interaction] = []
    pending: list[Interaction] = []
    chars = 0  # of pending
    stitcher = stitcher_over(sources.files, settings.ingest)
    gate = gate_of(store.path) if store else None
    for file in sources.files:
        before = (intake.account.read, intake.account.accepted, intake.account.rejected, intake.account.duplicate)
        items = read_file(
            file, settings.ingest, metadata=sources.metadata, roster=sources.roster, now=sources.now,
            on_bytes=progress.advance, stats=intake.account.stats, stitcher=stitcher, known=known,
        )  # fmt: skip
        for item in admitted(items, gate, intake.account.turn_away):
            if isinstance(item, Interaction):
                enough = len(pending) >= settings.ingest.batch_contacts or is_heavy(chars)
                if enough and not is_later_part(item):
                    yield from decider.accept(pending, batch, settings.ingest.batch_contacts)
                    pending.clear()
                    chars = 0
                pending.append(item)
                chars += characters(item)
            elif isinstance(item, Reject):
                _count_reject(item, intake.account, on_reject)
            else:
                intake.account.skipped.append(item)
        yield from decider.accept(pending, batch, settings.ingest.batch_contacts)
        pending.clear()
        chars = 0
        intake.account.files.append(_seen(file, before, intake.account))
    if batch:
        yield batch


def _count_reject(reject: Reject, account: Account, on_reject: Callable[[Reject], None]) -> None:
    account.read += 1
    account.rejected += 1
    on_reject(reject)
    # The raw bytes are in quarantine now; held here they would grow with the input.
    account.rejects.append(
        Reject(reject.source_uri, reject.position, reject.source_format, reject.code, reject.message)
    )


def _seen(file: InputFile, before: tuple[int, int, int, int], account: Account) -> FileSeen:
    after = (account.read, account.accepted, account.rejected, account.duplicate)
    read, accepted, rejected, duplicate = (b - a for a, b in zip(before, after, strict=True))
    return FileSeen(file.sha256() or UNREADABLE, file.name, file.size, read, accepted, rejected, duplicate)


@dataclass(frozen=True)
class _Shard:
    folder: Path
    ids: tuple[str, ...]


def _understood(
    batches: Iterator[list[Interaction]], staging: Path, settings: Settings, workers: ProcessPoolExecutor | None
) -> Iterator[_Shard]:
    """Each batch's folder; batches that an earlier, killed run finished are not read again."""
    waiting: deque[tuple[_Shard, bool]] = deque()  # in order of reading, with whether it was finished before

    def unfinished() -> Iterator[list[Interaction]]:
        for batch in batches:
            folder = staging / _batch_name(batch, settings)
            finished = _is_complete(folder)
            waiting.append((_Shard(folder, tuple(interaction.interaction_id for interaction in batch)), finished))
            if not finished:
                yield batch

    for tables in understand_all(unfinished(), settings, workers, kept_in(staging.parents[1], settings)):
        while waiting[0][1]:
            yield waiting.popleft()[0]
        shard, _ = waiting.popleft()
        _write(tables, shard.folder)
        yield shard
    while waiting:
        yield waiting.popleft()[0]


def _is_complete(folder: Path) -> bool:
    """Whether a batch was staged whole; tidying removes files older than a day, and a power loss may cut them short."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return all(pq.read_metadata(folder / f"{name}.parquet").num_columns for name in FACT_TABLES)
    except (OSError, pa.ArrowException):
        return False


def _batch_name(batch: Sequence[Interaction], settings: Settings) -> str:
    import msgspec

    from analyzer.weights import model_version, models_folder

    contents = [part for i in batch for part in (i.interaction_id, i.content_hash, i.source_uri, i.day.isoformat())]
    reading = msgspec.json.encode(settings.understand, order="deterministic").decode()
    version = model_version(models_folder(settings.understand.model))
    return stable_id(__version__, version, reading, *contents, length=32)


def _write(tables: Tables, folder: Path) -> None:
    """All tables or none: written beside, then renamed."""
    import pyarrow.parquet as pq

    partial = folder.with_name(folder.name + ".partial")
    try:
        shutil.rmtree(partial, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)
        partial.mkdir(parents=True, mode=0o700)
        for name, table in tables.items():
            pq.write_table(table, partial / f"{name}.parquet")
        partial.rename(folder)
    except OSError as error:
        raise RunAborted(f"Cannot stage: {error.strerror}.", hint="Free space and run again; it resumes.") from error
