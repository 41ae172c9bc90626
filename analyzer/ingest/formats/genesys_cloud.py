"""Genesys Cloud speech and text analytics: a transcript a communication, several communications a conversation.

Times are epoch milliseconds or small offsets. "internal" covers agents, menus and bots: the participant active at that
time tells which. The source's sentiment stands beside the phrases and is joined by phrase index.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Final

import msgspec

from analyzer.ingest.epochs import from_epoch
from analyzer.ingest.formats.base import Format, Guess, Read
from analyzer.ingest.formats.documents import (
    Contact,
    Document,
    best_guess,
    count_unknown_keys,
    decoded,
    guess_json,
    read_documents,
)
from analyzer.ingest.formats.genesys_records import (
    Clock,
    GenesysTranscript,
    Participant,
    Transcript,
    clock_of,
    epoch_of,
    length_of,
)
from analyzer.ingest.formats.turn_order import by_start
from analyzer.ingest.raw import Facts, RawContact, RawTurn, ReadContext
from analyzer.ingest.reject_codes import Refused
from analyzer.ingest.stream import Stream
from analyzer.records import Skipped, Speaker

_CUSTOMER: Final = frozenset({"external", "customer"})
_AGENT: Final = frozenset({"agent", "user", "supervisor", "internal"})
_BOT: Final = frozenset({"ivr", "bot", "botflow", "bot_flow", "voicebot", "digitalbot", "virtualagent"})
_CHANNELS: Final = {
    "call": "voice", "voice": "voice", "callback": "voice", "video": "voice", "chat": "chat", "webchat": "chat",
    "message": "messaging", "messaging": "messaging", "webmessaging": "messaging", "email": "email",
}  # fmt: skip
_METRICS: Final = ("participantMetrics", "sentimentTrendClass", "sentimentTrend", "empathyScores")

_DECODER: Final = msgspec.json.Decoder(GenesysTranscript, strict=False)


def recognise(head: bytes, name: str) -> Guess:
    del name
    whole = guess_json(head, ("transcripts", "phrases", "participantPurpose"))
    if whole.probability:
        return whole
    if any(guess_json(head, ("conversationId", key), none_of=("transcripts", "turns")).probability for key in _METRICS):
        return Guess(0.9, "JSON with the metrics of a Genesys conversation")
    parts = (
        guess_json(head, ("conversationId", "communicationId", key), 0.9, none_of=("turns", "messageRecords"))
        for key in ("transcripts", "mediaType")
    )
    return best_guess(chain(parts, (whole,)), "no transcripts with phrases by participantPurpose")


def read(stream: Stream, context: ReadContext) -> Read:
    yield from read_documents(stream, context, _contact)


def _contact(document: Document, context: ReadContext) -> Contact:
    if _is_metrics(document.raw):
        return Skipped(context.uri, "conversation metrics, no transcript")
    told = decoded(document, _DECODER, context)
    count_unknown_keys(document, GenesysTranscript, context)
    if not told.conversation_id.strip():
        raise Refused("no_id")
    clock = clock_of(told)
    people = [_person(one, clock) for one in told.participants or []]
    turns = [turn for transcript in told.transcripts for turn in _turns(transcript, people, clock)]
    turns = by_start(turns)
    return RawContact(
        position=document.position,
        turns=turns,
        facts=_facts(told, clock, people, turns),
        source_id=told.conversation_id,
        part_id=told.communication_id or _begins(told, turns),
        raw=document.raw,
    )


def _begins(told: GenesysTranscript, turns: Sequence[RawTurn]) -> str:
    """When the part and its first words begin: it tells a part without an id from others, whatever file it lies in."""
    return f"{told.start_time}, {turns[0].start_ms if turns else None}"


def _is_metrics(raw: bytes) -> bool:
    return b'"transcripts"' not in raw and any(f'"{key}"'.encode() in raw for key in _METRICS)


@dataclass(frozen=True, slots=True)
class _Person:
    """A participant other than the customer, and when they took part."""

    role: Speaker
    told: Participant
    start: float
    end: float


def _person(one: Participant, clock: Clock) -> _Person:
    start, end = clock.since_start(one.start_time_ms), clock.since_start(one.end_time_ms)
    return _Person(
        _role(one), one, float("-inf") if start is None else float(start), float("inf") if end is None else float(end)
    )


def _role(one: Participant) -> Speaker:
    purpose = (one.participant_purpose or "").strip().casefold()
    if purpose in _CUSTOMER:
        return "customer"
    if purpose == "internal" and not one.user_id and one.flow_id:
        return "bot"
    if purpose in _AGENT or (not purpose and one.user_id):
        return "agent"
    return "bot" if purpose in _BOT else "system"


def _turns(transcript: Transcript, people: Sequence[_Person], clock: Clock) -> list[RawTurn]:
    feelings = _feelings(transcript)
    turns: list[RawTurn] = []
    for place, phrase in enumerate(transcript.phrases or []):
        start = clock.since_start(phrase.at)
        length = length_of(phrase.duration, "duration of a phrase")
        end = start + length if start is not None and length is not None else None
        speaker, agent_id = _speaker(phrase.participant_purpose, start, end, people)
        index = place if phrase.phrase_index is None else phrase.phrase_index
        text = phrase.decorated_text or phrase.text or ""
        felt = feelings.get(index, feelings.get(("at", phrase.at)))
        turns.append(RawTurn(speaker, text, agent_id, start, end, source_sentiment=felt))
    return turns


def _feelings(transcript: Transcript) -> Mapping[object, float]:
    """The source's feeling of each phrase by its index; where it gives none, by the phrase's start as written."""
    told = (transcript.analytics.sentiment if transcript.analytics else None) or []
    return {
        ("at", one.start_time_ms) if one.phrase_index is None else one.phrase_index: float(one.sentiment)
        for one in told
        if one.sentiment is not None and -1 <= one.sentiment <= 1
    }


def _speaker(purpose: str, start: float | None, end: float | None, people: Sequence[_Person]) -> tuple[str, str | None]:
    """Role and, for agents, who: of those taking part at that time, the one there longest within the phrase."""
    word = purpose.strip().casefold()
    if word in _CUSTOMER:
        return "customer", None
    inside = [one for one in people if one.role != "customer"]
    if word == "internal":
        kinds: tuple[Speaker, ...] = ("agent", "bot", "system")
    elif word in _AGENT:
        kinds = ("agent",)
    else:
        return ("bot" if word in _BOT else "system" if word in _SYSTEM else purpose), None
    there = [one for one in inside if one.role in kinds and _overlap(one, start, end) > 0]
    if there:
        best = max(
            there, key=lambda one: (_overlap(one, start, end), -kinds.index(one.role), not _listens(one), one.start)
        )
        return "supervisor" if _joins(best) else best.role, best.told.user_id if best.role == "agent" else None
    agents = {one.told.user_id for one in inside if one.role == "agent"}
    return "agent", agents.pop() if len(agents) == 1 else None


def _joins(one: _Person) -> bool:
    return (one.told.participant_purpose or "").strip().casefold() == "supervisor"


def _listens(one: _Person) -> bool:
    """Whether they may be there without a word, as who monitors or coaches an agent."""
    return (one.told.participant_purpose or "").strip().casefold() in ("user", "supervisor")


_SYSTEM: Final = frozenset({"acd", "voicemail", "workflow", "system", "group", "station", "dialer", "campaign", "fax"})


def _overlap(one: _Person, start: float | None, end: float | None) -> float:
    """Milliseconds of the phrase within which ``one`` took part; at least 1 where its first instant is."""
    if start is None:
        return 0.0 if one.start > float("-inf") or one.end < float("inf") else 1.0
    last = start + 1 if end is None or end <= start else end
    return min(last, one.end + 1) - max(start, one.start)


def _facts(told: GenesysTranscript, clock: Clock, people: Sequence[_Person], turns: Sequence[RawTurn]) -> Facts:
    customer = next((one.told for one in people if one.role == "customer"), None)
    agents = [one for one in people if one.role == "agent" and not _joins(one)]
    speaking = next((turn.agent_id for turn in reversed(turns) if turn.agent_id and turn.speaker == "agent"), None)
    last = next((one for one in reversed(agents) if one.told.user_id == speaking), agents[-1] if agents else None)
    direction = next((one.told.initial_direction for one in people if one.told.initial_direction), None)
    return Facts(
        channel=_CHANNELS.get((told.media_type or "").casefold(), told.media_type),
        direction=direction,
        language=next((t.language for t in told.transcripts if t.language), None),
        started_at=None if clock.start is None else from_epoch(clock.start, "ms", "startTime"),
        ended_at=_ended_at(told, clock),
        customer_id=_address(customer, direction),
        agent_id=speaking or (last.told.user_id if last else None),
        queue=last.told.queue_id if last else None,
    )


def _ended_at(told: GenesysTranscript, clock: Clock) -> datetime | None:
    start = epoch_of(told.start_time) or clock.start
    length = length_of(told.duration, "duration")
    return None if start is None or length is None else from_epoch(start + length, "ms", "duration")


def _address(customer: Participant | None, direction: str | None) -> str | None:
    """The customer's own number or address; in an outbound contact it is the one that was called."""
    if customer is None:
        return None
    own = (customer.dnis, customer.to) if (direction or "").casefold() == "outbound" else (customer.ani, customer.from_)
    told = next((address for address in own if address), None)
    return told.removeprefix("tel:") if told else None


FORMAT: Final = Format(
    "genesys_cloud", "Genesys Cloud transcripts, a file a communication", False, recognise, read, in_parts=True
)
