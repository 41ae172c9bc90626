"""Native JSON: one object a line, or an array or a sequence of objects over many lines (TABLES.md, Inputs).

Strict: a field of a wrong type refuses its record. Unknown keys are ignored and counted. Of a key given twice the last
counts. An array is cut into its objects as it streams, so its size does not matter.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from typing import Final

import msgspec

from analyzer.ingest.formats.base import Format, Guess, Read, is_binary
from analyzer.ingest.formats.json_pieces import is_json, json_pieces
from analyzer.ingest.lines import LongLine, lines, to_text
from analyzer.ingest.raw import Facts, RawContact, RawTurn, ReadContext
from analyzer.ingest.reject_codes import Refused
from analyzer.ingest.stream import Stream
from analyzer.records import Reject, Turn


class NativeContact(Facts, frozen=True, kw_only=True):
    """The native record as it may be written; it is its own facts."""

    interaction_id: str
    turns: list[RawTurn]
    updated_at: str | None = None
    chain_id: str | None = None
    channel: str | None = None
    direction: str | None = None
    language: str | None = None
    started_at: str | None = None
    ended_at: str | None = None
    customer_id: str | None = None
    agent_id: str | None = None
    team: str | None = None
    queue: str | None = None
    product_line: str | None = None
    segment: str | None = None
    disposition: str | None = None
    wait_s: float | None = None
    hold_s: float | None = None
    handle_s: float | None = None
    transfers: int | None = None
    csat: float | None = None
    csat_scale: tuple[float, float] | None = None
    consent_recording: bool | None = None


class _KnownTurn(RawTurn, frozen=True, forbid_unknown_fields=True):
    pass


class _KnownContact(NativeContact, frozen=True, kw_only=True, forbid_unknown_fields=True):
    # The quick way for records without unknown keys: one pass both decodes and proves that there are none.
    turns: list[_KnownTurn]  # type: ignore[assignment]


class _PlainContact(NativeContact, frozen=True, kw_only=True, forbid_unknown_fields=True):
    # The quickest way, for turns told in our own words: they are decoded as what they will be in the contact.
    turns: list[Turn]  # type: ignore[assignment]


_PLAIN: Final = msgspec.json.Decoder(_PlainContact)
_KNOWN: Final = msgspec.json.Decoder(_KnownContact)
_ANY: Final = msgspec.json.Decoder(NativeContact)
_KEYS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_TURN_KEYS: Final = msgspec.json.Decoder(list[dict[str, msgspec.Raw]])
_WHERE: Final = re.compile(r"at `(\$[^`]{1,80})`")


def recognise(head: bytes, name: str) -> Guess:
    start = head.lstrip()[:1]
    keys = [key for key in (b'"turns"', b'"speaker"', b'"interaction_id"') if key in head]
    named = name.lower().endswith((".jsonl", ".ndjson"))
    if is_binary(head):
        return Guess(0.0, "no text")
    if start not in (b"{", b"["):
        if named and len(keys) == 3 and b"\n{" in head:
            return Guess(0.6, "JSON lines by its name and keys, of which the first is cut")
        return Guess(0.0, "does not begin with { or [")
    if b'"turns"' in keys and len(keys) > 1:
        return Guess(0.97, "JSON with turns and speakers")
    if keys:
        return Guess(0.6, f"JSON with the key {keys[0].decode()}")
    if named:
        return Guess(0.5, "JSON lines by its name, without a native key in sight")
    return Guess(0.1, "JSON without a native key")


def read(stream: Stream, context: ReadContext) -> Read:
    limit = context.settings.max_line_bytes
    cut = json_pieces if _is_document(stream.head()) else lines
    position = -1
    try:
        for position, piece in enumerate(cut(stream.chunks(), limit)):
            if isinstance(piece, LongLine):
                yield context.reject(position, "line_too_long", piece.detail, piece.head)
            elif piece and not piece.isspace():
                yield _contact(piece, position, context)
    except Refused as refusal:
        yield context.refused(position + 1, refusal)


def _contact(line: bytes, position: int, context: ReadContext) -> RawContact | Reject:
    try:
        native = _decode(line, context)
        if not native.interaction_id.strip():
            raise Refused("no_id")
    except Refused as refusal:
        return context.refused(position, refusal, line)
    return RawContact(
        position=position,
        turns=native.turns,
        facts=native,
        source_id=native.interaction_id,
        raw=line,
    )


def decode_turns(text: str) -> list[RawTurn]:
    """The native ``turns`` array from a cell of a table."""
    try:
        return msgspec.json.decode(text, type=list[RawTurn])
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise refusal_of(error) from error


def _decode(line: bytes, context: ReadContext) -> NativeContact:
    try:
        return _PLAIN.decode(line)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return _decode_known(line, context)


def _decode_known(line: bytes, context: ReadContext) -> NativeContact:
    try:
        return _KNOWN.decode(line)
    except msgspec.ValidationError as error:
        if "unknown field" not in str(error):
            raise refusal_of(error) from error
    except UnicodeDecodeError:
        text = to_text(line, context.settings.encoding)
        if text is None:
            raise Refused("encoding") from None
        return _decode_known(text.encode(), context)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        if line.startswith(BOM_UTF8):  # where files were joined
            return _decode_known(line[len(BOM_UTF8) :], context)
        raise refusal_of(error) from error
    return _with_unknown_keys(line, context)


def _with_unknown_keys(line: bytes, context: ReadContext) -> NativeContact:
    try:
        native = _ANY.decode(line)
        keys = _KEYS.decode(line)
        for turn in _TURN_KEYS.decode(keys["turns"]):
            for key in turn.keys() - set(RawTurn.__struct_fields__):
                context.stats.count_unknown(key)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise refusal_of(error) from error
    for key in keys.keys() - set(NativeContact.__struct_fields__):
        context.stats.count_unknown(key)
    return native


def refusal_of(error: Exception) -> Refused:
    """The code for what msgspec says, with the place in our own field names and never a value."""
    said = str(error)
    where = _WHERE.search(said)
    detail = f"At {where[1]}." if where else ""
    if isinstance(error, RecursionError):
        return Refused("too_deep")
    if isinstance(error, UnicodeError):
        return Refused("encoding")
    if not isinstance(error, msgspec.ValidationError):
        return Refused("bad_json")
    if "missing required field" in said:
        name = re.search(r"field `(\w{1,40})`", said)
        return Refused(
            "missing_field", f"{name[1] if name else 'A field'}{' ' + detail[:-1].lower() if detail else ''}."
        )
    if not where and said.startswith("Expected `object`"):
        return Refused("not_an_object")
    return Refused("wrong_type", detail)


def _is_document(head: bytes) -> bool:
    """Whether objects span lines (an array, or pretty-printed); a broken first line is not taken for that."""
    text = head.lstrip()
    if text.startswith(b"["):
        return True
    first, _, rest = text.partition(b"\n")
    if first.strip() == b"{":
        return True
    following = rest.lstrip(b"\r\n")[:1]
    return following in (b" ", b"\t", b'"') and not is_json(first)


FORMAT: Final = Format("native_jsonl", "native JSON, one object a line or an array of objects", True, recognise, read)
