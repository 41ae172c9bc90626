"""Google Speech-to-Text v1: results with words; speakers are tags or channels without roles, which words must tell.

With diarisation the last result repeats all words, now with speaker tags: it alone is read then.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

import msgspec

from analyzer.ingest.formats.amazon_voice import call_span
from analyzer.ingest.formats.base import Format, Guess, Read
from analyzer.ingest.formats.documents import Document, count_unknown_keys, guess_json, read_documents
from analyzer.ingest.formats.google_json import Duration, google_document, milliseconds_of
from analyzer.ingest.raw import Facts, RawContact, RawTurn, ReadContext
from analyzer.ingest.reject_codes import Refused
from analyzer.ingest.roles import with_roles
from analyzer.ingest.stream import Stream


class _Word(msgspec.Struct, frozen=True, rename="camel"):
    word: str
    start_time: Duration = None
    end_time: Duration = None
    speaker_tag: int | None = None
    speaker_label: str | None = None

    @property
    def speaker(self) -> str | None:
        return self.speaker_label or (str(self.speaker_tag) if self.speaker_tag else None)


class _Alternative(msgspec.Struct, frozen=True, rename="camel"):
    transcript: str | None = None
    words: list[_Word] | None = None


class _Result(msgspec.Struct, frozen=True, rename="camel"):
    alternatives: list[_Alternative] | None = None
    channel_tag: int | None = None
    result_end_time: Duration = None
    language_code: str | None = None


class _Response(msgspec.Struct, frozen=True, rename="camel"):
    results: list[_Result] | None = None


class SpeechResult(_Response, frozen=True, rename="camel"):
    """A recognition response, or the finished operation that wraps it."""

    response: _Response | None = None
    name: str | None = None


def recognise(head: bytes, name: str) -> Guess:
    del name
    for key in ("resultEndTime", "result_end_time", "channelTag", "channel_tag", "speakerTag", "speaker_tag"):
        guess = guess_json(head, ("results", "alternatives", key), 0.9, none_of=("channels", "ConversationAnalytics"))
        if guess.probability:
            return guess
    return Guess(0.0, "no results with alternatives of Speech-to-Text")


def read(stream: Stream, context: ReadContext) -> Read:
    yield from read_documents(stream, context, _contact)


def _contact(document: Document, context: ReadContext) -> RawContact:
    told = google_document(document, SpeechResult, context)
    count_unknown_keys(document, SpeechResult, context)
    results = told.results if told.results is not None else told.response.results if told.response else None
    if results is None:
        raise Refused("missing_field", "results.")
    best = [_Best(result, result.alternatives[0]) for result in results if result.alternatives]
    tagged = next((one for one in reversed(best) if any(word.speaker for word in one.words)), None)
    turns = list(_by_speaker(tagged.words)) if tagged else _by_channel(best)
    started_at, _ = call_span(None, context.name)
    return RawContact(
        position=document.position,
        turns=with_roles(turns, context.settings.min_role_probability),
        facts=Facts(
            channel="voice",
            language=next((result.language_code for result in results if result.language_code), None),
            started_at=started_at,
        ),
        raw=document.raw,
    )


@dataclass(frozen=True, slots=True)
class _Best:
    """A result with the most probable of its alternatives."""

    result: _Result
    told: _Alternative

    @property
    def words(self) -> Sequence[_Word]:
        return self.told.words or ()


def _by_speaker(words: Sequence[_Word]) -> Iterator[RawTurn]:
    for speaker, run in groupby(words, key=lambda word: word.speaker):
        own = list(run)
        yield _turn(f"speaker {speaker}", " ".join(word.word for word in own), own)


def _by_channel(best: Sequence[_Best]) -> list[RawTurn]:
    """A turn a result, in order of time: results of several channels are not merged by the source."""
    timed = [
        (milliseconds_of(one.words[0].start_time if one.words else one.result.result_end_time, "startTime"), one)
        for one in best
    ]
    if all(at is not None for at, _ in timed):
        timed.sort(key=lambda pair: pair[0] or 0)
    return [_turn(f"channel {one.result.channel_tag}", one.told.transcript or "", one.words) for _, one in timed]


def _turn(label: str, text: str, words: Sequence[_Word]) -> RawTurn:
    start = milliseconds_of(words[0].start_time, "startTime") if words else None
    end = milliseconds_of(words[-1].end_time, "endTime") if words else None
    return RawTurn(label, text, None, start, end)


FORMAT: Final = Format("google_speech", "Google Speech-to-Text v1 results", False, recognise, read)
