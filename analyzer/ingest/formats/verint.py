"""Verint: the word list of an Interaction Analytics export, and of a Verba ``.vtr``. One JSON, one interaction.

Words of one speaker in a row are a turn. Words both say at once ("simultaneous") go with whoever was speaking. The
export names each file by the call's transaction id, which is the contact's id here. Verba tells seconds and numbers its
speakers; Interaction Analytics tells milliseconds and roles.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from analyzer.ingest.formats.base import Format, Guess, Read
from analyzer.ingest.formats.documents import (
    Document,
    count_unknown_keys,
    decoded,
    guess_json,
    read_documents,
    stem_of,
)
from analyzer.ingest.formats.native_jsonl import refusal_of
from analyzer.ingest.raw import Facts, RawContact, RawTurn, ReadContext
from analyzer.ingest.reject_codes import Refused
from analyzer.ingest.roles import with_roles
from analyzer.ingest.stream import Stream
from analyzer.ingest.values import number_or_none

_BOTH: Final = "simultaneous"


class _Word(msgspec.Struct, frozen=True):
    """``w sp s e p`` of Interaction Analytics (ms); ``word speaker time duration`` of Verba (seconds)."""

    w: str | None = None
    sp: str | int | None = None
    s: float | str | None = None
    e: float | str | None = None
    p: float | str | None = None
    word: str | None = None
    speaker: str | int | None = None
    time: float | str | None = None
    duration: float | str | None = None

    @property
    def spoken(self) -> str:
        return (self.w or self.word or "").strip()

    @property
    def who(self) -> str:
        return str(self.sp if self.sp is not None else self.speaker if self.speaker is not None else "").strip()

    @property
    def start_ms(self) -> float | None:
        told, time = _number(self.s, "s"), _number(self.time, "time")
        return told if told is not None else None if time is None else time * 1000

    @property
    def end_ms(self) -> float | None:
        told, time = _number(self.e, "e"), _number(self.time, "time")
        if told is not None or time is None:
            return told
        return (time + (_number(self.duration, "duration") or 0.0)) * 1000


class _Export(msgspec.Struct, frozen=True):
    """The views of one interaction; how the word list is wrapped is not documented."""

    transcript_detailed: Any = None
    words: Any = None
    plainText: Any = None
    plainTextTime: Any = None


_EXPORT: Final = msgspec.json.Decoder(_Export)
_ANY: Final = msgspec.json.Decoder(dict[str, Any])
_WORDS: Final = msgspec.json.Decoder(list[_Word])


def recognise(head: bytes, name: str) -> Guess:
    del name
    return max(
        guess_json(head, ("transcript_detailed",), 0.97),
        guess_json(head, ("w", "sp", "s", "e"), 0.95),
        guess_json(head, ("w", "sp", "p"), 0.95),
        guess_json(head, ("word", "speaker", "time", "duration"), 0.9),
        key=lambda guess: guess.probability,
    )


def read(stream: Stream, context: ReadContext) -> Read:
    yield from read_documents(stream, context, _contact, whole=True)


def _contact(document: Document, context: ReadContext) -> RawContact:
    if document.raw.lstrip().startswith(b"["):
        words = decoded(document, _WORDS, context)
    else:
        export = decoded(document, _EXPORT, context)
        count_unknown_keys(document, _Export, context)
        told = export.transcript_detailed if export.transcript_detailed is not None else export.words
        words = _converted(told if told is not None else _wrapped(decoded(document, _ANY, context)))
    turns = _turns(_in_order([word for word in words if word.spoken]))
    if not turns:
        raise Refused("no_turns")
    alone = document.position == 0
    return RawContact(
        position=document.position,
        turns=with_roles(turns, context.settings.min_role_probability),
        facts=Facts(channel="voice"),
        source_id=stem_of(context) if alone else None,
        file_id=stem_of(context) if alone else f"{stem_of(context)}#{document.position}",
        raw=document.raw,
    )


def _wrapped(export: dict[str, Any]) -> Any:
    """The one word list that stands deeper; raises Refused where there are none or several."""
    inner = [value for value in export.values() if isinstance(value, dict)]
    lists = [each["transcript_detailed"] for each in inner if "transcript_detailed" in each]
    if len(lists) != 1:
        raise Refused("missing_field", "transcript_detailed.")
    return lists[0]


def _converted(words: Any) -> list[_Word]:
    if isinstance(words, dict):  # the list once more wrapped, under whatever name
        words = next((value for value in words.values() if isinstance(value, list)), words)
    try:
        return msgspec.convert(words, list[_Word])
    except (msgspec.ValidationError, RecursionError) as error:
        raise refusal_of(error) from error


def _number(value: float | str | None, field: str) -> float | None:
    return number_or_none(value, field, -1e12, 1e12)


def _in_order(words: Sequence[_Word]) -> Sequence[_Word]:
    """By time where all have one, else by position, else as they come."""
    if all(word.start_ms is not None for word in words):
        return sorted(words, key=lambda word: word.start_ms or 0.0)
    if all(word.p is not None for word in words):
        return sorted(words, key=lambda word: _number(word.p, "p") or 0.0)
    return words


def _turns(words: Sequence[_Word]) -> list[RawTurn]:
    first = next((word.who for word in words if word.who and word.who.casefold() != _BOTH), None)
    if first is None:
        if words:
            raise Refused("roles_unclear", "No word names a speaker.")
        return []
    turns: list[tuple[str, list[_Word]]] = []
    speaker = first
    for word in words:
        speaker = word.who if word.who and word.who.casefold() != _BOTH else speaker
        if turns and turns[-1][0] == speaker:
            turns[-1][1].append(word)
        else:
            turns.append((speaker, [word]))
    return [_turn(speaker, said) for speaker, said in turns]


def _turn(speaker: str, words: Sequence[_Word]) -> RawTurn:
    if any(word.start_ms is not None and word.end_ms is not None and word.end_ms < word.start_ms for word in words):
        raise Refused("turn_times", "A word ends before it starts.")
    starts = [word.start_ms for word in words if word.start_ms is not None]
    ends = [word.end_ms for word in words if word.end_ms is not None]
    text = " ".join(word.spoken for word in words)
    return RawTurn(speaker, text, None, min(starts, default=None), max(ends, default=None))


FORMAT: Final = Format("verint", "Verint word lists: Interaction Analytics export, Verba .vtr", False, recognise, read)
