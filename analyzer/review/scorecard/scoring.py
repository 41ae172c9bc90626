"""Scores of cards: weighted points over what was answered; what does not apply or stays open leaves the denominator.

One rule for people's cards and the program's; the two are never put together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analyzer.review.scorecard.form import NOT_APPLICABLE, Form, Side

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Score:
    """``value`` on 0–100, none where too little was answered, 0 where ``failed``; ``points`` is what it would be.

    ``failed``: the first fatal item that was answered worst. ``items``: how many count for this side.
    """

    value: float | None
    points: float | None
    failed: str | None
    answered: int
    left_out: int
    items: int

    @property
    def is_whole(self) -> bool:
        """Whether every item was answered, or does not apply."""
        return self.answered + self.left_out == self.items


@dataclass(frozen=True)
class Scores:
    """The same of many cards; ``failed`` is the place of the item among those of the side, −1 for none."""

    value: Floats
    points: Floats
    failed: NDArray[np.int64]
    answered: NDArray[np.int64]
    left_out: NDArray[np.int64]


def scores(form: Form, side: Side, points: Floats, left_out: NDArray[np.bool_]) -> Scores:
    """Scores of cards in columns. ``points``: a row an item of the side, nan where it was not answered or left out."""
    items = form.items_of(side)
    weights = np.array([item.weight * item.is_scored(side) for item in items])[:, None]
    fatal = np.array([item.fatal for item in items], bool)[:, None]
    counts = weights > 0
    answered, left_out = ~np.isnan(points) & counts, left_out & counts
    weight = (weights * answered).sum(axis=0)
    decided = (weights * (answered | left_out)).sum(axis=0)
    enough = (weight > 0) & (decided >= form.min_answered * weights.sum())
    with np.errstate(invalid="ignore", divide="ignore"):
        plain = np.where(enough, 100 * (weights * np.where(answered, points, 0)).sum(axis=0) / weight, np.nan)
    broken = fatal & (points == 0)
    failed = np.where(broken.any(axis=0), broken.argmax(axis=0), -1) if len(items) else np.full(points.shape[1], -1)
    value = np.where(failed >= 0, 0.0, plain)
    return Scores(value, plain, failed, answered.sum(axis=0), left_out.sum(axis=0))


def score(form: Form, side: Side, answers: Mapping[str, str]) -> Score:
    """The score of one card, from the answers by item."""
    return score_all(form, side, [answers])[0]


def score_all(form: Form, side: Side, cards: Sequence[Mapping[str, str]]) -> list[Score]:
    """The score of each card."""
    items = form.items_of(side)
    told = [[card.get(item.id) for card in cards] for item in items]
    points = np.array([
        [np.nan if answer is None or (share := item.points(answer)) is None else share for answer in row]
        for item, row in zip(items, told, strict=True)
    ], np.float64).reshape(len(items), len(cards))  # fmt: skip
    left_out = np.array([[answer == NOT_APPLICABLE for answer in row] for row in told], bool).reshape(points.shape)
    found = scores(form, side, points, left_out)
    return [score_at(form, side, found, place) for place in range(len(cards))]


def score_at(form: Form, side: Side, found: Scores, place: int) -> Score:
    """One of many scores."""
    items = form.items_of(side)
    failed = int(found.failed[place])
    return Score(
        _or_none(found.value[place]), _or_none(found.points[place]), items[failed].id if failed >= 0 else None,
        int(found.answered[place]), int(found.left_out[place]), sum(item.is_scored(side) for item in items),
    )  # fmt: skip


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
