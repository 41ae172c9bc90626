"""Times told as numbers since 1970, as UTC. Vendors count seconds, milliseconds or microseconds, at times as text."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from analyzer.ingest.reject_codes import Refused

Unit = Literal["s", "ms", "us"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_PER_SECOND: Final = {"s": 1, "ms": 1_000, "us": 1_000_000}


def from_epoch(value: int | float | str, unit: Unit, field: str) -> datetime:
    """UTC time to the microsecond; raises Refused where ``value`` is no number or no time.

    >>> from_epoch(1767609000000, "ms", "startTime").isoformat()
    '2026-01-05T10:30:00+00:00'
    """
    number = number_of(value)
    if number is None:
        raise Refused("unreadable_time", f"{field}.")
    per_second = _PER_SECOND[unit]
    try:
        if isinstance(number, int):
            return _EPOCH + timedelta(microseconds=number * (1_000_000 // per_second))
        return _EPOCH + timedelta(seconds=number / per_second)
    except (OverflowError, ValueError) as error:
        raise Refused("implausible_time", f"{field}.") from error


def number_of(value: int | float | str) -> int | float | None:
    """``value`` as a finite number, ``None`` where it is none."""
    if isinstance(value, str):
        text = value.strip()
        if len(text) > 40 or "_" in text:
            return None
        try:
            value = int(text) if text.lstrip("+-").isdecimal() else float(text)
        except ValueError:
            return None
    if isinstance(value, bool) or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return value
