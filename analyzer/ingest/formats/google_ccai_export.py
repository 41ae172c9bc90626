"""Google Conversational Insights: the Conversation resource as its interface and exports write it.

A role is stated for the segment, or for the channel in ``callMetadata``; a bare channel number tells nobody's role.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import msgspec

from analyzer.ingest.formats.base import Format, Guess, Read
from analyzer.ingest.formats.documents import Document, count_unknown_keys, guess_json
from analyzer.ingest.formats.google_ccai_ingest import ANY_AGENT
from analyzer.ingest.formats.google_json import Duration, google_document, milliseconds_of, seconds_of
from analyzer.ingest.formats.pages import read_pages
from analyzer.ingest.raw import Facts, RawContact, RawTurn, ReadContext
from analyzer.ingest.roles import role_of_label, with_roles
from analyzer.ingest.stream import Stream
from analyzer.ingest.times import parse_time
from analyzer.records import Speaker


class _Word(msgspec.Struct, frozen=True, rename="camel"):
    start_offset: Duration = None
    end_offset: Duration = None


class _Participant(msgspec.Struct, frozen=True, rename="camel"):
    role: str | int | None = None
    user_id: str | None = None


class _Sentiment(msgspec.Struct, frozen=True):
    score: float | None = None


class _Segment(msgspec.Struct, frozen=True, rename="camel"):
    text: str | None = None
    message_time: str | None = None
    words: list[_Word] | None = None
    channel_tag: int | None = None
    segment_participant: _Participant | None = None
    sentiment: _Sentiment | None = None


class _Transcript(msgspec.Struct, frozen=True, rename="camel"):
    transcript_segments: list[_Segment]


class _AgentInfo(msgspec.Struct, frozen=True, rename="camel"):
    agent_id: str | None = None
    team: str | None = None
    teams: list[str] | None = None
    disposition_code: str | None = None


class _Quality(msgspec.Struct, frozen=True, rename="camel"):
    customer_satisfaction_rating: int | None = None
    wait_duration: Duration = None
    agent_info: list[_AgentInfo] | None = None


class _Call(msgspec.Struct, frozen=True, rename="camel"):
    customer_channel: int | None = None
    agent_channel: int | None = None


class InsightsConversation(msgspec.Struct, frozen=True, rename="camel"):
    """The Conversation resource, in camelCase."""

    transcript: _Transcript
    name: str | None = None
    start_time: str | None = None
    create_time: str | None = None
    update_time: str | None = None
    duration: Duration = None
    medium: str | int | None = None
    language_code: str | None = None
    agent_id: str | None = None
    obfuscated_user_id: str | None = None
    quality_metadata: _Quality | None = None
    call_metadata: _Call | None = None


_CHANNELS: Final = {"PHONE_CALL": "voice", "CHAT": "chat", "1": "voice", "2": "chat"}


def recognise(head: bytes, name: str) -> Guess:
    del name
    for key in ("transcriptSegments", "transcript_segments"):
        guess = guess_json(head, ("transcript", key))
        if guess.probability:
            return guess
    for keys in (("latestAnalysis", "startTime", "medium"), ("latest_analysis", "start_time", "medium")):
        guess = guess_json(head, keys, 0.8)
        if guess.probability:
            return guess
    return Guess(0.0, "no transcriptSegments")


def read(stream: Stream, context: ReadContext) -> Read:
    yield from read_pages(stream, context, ("conversations",), _contact)


def _contact(document: Document, context: ReadContext) -> RawContact:
    told = google_document(document, InsightsConversation, context)
    count_unknown_keys(document, InsightsConversation, context)
    started_at = _started_at(told)
    turns = [_turn(segment, told, started_at) for segment in told.transcript.transcript_segments]
    if all(turn.start_ms is not None for turn in turns):
        turns.sort(key=lambda turn: turn.start_ms or 0)
    return RawContact(
        position=document.position,
        turns=with_roles(turns, context.settings.min_role_probability, _roles(told)),
        facts=_facts(told, started_at),
        source_id=told.name,
        raw=document.raw,
    )


def _started_at(told: InsightsConversation) -> datetime | None:
    """The stated start, or the first message where that is earlier or the only time."""
    times = [moment for s in told.transcript.transcript_segments if (moment := _moment(s.message_time, "messageTime"))]
    stated = _moment(told.start_time, "startTime")
    return min([*times, *([stated] if stated else [])], default=None)


def _moment(text: str | None, field: str) -> datetime | None:
    return parse_time(text, "UTC", field) if text else None


def _turn(segment: _Segment, told: InsightsConversation, started_at: datetime | None) -> RawTurn:
    """Words count from the stated start; a message without them has its own time."""
    words = segment.words or []
    start = milliseconds_of(words[0].start_offset, "startOffset") if words else None
    end = milliseconds_of(words[-1].end_offset, "endOffset") if words else None
    stated = _moment(told.start_time, "startTime")
    late = _ms(stated - started_at) if stated and started_at else 0
    message = _moment(segment.message_time, "messageTime")
    if start is None and message and started_at:
        start, late_end = _ms(message - started_at), 0
    else:
        start, late_end = None if start is None else start + late, late
    score = segment.sentiment.score if segment.sentiment else None
    return RawTurn(
        _label(segment),
        segment.text or "",
        None,
        start,
        end + late_end if end is not None and start is not None and end + late_end >= start else None,
        source_sentiment=score if score is not None and -1 <= score <= 1 else None,
    )


def _ms(span: timedelta) -> int:
    return round(span / timedelta(milliseconds=1))


def _label(segment: _Segment) -> str:
    who = segment.segment_participant
    role = str(who.role) if who and who.role is not None else ""
    if role in ANY_AGENT or role_of_label(role):
        return role
    return f"channel {segment.channel_tag}" if segment.channel_tag else f"participant {who.user_id if who else None}"


def _roles(told: InsightsConversation) -> dict[str, Speaker]:
    call = told.call_metadata or _Call()
    roles = dict(ANY_AGENT)
    if call.customer_channel and call.customer_channel != call.agent_channel:
        roles[f"channel {call.customer_channel}"] = "customer"
    if call.agent_channel and call.customer_channel != call.agent_channel:
        roles[f"channel {call.agent_channel}"] = "agent"
    return roles


def _facts(told: InsightsConversation, started_at: datetime | None) -> Facts:
    quality = told.quality_metadata or _Quality()
    agent = quality.agent_info[-1] if quality.agent_info else _AgentInfo()
    length = seconds_of(told.duration, "duration")
    begun = _moment(told.start_time, "startTime") or started_at
    medium = None if told.medium is None else str(told.medium)
    return Facts(
        channel=_CHANNELS.get(medium or "", medium),
        language=told.language_code,
        started_at=started_at,
        ended_at=begun + timedelta(seconds=length) if begun and length is not None else None,
        updated_at=told.update_time,
        customer_id=told.obfuscated_user_id,
        agent_id=told.agent_id or agent.agent_id,
        team=agent.team or (agent.teams[0] if agent.teams else None),
        disposition=agent.disposition_code,
        wait_s=seconds_of(quality.wait_duration, "waitDuration"),
        csat=quality.customer_satisfaction_rating,
    )


FORMAT: Final = Format(
    "google_ccai_export", "Google Conversational Insights conversations (interface and export)", False, recognise, read
)
