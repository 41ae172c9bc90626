"""Intervals of means over contacts whose customers come back: each customer counts as one cluster.

    clustered_mean     values on a continuous scale: cluster-robust variance with the CR2 correction and the degrees of
                       freedom of Bell & McCaffrey (2002), the smaller of those for contacts of one customer that have
                       nothing and that have everything in common
    clustered_balance  shares for less shares against (values −1, 0, 1): the same with one customer of average size
                       added, a quarter at either end and half at 0; what Agresti & Min (2005) do for matched pairs
    clustered_share    a share: Wilson's interval at the number of contacts that the customers leave

All three take weights; a weight of 0 is not there. Plain variances hold too rarely with few customers or with one
customer of many contacts, and collapse where all customers say the same. Fewer than MIN_CUSTOMERS: nothing is stated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from analyzer.loyalty.intervals import Z95

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MIN_CUSTOMERS: Final = 5
ADDED_CUSTOMERS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean, its 95 % interval and how many customers stand behind it; nothing but their number where too few."""

    customers: int
    value: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class _Sums:
    """Weighted sum and weight of each customer."""

    y: Floats
    w: Floats

    @property
    def mean(self) -> float:
        return float(self.y.sum() / self.w.sum())

    @property
    def average_size(self) -> float:
        """Weight of a customer, many small ones beside few large ones counting as few."""
        return float((self.w @ self.w) / self.w.sum())


def clustered_mean(values: Floats, customers: Ints, weights: Floats | None = None, scale: float = 1.0) -> Mean:
    """Mean of ``values`` (within −scale…scale); ``customers`` are codes, one a value.

    >>> [round(end, 3) for end in bounds(clustered_mean(np.array([.1, .2, .3, .2, .1]), np.arange(5)))]
    [0.076, 0.284]
    """
    sums = _sums(values, customers, weights)
    if len(sums.w) < MIN_CUSTOMERS:
        return Mean(len(sums.w))
    if np.ptp(values[_weighty(values, weights)]) < 1e-12:  # agreement to the last digit is no proof of it
        return _balance(sums, scale)
    share = sums.w / sums.w.sum()
    residual = (sums.y - sums.mean * sums.w) / np.sqrt(1 - share)
    error = float(np.sqrt(residual @ residual)) / float(sums.w.sum())
    return _bounded(sums, sums.mean, error, bell_mccaffrey(sums.w), scale)


def clustered_balance(values: Floats, customers: Ints, weights: Floats | None = None) -> Mean:
    """Share of ``values`` at 1 less the share at −1; with calibrated probabilities, values between them too."""
    sums = _sums(values, customers, weights)
    return Mean(len(sums.w)) if len(sums.w) < MIN_CUSTOMERS else _balance(sums, 1.0)


def clustered_share(values: Floats, customers: Ints, weights: Floats | None = None) -> Mean:
    """Share or mean probability of ``values`` in 0–1."""
    sums = _sums(values, customers, weights)
    if len(sums.w) < MIN_CUSTOMERS:
        return Mean(len(sums.w))
    total, share = float(sums.w.sum()), sums.mean
    plain = share * (1 - share)
    residual = sums.y - share * sums.w
    variance = float(residual @ residual) / total**2 * len(sums.w) / (len(sums.w) - 1)
    most = total**2 / float(sums.w @ sums.w)  # customers' worth of weight, where nothing varies
    n = min(plain / variance, float(len(values))) if variance > 0 and plain > 0 else most
    low, high = _wilson(share, n)
    return Mean(len(sums.w), share, low, high)


def bounds(mean: Mean) -> tuple[float, float]:
    """Low and high of a mean that is estimable."""
    if mean.low is None or mean.high is None:
        raise ValueError("not estimable")
    return mean.low, mean.high


def bell_mccaffrey(sizes: Floats) -> float:
    """Degrees of freedom of the CR2 variance of a mean over clusters of ``sizes``; equal sizes: clusters − 1.

    The smaller of two working models: contacts of a customer independent (variance by size), or all the same (by
    size squared). For equal sizes both give G − 1.

    >>> round(bell_mccaffrey(np.ones(8)), 6)
    7.0
    """
    return min(_satterthwaite(sizes, sizes), _satterthwaite(sizes, sizes * sizes))


def _satterthwaite(sizes: Floats, variances: Floats) -> float:
    """tr(C)² / tr(C²) for C the covariance of the corrected residuals, in sums that need no matrix."""
    h = sizes / sizes.sum()
    d = 1 / (1 - h)
    total = float(variances.sum())
    a, b, c = float(d @ (h * h)), float(d @ (variances * variances)), float(d @ (h * variances))
    diagonal = d * (variances - 2 * h * variances + h * h * total)
    off = d * (2 * h * variances - h * h * total)
    squares = float(diagonal @ diagonal) + 2 * a * b + total**2 * a * a + 2 * c * c - 4 * total * a * c
    return float(diagonal.sum()) ** 2 / (squares - float(off @ off))


def _balance(sums: _Sums, scale: float) -> Mean:
    size, added = sums.average_size, ADDED_CUSTOMERS
    whole = float(sums.w.sum()) + added * size
    center = float(sums.y.sum()) / whole
    residual = (sums.y - center * sums.w) / np.sqrt(1 - sums.w / whole)
    ends = 0.25 * (scale - center) ** 2 + 0.25 * (scale + center) ** 2 + 0.5 * center**2
    error = float(np.sqrt(residual @ residual + added * size**2 * ends)) / whole
    degrees = bell_mccaffrey(np.append(sums.w, added * size))
    return _bounded(sums, center, error, degrees, scale)


def _bounded(sums: _Sums, center: float, error: float, degrees: float, scale: float) -> Mean:
    half = float(stats.t.ppf(0.975, max(degrees, 1.0))) * error
    low, high = max(-scale, min(sums.mean, center - half)), min(scale, max(sums.mean, center + half))
    return Mean(len(sums.w), sums.mean, low, high)


def _sums(values: Floats, customers: Ints, weights: Floats | None) -> _Sums:
    weights = np.ones(len(values)) if weights is None else weights
    if not len(values):
        return _Sums(np.empty(0), np.empty(0))
    w = np.bincount(customers, weights=weights).astype(np.float64)
    y = np.bincount(customers, weights=weights * values).astype(np.float64)
    return _Sums(y[w > 0], w[w > 0])


def _weighty(values: Floats, weights: Floats | None) -> NDArray[np.bool_]:
    return np.ones(len(values), dtype=np.bool_) if weights is None else weights > 0


def _wilson(share: float, n: float) -> tuple[float, float]:
    square = Z95**2
    center = (share + square / (2 * n)) / (1 + square / n)
    half = Z95 / (1 + square / n) * float(np.sqrt(share * (1 - share) / n + square / (4 * n * n)))
    return max(0.0, center - half), min(1.0, center + half)
