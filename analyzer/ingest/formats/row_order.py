"""The order of a contact's rows: by when they were spoken, where each tells it. A table has no order of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from analyzer.ingest import times
from analyzer.ingest.raw import ReadContext
from analyzer.ingest.reject_codes import Refused
from analyzer.ingest.values import number_or_none


def in_time(told: Mapping[str, Sequence[Any]], context: ReadContext) -> Sequence[int]:
    """Places of the rows by the first column that tells a time of each; none where none does."""
    for name, values in told.items():
        if all(value is not None for value in values):
            try:
                moments = [_moment(value, name, context) for value in values]
            except Refused:
                return ()  # the contract says what is wrong with them
            return sorted(range(len(moments)), key=moments.__getitem__)
    return ()


def _moment(value: Any, name: str, context: ReadContext) -> float:
    if name == "start_ms":
        return number_or_none(value, name, -1e15, 1e15) or 0.0
    return times.parse_time(value, context.settings.timezone, name).timestamp()
