"""Google's durations and times: "1.200s" and RFC 3339 text, or seconds and nanos."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from analyzer.ingest.epochs import from_epoch, number_of
from analyzer.ingest.reject_codes import Refused
from analyzer.ingest.times import parse_time

Duration = str | int | float | dict[str, str | int | float | None] | None
Timestamp = str | dict[str, str | int | float | None] | None

_LONGEST_S: Final = 366 * 24 * 3600


def seconds_of(duration: Duration, field: str) -> float | None:
    """Seconds of a duration, ``None`` where there is none; raises Refused where it is no number."""
    if duration is None or duration == "":
        return None
    if isinstance(duration, dict):
        whole, nanos = (number_of(duration.get(key) or 0) for key in ("seconds", "nanos"))
        number = None if whole is None or nanos is None else whole + nanos / 1e9
    else:
        number = number_of(duration.removesuffix("s") if isinstance(duration, str) else duration)
    if number is None or not 0 <= number < _LONGEST_S:
        raise Refused("bad_number", f"{field}.")
    return float(number)


def milliseconds_of(duration: Duration, field: str) -> int | None:
    seconds = seconds_of(duration, field)
    return None if seconds is None else round(seconds * 1000)


def moment_of(time: Timestamp, field: str) -> datetime | None:
    """UTC time, ``None`` where there is none; raises Refused where it cannot be read."""
    if not time:
        return None
    if isinstance(time, str):
        return parse_time(time, "UTC", field)
    return from_epoch(time.get("seconds") or 0, "s", field) + timedelta(
        seconds=seconds_of({"nanos": time.get("nanos")}, field) or 0
    )
