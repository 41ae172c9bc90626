"""Whether the words shown as a cue's reason carry it: without them its probability must drop.

For every cue found in the real talk the turn is read again without the span, and again without each of a few other
spans of the same number of words; the evidence holds if the first drop is larger than the mean of the others. Turns
that have no other span of that length are left out: there the whole turn is the reason.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from analyzer.learn.corpus import as_interaction, read_rows
from analyzer.learn.evaluation.lines import LANGUAGES, Line
from analyzer.learn.measures import bootstrap
from analyzer.records import Cue, Interaction, Understood
from analyzer.understand.understand import Understanding

OTHERS: Final = 4
_WORDS: Final = re.compile(r"\S+")


@dataclass(frozen=True)
class Deletion:
    """A cue and the turn's texts without its span, and without others as long."""

    contact: Interaction
    cue: Cue
    without: str
    others: tuple[str, ...]


def deletion(data: Path, ears: Understanding, draws: int) -> list[Line]:
    rows = read_rows(data / "gold.jsonl.gz")
    contacts = [as_interaction(row) for row in rows]
    heard = ears.understand(contacts)
    lines = []
    for code in LANGUAGES:
        own = [(c, u) for c, u, row in zip(contacts, heard, rows, strict=True) if row["language"] == code]
        verdicts = held(own, ears)
        lines.append(Line("real support talk", code, "evidence held by deletion, share of cues",
                          bootstrap(verdicts, lambda v: float(np.mean(v)), draws=draws), 0.5))  # fmt: skip
    return lines


def held(contacts: Sequence[tuple[Interaction, Understood]], ears: Understanding, seed: int = 3) -> list[bool]:
    """One verdict a cue that could be tried."""
    draw = random.Random(seed)
    tried = [trial for contact, u in contacts for trial in _trials(contact, u.cues, draw)]
    texts = [(trial, text) for trial in tried for text in (trial.without, *trial.others)]
    again = iter(ears.understand([_with(trial.contact, trial.cue.turn, text) for trial, text in texts]))
    verdicts = []
    for trial in tried:
        left, *others = (_probability(next(again), trial.cue) for _ in range(1 + len(trial.others)))
        verdicts.append(left < float(np.mean(others)))
    return verdicts


def _trials(contact: Interaction, cues: Sequence[Cue], draw: random.Random) -> Iterator[Deletion]:
    for cue in cues:
        if not cue.found:
            continue
        text = contact.turns[cue.turn].text
        words = [match.span() for match in _WORDS.finditer(text)]
        inside = [i for i, (start, end) in enumerate(words) if start < cue.end_char and end > cue.start_char]
        size = len(inside)
        starts = [s for s in range(len(words) - size + 1) if not set(range(s, s + size)) & set(inside)]
        if inside and starts:
            drawn = draw.sample(starts, min(OTHERS, len(starts)))
            yield Deletion(contact, cue, _left(text, words, inside[0], size),
                           tuple(_left(text, words, first, size) for first in drawn))  # fmt: skip


def _left(text: str, words: Sequence[tuple[int, int]], first: int, count: int) -> str:
    """``text`` without ``count`` words from ``first``; an ellipsis where nothing else would remain."""
    return (text[: words[first][0]] + text[words[first + count - 1][1] :]).strip() or "…"


def _with(contact: Interaction, turn: int, text: str) -> Interaction:
    turns = tuple(
        msgspec.structs.replace(t, text=text) if index == turn else t for index, t in enumerate(contact.turns)
    )
    return msgspec.structs.replace(contact, turns=turns)


def _probability(understood: Understood, cue: Cue) -> float:
    return max((c.probability for c in understood.cues if (c.turn, c.label) == (cue.turn, cue.label)), default=0.0)
