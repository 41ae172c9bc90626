"""A mean or a rate of contacts with the interval it deserves, or nothing where there are too few."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Values = Sequence[float | None] | Floats
Keys = Sequence[str | None] | npt.NDArray[np.object_]


@dataclass(frozen=True, slots=True)
class Estimate:
    """``value`` is None where ``n`` observations are too few; ``low``–``high`` is the interval of ``value``."""

    n: int
    value: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def estimable(self) -> bool:
        return self.value is not None


@dataclass(frozen=True, slots=True)
class Rules:
    """How much is enough: ``min_n`` observations, and the ``level`` of intervals."""

    min_n: int
    level: float

    def mean(self, values: Values, customers: Keys) -> Estimate:
        """Mean of what was observed, with a t interval whose variance counts each customer as one cluster.

        Assumes customers independent of each other; contacts of one customer may be as alike as they like.
        Liang & Zeger (1986), with the G/(G−1) correction; the degrees of freedom are customers − 1.
        """
        observed, clusters = _observed(values, customers)
        n = len(observed)
        if n < self.min_n:
            return Estimate(n)
        variance, groups = _cluster_variance(observed, clusters)
        half = float(stats.t.ppf((1 + self.level) / 2, max(groups - 1, 1))) * sqrt(variance)
        mean = float(observed.mean())
        return Estimate(n, mean, mean - half, mean + half)

    def rate(self, probabilities: Values, customers: Keys) -> Estimate:
        """Mean probability of an event, with a Wilson interval at the number of contacts that customers leave.

        ``n`` is divided by the design effect of repeated customers, never multiplied. Wilson (1927) stays inside 0–1
        and does not collapse where nothing or everything happened.
        """
        observed, clusters = _observed(probabilities, customers)
        n = len(observed)
        if n < self.min_n:
            return Estimate(n)
        variance, _ = _cluster_variance(observed, clusters)
        plain = float(observed.var(ddof=1)) / n if n > 1 else 0.0
        effective = n / max(1.0, variance / plain) if plain > 0 else float(n)
        low, high = wilson(float(observed.mean()), effective, self.level)
        return Estimate(n, float(observed.mean()), low, high)


def wilson(rate: float, n: float, level: float) -> tuple[float, float]:
    """The Wilson score interval of ``rate`` in ``n`` (may be fractional) observations.

    >>> [round(end, 3) for end in wilson(0.0, 10, 0.95)]
    [0.0, 0.278]
    """
    z = float(stats.norm.ppf((1 + level) / 2))
    centre = (rate + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)


def _observed(values: Values, customers: Keys) -> tuple[Floats, Ints]:
    """Observed values and the number of each one's customer; an unknown customer is one of their own."""
    numbers = np.asarray(values, dtype=np.float64)
    known, _ = pd.factorize(pd.Series(list(customers), dtype=object))
    clusters = np.where(known < 0, len(known) + np.arange(len(known)), known)
    seen = ~np.isnan(numbers)
    return numbers[seen], np.unique(clusters[seen], return_inverse=True)[1]


def _cluster_variance(values: Floats, clusters: Ints) -> tuple[float, int]:
    sums = np.bincount(clusters, weights=values - values.mean())
    groups = len(sums)
    return float((sums**2).sum()) / len(values) ** 2 * (groups / max(groups - 1, 1)), groups
