"""Files → what is new: every record read, decided against what is known, understood in batches, staged as Parquet.

A batch's folder is named by what is in it, so a run that was killed finds its finished batches again.
"""

from __future__ import annotations

import shutil
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer import __version__
from analyzer.config import Settings
from analyzer.engine import Tables, understand_all
from analyzer.errors import RunAborted
from analyzer.fingerprint import UNREADABLE
from analyzer.ingest.files import InputFile
from analyzer.ingest.identity import Decision, decide
from analyzer.ingest.metadata import Metadata
from analyzer.ingest.quarantine import Place
from analyzer.ingest.raw import ReadStats
from analyzer.ingest.read import read_file, stitcher_over
from analyzer.ingest.roster import Roster
from analyzer.ingest.sessions import is_later_part
from analyzer.progress import Progress
from analyzer.records import Interaction, Reject, Skipped, Turn, stable_id
from analyzer.store.entries import ContactIdentity, FileSeen
from analyzer.store.folder import STAGING
from analyzer.tables import FACT_TABLES

UNDERSTOOD = "understood"
_WEIGHTS: dict[Decision, int] = {"duplicate": 0, "stale": 0, "new": 1, "replacement": 2}
_HEARD = 10_000  # contacts whose words are kept for the comparison with a redacted twin; older ones are read again

if TYPE_CHECKING:
    import pyarrow as pa

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
    read_uris: set[str]
    mended: set[Place] | None  # records out of quarantine that are accepted now; None where whole files were read


def take_in(
    sources: Sources, store: Store, settings: Settings, progress: Progress, on_reject: Callable[[Reject], None]
) -> Intake:
    """Reads, decides and understands all of ``sources``; stages under STORE/staging until published."""
    intake = _begin(sources)
    staging = store.path / STAGING / UNDERSTOOD
    size = sum(file.size for file in sources.files)
    progress.begin("reading and understanding", size, "bytes")
    batches = _batches(sources, store, settings, intake, progress, on_reject)
    for place, shard in enumerate(_understood(batches, staging, settings)):
        intake.shards.append(shard.folder)
        intake.winner.update(dict.fromkeys(shard.ids, place))
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
    intake = _begin(sources)
    progress.begin("reading", sum(file.size for file in sources.files), "bytes")
    for _ in _batches(sources, store, settings, intake, progress, lambda reject: None):
        pass
    return intake.account


def _begin(sources: Sources) -> Intake:
    return Intake(Account(), [], {}, {}, set(), {file.uri for file in sources.files}, None)


