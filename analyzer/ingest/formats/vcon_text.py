"""Transcripts within vCons that are text: subtitles, lines that begin with a speaker, paragraphs."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from analyzer.ingest.formats.cues import said_in
from analyzer.ingest.formats.plain_text import starts_of
from analyzer.ingest.formats.srt import begins_like_srt, srt_cues
from analyzer.ingest.formats.vcon_pieces import Piece
from analyzer.ingest.formats.webvtt import webvtt_cues
from analyzer.ingest.roles import role_of_label
from analyzer.ingest.speaker_labels import label_and_rest, speaker_labels

_STAMP: Final = r"(\d{1,2}:\d\d(?::\d\d)?(?:[.,]\d{1,3})?)"
_UNTIL: Final = r"(?:[ \t]{0,4}[-–>]{1,3}[ \t]{0,4}\d{1,2}:\d\d(?::\d\d)?(?:[.,]\d{1,3})?)?"
_BEFORE: Final = re.compile(rf"[ \t]{{0,8}}[\[(]?{_STAMP}{_UNTIL}[\])]?[ \t]{{0,4}}[-–]?[ \t]{{0,4}}(?=\S)")
_AFTER: Final = re.compile(rf"([^\n:\[\]()]{{1,60}}?)[ \t]{{0,4}}[\[(]?{_STAMP}{_UNTIL}[\])]?[ \t]{{0,4}}(:|$)")
_MOST_SPEAKERS: Final = 8
_MOST_HEADING_CHARS: Final = 80
_SENTENCE: Final = (".", "?", "!", "…")


@dataclass(frozen=True, slots=True)
class _Line:
    """``bare``: without ``stamp``, the time of a turn that may begin here."""

    told: str
    bare: str
    stamp: str | None


def timed_text(text: str, names: Collection[str]) -> list[Piece]:
    """Pieces of WebVTT or SRT, nothing for other text; a cue without a speaker goes on with the one before it."""
    start = text.lstrip("\ufeff \t\r\n")
    if start[:6] == "WEBVTT":
        cues = webvtt_cues(start.replace("\r\n", "\n"))
    elif begins_like_srt(start):
        cues = srt_cues(start.replace("\r\n", "\n"))
    else:
        return []
    pieces: list[Piece] = []
    for said in sorted(said_in(cues, names), key=lambda said: said.start_ms):
        who = said.label or (pieces[-1].who if pieces else None)
        if said.text:
            pieces.append(Piece(who, said.text, said.start_ms / 1000, said.end_ms / 1000))
    return pieces


def labelled(text: str, names: Collection[str], *, strict: bool = False) -> list[Piece]:
    """Lines with a label and those that go on below them; nothing where the text has no such form.

    ``strict``: only words for roles and ``names`` are labels, of two speakers at least, and the first line has one.
    """
    lines = [_line(line) for line in text.splitlines() if line.strip()]
    labels = speaker_labels((line.bare for line in lines), names)
    if strict:
        labels = frozenset(label for label in labels if role_of_label(label) or label.casefold() in names)
    first = next((place for place, line in enumerate(lines) if _label(line.bare) in labels), None)
    if first is None or len(labels) > _MOST_SPEAKERS or (strict and first):
        return []
    if not all(_is_heading(line.told) for line in lines[:first]) or (first and len(labels) == 1):
        return []
    if len(labels) == 1 and (strict or not role_of_label(next(iter(labels)))):
        return []
    pieces = list(_by_label(lines[first:], labels))
    return [] if strict and _is_form(pieces) else pieces


def paragraphs(text: str, names: Collection[str]) -> list[str]:
    """Paragraphs of a text that names nobody; none where some line begins with a role or a party's name."""
    if any(
        (label := _label(line)) and (role_of_label(label) or label.casefold() in names) for line in text.split("\n")
    ):
        return []
    return [paragraph.strip() for paragraph in re.split(r"\n\s*\n", text) if paragraph.strip()]


def _by_label(lines: Sequence[_Line], labels: frozenset[str]) -> Iterator[Piece]:
    parts: list[tuple[str, str | None, list[str]]] = []
    for line in lines:
        found = label_and_rest(line.bare)
        if found and found[0] in labels:
            parts.append((found[0], line.stamp, [found[1].strip()]))
        else:
            parts[-1][2].append(line.told.strip())
    starts = starts_of([stamp for _, stamp, _ in parts])
    for (who, _, said), start in zip(parts, starts, strict=True):
        if words := "\n".join(said).strip():
            yield Piece(who, words, None if start is None else start / 1000)


def _line(line: str) -> _Line:
    """The line, and what it is without a time before or behind what may be its label."""
    if match := _BEFORE.match(line):
        return _Line(line, line[match.end() :], match[1])
    if match := _AFTER.match(line):
        return _Line(line, f"{match[1].rstrip()}:{line[match.end() :]}", match[2])
    return _Line(line, line, None)


def _is_form(pieces: Sequence[Piece]) -> bool:
    """Whether these may be fields ("Customer: 4711", "Agent: Bo"): nobody twice, and not all are sentences."""
    once = len({piece.who for piece in pieces}) == len(pieces)
    return once and not all(piece.text[-1:] in _SENTENCE for piece in pieces)


def _is_heading(line: str) -> bool:
    """Whether a line above the first label is none that anybody said."""
    return len(line) <= _MOST_HEADING_CHARS and line.rstrip()[-1:] not in _SENTENCE


def _label(line: str) -> str | None:
    found = label_and_rest(line)
    return found[0] if found else None
