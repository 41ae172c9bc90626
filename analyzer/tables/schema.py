"""How a table is declared: its columns with type and meaning, its key, its Arrow schema."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import pyarrow as pa

STRING: Final = pa.string()
FLOAT: Final = pa.float64()
INT: Final = pa.int32()
LONG: Final = pa.int64()
BOOL: Final = pa.bool_()
DATE: Final = pa.date32()
TIME: Final = pa.timestamp("us", tz="UTC")
STRINGS: Final = pa.list_(pa.string())


@dataclass(frozen=True)
class Column:
    """``nullable`` columns are null where nothing was observed. ``one_of`` lists the only values allowed.

    ``default`` is what rows written before the column was added hold; a column added later that may not be null needs
    one.
    """

    name: str
    type: pa.DataType
    meaning: str
    nullable: bool = False
    one_of: tuple[str, ...] = ()
    unit: str = ""
    default: str | int | float | bool | None = None


@dataclass(frozen=True)
class Table:
    """``key`` identifies a row. ``by_day``: partitioned by its business ``day``."""

    name: str
    meaning: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    by_day: bool = False

    @cached_property
    def schema(self) -> pa.Schema:
        return pa.schema([pa.field(c.name, c.type, nullable=c.nullable) for c in self.columns])

    @cached_property
    def column_names(self) -> tuple[str, ...]:
        return tuple(c.name for c in self.columns)

    def from_rows(self, rows: list[dict[str, Any]]) -> pa.Table:
        """An Arrow table of exactly this schema; a key that is no column raises ``KeyError``, a missing one is null, or
        the column's default."""
        known = set(self.column_names)
        for row in rows:
            if unknown := row.keys() - known:
                raise KeyError(f"{self.name} has no column {sorted(unknown)}")
        defaults = {column.name: column.default for column in self.columns if column.default is not None}
        return pa.Table.from_pylist([{**defaults, **row} for row in rows] if defaults else rows, schema=self.schema)

    def empty(self) -> pa.Table:
        return self.schema.empty_table()


def column(name: str, type_: pa.DataType, meaning: str, *one_of: str, unit: str = "") -> Column:
    """A column that is always there."""
    return Column(name, type_, meaning, False, one_of, unit)


def nullable(name: str, type_: pa.DataType, meaning: str, *one_of: str, unit: str = "") -> Column:
    """A column that is null where nothing was observed."""
    return Column(name, type_, meaning, True, one_of, unit)


def table(name: str, meaning: str, key: str, *columns: Column, by_day: bool = False) -> Table:
    """A table; ``key`` names its columns with a space between."""
    return Table(name, meaning, tuple(key.split()), columns, by_day)
