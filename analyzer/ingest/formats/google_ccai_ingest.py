"""Google CCAI conversation files: what Conversational Insights takes in, entries with roles and µs since 1970."""

from __future__ import annotations

from typing import Final

import msgspec

from analyzer.ingest.epochs import from_epoch
from analyzer.ingest.formats.base import Format, Guess, Read
from analyzer.ingest.formats.documents import Document, count_unknown_keys, decoded, guess_json, read_documents
from analyzer.ingest.formats.messages import Message, message_contact
from analyzer.ingest.raw import Facts, RawContact, ReadContext
from analyzer.ingest.roles import with_roles
from analyzer.ingest.stream import Stream
from analyzer.records import Speaker

ANY_AGENT: Final[dict[str, Speaker]] = {"ANY_AGENT": "agent"}  # a person or a machine: the source does not say


class _Entry(msgspec.Struct, frozen=True):
    text: str | None = None
    role: str | None = None
    user_id: int | str | None = None
    start_timestamp_usec: int | float | str | None = None


class CcaiConversation(msgspec.Struct, frozen=True):
    """One conversation; ``user_id`` numbers the participants within it and identifies nobody outside."""

    entries: list[_Entry]
    conversation_info: msgspec.Raw = msgspec.Raw()  # categories; nothing of it is read


_DECODER: Final = msgspec.json.Decoder(CcaiConversation)


def recognise(head: bytes, name: str) -> Guess:
    del name
    guess = guess_json(head, ("entries", "start_timestamp_usec"))
    if guess.probability:
        return guess
    guess = guess_json(head, ("entries", "role", "user_id", "text"), 0.8, none_of=("turns", "messages"))
    return guess if guess.probability else Guess(0.0, "no entries with start_timestamp_usec")


def read(stream: Stream, context: ReadContext) -> Read:
    yield from read_documents(stream, context, _contact)


def _contact(document: Document, context: ReadContext) -> RawContact:
    told = decoded(document, _DECODER, context)
    count_unknown_keys(document, CcaiConversation, context)
    messages = [
        Message(
            entry.role or f"participant {entry.user_id}",
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


FORMAT: Final = Format(
    "google_ccai_ingest", "Google CCAI conversation files (entries with µs timestamps)", False, recognise, read
)
