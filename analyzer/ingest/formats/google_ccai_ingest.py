"""Google CCAI conversation files: what Conversational Insights takes in, entries with roles and µs since 1970."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from analyzer.ingest.epochs import from_epoch
from analyzer.ingest.formats.base import Format, Guess, Read
from analyzer.ingest.formats.documents import Document, best_guess, count_unknown_keys, read_documents
from analyzer.ingest.formats.key_case import camel_document, guess_either_case
from analyzer.ingest.formats.messages import Message, message_contact
from analyzer.ingest.raw import Facts, RawContact, ReadContext
from analyzer.ingest.reject_codes import Refused
from analyzer.ingest.roles import with_roles
from analyzer.ingest.stream import Stream
from analyzer.ingest.values import role_of
from analyzer.records import Speaker

ANY_AGENT: Final[dict[str, Speaker]] = {"ANY_AGENT": "agent"}  # a person or a machine: the source does not say
_UNSPECIFIED: Final = frozenset({"", "0", "ROLE_UNSPECIFIED"})


class _Entry(msgspec.Struct, frozen=True, rename="camel"):
    text: str | None = None
    role: str | None = None
    user_id: int | str | None = None
    start_timestamp_usec: int | float | str | None = None


class CcaiConversation(msgspec.Struct, frozen=True, rename="camel"):
    """One conversation; ``user_id`` numbers the participants within it and identifies nobody outside."""

    entries: list[_Entry]
    conversation_info: Any = None  # categories; nothing of it is read


def recognise(head: bytes, name: str) -> Guess:
    del name
    signs = (
        (("entries", "startTimestampUsec"), 0.95),
        (("entries", "role", "userId", "text"), 0.8),
        (("entries", "conversationInfo"), 0.8),
    )
    guesses = (guess_either_case(head, keys, number, none_of=("turns", "messages")) for keys, number in signs)
    return best_guess(guesses, "no entries with start_timestamp_usec")


def read(stream: Stream, context: ReadContext) -> Read:
    yield from read_documents(stream, context, _contact)


def _contact(document: Document, context: ReadContext) -> RawContact:
    told = camel_document(document, CcaiConversation, context)
    count_unknown_keys(document, CcaiConversation, context)
    messages = [
        Message(
            stated_role(entry.role) or f"participant {entry.user_id}",
            entry.text or "",
            None
            if entry.start_timestamp_usec in (None, "")
            else from_epoch(entry.start_timestamp_usec, "us", "start_timestamp_usec"),
        )
        for entry in told.entries
    ]
    contact = message_contact(document.position, messages, Facts(channel="chat"), None, document.raw)
    turns = with_roles(contact.turns, context.settings.min_role_probability, ANY_AGENT)
    return msgspec.structs.replace(contact, turns=turns)


def stated_role(role: str | None) -> str | None:
    """``role`` where it is one, ``None`` where it is left open; raises Refused for one that is unknown."""
    word = (role or "").strip()
    if word.upper() in _UNSPECIFIED:
        return None
    if word not in ANY_AGENT and role_of(word) is None:
        raise Refused("unknown_role", "role.")
    return word


FORMAT: Final = Format(
    "google_ccai_ingest", "Google CCAI conversation files (entries with µs timestamps)", False, recognise, read
)
