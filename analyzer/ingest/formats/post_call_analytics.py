"""Amazon Post Call Analytics (PCA): the parsed result, in seconds, with speakers named by a list of labels."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import available_timezones

import msgspec

from analyzer.ingest.formats.base import Format, Guess, Read
from analyzer.ingest.formats.documents import (
    Document,
    best_guess,
    count_unknown_keys,
    decoded,
    guess_json,
    read_documents,
)
from analyzer.ingest.formats.turn_order import by_start
from analyzer.ingest.raw import Facts, RawContact, RawTurn, ReadContext
from analyzer.ingest.reject_codes import Refused
from analyzer.ingest.roles import role_of_label, with_roles
from analyzer.ingest.stream import Stream
from analyzer.ingest.times import parse_time
from analyzer.records import Speaker

_LONGEST_S: Final = 366 * 24 * 3600


class _Label(msgspec.Struct, frozen=True, rename="pascal"):
    speaker: str | None = None
    display_text: str | None = None
    user_id: str | None = None


class _Analytics(msgspec.Struct, frozen=True, rename="pascal"):
    agent: str | None = None
    agents: list[str] | None = None
    cust: str | None = None
    guid: str | None = msgspec.field(default=None, name="GUID")
    conversation_time: str | None = None
    conversation_location: str | None = None
    duration: float | str | None = None
    language_code: str | None = None
    speaker_labels: list[_Label | str] | None = None

    @property
    def labels(self) -> list[_Label]:
        """Labels, of which some tell only who spoke."""
        return [_Label(label) if isinstance(label, str) else label for label in self.speaker_labels or ()]


class _Segment(msgspec.Struct, frozen=True, rename="pascal"):
    segment_speaker: str
    segment_start_time: float | None = None
    segment_end_time: float | None = None
    ivr_segment: bool | None = msgspec.field(default=None, name="IVRSegment")
    original_text: str | None = None
    display_text: str | None = None
    sentiment_is_positive: bool | int | None = None
    sentiment_is_negative: bool | int | None = None


class PostCallAnalytics(msgspec.Struct, frozen=True, rename="pascal"):
    """One call as PCA writes it."""

    conversation_analytics: _Analytics
    speech_segments: list[_Segment]


_DECODER: Final = msgspec.json.Decoder(PostCallAnalytics, strict=False)


def recognise(head: bytes, name: str) -> Guess:
    del name
    signs = (("ConversationAnalytics", "SpeakerLabels"), ("ConversationAnalytics", "GUID"), ("SpeechSegments",))
    return best_guess((guess_json(head, keys) for keys in signs), "no ConversationAnalytics or SpeechSegments")


def read(stream: Stream, context: ReadContext) -> Read:
    yield from read_documents(stream, context, _contact)


def _contact(document: Document, context: ReadContext) -> RawContact:
    told = decoded(document, _DECODER, context)
    count_unknown_keys(document, PostCallAnalytics, context)
    about = told.conversation_analytics
    roles = _roles(about)
    agents = _agent_ids(about, roles)
    turns = by_start([_turn(segment, agents) for segment in told.speech_segments])
    started_at = _started_at(about, context)
    return RawContact(
        position=document.position,
        turns=with_roles(turns, context.settings.min_role_probability, roles),
        facts=Facts(
            channel="voice",
            language=about.language_code,
            started_at=started_at,
            ended_at=_ended_at(about, started_at),
            customer_id=about.cust,
            agent_id=about.agent,
        ),
        source_id=about.guid,
        raw=document.raw,
    )


def _roles(about: _Analytics) -> Mapping[str, Speaker]:
    """Speakers whose label says the role, or who are the agent or customer that the call's head names."""
    agents = {name for name in (about.agent, *(about.agents or ())) if name}
    roles: dict[str, Speaker] = dict.fromkeys(agents, "agent")
    if about.cust:
        roles[about.cust] = "customer"
    for label in about.labels:
        names = {name for name in (label.display_text, label.user_id) if name}
        role = role_of_label(label.display_text or "")
        if label.speaker and role:
            roles[label.speaker] = role
        elif label.speaker and names & agents:
            roles[label.speaker] = "agent"
        elif label.speaker and about.cust and about.cust in names:
            roles[label.speaker] = "customer"
    return roles


def _agent_ids(about: _Analytics, roles: Mapping[str, Speaker]) -> Mapping[str, str]:
    """Who each agent is: the telephony's user id, else the name that is one of the call's agents."""
    named = {name for name in (about.agent, *(about.agents or ())) if name}
    told = {
        label.speaker: label.user_id or (label.display_text if label.display_text in named else None)
        for label in about.labels
        if label.speaker and roles.get(label.speaker) == "agent"
    }
    return {speaker: agent for speaker, agent in told.items() if agent}


def _turn(segment: _Segment, agents: Mapping[str, str]) -> RawTurn:
    positive, negative = segment.sentiment_is_positive, segment.sentiment_is_negative
    return RawTurn(
        "bot" if segment.ivr_segment else segment.segment_speaker,
        segment.original_text or segment.display_text or "",
        None if segment.ivr_segment else agents.get(segment.segment_speaker),
        _ms(segment.segment_start_time),
        _ms(segment.segment_end_time),
        source_sentiment=None if positive is None and negative is None else bool(positive) - bool(negative),
    )


def _ms(seconds: float | None) -> int | None:
    if seconds is None:
        return None
    if not abs(seconds) < _LONGEST_S:
        raise Refused("turn_times")
    return round(seconds * 1000)


def _started_at(about: _Analytics, context: ReadContext) -> datetime | None:
    """The call's time, in the zone of the place it names where it has none of its own."""
    if not about.conversation_time or not about.conversation_time.strip():
        return None
    zone = about.conversation_location or ""
    known = zone if zone in _zones() else context.settings.timezone
    return parse_time(about.conversation_time, known, "ConversationTime")


def _ended_at(about: _Analytics, started_at: datetime | None) -> datetime | None:
    if started_at is None or about.duration is None or about.duration == "":
        return None
    try:
        length = float(about.duration)
    except ValueError as error:
        raise Refused("bad_number", "Duration.") from error
    if not 0 <= length < _LONGEST_S:
        raise Refused("bad_number", "Duration.")
    return started_at + timedelta(seconds=length)


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


FORMAT: Final = Format("post_call_analytics", "Amazon Post Call Analytics (PCA) results", False, recognise, read)
