"""Intervals of figures that rest on fitted coefficients and on errors that were themselves learned.

Leaving out one group of customers moves the coefficients by what the group said of them and by what the learned errors
become without it; to first order both follow from the fit at hand, so nothing is fitted again. The spread of a figure
over the groups is its sampling variance (delete-a-group jackknife), customers being independent. Where coefficients are
drawn to a prior, the spread of the samples misses how far off the pull may be; the difference to the variance of the
penalised likelihood itself is added (Wahba 1983; Nychka 1988).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from analyzer.loyalty.intervals import Z95
from analyzer.loyalty.reading_error import GROUPS, ReadingError

Floats = NDArray[np.float64]
T95: Final = float(stats.t.ppf(0.975, GROUPS - 1))
STEP: Final = 1e-4  # relative, for slopes taken by differences


@dataclass(frozen=True, slots=True)
class Figure:
    """A share, its interval, and the customers it rests on."""

    value: float
    low: float
    high: float
    n: int


def by_group(scores: Floats, groups: NDArray[np.int64]) -> Floats:
    """The sums of customers' ``scores`` (rows) within each group."""
    sums = np.zeros((GROUPS, scores.shape[1]))
    np.add.at(sums, groups, scores)
    return sums


def slopes(of: Callable[[Floats], Floats], at: Floats) -> Floats:
    """The derivative of ``of`` in each part of ``at`` (columns), by differences."""
    here, columns = of(at), []
    for place, size in enumerate(np.maximum(np.abs(at), 1.0) * STEP):
        step = np.zeros(len(at))
        step[place] = size
        columns.append((of(at + step) - here) / size)
    return np.asarray(columns, dtype=np.float64).T


def moved(at: Floats, inverse: Floats, sums: Floats, cross: Floats, error: ReadingError) -> Floats:
    """Coefficients without each group (rows), from their fit ``at`` with all.

    ``inverse`` of the curvature; the groups' ``sums`` of scores; ``cross``, the scores' slopes in the learned errors.
    """
    errors = error.without - error.at
    return np.asarray(at + (errors @ cross.T - sums) @ inverse.T, dtype=np.float64)


def variance(value: Floats, without: Floats) -> Floats:
    """Jackknife variance of figures from what they are without each group (rows)."""
    around = without - without.mean(axis=0)
    return np.asarray((GROUPS - 1) / GROUPS * (around**2).sum(axis=0), dtype=np.float64)


def pull(slope: Floats, inverse: Floats, sums: Floats) -> float:
    """What the variance of the penalised likelihood has beyond the sampling variance, for a figure of this slope."""
    moves = sums @ inverse
    return max(float(slope @ inverse @ slope) - float(((moves @ slope) ** 2).sum()), 0.0)


def figure(value: float, spread: float, n: int) -> Figure:
    """The share with Wilson's interval at the number of customers whose plain count would be as unsure.

    Never more than there are; so a share of 0 or 1 keeps an interval, and one far from both gets value ± t · sd.
    """
    share = min(max(value, 0.0), 1.0)
    inside = max(share * (1 - share), 0.25 / (n + 1) ** 2)
    worth = min(n, inside / spread) if spread > 0 else float(n)
    quantile = Z95 if worth == n else T95
    square = quantile**2
    center = (share + square / (2 * worth)) / (1 + square / worth)
    half = quantile / (1 + square / worth) * math.sqrt(share * (1 - share) / worth + square / (4 * worth * worth))
    return Figure(share, min(share, max(0.0, center - half)), max(share, min(1.0, center + half)), n)
