"""Rows of an evaluation set beside what we understood of them, through the same path as a run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from analyzer.learn.corpus import as_interaction, read_rows
from analyzer.learn.measures import Measure, bootstrap
from analyzer.records import TurnFeeling, Understood
from analyzer.understand.understand import Understanding

TOGETHER = 512


@dataclass(frozen=True)
class Read:
    """A dialogue as people read it and as we did."""

    row: dict[str, Any]
    understood: Understood


def read_set(path: Path, ears: Understanding, as_row: Callable[[dict[str, Any]], dict[str, Any]] = dict) -> list[Read]:
    """Every row of the set; ``as_row`` makes a native contact of one that is none."""
    return read_rows_of(read_rows(path), ears, as_row)


def read_rows_of(
    rows: Sequence[dict[str, Any]], ears: Understanding, as_row: Callable[[dict[str, Any]], dict[str, Any]] = dict
) -> list[Read]:
    """The same of rows at hand."""
    heard: list[Understood] = []
    for start in range(0, len(rows), TOGETHER):
        heard += ears.understand([as_interaction(as_row(row)) for row in rows[start : start + TOGETHER]])
    return [Read(row, understood) for row, understood in zip(rows, heard, strict=True)]


def alone(row: dict[str, Any], language: str) -> dict[str, Any]:
    """A text as a contact of one customer turn."""
    turn = {"speaker": "customer", "text": row["text"]}
    return {"interaction_id": str(row["id"]), "channel": "social", "language": language, "turns": [turn]}


def felt(feeling: TurnFeeling | None) -> int:
    """0 negative, 1 neutral, 2 positive; neutral where nothing was heard, as a user would read it."""
    if feeling is None:
        return 1
    return int(np.argmax([feeling.negative_probability, feeling.neutral_probability, feeling.positive_probability]))


Pair = tuple[float, float]


def over_pairs(pairs: Sequence[Pair], measure: Callable[[Sequence[Any], Sequence[Any]], float], draws: int) -> Measure:
    """``measure(truth, said)`` with its interval; each pair is one dialogue."""
    return bootstrap(pairs, lambda drawn: measure(*zip(*drawn, strict=True)) if drawn else float("nan"), draws=draws)
