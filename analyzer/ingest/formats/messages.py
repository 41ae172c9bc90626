"""Written contacts: messages with absolute times become a RawContact in the order in which they were written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec

from analyzer.ingest import times
from analyzer.ingest.epochs import Unit, from_epoch, number_of
from analyzer.ingest.raw import Facts, RawContact, RawTurn, ReadContext
from analyzer.ingest.reject_codes import Refused
from analyzer.ingest.values import word_or_none
from analyzer.records import stable_id

Id = str | int | None
Time = str | int | float | None

_DESK: Final = ("agent", "supervisor")
_UNITS: Final[tuple[tuple[float, Unit], ...]] = ((1e11, "s"), (1e14, "ms"), (1e17, "us"))


@dataclass(frozen=True, slots=True)
class Message:
    """What one participant wrote, and when."""

    speaker: str
    text: str
    at: datetime | None = None
    agent_id: str | None = None


def message_contact(
    position: int,
    messages: Sequence[Message],
    facts: Facts,
    source_id: str | None,
    raw: bytes,
    *,
    in_parts: bool = False,
) -> RawContact:
    """The messages in order of time as turns. The contact starts with the first of them or earlier, never later.

    ``in_parts``: more of its messages may lie in other files; the same part read twice has one ``part_id``.
    """
    ordered = in_order(messages)
    told = [at for at in (facts.started_at, *(message.at for message in ordered)) if isinstance(at, datetime)]
    return RawContact(
        position=position,
        turns=[
            RawTurn(message.speaker, message.text, message.agent_id if message.speaker in _DESK else None)
            for message in ordered
        ],
        facts=msgspec.structs.replace(facts, started_at=min(told)) if told else facts,
        source_id=source_id,
        part_id=stable_id(raw.decode("utf-8", "replace")) if in_parts and source_id else None,
        turn_times=[message.at for message in ordered],
        raw=raw,
    )


def in_order(messages: Sequence[Message]) -> list[Message]:
    """By time; equal times keep their order, and a message without one stays behind the message before it."""
    known = [message.at for message in messages if message.at]
    if not known:
        return list(messages)
    latest = min(known)
    keyed: list[tuple[datetime, int]] = []
    for index, message in enumerate(messages):
        latest = message.at or latest
        keyed.append((latest, index))
    return [messages[index] for _, index in sorted(keyed)]


def moment(value: Time, context: ReadContext, field: str) -> datetime | None:
    """UTC time of a text or of a number since 1970 whose size tells its unit; blank is ``None``."""
    if isinstance(value, bool):
        raise Refused("unreadable_time", f"{field}.")
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    number = number_of(value)
    if number is None:
        return times.parse_time(value, context.settings.timezone, field)
    unit = next((unit for below, unit in _UNITS if abs(number) < below), None)
    if unit is None:
        raise Refused("implausible_time", f"{field}.")
    return from_epoch(number, unit, field)


def id_of(value: Id) -> str | None:
    """An id as text; vendors write "0" or "-1" for nobody."""
    text = word_or_none(value)
    return None if text in ("0", "-1") else text
