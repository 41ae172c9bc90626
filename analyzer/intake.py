"""Files → what is new: every record read, decided against what is known, understood in batches, staged as Parquet.

A batch's folder is named by what is in it, so a run that was killed finds its finished batches again.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer.config import Settings
from analyzer.engine import Tables, understand_all
from analyzer.errors import RunAborted
from analyzer.ingest.files import InputFile
from analyzer.ingest.identity import decide
from analyzer.ingest.metadata import Metadata
from analyzer.ingest.raw import ReadStats
from analyzer.ingest.read import read_file
from analyzer.ingest.roster import Roster
from analyzer.progress import Progress
from analyzer.records import Interaction, Reject, Skipped, Turn, stable_id
from analyzer.store.entries import ContactIdentity, FileSeen
from analyzer.store.folder import STAGING
from analyzer.tables import FACT_TABLES

UNDERSTOOD = "understood"

if TYPE_CHECKING:
    from analyzer.store.store import Store


@dataclass
class Account:
    """read = accepted + rejected + duplicate; replaced is part of accepted; skipped are files, outside of it."""

    read: int = 0
    accepted: int = 0
    rejected: int = 0
    duplicate: int = 0
    replaced: int = 0
    skipped: list[Skipped] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    stats: ReadStats = field(default_factory=ReadStats)
    files: list[FileSeen] = field(default_factory=list)

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


def take_in(
    sources: Sources, store: Store, settings: Settings, progress: Progress, on_reject: Callable[[Reject], None]
) -> Intake:
    """Reads, decides and understands all of ``sources``; stages under STORE/staging until published."""
    intake = Intake(Account(), [], {}, {}, set())
    staging = store.path / STAGING / UNDERSTOOD
    size = sum(file.size for file in sources.files)
    progress.begin("reading and understanding", size, "bytes")
    batches = _batches(sources, store, settings, intake, progress, on_reject)
    for place, shard in enumerate(_understood(batches, staging, settings)):
        intake.shards.append(shard.folder)
        intake.winner.update(dict.fromkeys(shard.ids, place))
    return intake


def account_only(sources: Sources, store: Store | None, settings: Settings, progress: Progress) -> Account:
    """The account of a dry run: everything is read and decided, nothing understood or written."""
    intake = Intake(Account(), [], {}, {}, set())
    progress.begin("reading", sum(file.size for file in sources.files), "bytes")
    for _ in _batches(sources, store, settings, intake, progress, lambda reject: None):
        pass
    return intake.account


def _batches(
    sources: Sources, store: Store | None, settings: Settings, intake: Intake, progress: Progress,
    on_reject: Callable[[Reject], None],
) -> Iterator[list[Interaction]]:  # fmt: skip
    """Accepted contacts, a batch at a time; a contact stands in a batch once."""
    decider = _Decider(store, intake, sources.run_id)
    batch: list[Interaction] = []
    pending: list[Interaction] = []
    for file in sources.files:
        before = (intake.account.read, intake.account.accepted, intake.account.rejected, intake.account.duplicate)
        for item in read_file(
            file, settings.ingest, metadata=sources.metadata, roster=sources.roster, now=sources.now,
            on_bytes=progress.advance, stats=intake.account.stats,
        ):  # fmt: skip
            if isinstance(item, Interaction):
                pending.append(item)
            elif isinstance(item, Reject):
                _count_reject(item, intake.account, on_reject)
            else:
                intake.account.skipped.append(item)
            if len(pending) >= settings.ingest.batch_contacts:
                yield from decider.accept(pending, batch, settings.ingest.batch_contacts)
                pending.clear()
        yield from decider.accept(pending, batch, settings.ingest.batch_contacts)
        pending.clear()
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
    return FileSeen(file.sha256() or "unreadable", file.name, file.size, read, accepted, rejected, duplicate)


class _Decider:
    """Decides each contact against the store and against this run."""

    def __init__(self, store: Store | None, intake: Intake, run_id: str) -> None:
        self._store = store
        self._intake = intake
        self._run_id = run_id
        self._turns: dict[str, Sequence[Turn]] = {}

    def accept(self, pending: Sequence[Interaction], batch: list[Interaction], size: int) -> Iterator[list[Interaction]]:
        """Adds what is accepted to ``batch``; yields a copy and empties it whenever it is full."""
        ids = [interaction.interaction_id for interaction in pending]
        known = self._store.ledger.identities(ids) if self._store else {}
        for interaction in pending:
            self._intake.account.read += 1
            if self._is_accepted(interaction, known.get(interaction.interaction_id)):
                at = [i for i, other in enumerate(batch) if other.interaction_id == interaction.interaction_id]
                for place in at:  # the same contact again within one batch: the later one stands
                    batch.pop(place)
                batch.append(interaction)
            if len(batch) >= size:
                yield list(batch)
                batch.clear()

    def _is_accepted(self, interaction: Interaction, stored: ContactIdentity | None) -> bool:
        account, key = self._intake.account, interaction.interaction_id
        known = self._intake.identities.get(key) or stored
        seen = (known.content_hash, known.updated_at) if known else None
        decision = decide(seen, interaction, lambda: self._known_turns(key, known))
        if decision in ("duplicate", "stale"):
            account.duplicate += 1
            return False
        account.accepted += 1
        if decision == "replacement":
            account.replaced += 1
        if stored is not None:
            self._intake.moved_from.add(stored.day)
        self._turns[key] = interaction.turns if len(self._turns) < 10_000 else ()
        self._intake.identities[key] = ContactIdentity(
            key, interaction.content_hash, interaction.updated_at, interaction.day, interaction.source_uri, self._run_id
        )
        return True

    def _known_turns(self, key: str, known: ContactIdentity | None) -> Sequence[Turn] | None:
        if self._turns.get(key):
            return self._turns[key]
        if known is None or self._store is None:
            return None
        import pyarrow.compute as pc

        rows = self._store.read("turns", ["interaction_id", "turn", "speaker", "text"], [known.day])
        own = rows.filter(pc.equal(rows["interaction_id"], key)).sort_by("turn").to_pylist()
        return [Turn(row["speaker"], row["text"]) for row in own] or None


@dataclass(frozen=True)
class _Shard:
    folder: Path
    ids: tuple[str, ...]


def _understood(batches: Iterator[list[Interaction]], staging: Path, settings: Settings) -> Iterator[_Shard]:
    """Each batch's folder; batches that an earlier, killed run finished are not read again."""
    names: list[tuple[str, tuple[str, ...]]] = []

    def unfinished() -> Iterator[list[Interaction]]:
        for batch in batches:
            name = _batch_name(batch, settings)
            names.append((name, tuple(interaction.interaction_id for interaction in batch)))
            if not _is_complete(staging / name):
                yield batch

    done = 0
    for tables in understand_all(unfinished(), settings):
        while _is_complete(staging / names[done][0]):
            yield _Shard(staging / names[done][0], names[done][1])
            done += 1
        _write(tables, staging / names[done][0])
        yield _Shard(staging / names[done][0], names[done][1])
        done += 1
    for name, ids in names[done:]:
        yield _Shard(staging / name, ids)


def _is_complete(folder: Path) -> bool:
    """Whether a batch was staged whole; tidying removes files older than a day, and half a batch is none."""
    return all((folder / f"{name}.parquet").is_file() for name in FACT_TABLES)


def _batch_name(batch: Sequence[Interaction], settings: Settings) -> str:
    import msgspec

    from analyzer.weights import model_version, models_folder

    contents = [part for i in batch for part in (i.interaction_id, i.content_hash, i.source_uri, i.day.isoformat())]
    reading = msgspec.json.encode(settings.understand, order="deterministic").decode()
    return stable_id(model_version(models_folder(settings.understand.model)), reading, *contents, length=32)


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
