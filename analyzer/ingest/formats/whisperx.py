"""WhisperX and Whisper JSON told apart by voice: segments in seconds, SPEAKER_00 and SPEAKER_01 in place of roles.

A segment without a speaker takes that of most of its words, else of both its neighbours where they agree. What is then
still nobody's stands as ``system``, or, where it is more than a tenth of the words, refuses the contact. Roles are told
by ``analyzer.ingest.roles``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from analyzer.ingest.formats.base import Format, Guess, Read
from analyzer.ingest.formats.documents import (
    Document,
    count_unknown_keys,
    decoded,
    guess_json,
    has_key,
    read_documents,
    stem_of,
)
from analyzer.ingest.raw import Facts, RawContact, RawTurn, ReadContext
from analyzer.ingest.reject_codes import Refused
from analyzer.ingest.roles import with_roles
from analyzer.ingest.stream import Stream

_MOST_UNNAMED: Final = 0.1
_NOBODY: Final = "system"


class _Word(msgspec.Struct, frozen=True):
    word: str = ""
    speaker: str | None = None


class _Segment(msgspec.Struct, frozen=True):
    text: str
    start: float | None = None
    end: float | None = None
    speaker: str | None = None
    words: list[_Word] | None = None


class _Transcript(msgspec.Struct, frozen=True):
    segments: list[_Segment]
    language: str | None = None
    word_segments: Any = None
    speaker_embeddings: Any = None
    text: str | None = None


_TRANSCRIPT: Final = msgspec.json.Decoder(_Transcript, strict=False)


def recognise(head: bytes, name: str) -> Guess:
    del name
    told = guess_json(head, ("segments", "start", "end"), 0.7, none_of=("turns", "vcon", "results"))
    aligned = has_key(head, "word_segments") or (has_key(head, "words") and has_key(head, "score"))
    if told.probability and aligned:
        return Guess(0.93, "JSON with segments of aligned words")
    return told if told.probability else guess_json(head, ("segments", "word_segments"), 0.6, none_of=("turns",))


def read(stream: Stream, context: ReadContext) -> Read:
    yield from read_documents(stream, context, _contact)


def _contact(document: Document, context: ReadContext) -> RawContact:
    transcript = decoded(document, _TRANSCRIPT, context)
    count_unknown_keys(document, _Transcript, context)
    segments = _in_order([segment for segment in transcript.segments if segment.text.strip()])
    speakers = _speakers(segments)
    if not segments:
        raise Refused("no_turns")
    if not any(speakers):
        raise Refused("roles_unclear", "No segment names a speaker.")
    unnamed = sum(len(segment.text) for segment, who in zip(segments, speakers, strict=True) if who is None)
    if unnamed > _MOST_UNNAMED * sum(len(segment.text) for segment in segments):
        raise Refused("roles_unclear", "More than a tenth of its words have no speaker.")
    turns = [
        RawTurn(who or _NOBODY, segment.text.strip(), None, _milliseconds(segment.start), _milliseconds(segment.end))
        for segment, who in zip(segments, speakers, strict=True)
    ]
    return RawContact(
        position=document.position,
        turns=with_roles(turns, context.settings.min_role_probability),
        facts=Facts(channel="voice", language=transcript.language),
        file_id=stem_of(context),
        raw=document.raw,
    )


def _in_order(segments: Sequence[_Segment]) -> list[_Segment]:
    """By start; a segment without one stays behind the segment before it."""
    last = 0.0
    starts = [last := segment.start if segment.start is not None else last for segment in segments]
    return [segments[place] for place in sorted(range(len(segments)), key=lambda place: (starts[place], place))]


def _speakers(segments: Sequence[_Segment]) -> list[str | None]:
    own = [_own_speaker(segment) for segment in segments]
    return [
        who or (own[place - 1] if 0 < place < len(own) - 1 and own[place - 1] == own[place + 1] else None)
        for place, who in enumerate(own)
    ]


def _own_speaker(segment: _Segment) -> str | None:
    if segment.speaker and not _is_nobody(segment.speaker):
        return segment.speaker.strip()
    said = Counter(word.speaker for word in segment.words or () if word.speaker and not _is_nobody(word.speaker))
    return said.most_common(1)[0][0] if said else None


def _is_nobody(label: str) -> bool:
    """Whether the diarisation says that it does not know."""
    return label.strip().casefold() in ("", "unknown", "none", "null", "speaker_unknown")


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000)


FORMAT: Final = Format("whisperx", "WhisperX JSON told apart by voice; roles by words", False, recognise, read)
