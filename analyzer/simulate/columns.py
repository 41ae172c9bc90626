"""Arrow columns out of numbers: ids, words, times and whole tables, without a Python object a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.simulate.draws import Floats, Ints
from analyzer.tables import STORED

Columns = Mapping[str, pa.Array]
DAY_US = 86_400_000_000


def ids(prefix: str, numbers: Ints, width: int) -> pa.Array:
    """``prefix`` and each number with leading zeros; null where it is negative."""
    digits = pc.utf8_lpad(pc.cast(pa.array(numbers), pa.string()), width=width, padding="0")
    named = pc.binary_join_element_wise(pa.scalar(prefix), digits, "")
    return named if not len(numbers) or numbers.min() >= 0 else null_where(named, numbers < 0)


def words(names: Sequence[str], places: Ints) -> pa.Array:
    """The name at each place, null for −1."""
    return pa.array(list(names), pa.string()).take(pa.array(places, pa.int64(), mask=places < 0))


def null_where(values: pa.Array, absent: np.ndarray) -> pa.Array:
    return pc.if_else(pa.array(~absent), values, pa.nulls(1, values.type)[0])


def numbers(values: Floats, absent: np.ndarray | None = None) -> pa.Array:
    """float64, null where it is NaN or ``absent``."""
    values = np.asarray(values, dtype=np.float64)
    mask = np.isnan(values) if absent is None else np.isnan(values) | absent
    return pa.array(values, pa.float64(), mask=mask)


def counts(values: Ints, kind: pa.DataType) -> pa.Array:
    return pa.array(np.asarray(values, dtype=np.int64)).cast(kind)


def times(first_day: date, zone: str, at: Floats) -> pa.Array:
    """UTC times, to the second, of days since the first day's local midnight; null where NaN."""
    at = np.asarray(at, dtype=np.float64)
    known = ~np.isnan(at)
    filled = np.where(known, at, 0.0)
    offset = _offset_s(first_day, zone, np.floor(filled).astype(np.int64))
    origin = (first_day - date(1970, 1, 1)).days
    us = ((np.round((origin + filled) * 86_400).astype(np.int64)) - offset) * 1_000_000
    return pa.array(us, pa.timestamp("us", tz="UTC"), mask=~known)


def days(first_day: date, at: Floats) -> pa.Array:
    """The local day of each time."""
    origin = (first_day - date(1970, 1, 1)).days
    return pa.array((origin + np.floor(at)).astype(np.int32), pa.int32()).cast(pa.date32())


def _offset_s(first_day: date, zone: str, day: Ints) -> Ints:
    """Seconds that local noon of each day is ahead of UTC."""
    known, place = np.unique(day, return_inverse=True)
    each = [_noon_offset_s(first_day, zone, int(number)) for number in known]
    return np.array(each, dtype=np.int64)[place] if len(day) else np.zeros(0, dtype=np.int64)


@lru_cache(maxsize=4096)
def _noon_offset_s(first_day: date, zone: str, number: int) -> int:
    noon = datetime(first_day.year, first_day.month, first_day.day, 12, tzinfo=ZoneInfo(zone)) + timedelta(days=number)
    offset = noon.utcoffset()
    return int(offset.total_seconds()) if offset is not None else 0


def constant(value: str, n: int) -> pa.Array:
    return pa.repeat(pa.scalar(value, pa.string()), n)


def stored(name: str, columns: Columns, n: int) -> pa.Table:
    """The table of the store's contract; columns not given are null."""
    schema = STORED[name].schema
    if unknown := columns.keys() - set(schema.names):
        raise KeyError(f"{name} has no column {sorted(unknown)}")
    arrays = [columns[field.name] if field.name in columns else pa.nulls(n, field.type) for field in schema]
    return pa.Table.from_arrays([a.cast(f.type) for a, f in zip(arrays, schema, strict=True)], schema=schema)
