"""Times of a vCon: RFC 3339 by the draft, but also numbers since 1970, times without a zone, and none at all."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from analyzer.ingest import times
from analyzer.ingest.formats.messages import moment
from analyzer.ingest.formats.vcon_pieces import Absolute, Time
from analyzer.ingest.formats.vcon_records import Vcon
from analyzer.ingest.raw import ReadContext

_CREATED_EARLY: Final = timedelta(minutes=5)  # the clock that writes a vCon may lag behind the one of the call


def dialog_starts(vcon: Vcon, context: ReadContext) -> list[datetime | None]:
    """When each dialog began."""
    return [moment_of(dialog.start, vcon, context, f"Start of dialog {n}") for n, dialog in enumerate(vcon.dialog)]


def moment_of(value: str | int | float | None, vcon: Vcon, context: ReadContext, field: str) -> datetime | None:
    """UTC time; one without a zone is of UTC where the vCon was created by that clock, else of ``ingest.timezone``.

    Libraries of the first versions wrote ``created_at`` with its zone and ``start`` without, both in UTC.
    """
    found = moment(value, context, field)
    if found is None or not isinstance(value, str) or not _is_naive(value):
        return found
    created = vcon.created_at
    if isinstance(created, str) and not _is_naive(created) and _offset(created) == timedelta():
        in_utc = times.parse_time(value, "UTC", field)
        if in_utc <= times.parse_time(created, "UTC", "created_at") + _CREATED_EARLY:
            return in_utc
    return found


def at_of(time: Time, start: datetime | None, vcon: Vcon, context: ReadContext) -> datetime | None:
    """When something was said in a dialog that began at ``start``."""
    if isinstance(time, Absolute):
        return moment_of(time.told, vcon, context, "Of a turn")
    return None if start is None or time is None else start + timedelta(seconds=time)


def created_at(vcon: Vcon, context: ReadContext) -> datetime | None:
    return moment_of(vcon.created_at, vcon, context, "created_at")


def _is_naive(text: str) -> bool:
    try:
        return datetime.fromisoformat(text.strip()).tzinfo is None
    except ValueError:
        return False


def _offset(text: str) -> timedelta | None:
    try:
        return datetime.fromisoformat(text.strip()).utcoffset()
    except ValueError:
        return None
