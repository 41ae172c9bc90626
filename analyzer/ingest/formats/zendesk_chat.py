"""Zendesk Chat: pages of ``chats`` (or ``docs`` by id), or one chat, with its ``history``.

Only messages are turns; joins, ratings and files are events. Triggers write like agents and are bots.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Final

import msgspec

from analyzer.ingest.formats.base import Format, Guess, Read
from analyzer.ingest.formats.documents import Document, count_unknown_keys, decoded, guess_json, has_key
from analyzer.ingest.formats.messages import Id, Message, Time, id_of, message_contact, moment
from analyzer.ingest.formats.pages import read_pages
from analyzer.ingest.raw import Facts, RawContact, ReadContext
from analyzer.ingest.reject_codes import Refused
from analyzer.ingest.stream import Stream
from analyzer.ingest.values import number_or_none
from analyzer.records import Speaker

LISTS: Final = ("chats", "docs", "results")

_ROLES: Final[Mapping[str, Speaker]] = {
    "visitor": "customer", "end_user": "customer", "enduser": "customer", "customer": "customer", "agent": "agent",
    "trigger": "bot", "bot": "bot", "answerbot": "bot", "system": "system",
}  # fmt: skip


_VISITOR: Final = re.compile(r"Visitor #?\d{1,12}")  # what Zendesk calls those who give no name


class _Visitor(msgspec.Struct, frozen=True):
    id: Id = None
    name: str | None = None


class _ResponseTime(msgspec.Struct, frozen=True):
    first: int | float | str | None = None


class _Item(msgspec.Struct, frozen=True):
    type: str | None = None
    name: str | None = None
    nick: str | None = None
    sender_type: str | None = None
    agent_id: Id = None
    msg: str | None = None
    timestamp: Time = None


class ZendeskChat(msgspec.Struct, frozen=True):
    """One chat, or a message left while nobody was there (its words stand in ``message``)."""

    id: Id = None
    type: str | None = None
    history: list[_Item] | None = None
    message: str | None = None
    visitor: _Visitor | None = None
    timestamp: Time = None
    end_timestamp: Time = None
    update_timestamp: Time = None
    duration: int | float | str | None = None
    department_name: str | None = None
    started_by: str | None = None
    response_time: _ResponseTime | None = None
    agent_ids: list[Id] | None = None
    agent_names: list[str] | dict[str, str] | None = None


_DECODER: Final = msgspec.json.Decoder(ZendeskChat)


def recognise(head: bytes, name: str) -> Guess:
    del name
    others = ("author_id", "conversation_parts", "interaction_id")
    if has_key(head, "history"):
        for sign in ("started_by", "agent_ids", "sender_type"):
            if (guess := guess_json(head, ("history", sign), 0.99, none_of=others)).probability:
                return guess
    return guess_json(head, ("visitor", "message", "timestamp", "department_name"), 0.9, none_of=others)


def read(stream: Stream, context: ReadContext) -> Read:
    yield from read_pages(stream, context, LISTS, _contact)


def _contact(document: Document, context: ReadContext) -> RawContact:
    chat = decoded(document, _DECODER, context)
    count_unknown_keys(document, ZendeskChat, context)
    if chat.history is None and chat.message is None:
        raise Refused("missing_field", "history.")
    started_at = moment(chat.timestamp, context, "timestamp")
    seconds = number_or_none(chat.duration, "duration")
    ended_at = moment(chat.end_timestamp, context, "end_timestamp")
    if ended_at is None and started_at and seconds is not None:
        ended_at = started_at + timedelta(seconds=seconds)
    facts = Facts(
        updated_at=moment(chat.update_timestamp, context, "update_timestamp"),
        started_at=started_at,
        ended_at=ended_at,
        channel="chat",
        direction={"visitor": "inbound", "agent": "outbound"}.get((chat.started_by or "").casefold()),
        customer_id=id_of(chat.visitor.id) if chat.visitor else None,
        queue=chat.department_name,
        wait_s=number_or_none(chat.response_time.first, "response_time.first") if chat.response_time else None,
    )
    return message_contact(document.position, list(_messages(chat, context)), facts, id_of(chat.id), document.raw)


def _messages(chat: ZendeskChat, context: ReadContext) -> Iterator[Message]:
    if chat.message:
        yield Message("customer", chat.message, moment(chat.timestamp, context, "timestamp"))
    agents = _agents(chat)
    for item in chat.history or ():
        if item.msg is None or (item.type or "chat.msg") not in ("chat.msg", "message"):
            context.stats.left_out["event"] += 1
            continue
        who = id_of(item.agent_id) or _nick_id(item.nick) or agents.get(item.name or "")
        at = moment(item.timestamp, context, "history.timestamp")
        yield Message(_role(item, chat, agents), item.msg, at, who)


def _role(item: _Item, chat: ZendeskChat, agents: Mapping[str, str | None]) -> str:
    """By the sender's type, else by the nick ("visitor", "agent:trigger", "agent:17"), else by the name."""
    if role := _ROLES.get((item.sender_type or "").strip().casefold()):
        return role
    kind, _, who = (item.nick or "").casefold().partition(":")
    if role := _ROLES.get(who if kind == "agent" and who in ("trigger", "system") else kind):
        return role
    if item.name and item.name in agents:
        return "agent"
    named = item.name and chat.visitor and item.name == chat.visitor.name
    return "customer" if named or _VISITOR.fullmatch(item.name or "") else "unknown"


def _agents(chat: ZendeskChat) -> Mapping[str, str | None]:
    """Ids of the agents by name; two of one name have none."""
    ids = [id_of(each) for each in chat.agent_ids or ()]
    if isinstance(chat.agent_names, dict):
        return {name: who for who, name in chat.agent_names.items()}
    names = chat.agent_names or []
    same = len(ids) == len(names) == len(set(names))
    return {name: ids[index] if same else None for index, name in enumerate(names)}


def _nick_id(nick: str | None) -> str | None:
    kind, _, who = (nick or "").partition(":")
    return who if kind.casefold() == "agent" and who.isalnum() and who.casefold() not in _ROLES else None


FORMAT: Final = Format("zendesk_chat", "Zendesk Chat with its history", False, recognise, read)
