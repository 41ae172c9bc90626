"""Intervals of mean scores: the betting interval of Waudby-Smith and Ramdas (2024, JRSS-B 86), hedged capital process.

Scores lie between 0 and 100 and are far from normal: a fatal item makes a 0 of a card now and then, and a handful of
cards without one says little about how often that happens. Student's interval is then far too narrow, and a bootstrap
can only repeat what it saw. Betting asks nothing of the scores but that they are bounded and independent; its 95 % hold
for any number of cards, and it is narrow where they agree. No library among ours has it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

ALPHA: Final = 0.05
_CAP: Final = 0.75  # share of the stake that a single bet may cost; any below 1 holds, this one is narrow for few cards
_STEPS: Final = 14  # halvings: to 0.01 points


def mean_interval(scores: Sequence[float]) -> tuple[float, float] | None:
    """The 95 % interval of the mean of independent scores on 0–100, in the order in which they came; none without any.

    >>> low, high = mean_interval([80.0] * 40)
    >>> 70 < low < 80 < high < 92
    True
    """
    if not scores:
        return None
    values = np.asarray(scores, np.float64) / 100
    bets = _bets(values)
    lowest = _edge(values, bets, 0.0, float(values.mean()), rising=True)
    highest = _edge(values, bets, 1.0, float(values.mean()), rising=False)
    return 100 * lowest, 100 * highest


def _bets(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """How much is bet on each score, from the scores before it alone: more where they vary little."""
    count = np.arange(1, len(values) + 1)
    mean = (0.5 + np.cumsum(values)) / (count + 1)
    variance = (0.25 + np.cumsum((values - mean) ** 2)) / (count + 1)
    before = np.concatenate([[0.25], variance[:-1]])
    return np.sqrt(2 * math.log(2 / ALPHA) / (before * len(values)))


def _edge(values: NDArray[np.float64], bets: NDArray[np.float64], end: float, inside: float, *, rising: bool) -> float:
    """The mean nearest to ``end`` that the scores do not refute."""
    if not _is_refuted(values, bets, end, rising=rising):
        return end
    outside = end
    for _ in range(_STEPS):
        middle = (outside + inside) / 2
        if _is_refuted(values, bets, middle, rising=rising):
            outside = middle
        else:
            inside = middle
    return outside


def _is_refuted(values: NDArray[np.float64], bets: NDArray[np.float64], mean: float, *, rising: bool) -> bool:
    """Whether who bet that scores are above ``mean`` (or below it) would at some time be 2 / ALPHA times as rich."""
    stake = np.minimum(bets, _CAP / max(mean if rising else 1 - mean, 1e-9))
    gain = stake * (values - mean) * (1 if rising else -1)
    return bool(np.cumsum(np.log1p(gain)).max() >= math.log(2 / ALPHA))
