"""Columns of pandas frames as plain arrays, and plain arrays as tables of the contract."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from analyzer.tables import STORED

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Days = npt.NDArray[np.datetime64]
Objects = npt.NDArray[np.object_]


def numbers(frame: pd.DataFrame, column: str) -> Floats:
    """``column`` as float64 with NaN where it is missing."""
    return frame[column].to_numpy(dtype=np.float64, na_value=np.nan)


def texts(frame: pd.DataFrame, column: str) -> Objects:
    """``column`` as Python strings with None where it is missing."""
    values = frame[column].astype(object)
    return values.where(values.notna(), None).to_numpy(dtype=object)


def truths(frame: pd.DataFrame, column: str) -> Bools:
    """``column`` as bool; missing counts as false."""
    return np.asarray(frame[column].eq(True).fillna(False), dtype=np.bool_)


def days(frame: pd.DataFrame) -> Days:
    """The business ``day`` of each row, ``datetime64[D]``."""
    return np.asarray(pd.to_datetime(frame["day"]), dtype="datetime64[D]")


def in_order(facts: pd.DataFrame) -> pd.DataFrame:
    """``facts`` by interaction_id: sums run in the same order, and so to the same last digit, whatever the input's."""
    return facts.iloc[np.argsort(texts(facts, "interaction_id").astype(str), kind="stable")]


def linked(links: pd.DataFrame, facts: pd.DataFrame) -> pd.DataFrame:
    """Rows of ``links`` (indexed by interaction_id) in the order of ``facts``; missing where a contact has none."""
    return links.reindex(pd.Index(texts(facts, "interaction_id"), name="interaction_id"))


def to_table(name: str, columns: Mapping[str, Any]) -> pa.Table:
    """An Arrow table of exactly the stored schema ``name``; NaN and None become null."""
    schema = STORED[name].schema
    arrays = [
        values if isinstance(values, pa.Array) else pa.array(values, type=field.type, from_pandas=True)
        for field, values in ((field, columns[field.name]) for field in schema)
    ]
    return pa.Table.from_arrays(arrays, schema=schema)
