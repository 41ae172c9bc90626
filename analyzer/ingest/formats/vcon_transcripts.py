"""Transcript bodies within vCons. Their shape is the vendor's: Deepgram, Whisper, AssemblyAI, WTF, plain lists, text.

Each becomes pieces: who (a label, a number, or nobody), what, and seconds from the dialog's start.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from analyzer.ingest.reject_codes import Refused
from analyzer.ingest.speaker_labels import label_and_rest, speaker_labels

_TEXT: Final = ("text", "transcript", "content", "message", "body", "utterance", "value")
_WHO: Final = ("speaker", "speaker_id", "speaker_label", "party", "participant", "role", "channel", "name")
_START: Final = ("start", "start_time", "begin", "offset", "ts")
_END: Final = ("end", "end_time", "stop", "end_ts")
_START_MS: Final = ("start_ms", "startMs", "begin_ms", "offset_ms")
_END_MS: Final = ("end_ms", "endMs")
_LISTS: Final = ("utterances", "segments", "turns", "messages", "entries", "dialog", "sentences")
_DEPTH: Final = 4


@dataclass(frozen=True, slots=True)
class Piece:
    """``channel``: ``who`` numbers a channel of the recording, not a voice."""

    who: str | int | None
    text: str
    start_s: float | None = None
    end_s: float | None = None
    channel: bool = False


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
        named = bool(self.pieces) and all(piece.who is not None for piece in self.pieces)
        return named, bool(self.pieces) and all(piece.start_s is not None for piece in self.pieces)


def unpacked(body: Any, encoding: str | None) -> Any:
    """The body decoded: base64url and JSON in a string where its encoding, or its first sign, says so."""
    if isinstance(body, str) and encoding == "base64url":
        try:
            padded = body.strip() + "=" * (-len(body.strip()) % 4)
            body = base64.b64decode(padded, altchars=b"-_", validate=True).decode()
        except (binascii.Error, ValueError) as error:
            raise Refused("encoding", "A body in base64url.") from error
    if isinstance(body, str) and body.lstrip()[:1] in ("{", "["):
        try:
            return msgspec.json.decode(body)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            return body
    return body


def transcript_of(body: Any, vendor: str, names: Collection[str] = ()) -> Transcript:
    """What an unpacked body holds; without pieces where its shape is unknown. ``names``, case folded, may label."""
    if isinstance(body, str):
        return _of_text(body, names)
    if isinstance(body, list):
        return Transcript(list(_of_items(body, 1.0)), by_party=True)
    if not isinstance(body, Mapping):
        return Transcript([])
    scale = 0.001 if "assembly" in vendor.casefold() else 1.0
    language = next((body[key] for key in ("detected_language", "language", "language_code") if key in body), None)
    pieces = _of_mapping(body, scale, _DEPTH)
    inner = body.get("transcript")
    if not pieces and isinstance(inner, str):
        found = _of_text(inner, names)
        return Transcript(found.pieces, _word(language), alternates=found.alternates)
    if isinstance(inner, Mapping):
        language = inner.get("language", language)
    return Transcript(pieces, _word(language))


def _of_mapping(body: Mapping[str, Any], scale: float, depth: int) -> list[Piece]:
    for key in _LISTS:
        if isinstance(items := body.get(key), list) and (pieces := list(_of_items(items, scale))):
            return _named(pieces, body.get("speakers"))
    channels = body.get("channels")
    if isinstance(channels, list):
        return _of_channels(channels, scale)
    if isinstance(paragraphs := body.get("paragraphs"), Mapping) and isinstance(paragraphs.get("paragraphs"), list):
        pieces = list(_of_items(paragraphs["paragraphs"], scale))
        if pieces and all(piece.who is not None for piece in pieces):
            return pieces
    if isinstance(words := body.get("words"), list) and (pieces := _of_words(words, scale)):
        return pieces
    for key in ("results", "result", "transcript", "wtf_transcription"):
        if depth and isinstance(inner := body.get(key), Mapping) and (pieces := _of_mapping(inner, scale, depth - 1)):
            return pieces
    return []


def _of_channels(channels: Sequence[Any], scale: float) -> list[Piece]:
    """Deepgram: the first alternative of each channel; with several, the channel is who speaks."""
    found: list[Piece] = []
    for number, channel in enumerate(channels):
        alternatives = channel.get("alternatives") if isinstance(channel, Mapping) else None
        first = alternatives[0] if isinstance(alternatives, list) and alternatives else None
        if not isinstance(first, Mapping):
            continue
        if len(channels) == 1:
            return _of_mapping(first, scale, 0)
        paragraphs = first.get("paragraphs")
        items = paragraphs.get("paragraphs") if isinstance(paragraphs, Mapping) else None
        pieces = _of_items(items, scale) if isinstance(items, list) else _of_words(first.get("words"), scale, False)
        found += [Piece(number, piece.text, piece.start_s, piece.end_s, channel=True) for piece in pieces]
    return sorted(found, key=lambda piece: piece.start_s or 0.0)


def _of_items(items: Iterable[Any], scale: float) -> Iterator[Piece]:
    for item in items:
        if not isinstance(item, Mapping):
            continue
        text = next((item[key] for key in _TEXT if isinstance(item.get(key), str)), None)
        if text is None and isinstance(sentences := item.get("sentences"), list):
            text = " ".join(sentence["text"] for sentence in sentences if _has_text(sentence))
        if text is None or not text.strip():
            continue
        start, end = _seconds(item, _START, _START_MS, scale), _seconds(item, _END, _END_MS, scale)
        if end is None and start is not None and (length := _number(item.get("duration"))) is not None:
            end = start + length * scale
        yield Piece(_who(item), text, start, end)


def _of_words(words: Any, scale: float, named: bool = True) -> list[Piece]:
    """Words joined while the speaker stays; none where ``named`` and some word has no speaker."""
    runs: list[list[Mapping[str, Any]]] = []
    for word in words if isinstance(words, list) else ():
        if not isinstance(word, Mapping) or (named and _who(word) is None):
            return []
        if runs and (not named or _who(runs[-1][-1]) == _who(word)):
            runs[-1].append(word)
        else:
            runs.append([word])
    return [
        Piece(
            _who(run[0]), " ".join(filter(None, map(_spelled, run))),
            _seconds(run[0], _START, _START_MS, scale), _seconds(run[-1], _END, _END_MS, scale),
        )
        for run in runs
    ]  # fmt: skip


def _of_text(text: str, names: Collection[str]) -> Transcript:
    """Lines with a label, else paragraphs: two people taking turns."""
    lines = [line for line in text.split("\n") if line.strip()]
    labels = speaker_labels(lines, names)
    if 1 < len(labels) <= 8 and (found := label_and_rest(lines[0])) and found[0] in labels:
        return Transcript(list(_of_lines(lines, labels)))
    paragraphs = [paragraph.strip() for paragraph in re.split(r"\n\s*\n", text) if paragraph.strip()]
    return Transcript([Piece(None, paragraph) for paragraph in paragraphs], alternates=len(paragraphs) > 1)


def _of_lines(lines: Sequence[str], labels: frozenset[str]) -> Iterator[Piece]:
    who, said = "", [""]
    for line in lines:
        found = label_and_rest(line)
        if found is None or found[0] not in labels:
            said.append(line.strip())
            continue
        if who:
            yield Piece(who, "\n".join(said))
        who, said = found[0], [found[1].strip()]
    yield Piece(who, "\n".join(said))


def _named(pieces: list[Piece], speakers: Any) -> list[Piece]:
    """Numbers replaced by the labels that a table of speakers gives them."""
    if not isinstance(speakers, Mapping):
        return pieces
    labels = {key: entry.get("label") for key, entry in speakers.items() if isinstance(entry, Mapping)}
    return [
        Piece(label, piece.text, piece.start_s, piece.end_s)
        if isinstance(label := labels.get(str(piece.who)), str) and label.strip()
        else piece
        for piece in pieces
    ]


def _who(item: Mapping[str, Any]) -> str | int | None:
    value = next((item[key] for key in _WHO if item.get(key) is not None), None)
    if isinstance(value, str):
        return int(value) if value.isdecimal() and len(value) < 6 else value.strip() or None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _seconds(item: Mapping[str, Any], keys: Sequence[str], keys_ms: Sequence[str], scale: float) -> float | None:
    for key, unit in (*((key, scale) for key in keys), *((key, 0.001) for key in keys_ms)):
        if (number := _number(item.get(key))) is not None:
            return number * unit
    return None


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e12:
        return None
    return float(value)


def _spelled(word: Mapping[str, Any]) -> str | None:
    value = next((word[key] for key in ("punctuated_word", "word", "text") if isinstance(word.get(key), str)), None)
    return value.strip() if value else None


def _has_text(sentence: Any) -> bool:
    return isinstance(sentence, Mapping) and isinstance(sentence.get("text"), str)


def _word(value: Any) -> str | None:
    return value if isinstance(value, str) and value.strip() else None
