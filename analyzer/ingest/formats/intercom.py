"""Intercom conversations and tickets: one object, or a list of them.

The customer's first message stands in ``source``, the others among the parts. Notes stay out; parts that are neither
comments nor notes are events. Bodies are HTML, times epoch seconds, and some exports write every value as text.
A list that Intercom serves without the parts is refused: each conversation would look as if nobody had answered. So
is one of which only the last 500 parts are given.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
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
from analyzer.ingest.values import boolean_or_none, count_or_none, number_or_none

LISTS: Final = ("conversations", "tickets", "data")

_COMMENTS: Final = frozenset({"comment", "open", "close", "assignment", "assign_and_reopen", "quick_reply"})
_NOTES: Final = frozenset({"note", "note_and_reopen"})
_ROLES: Final = {
    "user": "customer", "lead": "customer", "contact": "customer", "visitor": "customer",
    "admin": "agent", "teammate": "agent", "bot": "bot", "operator": "bot", "fin": "bot", "team": "system",
}  # fmt: skip
_CHANNELS: Final = {
    "conversation": "messaging", "push": "messaging", "whatsapp": "messaging", "sms": "messaging",
    "facebook": "messaging", "instagram": "messaging", "email": "email", "twitter": "social", "x": "social",
    "phone_call": "voice", "phone_switch": "voice",
}  # fmt: skip
_DIRECTIONS: Final = {
    "customer_initiated": "inbound", "admin_initiated": "outbound", "campaigns_initiated": "outbound",
    "operator_initiated": "outbound", "automated": "outbound",
}  # fmt: skip


class _Author(msgspec.Struct, frozen=True):
    type: str | None = None
    id: Id = None
    from_ai_agent: bool | str | None = None
    is_ai_answer: bool | str | None = None


class _Part(msgspec.Struct, frozen=True):
    part_type: str
    body: str | None = None
    created_at: Time = None
    author: _Author | None = None
    redacted: bool | str | None = None


class _Parts(msgspec.Struct, frozen=True):
    conversation_parts: list[_Part] = []
    ticket_parts: list[_Part] = []
    total_count: int | str | None = None


class _Source(msgspec.Struct, frozen=True):
    type: str | None = None
    delivered_as: str | None = None
    body: str | None = None
    author: _Author | None = None
    redacted: bool | str | None = None


class _Contact(msgspec.Struct, frozen=True):
    id: Id = None
    external_id: Id = None


class _Contacts(msgspec.Struct, frozen=True):
    contacts: list[_Contact] = []


class _Rating(msgspec.Struct, frozen=True):
    rating: int | str | None = None


class _Statistics(msgspec.Struct, frozen=True):
    handling_time: int | float | str | None = None


class IntercomConversation(msgspec.Struct, frozen=True):
    """A conversation or ticket; "" stands for an absent object in exports that know only text."""

    id: Id
    type: str | None = None
    created_at: Time = None
    updated_at: Time = None
    source: _Source | str | None = None
    conversation_parts: _Parts | str | None = None
    ticket_parts: _Parts | str | None = None
    contacts: _Contacts | str | None = None
    team_assignee_id: Id = None
    state: str | None = None
    ticket_state: Any = None
    conversation_rating: _Rating | str | None = None
    statistics: _Statistics | str | None = None


_DECODER: Final = msgspec.json.Decoder(IntercomConversation)


def recognise(head: bytes, name: str) -> Guess:
    del name
    others = ("conversationHistoryRecords", "vcon", "interaction_id")
    for parts in ("conversation_parts", "ticket_parts"):
        if (guess := guess_json(head, (parts, "created_at"), 0.99, none_of=others)).probability:
            return guess
    if any(has_key(head, key) for key in ("delivered_as", "admin_assignee_id")):
        return guess_json(head, ("source", "admin_assignee_id", "created_at"), 0.98, none_of=others)
    return Guess(0.0, "no parts of an Intercom conversation")


def read(stream: Stream, context: ReadContext) -> Read:
    yield from read_pages(stream, context, LISTS, _contact)


def _contact(document: Document, context: ReadContext) -> RawContact:
    told = decoded(document, _DECODER, context)
    count_unknown_keys(document, IntercomConversation, context)
    source = told.source if isinstance(told.source, _Source) else None
    messages = list(_messages(told, source, context))
    facts = Facts(
        updated_at=moment(told.updated_at, context, "updated_at"),
        started_at=moment(told.created_at, context, "created_at"),
        channel=_CHANNELS.get((source.type or "").casefold(), "messaging") if source else "email",
        direction=_DIRECTIONS.get(source.delivered_as or "") if source else None,
        customer_id=_customer(told, source),
        queue=id_of(told.team_assignee_id),
        disposition=told.state or (told.ticket_state if isinstance(told.ticket_state, str) else None),
        handle_s=_handling_time(told),
        **_rating(told),
    )
    return message_contact(document.position, messages, facts, id_of(told.id), document.raw)


def _messages(told: IntercomConversation, source: _Source | None, context: ReadContext) -> Iterator[Message]:
    if source and source.body and not _is_redacted(source, context):
        yield _message(source.body, source.author, moment(told.created_at, context, "created_at"))
    for part in _parts(told):
        if part.part_type in _NOTES:
            context.stats.left_out["private_note"] += 1
        elif not part.body or part.part_type not in _COMMENTS:
            context.stats.left_out["event"] += 1
        elif not _is_redacted(part, context):
            yield _message(part.body, part.author, moment(part.created_at, context, "part.created_at"))


def _is_redacted(told: _Source | _Part, context: ReadContext) -> bool:
    """Whether Intercom put its own words ("This message was deleted") in place of what was written."""
    redacted = boolean_or_none(told.redacted, "redacted") is True
    context.stats.left_out["redacted"] += redacted
    return redacted


def _parts(told: IntercomConversation) -> list[_Part]:
    parts = [each for each in (told.conversation_parts, told.ticket_parts) if isinstance(each, _Parts)]
    if not parts:
        raise Refused("missing_field", "conversation_parts; lists lack them, so fetch each conversation.")
    for each in parts:
        given = len(each.conversation_parts) + len(each.ticket_parts)
        if (count_or_none(each.total_count, "total_count") or 0) > given:
            raise Refused("truncated", f"Intercom gives only {given} of its parts.")
    return [part for each in parts for part in (*each.conversation_parts, *each.ticket_parts)]


def _message(body: str, author: _Author | None, at: datetime | None) -> Message:
    who = author or _Author()
    automatic = boolean_or_none(who.from_ai_agent, "from_ai_agent") or boolean_or_none(who.is_ai_answer, "is_ai_answer")
    role = "bot" if automatic else _ROLES.get((who.type or "").casefold(), "unknown")
    return Message(role, text_of_html(body), at, id_of(who.id))


def _customer(told: IntercomConversation, source: _Source | None) -> str | None:
    """The id that the company itself gave the contact, else Intercom's."""
    if isinstance(told.contacts, _Contacts) and told.contacts.contacts:
        first = told.contacts.contacts[0]
        return id_of(first.external_id) or id_of(first.id)
    author = source.author if source else None
    return id_of(author.id) if author and _ROLES.get(author.type or "") == "customer" else None


def _handling_time(told: IntercomConversation) -> float | None:
    statistics = told.statistics if isinstance(told.statistics, _Statistics) else _Statistics()
    return number_or_none(statistics.handling_time, "handling_time")


def _rating(told: IntercomConversation) -> dict[str, Any]:
    rating = told.conversation_rating if isinstance(told.conversation_rating, _Rating) else _Rating()
    number = number_or_none(rating.rating, "rating")
    return {} if number is None else {"csat": number, "csat_scale": (1, 5)}


FORMAT: Final = Format("intercom", "Intercom conversations and tickets", False, recognise, read)
