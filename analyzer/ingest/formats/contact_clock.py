"""Turn times counted since 1970 become offsets from the contact's start."""

from __future__ import annotations

from typing import Final

import msgspec

from analyzer.config import IngestSettings
from analyzer.ingest import times
from analyzer.ingest.epochs import from_epoch, number_of
from analyzer.ingest.raw import RawContact, Value
from analyzer.ingest.reject_codes import Refused

_EPOCH_MS: Final = 6e11  # 1989: a smaller number counts from the contact's start


def milliseconds(value: Value, zone: str, field: str) -> float | None:
    """Milliseconds since 1970 of a text or of seconds or milliseconds since then; of fewer seconds, an offset.

    ``None`` for a blank.
    """
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    number = number_of(value) if isinstance(value, str | int | float) else None
    if number is None:
        return times.parse_time(value, zone, field).timestamp() * 1000
    if abs(number) > 1e14:
        raise Refused("unreadable_time", f"{field}.")
    return float(number) if number >= _EPOCH_MS else number * 1000.0


def on_contact_clock(contact: RawContact, settings: IngestSettings) -> RawContact:
    """``contact`` with offsets in place of times since 1970; it starts when it says, else with its first turn."""
    told = [turn.start_ms for turn in contact.turns if turn.start_ms is not None]
    if not told or max(told) < _EPOCH_MS:
        return contact
    facts = contact.facts
    if facts.started_at is None and contact.turn_times is None:
        facts = msgspec.structs.replace(facts, started_at=from_epoch(min(told), "ms", "turn time"))
    moments = [facts.started_at] if facts.started_at is not None else [t for t in contact.turn_times or () if t]
    origin = min(times.parse_time(moment, settings.timezone, "started_at").timestamp() * 1000 for moment in moments)
    turns = [
        msgspec.structs.replace(turn, start_ms=_since(turn.start_ms, origin), end_ms=_since(turn.end_ms, origin))
        for turn in contact.turns
    ]
    return msgspec.structs.replace(contact, turns=turns, facts=facts)


def _since(value: float | None, origin: float) -> float | None:
    return None if value is None else value - origin if value >= _EPOCH_MS else value
