"""Zendesk ticket comments: the answer for one ticket (``comments`` and ``users``), tickets with their comments, or a
bare list of comments.

Roles come from the users, from the ticket's requester and assignee, and from private notes, which only agents write.
Private notes stay out, the one that holds a chat among them (export chats with the Chat interface). An author of whom
nothing tells the role refuses the ticket.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import msgspec

from analyzer.ingest.formats.base import Format, Guess, Read
from analyzer.ingest.formats.documents import Document, count_unknown_keys, decoded, documents, guess_json, has_key
from analyzer.ingest.formats.messages import Id, Message, Time, id_of, message_contact, moment
from analyzer.ingest.formats.pages import Thread, attempt, first_keys, keys_of, listed, read_threads
from analyzer.ingest.html_text import new_words, text_of_html
from analyzer.ingest.raw import Facts, RawContact, ReadContext
from analyzer.ingest.reject_codes import Refused
from analyzer.ingest.stream import Stream
from analyzer.ingest.values import boolean_or_none, word_or_none
from analyzer.records import Reject, Speaker

_SYSTEM: Final = "-1"
_ROLES: Final[Mapping[str, Speaker]] = {
    "end-user": "customer", "end_user": "customer", "agent": "agent", "admin": "agent", "owner": "agent",
    "system": "system",
}  # fmt: skip
_CHANNELS: Final = {
    "voice": "voice", "phone": "voice", "chat": "chat", "chat_transcript": "chat", "native_messaging": "messaging",
    "sunshine_conversations_api": "messaging", "whatsapp": "messaging", "sms": "messaging", "line": "messaging",
    "mobile_sdk": "messaging", "messaging": "messaging", "twitter": "social", "facebook": "social",
    "instagram_dm": "messaging", "any_channel": "social",
}  # fmt: skip


class _Via(msgspec.Struct, frozen=True):
    channel: str | int | None = None


class _User(msgspec.Struct, frozen=True):
    id: Id = None
    role: str | None = None


_Users = list[_User] | dict[str, _User] | None


class _Voice(msgspec.Struct, frozen=True):
    transcription_text: str | None = None


class ZendeskComment(msgspec.Struct, frozen=True):
    """A comment. Whether it is public must be told: what is not known to be public is not read."""

    author_id: Id
    public: bool | str
    type: str | None = None
    ticket_id: Id = None
    body: str | None = None
    html_body: str | None = None
    plain_body: str | None = None
    created_at: Time = None
    via: _Via | None = None
    author: _User | None = None
    data: _Voice | None = None


class _Ticket(msgspec.Struct, frozen=True):
    id: Id = None
    ticket_id: Id = None
    requester_id: Id = None
    assignee_id: Id = None
    group_id: Id = None
    requester: _User | None = None
    assignee: _User | None = None
    via: _Via | None = None
    status: str | None = None
    created_at: Time = None
    updated_at: Time = None


class _Meta(msgspec.Struct, frozen=True):
    """Where pages are told by a cursor."""

    has_more: bool | str | None = None


class ZendeskTicket(_Ticket, frozen=True, kw_only=True):
    """A ticket with its comments, or the answer that lists the comments of ``ticket``."""

    comments: list[ZendeskComment]
    users: _Users = None
    ticket: _Ticket | None = None
    next_page: str | None = None
    meta: _Meta | None = None


class _Page(msgspec.Struct, frozen=True):
    users: _Users = None


_COMMENT: Final = msgspec.json.Decoder(ZendeskComment)
_TICKET: Final = msgspec.json.Decoder(ZendeskTicket)
_PAGE: Final = msgspec.json.Decoder(_Page)


def recognise(head: bytes, name: str) -> Guess:
    del name
    return guess_json(head, ("author_id", "public"), 0.99, none_of=("conversation_parts", "interaction_id"))


def read(stream: Stream, context: ReadContext) -> Read:
    first, items = first_keys(documents(stream, context))
    if first & {"comments", "tickets"} or has_key(stream.head(), "comments"):
        yield from _tickets(items, context)
    else:
        yield from read_threads(items, context, lambda comment: _ticket_of(comment, context), _thread_contact)


def _tickets(items: Iterator[Document | Reject], context: ReadContext) -> Read:
    """The tickets of each page, with the users that stand beside them in it."""
    position = 0
    for page in items:
        if isinstance(page, Reject):
            yield replace(page, position=position)
            position += 1
            continue
        users: Sequence[_User] = ()
        if "tickets" in keys_of(page.raw):
            users = _listed(decoded(page, _PAGE, context).users)
        for raw in listed(page.raw, ("tickets",)):
            yield attempt(
                lambda ticket, _, users=users: _ticket_contact(ticket, users, context),  # type: ignore[misc]
                Document(position, raw),
                context,
            )
            position += 1


def _ticket_of(document: Document, context: ReadContext) -> str:
    return id_of(decoded(document, _COMMENT, context).ticket_id) or ""


def _thread_contact(thread: Thread, context: ReadContext) -> RawContact:
    comments = [decoded(Document(thread.position, raw), _COMMENT, context) for raw in thread.messages]
    return _contact(ZendeskTicket(comments=comments, id=thread.key), (), thread.position, thread.raw, context)


def _ticket_contact(document: Document, users: Sequence[_User], context: ReadContext) -> RawContact:
    ticket = decoded(document, _TICKET, context)
    count_unknown_keys(document, ZendeskTicket, context)
    if ticket.next_page or (ticket.meta and boolean_or_none(ticket.meta.has_more, "meta.has_more")):
        raise Refused("truncated", "There is a next page: the ticket has more comments.")
    return _contact(ticket, users, document.position, document.raw, context)


def _contact(
    whole: ZendeskTicket, users: Sequence[_User], position: int, raw: bytes, context: ReadContext
) -> RawContact:
    ticket = whole.ticket or whole
    people = _People.of(whole, ticket, users)
    messages = list(_messages(whole.comments, people.roles, context))
    vias = [via.channel for via in (ticket.via, *(comment.via for comment in whole.comments)) if via]
    facts = Facts(
        updated_at=moment(ticket.updated_at, context, "updated_at"),
        started_at=moment(ticket.created_at, context, "created_at"),
        channel=_CHANNELS.get(str(vias[0]).casefold(), "email") if vias else "email",
        customer_id=people.requester or next((m.agent_id for m in messages if m.speaker == "customer"), None),
        queue=id_of(ticket.group_id),
        disposition=ticket.status,
    )
    source_id = id_of(ticket.id) or id_of(ticket.ticket_id) or id_of(whole.ticket_id)
    return message_contact(position, messages, facts, source_id, raw)


@dataclass(frozen=True, slots=True)
class _People:
    """Who wrote: the role of each author that anything tells."""

    roles: Mapping[str, Speaker]
    requester: str | None

    @staticmethod
    def of(whole: ZendeskTicket, ticket: _Ticket, users: Sequence[_User]) -> _People:
        requester = id_of(ticket.requester_id) or id_of(ticket.requester.id if ticket.requester else None)
        assignee = id_of(ticket.assignee_id) or id_of(ticket.assignee.id if ticket.assignee else None)
        roles: dict[str, Speaker] = {_SYSTEM: "system"}
        for comment in whole.comments:
            author = word_or_none(comment.author_id)
            if author and boolean_or_none(comment.public, "public") is not True:
                roles.setdefault(author, "agent")
        roles |= {assignee: "agent"} if assignee else {}
        roles |= {requester: "customer"} if requester else {}
        embedded = [user for user in (ticket.requester, ticket.assignee, *(c.author for c in whole.comments)) if user]
        for user in (*embedded, *users, *_listed(whole.users)):
            role = _ROLES.get((user.role or "").strip().casefold())
            if role and (who := word_or_none(user.id)):
                roles[who] = role
        return _People(roles, requester)


def _messages(
    comments: Sequence[ZendeskComment], roles: Mapping[str, Speaker], context: ReadContext
) -> Iterator[Message]:
    for index, comment in enumerate(comments):
        author = word_or_none(comment.author_id) or ""
        if boolean_or_none(comment.public, "public") is not True:
            context.stats.left_out["private_note"] += 1
        elif text := _text(comment):
            if author not in roles:
                raise Refused("unknown_role", f"Nothing tells the role of the author of comment {index}.")
            yield Message(roles[author], text, moment(comment.created_at, context, "created_at"), author)
        else:
            context.stats.left_out["event" if comment.type == "VoiceComment" else "no_text"] += 1


def _text(comment: ZendeskComment) -> str:
    """What was written; of a call only the words left on the answering machine, not the line about the call."""
    if comment.type == "VoiceComment":
        return ((comment.data.transcription_text if comment.data else None) or "").strip()
    if comment.html_body:
        return text_of_html(comment.html_body)
    # Zendesk leaves the entities of HTML in what it calls plain.
    return new_words(html.unescape(comment.plain_body) if comment.plain_body else comment.body or "")


def _listed(users: _Users) -> Sequence[_User]:
    return list(users.values()) if isinstance(users, dict) else users or ()


FORMAT: Final = Format("zendesk_tickets", "Zendesk ticket comments", False, recognise, read)
