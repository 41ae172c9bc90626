"""Transcript bodies within vCons. Their shape is the vendor's: Deepgram, Whisper, AssemblyAI, WTF, plain lists, text.

Of all lists that a body holds, the one that names its speakers and tells its times is read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from analyzer.ingest.formats.vcon_pieces import Fields, Piece, fields_of, first_of, labels_of, pieces_of
from analyzer.ingest.formats.vcon_text import labelled, paragraphs, timed_text
from analyzer.ingest.formats.vcon_words import are_words, pieces_of_words, with_speakers, words_of_results

_LISTS: Final = (
    "utterances", "segments", "turns", "messages", "entries", "dialog", "dialogue", "conversation", "sentences",
    "phrases", "recognizedphrases", "audiosegments", "monologues", "transcript", "transcripts", "transcription",
    "lines", "speechsegments", "paragraphs", "results", "items",
)  # fmt: skip
_NESTS: Final = (
    "results", "result", "transcript", "transcription", "wtftranscription", "response", "data", "output", "paragraphs",
    "conversation", "content",
)  # fmt: skip
_STRINGS: Final = ("transcript", "text", "body", "content", "diarized", "transcription")
_TABLES: Final = ("speakers", "participants", "parties", "speakerlabels")
_LANGUAGES: Final = ("detectedlanguage", "language", "languagecode")
# Numbers of these are voices or channels, never parties.
_RECOGNIZERS: Final = (
    "deepgram", "whisper", "openai", "groq", "assembly", "google", "speechmatics", "azure", "microsoft", "aws",
    "amazon", "rev", "gladia", "nvidia", "pyannote", "vosk", "elevenlabs", "faster", "ibm", "watson",
)  # fmt: skip
_IN_MS: Final = ("assembly",)
_DEPTH: Final = 4


@dataclass(frozen=True, slots=True)
class Transcript:
    """``by_party``: numbers in it are indexes of parties. ``alternates``: paragraphs that name nobody."""

    pieces: list[Piece]
    language: str | None = None
    by_party: bool = False
    alternates: bool = False

    @property
    def rank(self) -> tuple[bool, bool]:
        """More is better: names speakers, has times."""
        return _rank(self.pieces)


def transcript_of(body: Any, vendor: str, names: Collection[str] = ()) -> Transcript:
    """What an unpacked body holds; without pieces where its shape is unknown. ``names``, case folded, may label."""
    if isinstance(body, str):
        return _of_text(body, names)
    known = any(word in vendor.casefold() for word in _RECOGNIZERS)
    if isinstance(body, list):
        if body and all(isinstance(line, str) for line in body):
            return _of_text("\n".join(body), names)
        return Transcript(_of_list(body, 1.0), by_party=not known)
    if not isinstance(body, Mapping):
        return Transcript([])
    fields = fields_of(body)
    scale = 0.001 if any(word in vendor.casefold() for word in _IN_MS) else 1.0
    language = _language(fields)
    found = [pieces for pieces in _candidates(fields, scale, _DEPTH) if pieces]
    best = max(found, key=_rank, default=[])
    if _rank(best)[0]:
        return Transcript(best, language)
    told = [_of_text(text, names) for key in _STRINGS if isinstance(text := fields.get(key), str) and text.strip()]
    if told and (not best or told[0].rank[0]):
        return replace(told[0], language=language)
    return Transcript(best, language)


def _of_text(text: str, names: Collection[str]) -> Transcript:
    """Subtitles, lines with a label, or paragraphs: two people taking turns."""
    if (pieces := timed_text(text, names)) or (pieces := labelled(text, names)):
        return Transcript(pieces)
    if not text.strip():
        return Transcript([])
    told = paragraphs(text, names)
    return Transcript([Piece(None, paragraph) for paragraph in told or [text]], alternates=len(told) > 1)


def _candidates(fields: Fields, scale: float, depth: int) -> Iterator[list[Piece]]:
    """What each list within tells, the most promising first."""
    if isinstance(channels := fields.get("channels"), list):
        yield _of_channels(channels, scale)
    labels = {label: name for key in _TABLES for label, name in labels_of(fields.get(key)).items()}
    for key in _LISTS:
        if isinstance(items := fields.get(key), list):
            yield _renamed(_of_list(items, scale, fields), labels)
    for key in _NESTS:
        if depth and isinstance(inner := fields.get(key), Mapping):
            for pieces in _candidates(fields_of(inner), scale, depth - 1):
                yield _renamed(pieces, labels)
    yield _renamed(pieces_of_words(fields.get("words"), scale), labels)


def _of_list(items: Sequence[Any], scale: float, beside: Fields | None = None) -> list[Piece]:
    if are_words(items):
        labels = (beside or {}).get("speakerlabels")
        segments = labels.get("segments") if isinstance(labels, Mapping) else None
        return pieces_of_words(with_speakers(items, segments), scale)
    pieces = pieces_of(items, scale)
    if _voices(pieces) < 2 and (words := words_of_results(items)):
        found = pieces_of_words(words, scale)
        return found if _voices(found) > _voices(pieces) else pieces
    return pieces


def _voices(pieces: Sequence[Piece]) -> int:
    return len({piece.who for piece in pieces if piece.who is not None})


def _of_channels(channels: Sequence[Any], scale: float) -> list[Piece]:
    """Deepgram: the first alternative of each channel; with several, the channel is who speaks."""
    found: list[Piece] = []
    for number, channel in enumerate(channels):
        alternatives = channel.get("alternatives") if isinstance(channel, Mapping) else None
        first = alternatives[0] if isinstance(alternatives, list) and alternatives else None
        if not isinstance(first, Mapping):
            continue
        fields = fields_of(first)
        if len(channels) == 1:
            return max(_candidates(fields, scale, 1), key=_rank, default=[])
        inner = fields.get("paragraphs")
        items = inner.get("paragraphs") if isinstance(inner, Mapping) else None
        pieces = pieces_of(items, scale) if isinstance(items, list) else []
        pieces = pieces or pieces_of_words(fields.get("words"), scale, named=False)
        found += [replace(piece, who=number, channel=True, party=False) for piece in pieces]
    return sorted(found, key=lambda piece: piece.start if isinstance(piece.start, float) else 0.0)


def _renamed(pieces: list[Piece], labels: Mapping[str, str]) -> list[Piece]:
    """Numbers and ids replaced by the labels that a table of speakers gives them."""
    if not labels:
        return pieces
    return [
        replace(piece, who=labels[str(piece.who)], channel=False, party=False) if str(piece.who) in labels else piece
        for piece in pieces
    ]


def _rank(pieces: Sequence[Piece]) -> tuple[bool, bool]:
    named = bool(pieces) and all(piece.who is not None for piece in pieces)
    return named, bool(pieces) and all(piece.start is not None for piece in pieces)


def _language(fields: Fields) -> str | None:
    for told in (fields.get("transcript"), fields.get("metadata")):
        if isinstance(told, Mapping) and (language := _word(first_of(fields_of(told), _LANGUAGES))):
            return language
    return _word(first_of(fields, _LANGUAGES))


def _word(value: Any) -> str | None:
    return value if isinstance(value, str) and value.strip() else None
