"""LivePerson Messaging Interactions: pages of ``conversationHistoryRecords``, or one record.

Messages come by dialog and not always in order of time. What only agents and managers could see stays out, and so do
pictures and rich cards without text. A record that says it is partial is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from analyzer.ingest.formats.base import Format, Guess, Read
from analyzer.ingest.formats.documents import Document, count_unknown_keys, decoded, guess_json, has_key
from analyzer.ingest.formats.messages import Id, Message, Time, id_of, message_contact, moment
from analyzer.ingest.formats.pages import read_pages
from analyzer.ingest.html_text import text_of_html
from analyzer.ingest.raw import Facts, RawContact, ReadContext
from analyzer.ingest.reject_codes import Refused
from analyzer.ingest.stream import Stream
from analyzer.ingest.values import boolean_or_none, number_or_none

LISTS: Final = ("conversationHistoryRecords",)

_SENT_BY: Final = {"consumer": "customer", "agent": "agent", "controller": "system", "system": "system", "bot": "bot"}
_CHANNELS: Final = {
    "shark": "chat", "web": "chat", "web_chat": "chat", "facebook": "messaging", "twitter": "social",
    "email": "email", "voice": "voice",
}  # fmt: skip


class _Said(msgspec.Struct, frozen=True):
    text: str | None = None


class _Data(msgspec.Struct, frozen=True):
    msg: _Said | None = None


class _MessageRecord(msgspec.Struct, frozen=True, rename="camel"):
    sent_by: str
    type: str | None = None
    message_data: _Data | None = None
    participant_id: Id = None
    time: Time = None
    time_l: Time = msgspec.field(default=None, name="timeL")
    audience: str | None = None


class _Info(msgspec.Struct, frozen=True, rename="camel"):
    conversation_id: Id = None
    start_time: Time = None
    start_time_l: Time = msgspec.field(default=None, name="startTimeL")
    end_time: Time = None
    end_time_l: Time = msgspec.field(default=None, name="endTimeL")
    close_reason: str | None = None
    csat_rate: int | float | str | None = None
    latest_skill_name: str | None = None
    latest_agent_group_name: str | None = None
    source: str | None = None
    is_partial: bool | str | None = None


class _Agent(msgspec.Struct, frozen=True, rename="camel"):
    agent_id: Id = None
    participant_id: Id = None
    user_type_name: str | None = None


class _Consumer(msgspec.Struct, frozen=True, rename="camel"):
    participant_id: Id = None


class LivePersonRecord(msgspec.Struct, frozen=True, rename="camel"):
    """One conversation of the history."""

    info: _Info
    message_records: list[_MessageRecord]
    agent_participants: list[_Agent] | None = None
    consumer_participants: list[_Consumer] | None = None
    transfers: list[Any] | None = None


_DECODER: Final = msgspec.json.Decoder(LivePersonRecord)


def recognise(head: bytes, name: str) -> Guess:
    del name
    if has_key(head, LISTS[0]):
        return guess_json(head, LISTS, 0.99)
    told = guess_json(head, ("messageRecords", "sentBy"), 0.99)
    return told if told.probability else guess_json(head, ("info", "messageRecords", "agentParticipants"), 0.98)


def read(stream: Stream, context: ReadContext) -> Read:
    yield from read_pages(stream, context, LISTS, _contact)


def _contact(document: Document, context: ReadContext) -> RawContact:
    told = decoded(document, _DECODER, context)
    count_unknown_keys(document, LivePersonRecord, context)
    if boolean_or_none(told.info.is_partial, "info.isPartial"):
        raise Refused("truncated", "info.isPartial is set.")
    return message_contact(
        document.position,
        list(_messages(told, context)),
        _facts(told, context),
        id_of(told.info.conversation_id),
        document.raw,
    )


def _messages(told: LivePersonRecord, context: ReadContext) -> Iterator[Message]:
    agents = [agent for agent in told.agent_participants or () if "bot" in (agent.user_type_name or "").casefold()]
    bots = {id_of(who) for agent in agents for who in (agent.agent_id, agent.participant_id)} - {None}
    for record in told.message_records:
        if record.audience and record.audience.upper() != "ALL":
            context.stats.left_out["private_note"] += 1
        elif not (text := _text(record)):
            context.stats.left_out["no_text"] += 1
        else:
            who = id_of(record.participant_id)
            role = _SENT_BY.get(record.sent_by.casefold(), "unknown")
            at = moment(_first(record.time_l, record.time), context, "message time")
            yield Message("bot" if role == "agent" and who in bots else role, text, at, who)


def _text(record: _MessageRecord) -> str:
    said = record.message_data.msg if record.message_data else None
    text = (said.text if said else None) or ""
    return text_of_html(text) if "HTML" in (record.type or "").upper() else text


def _facts(told: LivePersonRecord, context: ReadContext) -> Facts:
    info = told.info
    consumers = told.consumer_participants or []
    return Facts(
        started_at=moment(_first(info.start_time_l, info.start_time), context, "startTime"),
        ended_at=moment(_first(info.end_time_l, info.end_time), context, "endTime"),
        channel=_CHANNELS.get((info.source or "").casefold(), "messaging"),
        customer_id=next((who for consumer in consumers if (who := id_of(consumer.participant_id))), None),
        team=info.latest_agent_group_name,
        queue=info.latest_skill_name,
        disposition=info.close_reason,
        transfers=None if told.transfers is None else len(told.transfers),
        **_satisfaction(info),
    )


def _satisfaction(info: _Info) -> Mapping[str, Any]:
    """csatRate is 1–5 where the survey is LivePerson's own; another scale is not told, so the number stays out."""
    rate = number_or_none(info.csat_rate, "csatRate", -1e6, 1e6)
    return {} if rate is None or not 1 <= rate <= 5 else {"csat": rate, "csat_scale": (1, 5)}


def _first(number: Time, text: Time) -> Time:
    """The epoch where there is one; 0 and -1 mean that it has not happened yet."""
    if number in (0, -1, "0", "-1"):
        return None
    return text if number is None or number == "" else number


FORMAT: Final = Format("liveperson", "LivePerson Messaging Interactions", False, recognise, read)
