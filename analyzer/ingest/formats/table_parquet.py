"""Parquet: a row a turn, or a row a contact with its turns as JSON text or as a nested column."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from analyzer.ingest.formats.base import Format, Guess, Read
from analyzer.ingest.formats.rows import Row, RowTable, contacts
from analyzer.ingest.raw import ReadContext
from analyzer.ingest.reject_codes import Refused
from analyzer.ingest.stream import Stream

_BATCH_ROWS: Final = 512
_MAX_COLUMNS: Final = 10_000


def recognise(head: bytes, name: str) -> Guess:
    del name
    return Guess(0.99, "begins with PAR1") if head.startswith(b"PAR1") else Guess(0.0, "does not begin with PAR1")


def read(stream: Stream, context: ReadContext) -> Read:
    yield from contacts(table(stream), context)


def table(stream: Stream) -> RowTable:
    """The rows of a Parquet file; raises Refused where it cannot be read."""
    with _opened(stream) as file:
        names = list(file.schema_arrow.names)
        unpacked = sum(file.metadata.row_group(i).total_byte_size for i in range(file.metadata.num_row_groups))
    if unpacked > stream.settings.max_member_bytes:
        raise Refused("too_large")
    if len(names) > _MAX_COLUMNS or len(set(names)) < len(names):
        raise Refused("bad_parquet", "It has too many columns, or one twice.")
    return RowTable(names, lambda: _rows(stream))


def _rows(stream: Stream) -> Iterator[Row]:
    position = 0
    with _opened(stream) as file:
        batches = file.iter_batches(batch_size=_BATCH_ROWS)
        while True:
            try:
                batch = next(batches, None)
                rows = None if batch is None else pa.Table.from_batches([batch]).cast(_plain(batch.schema)).to_pylist()
            except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
                raise Refused("bad_parquet", f"From row {position} on.") from error
            if rows is None:
                return
            for values in rows:
                yield Row(position, values, _raw(values))
                position += 1


def _opened(stream: Stream) -> Any:
    try:
        return pq.ParquetFile(stream.seekable())
    except (pa.ArrowException, OSError, ValueError) as error:
        raise Refused("bad_parquet") from error


def _plain(schema: pa.Schema) -> pa.Schema:
    """The same columns in types that Python has: microseconds, floats for decimals, values for dictionary codes."""
    return pa.schema([field.with_type(_plain_type(field.type)) for field in schema])


def _plain_type(type_: pa.DataType) -> pa.DataType:
    if pa.types.is_timestamp(type_):
        return pa.timestamp("us", type_.tz)
    if pa.types.is_decimal(type_):
        return pa.float64()
    return type_.value_type if pa.types.is_dictionary(type_) else type_


def _raw(values: dict[str, Any]) -> bytes:
    """A row for quarantine, as text: a Parquet file has no bytes of one row."""
    return repr({name: value for name, value in values.items() if value is not None}).encode("utf-8", "replace") + b"\n"


FORMAT: Final = Format("table_parquet", "Parquet, a row a turn or a row a contact", True, recognise, read)
