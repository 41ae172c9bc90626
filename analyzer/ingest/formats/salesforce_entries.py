"""Salesforce ConversationEntry rows (JSON or CSV, many conversations in a file) and answers of the Connect resource.

Only entries of type Text are turns. In enhanced channels ``Message`` may be blank: a conversation without any words is
refused. Entries are put in order of time, then of ``Seq``; those of one conversation in several files are stitched.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

import msgspec

from analyzer.ingest.formats import table_csv
from analyzer.ingest.formats.base import Format, Guess, Read
from analyzer.ingest.formats.documents import Document, count_unknown_keys, decoded, documents, guess_json
from analyzer.ingest.formats.messages import Id, Message, Time, id_of, message_contact, moment
from analyzer.ingest.formats.pages import Thread, listed, read_threads
from analyzer.ingest.raw import Facts, RawContact, ReadContext
from analyzer.ingest.stream import Stream
from analyzer.ingest.values import number_or_none
from analyzer.records import Reject

LISTS: Final = ("records", "conversationEntries")

_ROLES: Final[Mapping[str, str]] = {  # the contract tells supervisors from the agent
    "enduser": "customer", "customer": "customer", "agent": "agent", "supervisor": "supervisor", "bot": "bot",
    "chatbot": "bot", "agentforce": "bot", "system": "system",
}  # fmt: skip
_WORDS: Final = frozenset({"", "text", "message", "chatmessage"})
_EPOCH_FROM: Final = 1e11  # EntryTimeMilliSecs is the fraction of a second, or all the milliseconds since 1970


class _Sender(msgspec.Struct, frozen=True):
    role: str | None = None
    subject: Id = None


class SalesforceEntry(msgspec.Struct, frozen=True):
    """An entry as the object has it (CamelCase) or as the Connect resource tells it."""

    conversation_id: Id = msgspec.field(default=None, name="ConversationId")
    seq: int | float | str | None = msgspec.field(default=None, name="Seq")
    actor_type: str | None = msgspec.field(default=None, name="ActorType")
    actor_id: Id = msgspec.field(default=None, name="ActorId")
    entry_type: str | None = msgspec.field(default=None, name="EntryType")
    entry_time: Time = msgspec.field(default=None, name="EntryTime")
    entry_ms: Time = msgspec.field(default=None, name="EntryTimeMilliSecs")
    server_time: Time = msgspec.field(default=None, name="ServerReceivedTimestamp")
    client_time: Time = msgspec.field(default=None, name="ClientTimestamp")
    message: str | None = msgspec.field(default=None, name="Message")
    sender: _Sender | None = None
    connect_type: str | None = msgspec.field(default=None, name="entryType")
    connect_text: str | None = msgspec.field(default=None, name="messageText")
    connect_server_time: Time = msgspec.field(default=None, name="serverReceivedTimestamp")
    connect_client_time: Time = msgspec.field(default=None, name="clientTimestamp")
    connect_id: Id = msgspec.field(default=None, name="conversationId")
    related_records: list[Id] | None = msgspec.field(default=None, name="relatedRecords")


_ENTRY: Final = msgspec.json.Decoder(SalesforceEntry)


def recognise(head: bytes, name: str) -> Guess:
    del name
    if _is_csv(head):
        return Guess(0.98, "a header with ConversationId, ActorType and EntryType")
    if (guess := guess_json(head, ("ActorType", "EntryType"), 0.99)).probability:
        return guess
    return guess_json(head, ("sender", "serverReceivedTimestamp", "messageText"), 0.99)


def _is_csv(head: bytes) -> bool:
    first = head.split(b"\n", 1)[0].lower().replace(b";", b",").replace(b"\t", b",")
    return {b"conversationid", b"actortype", b"entrytype"} <= {cell.strip(b' "\r') for cell in first.split(b",")}


def read(stream: Stream, context: ReadContext) -> Read:
    entries = _Entries(stream, context)
    items = entries.from_table() if _is_csv(stream.head()) else entries.from_json()
    yield from read_threads(items, context, entries.conversation_of, _contact)


class _Entries:
    """The entries of a file; one that names no conversation belongs to that of its page."""

    def __init__(self, stream: Stream, context: ReadContext) -> None:
        self.stream = stream
        self.context = context
        self.page = ""

    def from_json(self) -> Iterator[Document | Reject]:
        position = 0
        for page in documents(self.stream, self.context):
            if isinstance(page, Reject):
                yield page
                continue
            entries = listed(page.raw, LISTS)
            self.page = f"page {page.position}" if entries != [page.raw] else ""
            for raw in entries:
                yield Document(position, raw)
                position += 1

    def from_table(self) -> Iterator[Document | Reject]:
        names = {
            name.casefold(): name for name in (field.encode_name for field in msgspec.structs.fields(SalesforceEntry))
        }
        for row in table_csv.table(self.stream).rows():
            if row.problem:
                yield self.context.reject(row.position, row.problem, raw=row.raw)
            else:
                cells = {names.get(column.casefold(), column): cell for column, cell in row.values.items()}
                yield Document(row.position, msgspec.json.encode(cells))

    def conversation_of(self, document: Document) -> str:
        entry = decoded(document, _ENTRY, self.context)
        related = [record for each in entry.related_records or () if (record := id_of(each))]
        return id_of(entry.conversation_id) or id_of(entry.connect_id) or next(iter(related), None) or self.page


def _contact(thread: Thread, context: ReadContext) -> RawContact:
    entries = [decoded(Document(thread.position, raw), _ENTRY, context) for raw in thread.messages]
    count_unknown_keys(Document(thread.position, thread.messages[0]), SalesforceEntry, context)
    entries.sort(key=lambda entry: number_or_none(entry.seq, "Seq", -1e15, 1e15) or 0.0)
    messages = [_message(entry, context) for entry in entries if _has_words(entry, context)]
    facts = Facts(
        channel="messaging",
        customer_id=next((who for entry in entries if _role(entry) == "customer" and (who := _actor(entry))), None),
    )
    named = thread.key and not thread.key.startswith("page ")
    source_id = thread.key if named else None
    return message_contact(thread.position, messages, facts, source_id, thread.raw, in_parts=True)


def _has_words(entry: SalesforceEntry, context: ReadContext) -> bool:
    is_text = (entry.entry_type or entry.connect_type or "").casefold() in _WORDS
    has_words = is_text and bool((entry.message or entry.connect_text or "").strip())
    if not has_words:
        context.stats.left_out["no_text" if is_text else "event"] += 1
    return has_words


def _message(entry: SalesforceEntry, context: ReadContext) -> Message:
    text = entry.message or entry.connect_text or ""
    return Message(_role(entry), text, _time(entry, context), _actor(entry))


def _role(entry: SalesforceEntry) -> str:
    told = entry.actor_type or (entry.sender.role if entry.sender else None) or ""
    return _ROLES.get(told.replace(" ", "").casefold(), "unknown")


def _actor(entry: SalesforceEntry) -> str | None:
    return id_of(entry.actor_id) or id_of(entry.sender.subject if entry.sender else None)


def _time(entry: SalesforceEntry, context: ReadContext) -> datetime | None:
    """When the entry was made by the server's clock; a customer's own clock only where nothing else is told."""
    ms = number_or_none(entry.entry_ms, "EntryTimeMilliSecs", -1, 1e15)
    if ms is not None and ms >= _EPOCH_FROM:
        return moment(ms, context, "EntryTimeMilliSecs")
    told = (
        entry.entry_time,
        entry.server_time,
        entry.connect_server_time,
        entry.client_time,
        entry.connect_client_time,
    )
    at = moment(next((time for time in told if time not in (None, "")), None), context, "EntryTime")
    if at and ms and 0 < ms < 1000 and at.microsecond == 0:
        at += timedelta(milliseconds=ms)
    return at


FORMAT: Final = Format(
    "salesforce_entries", "Salesforce ConversationEntry rows, JSON or CSV", False, recognise, read, in_parts=True
)
