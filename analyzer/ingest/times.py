"""Times read from records, tables and file names, as timezone-aware UTC.

Naive times are read in ``ingest.timezone``. Where the clock is put back, an hour happens twice: the first is meant, but
an end that would then lie before its start is read as the second. A time skipped when the clock is put forward is read
as if it had not been (02:30 becomes 03:30).
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from analyzer.ingest.reject_codes import Refused

EARLIEST: Final = datetime(1990, 1, 1, tzinfo=UTC)
_QUARTER_S: Final = 900

_GERMAN: Final = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(?:,?[ T]+(\d{1,2}):(\d{2})(?::(\d{2}))?(?: Uhr)?)?")
_ISO_START: Final = re.compile(r"\d{4}-\d\d-\d\d(?:[Tt ]|$)")
_LEAP: Final = re.compile(r"([Tt ]\d\d:\d\d):60(?=\D|$)")
_MAIL: Final = re.compile(
    r"(?:[A-Z][a-z]{2}, )?\d{1,2} [A-Z][a-z]{2} \d{4} \d{2}:\d\d(?::\d\d)? (?:[+-]\d{4}|GMT|UTC|UT)"
)
_IN_NAME: Final = re.compile(
    r"(?<!\d)((?:19|20)\d\d)[-_.]?(\d\d)[-_.]?(\d\d)(?:[-_. T]{0,3}(\d\d)[-_.:h]?(\d\d)(?:[-_.:m]?(\d\d))?"
    r"(?:\.\d{1,9}(?=Z))?(Z(?![A-Za-z])|[-_]?UTC)?)?(?!\d)"
)


def parse_time(value: object, zone: str, field: str) -> datetime:
    """UTC time of an ISO 8601 text, a mail's, ``20.11.2026 09:12``, a date or a datetime; raises Refused for others."""
    moment = value
    if isinstance(value, str):
        moment = _from_text(value.strip())
    elif isinstance(value, date) and not isinstance(value, datetime):
        moment = datetime(value.year, value.month, value.day)
    if not isinstance(moment, datetime):
        raise Refused("unreadable_time", f"{field}.")
    return _as_utc(moment, zone, field)


def parse_end(value: object, zone: str, started_at: datetime, field: str = "ended_at") -> datetime:
    """Like ``parse_time``, but a naive time within a repeated hour never lies before ``started_at`` if it need not."""
    ended_at = parse_time(value, zone, field)
    if ended_at < started_at:
        local = ended_at.astimezone(_zone(zone))
        again = local.replace(fold=1).astimezone(UTC)
        naive = _from_text(value.strip()) if isinstance(value, str) else value
        if isinstance(naive, datetime) and naive.tzinfo is None and again >= started_at:
            return again
    return ended_at


def time_from_name(name: str, zone: str) -> datetime | None:
    """The first date and time in a file name, in UTC where it says so ("…Z", "…_UTC"); ``None`` without one.

    >>> time_from_name("call_2026-11-20_0912_c-77.txt", "Europe/Berlin").isoformat()
    '2026-11-20T08:12:00+00:00'
    """
    for match in _IN_NAME.finditer(name):
        try:
            *parts, universal = match.groups()
            naive = datetime(*(int(part or 0) for part in parts))  # type: ignore[arg-type]
            return _as_utc(naive, "UTC" if universal else zone, "file name")
        except (ValueError, Refused):
            continue
    return None


def local_date(moment: datetime, zone: str) -> date:
    """The date of a UTC ``moment`` where the clocks go by ``zone``."""
    return (moment + _offset(int(moment.timestamp()) // _QUARTER_S, zone)).date()


@lru_cache(maxsize=1 << 14)
def _offset(quarter: int, zone: str) -> timedelta:
    # Asked once for a quarter of an hour: clocks are put forward and back at the end of one, everywhere.
    there = datetime.fromtimestamp(quarter * _QUARTER_S, _zone(zone)).utcoffset()
    return there or timedelta(0)


def _from_text(text: str) -> datetime | None:
    try:
        if text[:2].isdigit() and text[10:11] == "T":  # nearly all times
            try:
                return datetime.fromisoformat(text)
            except ValueError:
                pass
        if _MAIL.fullmatch(text):
            return parsedate_to_datetime(text)
        if "T" in text or _ISO_START.match(text):
            return _from_iso(text)
        if match := _GERMAN.fullmatch(text):
            day, month, year, hour, minute, second = (int(part or 0) for part in match.groups())
            return datetime(year, month, day, hour, minute, second)
    except ValueError:
        return None
    return None


def _from_iso(text: str) -> datetime:
    """A leap second is the first of the next minute, as Python has none."""
    whole = _LEAP.sub(r"\1:59", text, count=1)
    moment = datetime.fromisoformat(whole.upper())
    return moment if whole == text else moment + timedelta(seconds=1)


def _as_utc(moment: datetime, zone: str, field: str) -> datetime:
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=_zone(zone), fold=moment.fold)
    try:
        result = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    except (OverflowError, ValueError) as error:
        raise Refused("implausible_time", f"{field}.") from error
    if result < EARLIEST:
        raise Refused("implausible_time", f"{field}.")
    return result


@lru_cache(maxsize=16)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def not_later(moment: datetime, now: datetime, tolerance_h: float, field: str) -> datetime:
    """``moment`` unless it lies in the future."""
    if moment > now and moment > now + timedelta(hours=tolerance_h):
        raise Refused("future_time", f"{field}.")
    return moment
