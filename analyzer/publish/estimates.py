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

    def ratio(self, hits: Values, chances: Values, customers: Keys) -> Estimate:
        """Share of chances that were taken (Σ hits / Σ chances), with a Wilson interval at the chances that customers
        leave; ``n`` counts chances.

        A contact brings several chances or none. The variance is that of the ratio (Cochran 1977, ch. 6), by customer.
        """
        pairs = np.column_stack([np.asarray(hits, dtype=np.float64), np.asarray(chances, dtype=np.float64)])
        pairs = np.where(np.isnan(pairs).any(axis=1, keepdims=True), 0.0, pairs)
        total = float(pairs[:, 1].sum())
        if total < self.min_n:
            return Estimate(int(total))
        share = min(1.0, float(pairs[:, 0].sum()) / total)
        _, clusters = _observed(pairs[:, 1], customers)
        met = pairs[:, 1] > 0
        sums = np.bincount(
            np.unique(clusters[met], return_inverse=True)[1], weights=(pairs[:, 0] - share * pairs[:, 1])[met]
        )
        variance = float((sums**2).sum()) / total**2 * (len(sums) / max(len(sums) - 1, 1))
        plain = share * (1 - share) / total
        effective = total / max(1.0, variance / plain) if plain > 0 else total
        return Estimate(int(total), share, *wilson(share, effective, self.level))

    def change(self, later: tuple[Values, Keys], earlier: tuple[Values, Keys], comparisons: int = 1) -> Estimate:
        """Mean of ``later`` − mean of ``earlier``, each (values, customers); ``n`` is that of the later one.

        The interval holds for all ``comparisons`` together (Bonferroni). A customer of both spans is one cluster, so
        that what is alike in them cancels; t with customers − 1 degrees of freedom (Liang & Zeger 1986).
        """
        counts, means, influences, keys = [], [], [], []
        for sign, (values, customers) in ((1.0, later), (-1.0, earlier)):
            numbers = np.asarray(values, dtype=np.float64)
            seen = ~np.isnan(numbers)
            counts.append(n := int(seen.sum()))
            means.append(float(numbers[seen].mean()) if n else 0.0)
            influences.append(sign * (numbers[seen] - means[-1]) / max(n, 1))
            keys += [key for key, told in zip(customers, seen, strict=True) if told]
        if min(counts) < self.min_n:
            return Estimate(counts[0])
        return self._moved(counts[0], means[0] - means[1], np.concatenate(influences), keys, comparisons)

    def ratio_change(
        self, later: tuple[Values, Values, Keys], earlier: tuple[Values, Values, Keys], comparisons: int = 1
    ) -> Estimate:
        """The same of two shares of chances taken, each (hits, chances, customers)."""
        counts, shares, influences, keys = [], [], [], []
        for sign, (hits, chances, customers) in ((1.0, later), (-1.0, earlier)):
            taken, of = (np.nan_to_num(np.asarray(some, dtype=np.float64)) for some in (hits, chances))
            counts.append(total := int(of.sum()))
            shares.append(float(taken.sum()) / total if total else 0.0)
            met = of > 0
            influences.append(sign * (taken - shares[-1] * of)[met] / max(total, 1))
            keys += [key for key, told in zip(customers, met, strict=True) if told]
        if min(counts) < self.min_n:
            return Estimate(counts[0])
        return self._moved(counts[0], shares[0] - shares[1], np.concatenate(influences), keys, comparisons)

    def _moved(self, n: int, moved: float, influences: Floats, keys: Keys, comparisons: int) -> Estimate:
        _, clusters = _observed(influences, keys)
        sums = np.bincount(clusters, weights=influences)
        groups = len(sums)
        error = sqrt(float((sums**2).sum()) * groups / max(groups - 1, 1))
        tail = (1 - self.level) / 2 / max(comparisons, 1)
        half = float(stats.t.isf(tail, max(groups - 1, 1))) * error
        return Estimate(n, moved, moved - half, moved + half)


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
