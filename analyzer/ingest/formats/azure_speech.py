"""Azure Speech to text: results of batch transcription (``recognizedPhrases``) and of fast transcription (``phrases``).

The phrases of two channels are not merged in time, so they are put in order here. Neither knows roles: they are
inferred from the words. ``timestamp`` is when the transcription was made, never when the call was.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import unquote, urlsplit

import msgspec

from analyzer.ingest.formats.base import Format, Guess, Read
from analyzer.ingest.formats.documents import (
    Document,
    best_guess,
    count_unknown_keys,
    decoded,
    guess_json,
    read_documents,
)
from analyzer.ingest.formats.pages import keys_of
from analyzer.ingest.formats.turn_order import by_start
from analyzer.ingest.raw import Facts, RawContact, RawTurn, ReadContext
from analyzer.ingest.reject_codes import Refused
from analyzer.ingest.roles import with_roles
from analyzer.ingest.stream import Stream
from analyzer.ingest.values import number_or_none

_TICKS_PER_MS: Final = 10_000
_ISO_DURATION: Final = re.compile(r"PT(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,9}(?:\.\d{1,9})?)S)?")

Number = int | float | str | None


class _Heard(msgspec.Struct, frozen=True):
    display: str | None = None
    itn: str | None = None
    lexical: str | None = None


class _BatchPhrase(msgspec.Struct, frozen=True, rename="camel"):
    recognition_status: str | None = None
    channel: int | None = None
    speaker: int | None = None
    offset: str | None = None
    duration: str | None = None
    offset_in_ticks: Number = None
    duration_in_ticks: Number = None
    offset_milliseconds: Number = None
    duration_milliseconds: Number = None
    n_best: list[_Heard] | None = None
    locale: str | None = None


class AzureBatch(msgspec.Struct, frozen=True, rename="camel"):
    """A result file of batch transcription."""

    recognized_phrases: list[_BatchPhrase]
    source: str | None = None
    duration_in_ticks: Number = None
    duration: str | None = None


class _FastPhrase(msgspec.Struct, frozen=True, rename="camel"):
    text: str
    channel: int | None = None
    speaker: int | None = None
    offset_milliseconds: Number = None
    duration_milliseconds: Number = None
    offset: Number = None
    duration: Number = None
    locale: str | None = None


class AzureFast(msgspec.Struct, frozen=True, rename="camel"):
    """An answer of fast transcription; the first version wrote ``offset`` and ``duration``, in ms too."""

    phrases: list[_FastPhrase]
    duration_milliseconds: Number = None
    duration: Number = None


_BATCH: Final = msgspec.json.Decoder(AzureBatch, strict=False)
_FAST: Final = msgspec.json.Decoder(AzureFast, strict=False)


def recognise(head: bytes, name: str) -> Guess:
    del name
    signs = (
        (("combinedRecognizedPhrases",), 0.99),
        (("recognizedPhrases", "nBest"), 0.99),
        (("combinedPhrases",), 0.99),
        (("phrases", "offsetMilliseconds"), 0.98),
    )
    guesses = (guess_json(head, keys, probability) for keys, probability in signs)
    return best_guess(guesses, "no recognizedPhrases or phrases with offsetMilliseconds")


def read(stream: Stream, context: ReadContext) -> Read:
    yield from read_documents(stream, context, _contact)


def _contact(document: Document, context: ReadContext) -> RawContact:
    source = None
    if "recognizedPhrases" in keys_of(document.raw):
        batch = decoded(document, _BATCH, context)
        count_unknown_keys(document, AzureBatch, context)
        source, locales = batch.source, [phrase.locale for phrase in batch.recognized_phrases]
        turns = list(_batch_turns(batch.recognized_phrases, context))
    else:
        fast = decoded(document, _FAST, context)
        count_unknown_keys(document, AzureFast, context)
        locales = [phrase.locale for phrase in fast.phrases]
        turns = [_fast_turn(phrase, _by_channel(fast.phrases)) for phrase in fast.phrases]
    return RawContact(
        position=document.position,
        turns=with_roles(by_start(turns), context.settings.min_role_probability),
        facts=Facts(channel="voice", language=_most_frequent(locales)),
        source_id=_recording(source),
        file_id=(_recording(source) or "").rpartition("/")[2] or None,
        raw=document.raw,
    )


def _batch_turns(phrases: Sequence[_BatchPhrase], context: ReadContext) -> Iterator[RawTurn]:
    by_channel = _by_channel(phrases)
    for phrase in phrases:
        best = phrase.n_best[0] if phrase.n_best else _Heard()
        text = best.display or best.itn or best.lexical
        if not text or (phrase.recognition_status or "Success") != "Success":
            context.stats.left_out["no_text"] += 1
            continue
        start = _ticks(phrase.offset_in_ticks, "offset", phrase.offset, phrase.offset_milliseconds)
        length = _ticks(phrase.duration_in_ticks, "duration", phrase.duration, phrase.duration_milliseconds)
        yield RawTurn(_label(phrase, by_channel), text, None, start, _end(start, length))


def _fast_turn(phrase: _FastPhrase, by_channel: bool) -> RawTurn:
    start = number_or_none(_first(phrase.offset_milliseconds, phrase.offset), "offsetMilliseconds")
    length = number_or_none(_first(phrase.duration_milliseconds, phrase.duration), "durationMilliseconds")
    return RawTurn(_label(phrase, by_channel), phrase.text, None, start, _end(start, length))


def _by_channel(phrases: Sequence[_BatchPhrase] | Sequence[_FastPhrase]) -> bool:
    """Whether channels tell the speakers apart; in a recording of one channel only the diarisation does."""
    return len({phrase.channel for phrase in phrases} - {None}) > 1


def _label(phrase: _BatchPhrase | _FastPhrase, by_channel: bool) -> str:
    if by_channel:
        return f"channel {phrase.channel}"
    return "speaker" if phrase.speaker is None else f"speaker {phrase.speaker}"


def _ticks(ticks: Number, field: str, iso: str | None, ms: Number) -> float | None:
    """Milliseconds of ticks (100 ns), else of an ISO 8601 duration, else as they are."""
    number = number_or_none(ticks, field, 0, 1e15)
    if number is not None:
        return number / _TICKS_PER_MS
    if not iso:
        return number_or_none(ms, field, 0, 1e12)
    match = _ISO_DURATION.fullmatch(iso.strip())
    if match is None:
        raise Refused("unreadable_time", f"{field}.")
    hours, minutes, seconds = (float(part or 0) for part in match.groups())
    return ((hours * 60 + minutes) * 60 + seconds) * 1000


def _end(start: float | None, length: float | None) -> float | None:
    return None if start is None or length is None else start + length


def _first(new: Number, old: Number) -> Number:
    return old if new is None else new


def _most_frequent(locales: Sequence[str | None]) -> str | None:
    told = [locale for locale in locales if locale]
    return max(dict.fromkeys(told), key=told.count) if told else None


def _recording(source: str | None) -> str | None:
    """Host and path of the recording, without what a signed address carries besides."""
    if not source:
        return None
    try:
        parts = urlsplit(source)
    except ValueError:
        return None
    return unquote(f"{parts.netloc}{parts.path}") or None


FORMAT: Final = Format("azure_speech", "Azure batch and fast transcription", False, recognise, read)
