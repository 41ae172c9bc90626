"""Genesys Cloud transcripts as they are written, and their clock: epoch milliseconds, small offsets or ISO times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec

from analyzer.ingest.epochs import number_of
from analyzer.ingest.times import parse_time
from analyzer.ingest.values import number_or_none

OFFSET_BELOW: Final = 100_000_000_000  # a smaller "epoch" counts from the conversation's start

Time = int | float | str | None


class Duration(msgspec.Struct, frozen=True):
    milliseconds: int | float | None = None


Length = Duration | int | float | str | None


class Phrase(msgspec.Struct, frozen=True, rename="camel"):
    participant_purpose: str
    text: str | None = None
    decorated_text: str | None = None
    phrase_index: int | None = None
    start_time_ms: Time = None
    offset: Length = None
    duration: Length = None

    @property
    def at(self) -> Time:
        """When it begins, as written; where only an offset is, that."""
        return length_of(self.offset, "offset") if self.start_time_ms is None else self.start_time_ms


class Sentiment(msgspec.Struct, frozen=True, rename="camel"):
    sentiment: int | float | None = None
    phrase_index: int | None = None
    start_time_ms: Time = None


class Analytics(msgspec.Struct, frozen=True, rename="camel"):
    sentiment: list[Sentiment] | None = None


class Transcript(msgspec.Struct, frozen=True, rename="camel"):
    phrases: list[Phrase] | None = None
    language: str | None = None
    start_time: Time = None
    analytics: Analytics | None = None


class Participant(msgspec.Struct, frozen=True, rename="camel"):
    participant_purpose: str | None = None
    user_id: str | None = None
    queue_id: str | None = None
    flow_id: str | None = None
    team_id: str | None = None
    ani: str | None = None
    dnis: str | None = None
    to: str | None = None
    from_: str | None = msgspec.field(default=None, name="from")
    initial_direction: str | None = None
    start_time_ms: Time = None
    end_time_ms: Time = None


class GenesysTranscript(msgspec.Struct, frozen=True, rename="camel"):
    """One communication as Genesys writes it."""

    conversation_id: str
    transcripts: list[Transcript]
    organization_id: str | None = None
    communication_id: str | None = None
    recording_id: str | None = None
    media_type: str | None = None
    conversation_start_time: Time = None
    start_time: Time = None
    duration: Length = None
    participants: list[Participant] | None = None
    uri: str | None = None


@dataclass(frozen=True, slots=True)
class Clock:
    """Turns a time of the document into ms since ``start`` (an epoch in ms, unknown for bare offsets)."""

    start: int | float | None
    shift: int | float = 0  # what small offsets count from, after the start

    def since_start(self, value: Time) -> int | float | None:
        number = None if value is None else _milliseconds(value)
        if number is None:
            return None
        if abs(number) < OFFSET_BELOW:
            return number + self.shift
        return number - self.start if self.start is not None else None


def length_of(duration: Length, field: str) -> int | float | None:
    """Milliseconds of a duration: an object, or the bare number."""
    return number_or_none(duration.milliseconds if isinstance(duration, Duration) else duration, field, 0, 1e12)


def _milliseconds(value: Time) -> int | float | None:
    """A number, or an ISO time as epoch milliseconds; raises Refused where it is neither."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    number = number_of(value)
    if number is None:
        number = round(parse_time(value, "UTC", "startTime").timestamp() * 1000)
    return number


def clock_of(told: GenesysTranscript) -> Clock:
    """The conversation's start, else the communication's, else the earliest epoch in sight; no later than any word."""
    of_parts = [told.start_time, *(transcript.start_time for transcript in told.transcripts)]
    communication = next((t for value in of_parts if (t := epoch_of(value)) is not None), None)
    conversation = epoch_of(told.conversation_start_time)
    phrases = [phrase.at for transcript in told.transcripts for phrase in transcript.phrases or []]
    offsets = [n for value in phrases if (n := _milliseconds(value)) is not None]
    small = [offset for offset in offsets if abs(offset) < OFFSET_BELOW]
    if conversation is not None and offsets and not small:
        conversation = min(conversation, *offsets)  # clocks of two machines
    if conversation is None and communication is None:
        seen = [*phrases, *(one.start_time_ms for one in told.participants or [])]
        return Clock(min((t for value in seen if (t := epoch_of(value)) is not None), default=None))
    if conversation is None or communication is None or communication < conversation:
        return Clock(min(t for t in (conversation, communication) if t is not None))
    # A phrase cannot come before its communication: an offset that would shows that offsets count from there.
    lead = communication - conversation
    return Clock(conversation, lead if small and min(small) < lead else 0)


def epoch_of(value: Time) -> int | float | None:
    number = _milliseconds(value)
    return number if number is not None and number >= OFFSET_BELOW else None
