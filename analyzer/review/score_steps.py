"""How a score came about: from its start, part by part, to where it ended, as steps of a waterfall."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from analyzer.explain.contact_page import points_way, score_in_words
from analyzer.publish.wording import Wording
from analyzer.review.database import Row

MARGIN: Final = 2.0  # points shown beyond the lowest and the highest step


@dataclass(frozen=True, slots=True)
class Step:
    """One part. ``left`` and ``width`` place its bar on 0–100 of the picture; ``total`` is the score after it."""

    name: str
    why: str
    points: float
    total: float
    left: float
    width: float


@dataclass(frozen=True, slots=True)
class ScoreSteps:
    """``start`` is the score before any part; ``words`` says what moved it most, and what was not observed."""

    start: float
    score: float
    words: str
    steps: tuple[Step, ...]


def score_steps(contributions: Sequence[Row], w: Wording) -> ScoreSteps | None:
    """The steps, the largest first; None for a contact without a score."""
    base = next((row["points"] for row in contributions if row["component"] == "base"), None)
    if base is None:
        return None
    parts = sorted((row for row in contributions if row["component"] != "base"), key=lambda row: -abs(row["points"]))
    seen = [row for row in parts if row["observed"]]
    totals = [base]
    for row in seen:
        totals.append(totals[-1] + row["points"])
    return ScoreSteps(base, totals[-1], score_in_words(parts, w), tuple(_steps(seen, totals, w)))


def _steps(parts: Sequence[Row], totals: Sequence[float], w: Wording) -> list[Step]:
    lowest, highest = min(totals) - MARGIN, max(totals) + MARGIN
    steps = []
    for row, before, after in zip(parts, totals, totals[1:], strict=False):
        left = 100 * (min(before, after) - lowest) / (highest - lowest)
        width = 100 * abs(after - before) / (highest - lowest)
        why = "" if row["value"] is None else points_way(row, w)
        steps.append(Step(w.name("part", row["component"]), why, row["points"], after, round(left, 2),
                          round(width, 2)))  # fmt: skip
    return steps
