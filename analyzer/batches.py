"""Contacts a batch at a time: how many are enough for one, each understood and staged as Parquet.

A batch's folder is named by what is in it, so a run that was killed finds its finished batches again.
"""

from __future__ import annotations

import shutil
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from analyzer import __version__
from analyzer.config import Settings
from analyzer.engine import Tables, kept_in, understand_all
from analyzer.errors import RunAborted
from analyzer.records import Interaction, stable_id
from analyzer.tables import FACT_TABLES
from analyzer.taken_in import Intake

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor

UNDERSTOOD: Final = "understood"
_BATCH_CHARS: Final = 1 << 24  # few contacts are that long, and a batch of them would not fit into memory


def is_heavy(chars: int) -> bool:
    """Whether contacts with as many characters are enough for one step, however few they are."""
    return chars >= _BATCH_CHARS


def characters(contact: Interaction) -> int:
    return sum([len(turn.text) for turn in contact.turns])


def stage(
    batches: Iterator[list[Interaction]], intake: Intake, staging: Path, settings: Settings,
    workers: ProcessPoolExecutor | None,
) -> None:  # fmt: skip
    """Understands every batch and notes in ``intake`` in which folder under ``staging`` its rows lie."""
    for place, shard in enumerate(_understood(batches, staging, settings, workers)):
        intake.shards.append(shard.folder)
        intake.winner.update(dict.fromkeys(shard.ids, place))


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
