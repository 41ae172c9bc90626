"""Google Conversational Insights: the Conversation resource as its interface and exports write it.

A role is stated for the segment, or for the channel in ``callMetadata``; a bare channel number tells nobody's role.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from analyzer.ingest.formats.base import Format, Guess, Read
from analyzer.ingest.formats.documents import Document, best_guess, count_unknown_keys
from analyzer.ingest.formats.google_ccai_ingest import ANY_AGENT, stated_role
from analyzer.ingest.formats.google_times import Duration, Timestamp, milliseconds_of, moment_of, seconds_of
from analyzer.ingest.formats.key_case import camel_document, guess_either_case
from analyzer.ingest.formats.pages import read_pages
from analyzer.ingest.formats.turn_order import by_start
from analyzer.ingest.raw import Facts, RawContact, RawTurn, ReadContext
from analyzer.ingest.reject_codes import Refused
from analyzer.ingest.roles import with_roles
from analyzer.ingest.stream import Stream
from analyzer.records import Speaker


class _Word(msgspec.Struct, frozen=True, rename="camel"):
    start_offset: Duration = None
    end_offset: Duration = None


class _Participant(msgspec.Struct, frozen=True, rename="camel"):
    role: str | int | None = None
    user_id: str | int | None = None


class _Sentiment(msgspec.Struct, frozen=True):
    score: float | None = None


class _Segment(msgspec.Struct, frozen=True, rename="camel"):
    text: str | None = None
    message_time: Timestamp = None
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


class _Conversation(msgspec.Struct, frozen=True, rename="camel"):
    transcript: _Transcript | None = None
    name: str | None = None
    start_time: Timestamp = None
    create_time: Timestamp = None
    update_time: Timestamp = None
    duration: Duration = None
    medium: str | int | None = None
    language_code: str | None = None
    agent_id: str | None = None
    obfuscated_user_id: str | None = None
    quality_metadata: _Quality | None = None
    call_metadata: _Call | None = None

    @property
    def segments(self) -> Sequence[_Segment]:
        return self.transcript.transcript_segments if self.transcript else ()


class InsightsConversation(_Conversation, frozen=True, rename="camel"):
    """The Conversation resource, in camelCase, or the finished operation that wraps it."""

    response: _Conversation | None = None


_CHANNELS: Final = {"PHONE_CALL": "voice", "CHAT": "chat", "1": "voice", "2": "chat"}
_ROLE_NUMBERS: Final = {"1": "HUMAN_AGENT", "2": "AUTOMATED_AGENT", "3": "END_USER", "4": "ANY_AGENT"}


def recognise(head: bytes, name: str) -> Guess:
    del name
    signs = (
        (("transcript", "transcriptSegments"), 0.95),
        # An analysis may fill the head before any word of the transcript.
        (("latestAnalysis", "startTime", "medium"), 0.8),
        (("latestAnalysis", "analysisResult", "createTime"), 0.8),
    )
    guesses = (guess_either_case(head, keys, probability) for keys, probability in signs)
    return best_guess(guesses, "no transcriptSegments")


def read(stream: Stream, context: ReadContext) -> Read:
    yield from read_pages(stream, context, ("conversations",), _contact)


def _contact(document: Document, context: ReadContext) -> RawContact:
    whole = camel_document(document, InsightsConversation, context)
    count_unknown_keys(document, InsightsConversation, context)
    told = whole.response if whole.response and not whole.transcript else whole
    if told.transcript is None:
        raise Refused("missing_field", "transcript.")
    audio = _audio_start(told)
    started_at = _started_at(told, audio)
    turns = [_turn(segment, audio, started_at) for segment in told.segments]
    return RawContact(
        position=document.position,
        turns=with_roles(by_start(turns), context.settings.min_role_probability, _roles(told)),
        facts=_facts(told, started_at),
        source_id=told.name,
        raw=document.raw,
    )


def _audio_start(told: _Conversation) -> datetime | None:
    """What words count from: the stated start, else the time of a message less that of its first word."""
    if stated := moment_of(told.start_time, "startTime"):
        return stated
    for segment in told.segments:
        message, (start, _) = moment_of(segment.message_time, "messageTime"), _offsets(segment)
        if message and start is not None:
            return message - timedelta(milliseconds=start)
    return None


def _started_at(told: _Conversation, audio: datetime | None) -> datetime | None:
    """The start, or the first message where that is earlier or the only time."""
    times = [moment for segment in told.segments if (moment := moment_of(segment.message_time, "messageTime"))]
    return min([*times, *([audio] if audio else [])], default=None)


def _offsets(segment: _Segment) -> tuple[int | None, int | None]:
    words = segment.words or []
    if not words:
        return None, None
    return milliseconds_of(words[0].start_offset, "startOffset"), milliseconds_of(words[-1].end_offset, "endOffset")


def _turn(segment: _Segment, audio: datetime | None, started_at: datetime | None) -> RawTurn:
    """Words count from the start of the audio; a message without them has its own time."""
    start, end = _offsets(segment)
    late = _ms(audio - started_at) if audio and started_at else 0
    message = moment_of(segment.message_time, "messageTime")
    if start is None and message and started_at:
        start, late = _ms(message - started_at), 0
    elif start is not None:
        start += late
    score = segment.sentiment.score if segment.sentiment else None
    return RawTurn(
        _label(segment),
        segment.text or "",
        None,
        start,
        end + late if end is not None and start is not None and end + late >= start else None,
        source_sentiment=score if score is not None and -1 <= score <= 1 else None,
    )


def _ms(span: timedelta) -> int:
    return round(span / timedelta(milliseconds=1))


def _label(segment: _Segment) -> str:
    who = segment.segment_participant
    role = str(who.role) if who and who.role is not None else ""
    if stated := stated_role(_ROLE_NUMBERS.get(role, role)):
        return stated
    return f"channel {segment.channel_tag}" if segment.channel_tag else f"participant {who.user_id if who else None}"


def _roles(told: _Conversation) -> dict[str, Speaker]:
    call = told.call_metadata or _Call()
    roles = dict(ANY_AGENT)
    if call.customer_channel and call.customer_channel != call.agent_channel:
        roles[f"channel {call.customer_channel}"] = "customer"
    if call.agent_channel and call.customer_channel != call.agent_channel:
        roles[f"channel {call.agent_channel}"] = "agent"
    return roles


def _facts(told: _Conversation, started_at: datetime | None) -> Facts:
    quality = told.quality_metadata or _Quality()
    agent = quality.agent_info[-1] if quality.agent_info else _AgentInfo()
    length = seconds_of(told.duration, "duration")
    begun = moment_of(told.start_time, "startTime") or started_at
    medium = None if told.medium is None else str(told.medium)
    return Facts(
        channel=_CHANNELS.get(medium or "", medium),
        language=told.language_code,
        started_at=started_at,
        ended_at=begun + timedelta(seconds=length) if begun and length is not None else None,
        updated_at=moment_of(told.update_time, "updateTime"),
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
