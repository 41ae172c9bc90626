"""Freshdesk tickets: a list of a ticket's conversations, or tickets with their conversations and description.

Private notes stay out, and so does what was forwarded to others. Loose messages are gathered by ticket, over
all pages of a ticket; the first message (the ticket's description) is then not among them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

import msgspec

from analyzer.ingest.formats.base import Format, Guess, Read
from analyzer.ingest.formats.documents import Document, count_unknown_keys, decoded, documents, guess_json
from analyzer.ingest.formats.messages import Id, Message, Time, id_of, message_contact, moment
from analyzer.ingest.formats.pages import Thread, first_keys, read_pages, read_threads, records
from analyzer.ingest.html_text import new_words, text_of_html
from analyzer.ingest.raw import Facts, RawContact, ReadContext
from analyzer.ingest.stream import Stream
from analyzer.ingest.values import boolean_or_none

_FORWARDED: Final = 8
_TICKET_LISTS: Final = ("tickets", "results")
_MESSAGE_LISTS: Final = ("conversations",)
_TICKET: Final = frozenset({"description", "description_text", "requester_id"})
_CHANNELS: Final = {1: "email", 2: "email", 3: "voice", 5: "social", 6: "social", 7: "chat", 9: "email", 10: "email",
                    13: "messaging"}  # fmt: skip
_OUTBOUND: Final = 10
_STATUS: Final = {2: "open", 3: "pending", 4: "resolved", 5: "closed"}


class FreshdeskMessage(msgspec.Struct, frozen=True):
    """A reply or note. Whether it is private must be told: what is not known to be public is not read."""

    private: bool | str
    incoming: bool | str
    id: Id = None
    ticket_id: Id = None
    user_id: Id = None
    body: str | None = None
    body_text: str | None = None
    source: int | None = None
    created_at: Time = None
    updated_at: Time = None


class FreshdeskTicket(msgspec.Struct, frozen=True):
    """A ticket with its conversations."""

    conversations: list[FreshdeskMessage]
    id: Id = None
    description: str | None = None
    description_text: str | None = None
    requester_id: Id = None
    group_id: Id = None
    source: int | None = None
    status: int | str | None = None
    created_at: Time = None
    updated_at: Time = None


_MESSAGE: Final = msgspec.json.Decoder(FreshdeskMessage)
_TICKET_DECODER: Final = msgspec.json.Decoder(FreshdeskTicket)


def recognise(head: bytes, name: str) -> Guess:
    del name
    others = ("messageRecords", "interaction_id")
    if (guess := guess_json(head, ("incoming", "private"), 0.99, none_of=others)).probability:
        return guess
    return guess_json(head, ("description_text", "requester_id", "conversations"), 0.98)


def read(stream: Stream, context: ReadContext) -> Read:
    keys, _ = first_keys(documents(stream, context))
    if keys.intersection(_TICKET_LISTS) or ("conversations" in keys and keys & _TICKET):
        yield from read_pages(stream, context, _TICKET_LISTS, _ticket_contact)
    else:
        messages = records(stream, context, _MESSAGE_LISTS)
        yield from read_threads(messages, context, lambda message: _ticket_of(message, context), _thread_contact)


def _ticket_of(document: Document, context: ReadContext) -> str:
    return id_of(decoded(document, _MESSAGE, context).ticket_id) or ""


def _thread_contact(thread: Thread, context: ReadContext) -> RawContact:
    told = [decoded(Document(thread.position, raw), _MESSAGE, context) for raw in thread.messages]
    count_unknown_keys(Document(thread.position, thread.messages[0]), FreshdeskMessage, context)
    ticket = FreshdeskTicket(told, id=thread.key)
    return _contact(ticket, thread.position, thread.raw, context, in_parts=True)


def _ticket_contact(document: Document, context: ReadContext) -> RawContact:
    ticket = decoded(document, _TICKET_DECODER, context)
    count_unknown_keys(document, FreshdeskTicket, context)
    return _contact(ticket, document.position, document.raw, context)


def _contact(
    ticket: FreshdeskTicket, position: int, raw: bytes, context: ReadContext, *, in_parts: bool = False
) -> RawContact:
    messages = list(_messages(ticket, context))
    customers = [message.agent_id for message in messages if message.speaker == "customer" and message.agent_id]
    updates = [ticket.updated_at, *(told.updated_at for told in ticket.conversations)]
    changed = [moment(update, context, "updated_at") for update in updates]
    facts = Facts(
        updated_at=max((at for at in changed if at), default=None),
        started_at=moment(ticket.created_at, context, "created_at"),
        channel=_CHANNELS.get(ticket.source or 1, "email"),
        direction="outbound" if ticket.source == _OUTBOUND else None,
        customer_id=id_of(ticket.requester_id) or (customers[0] if customers else None),
        queue=id_of(ticket.group_id),
        disposition=_STATUS.get(ticket.status, None) if isinstance(ticket.status, int) else ticket.status,
    )
    return message_contact(position, messages, facts, id_of(ticket.id) or None, raw, in_parts=in_parts)


def _messages(ticket: FreshdeskTicket, context: ReadContext) -> Iterator[Message]:
    if opening := _words(ticket.description, ticket.description_text):
        role = "agent" if ticket.source == _OUTBOUND else "customer"
        yield Message(role, opening, moment(ticket.created_at, context, "created_at"), id_of(ticket.requester_id))
    for told in ticket.conversations:
        if boolean_or_none(told.private, "private") is not False:
            context.stats.left_out["private_note"] += 1
        elif told.source == _FORWARDED:
            context.stats.left_out["forwarded"] += 1
        else:
            yield _message(told, moment(told.created_at, context, "created_at"))


def _message(told: FreshdeskMessage, at: datetime | None) -> Message:
    role = "customer" if boolean_or_none(told.incoming, "incoming") else "agent"
    return Message(role, _words(told.body, told.body_text), at, id_of(told.user_id))


def _words(html: str | None, text: str | None) -> str:
    """The HTML read as text, since it marks what is quoted; else the vendor's own text."""
    return text_of_html(html) if html else new_words(text or "")


FORMAT: Final = Format("freshdesk", "Freshdesk tickets and their conversations", False, recognise, read, in_parts=True)
