"""Rows of plain arrays, handed from step to step. In small worlds a frame would cost more than all the draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


class Rows:
    """Named columns of one length; every change is a new one."""

    __slots__ = ("_columns",)

    def __init__(self, **columns: Array) -> None:
        self._columns = columns
        if len({len(values) for values in columns.values()}) > 1:
            raise ValueError("columns differ in length")

    def __getitem__(self, name: str) -> Array:
        return self._columns[name]

    def __len__(self) -> int:
        return len(next(iter(self._columns.values()), ()))

    @property
    def columns(self) -> Mapping[str, Array]:
        return self._columns

    def adding(self, **columns: Array | bool | float) -> Rows:
        """With these columns too, or in the place of those of the same name; a single value holds for all."""
        whole = {name: _broadcast(values, len(self)) for name, values in columns.items()}
        return Rows(**{**self._columns, **whole})

    def at(self, places: Array) -> Rows:
        """The rows at ``places``, or those where a mask is true."""
        return Rows(**{name: values[places] for name, values in self._columns.items()})

    def first(self, n: int) -> Rows:
        return Rows(**{name: values[:n] for name, values in self._columns.items()})


def stacked(parts: Sequence[Rows]) -> Rows:
    """One below the other; all have the same columns."""
    return Rows(**{name: np.concatenate([part[name] for part in parts]) for name in parts[0].columns})


def in_time(contacts: Rows) -> Rows:
    """By ``at``, then matter."""
    return contacts.at(np.lexsort((contacts["matter"], contacts["at"])))


def _broadcast(values: Array | bool | float, n: int) -> Array:
    return values if isinstance(values, np.ndarray) else np.full(n, values)
