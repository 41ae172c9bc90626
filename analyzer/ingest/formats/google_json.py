"""Google's durations: "1.200s", or seconds and nanos."""

from __future__ import annotations

from typing import Final

from analyzer.ingest.epochs import number_of
from analyzer.ingest.reject_codes import Refused

Duration = str | int | float | dict[str, str | int | float | None] | None

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
