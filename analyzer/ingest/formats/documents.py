"""JSON documents of vendors: cut out of a stream within the limit, decoded at the boundary, accounted one by one.

A file holds one document, an array of them, or one a line. A document that cannot be read costs itself alone.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeVar

import msgspec

from analyzer.ingest.formats.base import Guess, Read, is_binary
from analyzer.ingest.formats.json_pieces import is_json, json_pieces
from analyzer.ingest.formats.native_jsonl import refusal_of
from analyzer.ingest.lines import LONG_HEAD_BYTES, LongLine, lines, to_text
from analyzer.ingest.raw import RawContact, ReadContext
from analyzer.ingest.reject_codes import Refused
from analyzer.ingest.stream import Stream
from analyzer.records import Reject, Skipped

T = TypeVar("T")
KEY: Final = re.compile(rb'"([^"\\]{1,60})"\s{0,20}:')  # no mark within a text: there its quotes are escaped
_KEYS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


@dataclass(frozen=True, slots=True)
class Document:
    """One JSON document as bytes, and its place in the file."""

    position: int
    raw: bytes


Contact = RawContact | Reject | Skipped


def read_documents(
    stream: Stream, context: ReadContext, contact: Callable[[Document, ReadContext], Contact], *, whole: bool = False
) -> Read:
    """What ``contact`` makes of each document; what it refuses is a Reject with the document's bytes.

    ``whole``: an array is one document, not many.
    """
    for document in documents(stream, context, whole=whole):
        if isinstance(document, Reject):
            yield document
            continue
        try:
            yield contact(document, context)
        except Refused as refusal:
            yield context.refused(document.position, refusal, document.raw)


def documents(stream: Stream, context: ReadContext, *, whole: bool = False) -> Iterator[Document | Reject]:
    """Each document of the stream in order; one over ``ingest.max_line_bytes`` is never held, and refused."""
    limit = context.settings.max_line_bytes
    position = -1
    try:
        for position, piece in enumerate(_pieces(stream, limit, whole)):
            if isinstance(piece, LongLine):
                yield context.reject(position, "line_too_long", piece.detail, piece.head)
            elif piece and not piece.isspace():
                yield Document(position, piece)
    except Refused as refusal:
        yield context.refused(position + 1, refusal)


def whole_text(stream: Stream, context: ReadContext) -> tuple[str, bytes]:
    """The stream's text and bytes; raises Refused where it is over the limit or in no known encoding."""
    piece = next(_whole(stream, context.settings.max_line_bytes))
    if isinstance(piece, LongLine):
        raise Refused("line_too_long", piece.detail, piece.head)
    text = to_text(piece, context.settings.encoding)
    if text is None:
        raise Refused("encoding", raw=piece)
    return text.replace("\r\n", "\n").replace("\r", "\n"), piece


def stem_of(context: ReadContext) -> str:
    """The file's name without its extension, to fall back on where a source has no id."""
    return context.name.rpartition(".")[0] or context.name


def decoded(document: Document, decoder: msgspec.json.Decoder[T], context: ReadContext) -> T:
    """The document as ``decoder`` has it; raises Refused with the place in its keys and never a value."""
    raw = document.raw
    try:
        try:
            return decoder.decode(raw)
        except UnicodeDecodeError:
            text = to_text(raw, context.settings.encoding)
            if text is None:
                raise Refused("encoding") from None
            return decoder.decode(text.encode())
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise refusal_of(error) from error


def decoded_or_none(document: Document, decoder: msgspec.json.Decoder[T]) -> T | None:
    """The document as ``decoder`` has it, ``None`` where it is none: for what is to be refused anyway."""
    try:
        return decoder.decode(document.raw)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None


def count_unknown_keys(document: Document, struct: type[msgspec.Struct], context: ReadContext) -> None:
    """Counts the document's top-level keys that ``struct`` has no field for."""
    try:
        keys = _KEYS.decode(document.raw).keys()
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return
    for key in sorted(keys - _names(struct)):
        context.stats.count_unknown(key)


def guess_json(
    head: bytes, keys: tuple[str, ...], probability: float = 0.95, *, none_of: tuple[str, ...] = ()
) -> Guess:
    """``probability`` where the text is JSON that names all of ``keys`` and none of ``none_of``."""
    if head.lstrip()[:1] not in (b"{", b"[") or is_binary(head):
        return Guess(0.0, "does not begin with { or [")
    there = [key for key in keys if has_key(head, key)]
    if other := next((key for key in none_of if there and has_key(head, key)), None):
        return Guess(0.0, f"JSON with the key {other}")
    if len(there) == len(keys):
        return Guess(probability, f"JSON with the keys {', '.join(keys)}")
    missing = next(key for key in keys if key not in there)
    told = f"with {', '.join(there)} and without {missing}" if there else f"without the key {missing}"
    return Guess(0.0, f"JSON {told}", len(there) / len(keys))


def best_guess(guesses: Iterable[Guess], otherwise: str) -> Guess:
    """The first that is probable at all; else what the nearest lacks, or ``otherwise``."""
    nearest = Guess(0.0, otherwise)
    for guess in guesses:
        if guess.probability:
            return guess
        if guess.near > nearest.near:
            nearest = guess
    return nearest


def has_key(head: bytes, key: str) -> bool:
    """Whether ``key`` stands there as a key: quoted and before a colon."""
    return key.encode() in _keys_in(head)


@lru_cache(maxsize=4)  # every format asks for several keys of the same head
def _keys_in(head: bytes) -> frozenset[bytes]:
    return frozenset(match[1] for match in KEY.finditer(head))


@lru_cache(maxsize=64)
def _names(struct: type[msgspec.Struct]) -> frozenset[str]:
    """The struct's fields, as written and in snake_case: some sources come in both."""
    fields = msgspec.structs.fields(struct)
    return frozenset(name for field in fields for name in (field.encode_name, field.name))


def _pieces(stream: Stream, limit: int, whole: bool) -> Iterator[bytes | LongLine]:
    if _one_a_line(stream.head(), whole):
        return lines(stream.chunks(), limit)
    return _whole(stream, limit) if whole else json_pieces(stream.chunks(), limit)


def _whole(stream: Stream, limit: int) -> Iterator[bytes | LongLine]:
    held = bytearray()
    digest = hashlib.sha256()
    size = 0
    for chunk in stream.chunks():
        size += len(chunk)
        digest.update(chunk)
        if size <= limit:
            held += chunk
    yield bytes(held) if size <= limit else LongLine(bytes(held[:LONG_HEAD_BYTES]), size, digest.hexdigest())


def _one_a_line(head: bytes, arrays: bool) -> bool:
    """Whether each line is a document; where the first is broken, whether the next begins like one."""
    first, newline, rest = head.lstrip().partition(b"\n")
    if (arrays or first.startswith(b"{")) and is_json(first):
        return True
    broken = first.startswith(b"{") and first.rstrip()[-1:] not in (b"{", b"[", b",", b":")
    return bool(newline) and broken and rest[:1] == b"{"
