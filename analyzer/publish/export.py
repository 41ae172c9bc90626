"""Store → one Parquet or CSV file a table, under the names and columns of ``tables.EXPORTED``.

A reader never sees half a file: everything is written beside its place first, then all are moved into place.
The same store and settings give the same bytes.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.parquet as pq

from analyzer.config import PublishSettings
from analyzer.errors import RunAborted, UsageError
from analyzer.publish.agents import agent_policy
from analyzer.publish.csv_text import csv_header, csv_rows
from analyzer.publish.reading import Tables, batches, day_spans
from analyzer.tables import EXPORTED, Table

Format = Literal["parquet", "csv"]


@dataclass(frozen=True, slots=True)
class ExportedFile:
    table: str
    path: Path
    rows: int
    size_bytes: int


def export_tables(tables: Tables, to: Path, format: Format, settings: PublishSettings) -> list[ExportedFile]:
    """The files written, one for every name of ``EXPORTED`` even where it has no rows. Files of former exports go.

    Raises UsageError where ``to`` is no folder, RunAborted where the disk refuses; former files then stay as they were.
    """
    targets = {name: to / f"{name}.{format}" for name in EXPORTED}
    _check_places(to, targets.values())
    policy, spans = agent_policy(tables, settings), day_spans(tables)
    with _disk_errors(to), _staged(targets) as staged:
        rows = {
            name: _write(
                staged[name], format, table, (policy.apply(name, part) for part in batches(tables, table, spans))
            )
            for name, table in EXPORTED.items()
        }
        for name, target in targets.items():
            staged[name].replace(target)
    return [ExportedFile(name, path, rows[name], path.stat().st_size) for name, path in targets.items()]


def _check_places(to: Path, targets: Iterable[Path]) -> None:
    if to.exists() and not to.is_dir():
        raise UsageError(f"{to} is not a folder.", hint="Give a folder with --to; every table becomes one file in it.")
    if blocked := [target for target in targets if target.is_dir()]:
        raise UsageError(f"{blocked[0]} is a folder where a file belongs.", hint="Move it away or export elsewhere.")


@contextmanager
def _disk_errors(to: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise RunAborted(
            f"Cannot write to {to}: {error.strerror or error}.", hint="Former files are unchanged."
        ) from error


@contextmanager
def _staged(targets: dict[str, Path]) -> Iterator[dict[str, Path]]:
    """A temporary place beside each target; what was not moved on is removed."""
    staged = {name: target.with_name(f".{target.name}.{os.getpid()}.tmp") for name, target in targets.items()}
    try:
        for folder in {path.parent for path in staged.values()}:
            folder.mkdir(parents=True, exist_ok=True)
        yield staged
    finally:
        for path in staged.values():
            path.unlink(missing_ok=True)


def _write(path: Path, format: Format, table: Table, parts: Iterable[pa.Table]) -> int:
    ordered = (_ordered(table, part) for part in parts)
    rows = _write_parquet(path, table, ordered) if format == "parquet" else _write_csv(path, table, ordered)
    with path.open("rb+") as file:
        os.fsync(file.fileno())
    return rows


def _ordered(table: Table, part: pa.Table) -> pa.Table:
    """Rows by day and key after names were changed, so that their order tells nothing of the names."""
    by = [name for name in ("day", *table.key) if name in part.column_names]
    return part.select(list(table.column_names)).cast(table.schema).sort_by([(name, "ascending") for name in by])


def _write_parquet(path: Path, table: Table, parts: Iterable[pa.Table]) -> int:
    rows = 0
    with pq.ParquetWriter(path, table.schema, compression="zstd") as writer:
        for part in parts:
            writer.write_table(part)
            rows += part.num_rows
    return rows


def _write_csv(path: Path, table: Table, parts: Iterable[pa.Table]) -> int:
    rows = 0
    with path.open("wb") as file:
        file.write(csv_header(table.schema))
        for part in parts:
            file.write(csv_rows(part))
            rows += part.num_rows
    return rows
