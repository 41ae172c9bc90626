"""Rows on their way in: brought to the declared schema and checked before anything is committed.

delta-rs casts int to float without a word, knows nothing of keys, and shows refused rows in its error message.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from analyzer.errors import StoreError
from analyzer.tables import STORED, Column, Table


@dataclass(frozen=True, slots=True)
class Change:
    """The complete new content of ``days`` of a table; ``days`` None is the whole table.

    A reader is written to disk first and never held in memory as a whole.
    """

    table: str
    rows: pa.Table | pa.RecordBatchReader
    days: frozenset[date] | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """A change that may be committed: declared schema, keys unique, rows within its days."""

    table: Table
    rows: pa.Table
    days: frozenset[date] | None

    @property
    def rows_per_day(self) -> dict[date | None, int]:
        if not self.table.by_day:
            return {None: self.rows.num_rows}
        counted = pc.value_counts(self.rows["day"]).to_pylist()
        return {entry["values"]: entry["counts"] for entry in counted}


def check(change: Change, staging: Path) -> Checked:
    """The change as it will be stored. Raises StoreError, naming table, column and count, never a value."""
    table = STORED.get(change.table)
    if table is None:
        raise StoreError(f"There is no table {change.table}.")
    if change.days is not None and not table.by_day:
        raise StoreError(f"Table {table.name} has no days; it is written whole.")
    if isinstance(change.rows, pa.RecordBatchReader):
        rows = _spool(change.rows, table, staging / f"{table.name}.arrow")
    else:
        rows = _in_order(conform(change.rows, table), table)
    for column in table.columns:
        _check_values(table, column, rows[column.name])
    _check_key(table, rows)
    if change.days is not None:
        _check_days(table, rows, change.days)
    return Checked(table, rows, change.days)


def conform(rows: pa.Table, table: Table) -> pa.Table:
    """``rows`` with the declared columns in the declared order. Text may be of any width; no other type is cast."""
    names = set(rows.column_names)
    if names != set(table.column_names) or len(names) != rows.num_columns:
        missing, extra = set(table.column_names) - names, names - set(table.column_names)
        raise StoreError(f"Table {table.name}: missing columns {sorted(missing)}, unknown columns {sorted(extra)}.")
    columns = [_conform_column(table, column, rows[column.name]) for column in table.columns]
    return pa.table(columns, schema=table.schema)


def _conform_column(table: Table, column: Column, values: pa.ChunkedArray) -> pa.ChunkedArray:
    if values.type == column.type:
        return values
    if not (_is_text(column.type) and _is_text(values.type)) and not pa.types.is_null(values.type):
        raise StoreError(f"Table {table.name}: column {column.name} is {values.type}, not {column.type}.")
    return values.cast(column.type)


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return _is_text(kind.value_type)
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _in_order(rows: pa.Table, table: Table) -> pa.Table:
    """Rows in the order of day and key, so that equal content is stored and read in equal order."""
    keys = (["day"] if table.by_day else []) + [key for key in table.key if key != "day" or not table.by_day]
    return rows.sort_by([(key, "ascending") for key in keys])


def _spool(reader: pa.RecordBatchReader, table: Table, path: Path) -> pa.Table:
    """The rows of ``reader`` in order, mapped from a file beside ``path``; at most one day of them is in memory."""
    given = _mapped(path, table, (conform(pa.Table.from_batches([batch]), table) for batch in reader))
    return _mapped(
        path.with_suffix(".ordered.arrow"), table, (_in_order(part, table) for part in _days_of(given, table))
    )


def _days_of(rows: pa.Table, table: Table) -> Iterator[pa.Table]:
    if not table.by_day:
        yield rows
        return
    for day in sorted(pc.unique(rows["day"].drop_null()).to_pylist()):
        yield rows.filter(pc.equal(rows["day"], pa.scalar(day, pa.date32())))
    yield rows.filter(pc.is_null(rows["day"]))


def _mapped(path: Path, table: Table, parts: Iterable[pa.Table]) -> pa.Table:
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        for part in parts:
            writer.write_table(part)
    with pa.memory_map(str(path)) as source:
        return pa.ipc.open_file(source).read_all()


def _check_values(table: Table, column: Column, values: pa.ChunkedArray) -> None:
    where = f"Table {table.name}: column {column.name}"
    if values.null_count and not column.nullable:
        raise StoreError(f"{where} is null in {values.null_count} rows, but must be known.")
    if column.one_of:
        strange = sum(
            not value for value in pc.is_in(pc.unique(values.drop_null()), pa.array(column.one_of)).to_pylist()
        )
        if strange:
            raise StoreError(f"{where} holds {strange} values other than {', '.join(column.one_of)}.")


def _check_key(table: Table, rows: pa.Table) -> None:
    distinct = rows.select(table.key).group_by(list(table.key)).aggregate([]).num_rows
    if distinct != rows.num_rows:
        doubles = rows.num_rows - distinct
        raise StoreError(f"Table {table.name}: {doubles} rows repeat a key ({', '.join(table.key)}).")


def _check_days(table: Table, rows: pa.Table, days: Collection[date]) -> None:
    outside = set(pc.unique(rows["day"]).to_pylist()) - set(days)
    if outside:
        raise StoreError(f"Table {table.name}: rows of {len(outside)} days that this change does not cover.")
