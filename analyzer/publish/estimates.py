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

        Assumes customers independent of each other; contacts of one customer may be as alike as they like, so nothing
        is said of a single customer. Liang & Zeger (1986), with the G/(G−1) correction and G−1 degrees of freedom.
        """
        observed, clusters = _observed(values, customers)
        n = len(observed)
        if n < self.min_n or not _several(clusters):
            return Estimate(n)
        variance, groups = _cluster_variance(observed, clusters)
        half = float(stats.t.ppf((1 + self.level) / 2, groups - 1)) * sqrt(variance)
        mean = float(observed.mean())
        return Estimate(n, mean, mean - half, mean + half)

    def rate(self, probabilities: Values, customers: Keys) -> Estimate:
        """Mean probability of an event, with a Wilson interval at the number of contacts that customers leave.

        ``n`` is divided by the design effect of repeated customers, never multiplied, and counts for less the fewer
        they are (``_worth``). Wilson (1927) stays inside 0–1 and does not collapse where all or nothing happened.
        """
        observed, clusters = _observed(probabilities, customers)
        n = len(observed)
        if n < self.min_n or not _several(clusters):
            return Estimate(n)
        variance, groups = _cluster_variance(observed, clusters)
        effective = _worth(n, groups, variance, float(observed.var(ddof=1)) / n, self.level)
        return Estimate(n, float(observed.mean()), *wilson(float(observed.mean()), effective, self.level))

    def ratio(self, hits: Values, chances: Values, customers: Keys) -> Estimate:
        """Share of chances that were taken (Σ hits / Σ chances), with a Wilson interval at the chances that customers
        leave; ``n`` counts chances.

        A contact brings several chances or none. The variance is that of the ratio (Cochran 1977, ch. 6), by customer.
        """
        told = _taken(hits, chances, customers)
        if told.n < self.min_n or told.groups < 2:
            return Estimate(told.n)
        return Estimate(told.n, told.value, *told.wilson(self.level))

    def change(self, later: tuple[Values, Keys], earlier: tuple[Values, Keys], comparisons: int = 1) -> Estimate:
        """Mean of ``later`` − mean of ``earlier``, each (values, customers); ``n`` is that of the later one.

        The interval holds for all ``comparisons`` together (Bonferroni). What is alike in a customer of both spans
        cancels (Liang & Zeger 1986); t with the degrees of freedom of Welch and Satterthwaite, for a short span beside
        a long one has few.
        """
        now, before = _averaged(*later), _averaged(*earlier)
        if min(now.n, before.n) < self.min_n or min(now.groups, before.groups) < 2:
            return Estimate(now.n)
        own, other = now.variance, before.variance
        error = sqrt(max(own + other - 2 * now.shared(before), 0.0))
        spread = own**2 / (now.groups - 1) + other**2 / (before.groups - 1)
        degrees = (own + other) ** 2 / spread if spread > 0 else 1.0
        half = float(stats.t.isf(self._tail(comparisons), degrees)) * error
        moved = now.value - before.value
        return Estimate(now.n, moved, moved - half, moved + half)

    def ratio_change(
        self, later: tuple[Values, Values, Keys], earlier: tuple[Values, Values, Keys], comparisons: int = 1
    ) -> Estimate:
        """The same of two shares of chances taken, each (hits, chances, customers).

        Newcombe's square-and-add of both Wilson intervals (1998, Statistics in Medicine 17: 873–890, and 2635–2650 for
        what customers of both spans have in common): it does not collapse where all or no chances were taken.
        """
        now, before = _taken(*later), _taken(*earlier)
        if min(now.n, before.n) < self.min_n or min(now.groups, before.groups) < 2:
            return Estimate(now.n)
        level = 1 - 2 * self._tail(comparisons)
        (low, high), (lowest, highest) = now.wilson(level), before.wilson(level)
        scale = sqrt(now.variance * before.variance)
        alike = min(1.0, max(-1.0, now.shared(before) / scale)) if scale > 0 else 0.0
        moved = now.value - before.value
        below = _added(now.value - low, highest - before.value, alike)
        return Estimate(now.n, moved, moved - below, moved + _added(high - now.value, before.value - lowest, alike))

    def _tail(self, comparisons: int) -> float:
        return (1 - self.level) / 2 / max(comparisons, 1)


@dataclass(frozen=True, slots=True)
class _Told:
    """A mean or ratio of one span: ``sums`` by customer of what observations move it by; ``plain``: its variance if
    they were independent."""

    n: int
    value: float
    sums: pd.Series[float]
    plain: float

    @property
    def groups(self) -> int:
        return len(self.sums)

    @property
    def variance(self) -> float:
        return self.shared(self)

    def shared(self, other: _Told) -> float:
        """The covariance that customers of both bring."""
        few = sqrt(self.groups / max(self.groups - 1, 1) * other.groups / max(other.groups - 1, 1))
        return float((self.sums * other.sums.reindex(self.sums.index)).sum()) * few

    def wilson(self, level: float) -> tuple[float, float]:
        return wilson(self.value, _worth(self.n, self.groups, self.variance, self.plain, level), level)


def _averaged(values: Values, customers: Keys) -> _Told:
    numbers = np.asarray(values, dtype=np.float64)
    seen = ~np.isnan(numbers)
    n = int(seen.sum())
    mean = float(numbers[seen].mean()) if n else 0.0
    return _Told(n, mean, _by_customer((numbers[seen] - mean) / max(n, 1), customers, seen), 0.0)


def _taken(hits: Values, chances: Values, customers: Keys) -> _Told:
    pairs = np.column_stack([np.asarray(hits, dtype=np.float64), np.asarray(chances, dtype=np.float64)])
    met = ~np.isnan(pairs).any(axis=1) & (pairs[:, 1] > 0)
    taken, of = pairs[met].T
    total = float(of.sum())
    share = min(1.0, float(taken.sum()) / total) if total else 0.0
    sums = _by_customer((taken - share * of) / max(total, 1.0), customers, met)
    return _Told(int(total), share, sums, share * (1 - share) / max(total, 1.0))


def _by_customer(moved: Floats, customers: Keys, seen: npt.NDArray[np.bool_]) -> pd.Series[float]:
    """Sums by customer; an unknown one is their own, and in no other span."""
    keys = [object() if pd.isna(key) else key for key, told in zip(customers, seen, strict=True) if told]
    return pd.Series(moved, index=pd.Index(keys, dtype=object)).groupby(level=0, sort=False).sum()


def _worth(n: float, groups: int, variance: float, plain: float, level: float) -> float:
    """How many independent observations ``n`` of ``groups`` customers are worth.

    Where customers repeat, the variance is known from few of them alone: Korn & Graubard's degrees of freedom (1998).
    Where all observations are the same, it is not known how alike customers' contacts are: each customer counts once.
    """
    if n <= groups:
        return n
    worth = n / max(1.0, variance / plain) if plain > 0 else float(groups)
    tail = (1 - level) / 2
    return worth * float(stats.norm.isf(tail) / stats.t.isf(tail, groups - 1)) ** 2


def _added(one: float, other: float, alike: float) -> float:
    return sqrt(max(one**2 + other**2 - 2 * alike * one * other, 0.0))


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


def _several(clusters: Ints) -> bool:
    """Whether there are two customers: of one it cannot be told how customers differ."""
    return len(clusters) > 0 and int(clusters.max()) > 0


def _cluster_variance(values: Floats, clusters: Ints) -> tuple[float, int]:
    sums = np.bincount(clusters, weights=values - values.mean())
    groups = len(sums)
    return float((sums**2).sum()) / len(values) ** 2 * (groups / max(groups - 1, 1)), groups
