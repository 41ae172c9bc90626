"""Parquet: a row a turn, or a row a contact with its turns as JSON text or as a nested column."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from analyzer.ingest.formats.base import Format, Guess, Read
from analyzer.ingest.formats.rows import Row, RowTable, contacts
from analyzer.ingest.raw import ReadContext
from analyzer.ingest.reject_codes import Refused
from analyzer.ingest.stream import RATIO_FLOOR, Stream

_BATCH_ROWS: Final = 512
_NESTED_ROWS: Final = 16  # a text within a nested column is unpacked for each row of a batch
_STEP_BYTES: Final = 16 << 20
_MAX_COLUMNS: Final = 10_000
_UNTOLD: Final = (pa.ArrowException, OSError, ValueError, OverflowError)


def recognise(head: bytes, name: str) -> Guess:
    del name
    return Guess(0.99, "begins with PAR1") if head.startswith(b"PAR1") else Guess(0.0, "does not begin with PAR1")


def read(stream: Stream, context: ReadContext) -> Read:
    yield from contacts(table(stream), context)


def table(stream: Stream) -> RowTable:
    """The rows of a Parquet file; raises Refused where it cannot be read."""
    with _opened(stream) as (file, packed):
        schema = file.schema_arrow
        limit = max(RATIO_FLOOR, packed * stream.settings.max_ratio)
        unpacked = sum(file.metadata.row_group(i).total_byte_size for i in range(file.metadata.num_row_groups))
    if unpacked > stream.settings.max_member_bytes:
        raise Refused("too_large")
    if unpacked > limit:
        raise Refused("too_compressed")
    names = list(schema.names)
    if len(names) > _MAX_COLUMNS or len(set(names)) < len(names):
        raise Refused("bad_parquet", "It has too many columns, or one twice.")
    return RowTable(names, lambda: _rows(stream, schema, limit))


def _rows(stream: Stream, schema: pa.Schema, limit: int) -> Iterator[Row]:
    """Row by row, in few steps of memory: a long text that thousands of rows share is held once until it is told."""
    words = [field.name for field in schema if pa.types.is_string(field.type) or pa.types.is_binary(field.type)]
    nested = any(pa.types.is_nested(field.type) for field in schema)
    position = told = 0
    with _opened(stream, words) as (file, _):
        batches = file.iter_batches(batch_size=_NESTED_ROWS if nested else _BATCH_ROWS)
        while True:
            try:
                batch = next(batches, None)
            except (pa.ArrowException, OSError, ValueError) as error:
                raise Refused("bad_parquet", f"From row {position} on.") from error
            if batch is None:
                return
            for values in _told(batch):
                if values is None:
                    yield Row(position, {}, b"", "bad_parquet")
                else:
                    yield Row(position, values, raw := _raw(values))
                    told += len(raw)
                if told > limit:  # by codes of a dictionary, which no size in the file tells
                    raise Refused("too_compressed", f"From row {position} on.")
                position += 1


def _told(batch: pa.RecordBatch) -> Iterator[dict[str, Any] | None]:
    """The values of each row, ``None`` for one that cannot be told; that costs no other row."""
    step = max(1, _STEP_BYTES // max(1, sum(_longest(column) for column in batch.columns)))
    for start in range(0, batch.num_rows, step):
        some = batch.slice(start, step)
        try:
            yield from _plain(some)
        except _UNTOLD:
            for at in range(some.num_rows):
                try:
                    yield from _plain(some.slice(at, 1))
                except _UNTOLD:
                    yield None


def _longest(column: pa.Array) -> int:
    """Bytes of the longest text in a column; of what is no text, a guess."""
    if not pa.types.is_dictionary(column.type) or not (
        pa.types.is_string(column.type.value_type) or pa.types.is_binary(column.type.value_type)
    ):
        return 100
    try:
        used = pc.binary_length(column.dictionary).take(column.indices)
    except pa.ArrowException as error:
        raise Refused("bad_parquet", "Its dictionaries lack entries.") from error
    return int(pc.max(used).as_py() or 0)


@contextmanager
def _opened(stream: Stream, words: list[str] | None = None) -> Iterator[tuple[Any, int]]:
    """The file and its bytes. Damaged metadata of a column must not be asked for: Arrow ends the process over it."""
    with stream.seekable() as source:
        packed = source.seek(0, os.SEEK_END)
        try:
            file = pq.ParquetFile(source, read_dictionary=words)
        except (pa.ArrowException, OSError, ValueError) as error:
            raise Refused("bad_parquet") from error
        yield file, packed


def _plain(batch: pa.RecordBatch) -> list[dict[str, Any]]:
    """Its rows in types that Python has: microseconds, floats for decimals, texts for dictionary codes and bytes."""
    plain = pa.schema([field.with_type(_plain_type(field.type)) for field in batch.schema])
    # Unsafe only in that it drops nanoseconds and digits of decimals.
    rows: list[dict[str, Any]] = pa.Table.from_batches([batch]).cast(plain, safe=False).to_pylist()
    return rows


def _plain_type(type_: pa.DataType) -> pa.DataType:
    if pa.types.is_dictionary(type_):
        return _plain_type(type_.value_type)
    if pa.types.is_timestamp(type_):
        return pa.timestamp("us", type_.tz)
    if pa.types.is_decimal(type_):
        return pa.float64()
    return pa.string() if pa.types.is_binary(type_) or pa.types.is_large_binary(type_) else type_


def _raw(values: dict[str, Any]) -> bytes:
    """A row for quarantine, as text: a Parquet file has no bytes of one row."""
    return repr({name: value for name, value in values.items() if value is not None}).encode("utf-8", "replace") + b"\n"


FORMAT: Final = Format("table_parquet", "Parquet, a row a turn or a row a contact", True, recognise, read)
