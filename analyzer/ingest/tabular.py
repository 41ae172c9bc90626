"""Small side tables (``--metadata``, ``--agents``) as rows of named cells; their faults are the user's to mend."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from analyzer.config import IngestSettings
from analyzer.errors import UsageError
from analyzer.ingest.files import find_files
from analyzer.ingest.formats import table_csv, table_parquet
from analyzer.ingest.formats.rows import Row, RowTable
from analyzer.ingest.open import open_streams
from analyzer.ingest.reject_codes import Refused
from analyzer.ingest.stream import Stream
from analyzer.records import Reject


def side_table(path: Path, option: str, settings: IngestSettings) -> RowTable:
    """The table at ``path`` (CSV or Parquet, perhaps gzipped). Raises UsageError that names ``option``."""
    files = find_files([path])
    if len(files) != 1:
        raise UsageError(f"{option} {path} is not one file.", hint="Give a CSV or Parquet file.")
    stream = next(iter(open_streams(files[0], settings)))
    if not isinstance(stream, Stream):
        raise UsageError(f"{option} {path}: {stream.message if isinstance(stream, Reject) else stream.reason}.")
    try:
        parquet = table_parquet.recognise(stream.head(), stream.name).probability > 0.5
        return table_parquet.table(stream) if parquet else table_csv.table(stream)
    except Refused as refusal:
        raise UsageError(
            f"{option} {path} cannot be read: {refusal.code}.", hint="Give a CSV or Parquet file."
        ) from refusal


def side_rows(table: RowTable, path: Path, option: str) -> Iterator[Row]:
    """Its rows; the first bad one raises UsageError with its number."""
    try:
        for row in table.rows():
            if row.problem:
                raise UsageError(
                    f"{option} {path}: row {row.position + 1} below the header cannot be read ({row.problem})."
                )
            yield row
    except Refused as refusal:
        raise UsageError(f"{option} {path} cannot be read: {refusal.code}.") from refusal
