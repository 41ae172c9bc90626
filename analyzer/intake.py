"""Files → what is new: every record read, decided against what is known, understood and staged in batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from analyzer.batches import UNDERSTOOD, characters, is_heavy, stage
from analyzer.config import Settings
from analyzer.deciding import Decider
from analyzer.fingerprint import UNREADABLE
from analyzer.ingest.files import InputFile
from analyzer.ingest.metadata import Metadata
from analyzer.ingest.quarantine import Place
from analyzer.ingest.read import read_file, stitcher_over
from analyzer.ingest.roster import Roster
from analyzer.ingest.sessions import is_later_part
from analyzer.progress import Progress
from analyzer.records import Interaction, Reject
from analyzer.standing import Standing
from analyzer.store.entries import FileSeen
from analyzer.store.folder import STAGING
from analyzer.taken_in import Account, Intake, begun
from analyzer.trust.suppression import admitted, gate_of

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor

    from analyzer.store.store import Store


@dataclass(frozen=True)
class Sources:
    """Open inputs of a run. ``now`` is when it began; nothing else in a run looks at the clock."""

    files: Sequence[InputFile]
    metadata: Metadata | None
    roster: Roster | None
    now: datetime
    run_id: str


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
                on_reject(item)
                intake.account.reject(item)
            else:
                intake.account.skipped.append(item)
        yield from decider.accept(pending, batch, settings.ingest.batch_contacts)
        pending.clear()
        chars = 0
        intake.account.files.append(_seen(file, before, intake.account))
    if batch:
        yield batch


def _seen(file: InputFile, before: tuple[int, int, int, int], account: Account) -> FileSeen:
    after = (account.read, account.accepted, account.rejected, account.duplicate)
    read, accepted, rejected, duplicate = (b - a for a, b in zip(before, after, strict=True))
    return FileSeen(file.sha256() or UNREADABLE, file.name, file.size, read, accepted, rejected, duplicate)
