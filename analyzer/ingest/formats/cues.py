"""Turns from subtitle cues, WebVTT and SRT: who speaks is told by a voice tag or a label before the words.

A cue that names nobody goes on with the speaker before it; what stands before the first name is of the system.
"""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Final

from analyzer.ingest.raw import RawTurn, ReadContext
from analyzer.ingest.reject_codes import Refused
from analyzer.ingest.roles import with_roles
from analyzer.ingest.speaker_labels import label_and_rest, speaker_labels

_VOICE: Final = re.compile(r"<v(?:\.[^\s>]{0,100})?[ \t]{1,4}([^>\n]{0,200})>")
_TAG: Final = re.compile(
    r"</?(?:c|i|b|u|v|ruby|rt|lang|font)(?:[.\s][^>\n]{0,200})?>|<\d[\d:.]{0,20}>|\{\\[^}\n]{1,100}\}"
)
_LINE_BREAK: Final = re.compile(r"[ \t]{0,4}\n[ \t]{0,4}")
_TIME: Final = re.compile(r"(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})")
_UNNAMED: Final = "system"
_MOST_UNNAMED: Final = 1 / 3


@dataclass(frozen=True, slots=True)
class Cue:
    start: str
    end: str
    text: str  # with its tags


@dataclass(frozen=True, slots=True)
class Said:
    """``label`` is ``None`` where the cue names nobody."""

    label: str | None
    text: str
    start_ms: int
    end_ms: int


def turns_of(cues: Sequence[Cue], context: ReadContext) -> list[RawTurn]:
    """A turn a cue, or one a voice where a cue has several, by start; refused where an end precedes its start."""
    said = sorted(said_in(cues), key=lambda piece: piece.start_ms)
    if not any(piece.text for piece in said):
        raise Refused("no_turns")
    if not any(piece.label for piece in said):
        raise Refused("roles_unclear", "No cue names a speaker.")
    nameless = takewhile(lambda piece: piece.label is None, said)
    if sum(len(piece.text) for piece in nameless) > _MOST_UNNAMED * sum(len(piece.text) for piece in said):
        raise Refused("roles_unclear", "More than a third of its words come before the first name.")
    turns: list[RawTurn] = []
    speaker = _UNNAMED
    for piece in said:
        speaker = piece.label or speaker
        turns.append(RawTurn(speaker, piece.text, start_ms=piece.start_ms, end_ms=piece.end_ms))
    return with_roles(turns, context.settings.min_role_probability)


def said_in(cues: Sequence[Cue], names: Collection[str] = ()) -> Iterator[Said]:
    """What each voice says in each cue, plain; refused where an end precedes its start. ``names`` may be labels."""
    voiced = any(_VOICE.search(cue.text) for cue in cues)
    texts = [cue.text if voiced else _TAG.sub("", cue.text) for cue in cues]
    labels = None if voiced else speaker_labels((line for text in texts for line in text.split("\n")), names)
    for number, cue in enumerate(cues):
        start_ms, end_ms = _milliseconds(cue.start), _milliseconds(cue.end)
        if start_ms is None or end_ms is None or end_ms < start_ms:
            raise Refused("turn_times", f"Cue {number}.")
        pieces = _by_voice(cue.text) if labels is None else _by_label(texts[number], labels)
        for label, text in pieces:
            yield Said(label, _plain(text), start_ms, end_ms)


def _by_voice(text: str) -> list[tuple[str | None, str]]:
    first, *rest = _VOICE.split(text)
    pieces: list[tuple[str | None, str]] = [(None, first)] if _plain(first).strip("-–") else []
    return pieces + [(_plain(name) or None, words) for name, words in zip(rest[::2], rest[1::2], strict=True)]


def _by_label(text: str, labels: frozenset[str]) -> list[tuple[str | None, str]]:
    """Lines of a cue joined under the label that begins them."""
    pieces: list[tuple[str | None, str]] = []
    for line in text.split("\n"):
        found = label_and_rest(line)
        if found and found[0] in labels:
            pieces.append(found)
        elif pieces:
            pieces[-1] = (pieces[-1][0], f"{pieces[-1][1]}\n{line}")
        else:
            pieces.append((None, line))
    return pieces


def _plain(text: str) -> str:
    """The words alone: a cue's line breaks are those of a screen."""
    return _LINE_BREAK.sub(" ", html.unescape(_TAG.sub("", text)).strip())


def _milliseconds(stamp: str) -> int | None:
    match = _TIME.fullmatch(stamp.strip())
    if match is None:
        return None
    hours, minutes, seconds, fraction = match.groups(default="0")
    return ((int(hours) * 60 + int(minutes)) * 60 + int(seconds)) * 1000 + int(fraction.ljust(3, "0"))