def _batches(
    sources: Sources, store: Store | None, settings: Settings, intake: Intake, progress: Progress,
    on_reject: Callable[[Reject], None],
) -> Iterator[list[Interaction]]:  # fmt: skip
    """Accepted contacts, a batch at a time; a contact stands in a batch once."""
    decider = _Decider(store, intake, sources.run_id)
    batch: list[Interaction] = []
    pending: list[Interaction] = []
    stitcher = stitcher_over(sources.files, settings.ingest)
    for file in sources.files:
        before = (intake.account.read, intake.account.accepted, intake.account.rejected, intake.account.duplicate)
        for item in read_file(
            file, settings.ingest, metadata=sources.metadata, roster=sources.roster, now=sources.now,
            on_bytes=progress.advance, stats=intake.account.stats, stitcher=stitcher,
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
    return FileSeen(file.sha256() or UNREADABLE, file.name, file.size, read, accepted, rejected, duplicate)


class _Decider:
    """Decides each contact against the store and against this run."""

    def __init__(self, store: Store | None, intake: Intake, run_id: str) -> None:
        self._store = store
        self._intake = intake
        self._run_id = run_id
        self._heard: OrderedDict[str, Sequence[Turn]] = OrderedDict()
        self._weightiest = -1  # decision on the record that is being read, see _WEIGHTS

    def accept(
        self, pending: Sequence[Interaction], batch: list[Interaction], size: int
    ) -> Iterator[list[Interaction]]:
        """Adds what is accepted to ``batch``; yields a copy and empties it whenever it is full."""
        ids = [interaction.interaction_id for interaction in pending]
        known = self._store.ledger.identities(ids) if self._store else {}
        said = self._stored_turns(pending, known)
        for interaction in pending:
            if self._is_accepted(interaction, known.get(interaction.interaction_id), said):
                at = [i for i, other in enumerate(batch) if other.interaction_id == interaction.interaction_id]
                for place in at:  # the same contact again within one batch: the later one stands
                    batch.pop(place)
                batch.append(interaction)
            if len(batch) >= size:
                yield list(batch)
                batch.clear()

    def _is_accepted(
        self, interaction: Interaction, stored: ContactIdentity | None, said: Mapping[str, Sequence[Turn]]
    ) -> bool:
        key = interaction.interaction_id
        known = self._intake.identities.get(key) or stored
        seen = (known.content_hash, known.updated_at) if known else None
        decision = decide(seen, interaction, lambda: self._turns_of_this_run(key) or said.get(key))
        self._count(interaction, decision)
        if decision in ("duplicate", "stale"):
            return False
        if stored is not None:
            self._intake.moved_from.add(stored.day)
        self._hear(interaction)
        self._intake.identities[key] = ContactIdentity(
            key, interaction.content_hash, interaction.updated_at, interaction.day, interaction.source_uri, self._run_id
        )
        return True

    def _count(self, interaction: Interaction, decision: Decision) -> None:
        """Counts the record once; what a later contact of the same thread adds to it may move it to another column."""
        account, weight = self._intake.account, _WEIGHTS[decision]
        before = self._weightiest if is_later_part(interaction) else -1
        after = max(before, weight)
        account.read += before < 0
        account.duplicate += (after == 0) - (before == 0)
        account.accepted += (after > 0) - (before > 0)
        account.replaced += (after == 2) - (before == 2)
        self._weightiest = after

    def _hear(self, interaction: Interaction) -> None:
        self._heard[interaction.interaction_id] = interaction.turns
        self._heard.move_to_end(interaction.interaction_id)
        if len(self._heard) > _HEARD:
            self._heard.popitem(last=False)

    def _turns_of_this_run(self, key: str) -> Sequence[Turn] | None:
        """What was said in the version accepted in this run: as read, or as staged where that is long ago."""
        if key in self._heard or key not in self._intake.winner:
            return self._heard.get(key)
        import pyarrow.parquet as pq

        shard = self._intake.shards[self._intake.winner[key]]
        return _said(pq.read_table(shard / "turns.parquet", filters=[("interaction_id", "==", key)])).get(key)

    def _stored_turns(
        self, pending: Sequence[Interaction], known: Mapping[str, ContactIdentity]
    ) -> dict[str, list[Turn]]:
        """What was said in the stored version of contacts that come again with other content: one read for all.

        A contact whose rows were lost is known without content; it is read again, whatever it says.
        """
        again = {
            i.interaction_id: known[i.interaction_id].day
            for i in pending
            if i.interaction_id in known and known[i.interaction_id].content_hash not in ("", i.content_hash)
        }
        if not again or self._store is None:
            return {}
        import pyarrow as pa
        import pyarrow.compute as pc

        rows = self._store.read("turns", ["interaction_id", "turn", "speaker", "text"], set(again.values()))
        return _said(rows.filter(pc.is_in(rows["interaction_id"], pa.array(list(again), pa.string()))))


def _said(turns: pa.Table) -> dict[str, list[Turn]]:
    said: dict[str, list[Turn]] = {}
    for row in turns.sort_by([("interaction_id", "ascending"), ("turn", "ascending")]).to_pylist():
        said.setdefault(row["interaction_id"], []).append(Turn(row["speaker"], row["text"]))
    return said


@dataclass(frozen=True)
class _Shard:
    folder: Path
    ids: tuple[str, ...]


def _understood(batches: Iterator[list[Interaction]], staging: Path, settings: Settings) -> Iterator[_Shard]:
    """Each batch's folder; batches that an earlier, killed run finished are not read again."""
    waiting: deque[tuple[_Shard, bool]] = deque()  # in order of reading, with whether it was finished before

    def unfinished() -> Iterator[list[Interaction]]:
        for batch in batches:
            folder = staging / _batch_name(batch, settings)
            finished = _is_complete(folder)
            waiting.append((_Shard(folder, tuple(interaction.interaction_id for interaction in batch)), finished))
            if not finished:
                yield batch

    for tables in understand_all(unfinished(), settings):
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
