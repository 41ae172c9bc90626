"""Google Speech-to-Text v1 and v2: results with words; speakers are tags or channels, and words must tell their roles.

With diarisation v1's last result repeats all words, now with speaker tags: it alone is read then. Newer models tag the
words of each result and repeat nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

import msgspec

from analyzer.ingest.formats.amazon_voice import call_span
from analyzer.ingest.formats.base import Format, Guess, Read
from analyzer.ingest.formats.documents import Document, best_guess, count_unknown_keys, read_documents
from analyzer.ingest.formats.google_times import Duration, milliseconds_of
from analyzer.ingest.formats.key_case import camel_document, guess_either_case
from analyzer.ingest.formats.turn_order import by_start
from analyzer.ingest.raw import Facts, RawContact, RawTurn, ReadContext
from analyzer.ingest.reject_codes import Refused
from analyzer.ingest.roles import with_roles
from analyzer.ingest.stream import Stream


class _Word(msgspec.Struct, frozen=True, rename="camel"):
    word: str
    start_time: Duration = None
    end_time: Duration = None
    start_offset: Duration = None  # as v2 calls them
    end_offset: Duration = None
    speaker_tag: int | None = None
    speaker_label: str | None = None

    @property
    def speaker(self) -> str | None:
        return self.speaker_label or (str(self.speaker_tag) if self.speaker_tag else None)

    @property
    def start_ms(self) -> int | None:
        """A word that has an end and no start begins with the recording: zeros may be left out."""
        start = milliseconds_of(_either(self.start_time, self.start_offset), "startTime")
        return 0 if start is None and self.end_ms is not None else start

    @property
    def end_ms(self) -> int | None:
        return milliseconds_of(_either(self.end_time, self.end_offset), "endTime")


class _Alternative(msgspec.Struct, frozen=True, rename="camel"):
    transcript: str | None = None
    words: list[_Word] | None = None


class _Result(msgspec.Struct, frozen=True, rename="camel"):
    alternatives: list[_Alternative] | None = None
    channel_tag: int | None = None
    result_end_time: Duration = None
    result_end_offset: Duration = None
    language_code: str | None = None


class _Response(msgspec.Struct, frozen=True, rename="camel"):
    results: list[_Result] | None = None


class SpeechResult(_Response, frozen=True, rename="camel"):
    """A recognition response, or the finished operation that wraps it."""

    response: _Response | None = None
    name: str | None = None


def recognise(head: bytes, name: str) -> Guess:
    del name
    guesses = (
        guess_either_case(
            head, ("results", "alternatives", key), 0.9, none_of=("channels", "ConversationAnalytics", "speaker_labels")
        )
        for key in ("resultEndTime", "resultEndOffset", "channelTag", "speakerTag", "speakerLabel")
    )
    return best_guess(guesses, "no results with alternatives of Speech-to-Text")


def read(stream: Stream, context: ReadContext) -> Read:
    yield from read_documents(stream, context, _contact)


def _contact(document: Document, context: ReadContext) -> RawContact:
    told = camel_document(document, SpeechResult, context)
    count_unknown_keys(document, SpeechResult, context)
    results = told.results if told.results is not None else told.response.results if told.response else None
    if results is None:
        raise Refused("missing_field", "results.")
    best = [_Best(result, result.alternatives[0]) for result in results if result.alternatives]
    tagged = _tagged_words(best)
    turns = list(_by_speaker(tagged)) if tagged else _by_channel(best)
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


def _tagged_words(best: Sequence[_Best]) -> Sequence[_Word]:
    """All words with speakers, once: those of the last result where it repeats the others, else of each."""
    tagged = [one.words for one in best if any(word.speaker for word in one.words)]
    if not tagged:
        return ()
    first, last = tagged[0][0].end_ms, tagged[-1][0].end_ms
    repeats = len(tagged) == 1 or first is None or last is None or last <= first
    return tagged[-1] if repeats else [word for words in tagged for word in words if word.speaker]


def _by_speaker(words: Sequence[_Word]) -> Iterator[RawTurn]:
    for speaker, run in groupby(words, key=lambda word: word.speaker):
        own = list(run)
        yield _turn(f"speaker {speaker}", " ".join(word.word for word in own), own)


def _by_channel(best: Sequence[_Best]) -> list[RawTurn]:
    """A turn a result, in order of time: results of several channels are not merged by the source."""
    turns = [_turn(f"channel {one.result.channel_tag}", one.told.transcript or "", one.words) for one in best]
    ends = [
        milliseconds_of(_either(one.result.result_end_time, one.result.result_end_offset), "resultEndTime")
        for one in best
    ]
    timed = [
        turn if turn.end_ms is not None else msgspec.structs.replace(turn, end_ms=end)
        for turn, end in zip(turns, ends, strict=True)
    ]
    if any(turn.start_ms is None for turn in timed) and all(turn.end_ms is not None for turn in timed):
        return sorted(timed, key=lambda turn: turn.end_ms or 0)
    return by_start(timed)


def _turn(label: str, text: str, words: Sequence[_Word]) -> RawTurn:
    return RawTurn(label, text, None, words[0].start_ms if words else None, words[-1].end_ms if words else None)


def _either(v1: Duration, v2: Duration) -> Duration:
    return v2 if v1 is None else v1


FORMAT: Final = Format("google_speech", "Google Speech-to-Text v1 and v2 results", False, recognise, read)
