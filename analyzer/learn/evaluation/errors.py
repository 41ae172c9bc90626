"""Every label missed or falsely heard in talk that taught the weights nothing, as lists that a person can read.

models/ERRORS.md tells what such a reading showed. The lists hold sentences of data sets, so they are never written
into a repository. Nothing may be trained on or fitted to what is read here.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from analyzer import codebook
from analyzer.errors import UsageError
from analyzer.learn.corpus import read_rows
from analyzer.learn.evaluation.reading import Read, read_rows_of
from analyzer.learn.left_out import is_left_out_further
from analyzer.learn.measures import short
from analyzer.learn.sources import NEW
from analyzer.understand.understand import Understanding

SOURCES: Final = ("real", "histories", "left out")
_HISTORIES: Final = "histories*.jsonl.gz"  # they teach linking alone


@dataclass(frozen=True, slots=True)
class Judged:
    """A label that people gave, that we heard, or both; ``kind`` is hit, missed or false, ``text`` three turns."""

    source: str
    language: str
    label: str
    kind: str
    place: str
    probability: float
    text: str


def talk_never_learned(data: Path, own: Path) -> dict[str, list[dict[str, Any]]]:
    """Rows by source: real talk, customers' histories, and what ``learn further`` left out (thresholds know it)."""
    left_out = [row for name in NEW for row in read_rows(own / name) if is_left_out_further(row["interaction_id"])]
    histories = [row for path in sorted(own.glob(_HISTORIES)) for row in read_rows(path)]
    return dict(zip(SOURCES, (read_rows(data / "eval" / "gold.jsonl.gz"), histories, left_out), strict=True))


def judged(talk: Mapping[str, Sequence[dict[str, Any]]], ears: Understanding) -> list[Judged]:
    return [one for source, rows in talk.items() for read in read_rows_of(rows, ears) for one in _judged(source, read)]


def _judged(source: str, read: Read) -> Iterator[Judged]:
    turns, name = read.row["turns"], read.row["interaction_id"]
    probabilities = {(cue.turn, cue.label): cue.probability for cue in read.understood.cues}
    found = {(cue.turn, cue.label) for cue in read.understood.cues if cue.found}
    lines = [f"{turn['speaker']}: {turn['text']}" for turn in turns]
    labelled = [(at, set(turn["labels"])) for at, turn in enumerate(turns) if turn.get("labels") is not None]
    for at, true in labelled:
        for label in sorted(true | {label for turn, label in found if turn == at}):
            kind = "missed" if (at, label) not in found else "hit" if label in true else "false"
            text = "\n  ".join([*lines[max(0, at - 2) : at + 1], f"labelled: {', '.join(sorted(true)) or 'nothing'}"])
            probability = probabilities.get((at, label), 0.0)
            yield Judged(source, read.row["language"], label, kind, f"{name} turn {at}", probability, text)


def write_lists(heard: Sequence[Judged], folder: Path, a_label: int) -> None:
    """A text file a label: its errors in real talk, filled up to ``a_label`` in turn from the other sources.

    Which of those is told by a hash of the place, so the same weights give the same lists.
    """
    folder = outside_repositories(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for label in codebook.LABELS:
        wrong = [one for one in heard if one.label == label and one.kind != "hit"]
        real = [one for one in wrong if one.source == SOURCES[0]]
        chosen = [*real, *_in_turn([one for one in wrong if one.source != SOURCES[0]])[: max(0, a_label - len(real))]]
        told = [f"[{e.kind}, {e.source}, {e.language}, {e.place}, p = {e.probability:.2f}]\n  {e.text}" for e in chosen]
        (folder / f"{label}.txt").write_text("\n\n".join(told), encoding="utf-8")


def outside_repositories(folder: Path) -> Path:
    """``folder`` as an absolute path; data sets' text may not enter a repository."""
    folder = folder.resolve()
    if any((parent / ".git").exists() for parent in (folder, *folder.parents)):
        raise UsageError(f"{folder.name} lies in a repository.", hint="The lists hold data sets' text; go outside.")
    return folder


def _in_turn(errors: Sequence[Judged]) -> list[Judged]:
    """One of each source, language and kind, then the next of each."""
    by_place = sorted(errors, key=lambda e: (e.source, e.language, e.kind, hashlib.sha256(e.place.encode()).digest()))
    queues = [list(queue) for _, queue in groupby(by_place, key=lambda e: (e.source, e.language, e.kind))]
    return [queue[n] for n in range(len(errors)) for queue in queues if n < len(queue)]


def as_counts(heard: Sequence[Judged]) -> str:
    """A Markdown table of hits, missed, false and F1 of each label, by source and language."""
    counts = Counter((one.label, one.source, one.language, one.kind) for one in heard)
    places = [(source, language) for source in SOURCES for language in ("en", "de")]
    rows = [["label: hit/missed/false F1", *map(", ".join, places)], ["---"] * (len(places) + 1)]
    for label in codebook.LABELS:
        rows.append(
            [label, *(_cell(*(counts[label, *p, kind] for kind in ("hit", "missed", "false"))) for p in places)]
        )
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _cell(hits: int, missed: int, false: int) -> str:
    total = 2 * hits + missed + false
    return f"{hits}/{missed}/{false} {short(2 * hits / total if total else float('nan'))}"
