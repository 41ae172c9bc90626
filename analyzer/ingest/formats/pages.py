"""Pages of vendors' interfaces: one JSON document that lists many conversations, or many messages of several.

Each conversation is accounted by its own place in the file, counted through all pages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Final

import msgspec

from analyzer.ingest.formats.base import Read
from analyzer.ingest.formats.documents import Contact, Document, documents
from analyzer.ingest.raw import ReadContext
from analyzer.ingest.reject_codes import Refused
from analyzer.ingest.stream import Stream
from analyzer.records import Reject

_KEYS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_LIST: Final = msgspec.json.Decoder(list[msgspec.Raw])
_OPEN_LIMIT: Final = 8  # × max_line_bytes of messages held at one time
_PER_MESSAGE: Final = 200  # bytes that Python spends on a message beside its text


def read_pages(
    stream: Stream, context: ReadContext, lists: Sequence[str], contact: Callable[[Document, ReadContext], Contact]
) -> Read:
    """What ``contact`` makes of each conversation; a page lists them under one of the keys ``lists``."""
    for record in records(stream, context, lists):
        yield record if isinstance(record, Reject) else attempt(contact, record, context)


def attempt(contact: Callable[[Document, ReadContext], Contact], record: Document, context: ReadContext) -> Contact:
    """What ``contact`` makes of ``record``, or the Reject that it raises."""
    try:
        return contact(record, context)
    except Refused as refusal:
        return context.refused(record.position, refusal, record.raw)


def records(stream: Stream, context: ReadContext, lists: Sequence[str]) -> Iterator[Document | Reject]:
    """Each record in order: what pages list under one of the keys ``lists``, or the documents themselves."""
    position = 0
    for document in documents(stream, context):
        if isinstance(document, Reject):
            yield replace(document, position=position)
            position += 1
            continue
        for raw in listed(document.raw, lists):
            yield Document(position, raw)
            position += 1


def listed(raw: bytes, lists: Sequence[str]) -> list[bytes]:
    """The elements of the first of ``lists`` in a page (a list, or an object of them by id); else the page itself."""
    keys = keys_of(raw)
    page = next((keys[name] for name in lists if name in keys and bytes(keys[name])[:1] in (b"[", b"{")), None)
    if page is None:
        return [raw]
    try:
        elements = _LIST.decode(page) if bytes(page)[:1] == b"[" else list(_KEYS.decode(page).values())
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return [raw]
    return [bytes(element) for element in elements]


def keys_of(raw: bytes) -> Mapping[str, msgspec.Raw]:
    """The top-level keys of an object and what stands under them; nothing where it is none."""
    try:
        return _KEYS.decode(raw)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return {}


def first_keys(
    items: Iterator[Document | Reject],
) -> tuple[frozenset[str], Iterator[Document | Reject]]:
    """The keys of the first document, and all items as they were: what a file holds may begin behind its head."""
    for item in items:
        keys = frozenset(keys_of(item.raw)) if isinstance(item, Document) else frozenset[str]()
        return keys, chain((item,), items)
    return frozenset(), items


@dataclass(slots=True)
class Thread:
    """Messages of one conversation as bytes, by the place of the first. ``problem``: why it cannot be whole."""

    key: str
    position: int
    messages: list[bytes] = field(default_factory=list)
    size: int = 0
    problem: Refused | None = None

    @property
    def raw(self) -> bytes:
        return b"\n".join(self.messages)


def read_threads(
    items: Iterator[Document | Reject],
    context: ReadContext,
    key: Callable[[Document], str],
    contact: Callable[[Thread, ReadContext], Contact],
) -> Read:
    """What ``contact`` makes of the messages that share a ``key``, in order of first appearance.

    A message that cannot be read is a Reject of its own, and so is the conversation just before it, which may be the
    one that lacks it; where the stream breaks off, that holds for all.
    """
    gathering = _Gathering(context.settings.max_line_bytes)
    for item in items:
        if isinstance(item, Document):
            try:
                gathering.add(key(item), item)
                continue
            except Refused as refusal:
                item = context.refused(item.position, refusal, item.raw)
                gathering.broken(refusal.code, everywhere=False)
        else:
            gathering.broken(item.code, everywhere=item.code != "line_too_long")
        yield item
    for thread in gathering.threads.values():
        yield _contact_of(thread, context, contact)


def _contact_of(thread: Thread, context: ReadContext, contact: Callable[[Thread, ReadContext], Contact]) -> Contact:
    try:
        if thread.problem:
            raise thread.problem
        return contact(thread, context)
    except Refused as refusal:
        return context.refused(thread.position, refusal, thread.raw)


class _Gathering:
    """The conversations of a file, within bounds of bytes: of each, and of all together."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.held = 0
        self.threads: dict[str, Thread] = {}
        self.last: Thread | None = None

    def add(self, key: str, document: Document) -> None:
        self.last = thread = self.threads.setdefault(key, Thread(key, document.position))
        if thread.problem:
            return
        size = len(document.raw) + _PER_MESSAGE
        thread.messages.append(document.raw)
        thread.size += size
        self.held += size
        if thread.size > self.limit:
            self.give_up(thread, "line_too_long")
        elif self.held > _OPEN_LIMIT * self.limit:
            self.give_up(max(self.threads.values(), key=lambda each: each.size), "rows_scattered")

    def give_up(self, thread: Thread, code: str) -> None:
        thread.problem = Refused(code)
        self.held -= thread.size
        thread.size = 0
        del thread.messages[1:]

    def broken(self, code: str, *, everywhere: bool) -> None:
        for thread in self.threads.values() if everywhere else [self.last] if self.last else []:
            thread.problem = thread.problem or Refused(code, "A message beside it cannot be read.")
