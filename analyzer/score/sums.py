"""Sums of one measure over units and periods, and what they tell of the case mix."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np

from analyzer.score.casemix import Slopes, Spread, within_slopes
from analyzer.score.frames import Floats, Ints
from analyzer.score.sharing import Apart

DEGREES_PER_DAY: Final = 10.0  # within-unit degrees of freedom for each covariate, from which days are adjusted for


@dataclass(frozen=True, slots=True)
class UnitSums:
    """Sums of the (period, unit) with at least one observed contact, sorted; periods numbered without gaps.

    ``mean`` and ``mean_x`` are net of partners, ``apart`` tells their noise. The last ``dated`` covariates are days.
    """

    period: Ints
    w: Floats
    w2: Floats
    y: Floats
    yy: Floats
    x: Floats  # (cells, k)
    xx: Floats  # (periods, k, k)
    xy: Floats  # (periods, k)
    apart: Apart
    dated: int = 0

    @property
    def mean(self) -> Floats:
        return self.apart.mean[:, 0]

    @property
    def mean_x(self) -> Floats:
        return self.apart.mean[:, 1:]

    def bounds(self) -> list[slice]:
        edges = np.searchsorted(self.period, np.arange(len(self.xy) + 1))
        return [slice(int(first), int(last)) for first, last in pairwise(edges)]

    def by_period(self, values: Floats) -> Floats:
        return np.asarray(np.bincount(self.period, values, len(self.xy)), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class _Mix:
    """Cross-products of one period about the units' own means, and how the case mix varies."""

    xx: Floats
    xy: Floats
    spread: Spread


def slopes_by_period(sums: UnitSums) -> list[Slopes]:
    """The case mix's slopes within the units of each period."""
    degrees = contact_degrees(sums)
    mixes = [_mix(sums, at, period) for period, at in enumerate(sums.bounds())]
    return [_slopes(mix, float(d), sums.dated) for mix, d in zip(mixes, degrees, strict=True)]


def _slopes(mix: _Mix, degrees: float, dated: int) -> Slopes:
    """Days have slopes only where contacts abound, and part nobody: crews of different days are still compared."""
    k = len(mix.xy) - dated
    if dated and degrees < DEGREES_PER_DAY * int(np.sum(mix.spread.size > 0)):
        less = Spread(mix.spread.variance[:k, :k], mix.spread.between[:k, :k], mix.spread.units)
        short = within_slopes(mix.xx[:k, :k], mix.xy[:k], degrees, less)
        beta, covariance = np.zeros(k + dated), np.zeros((k + dated, k + dated))
        beta[:k], covariance[:k, :k] = short.beta, short.covariance
        return Slopes(beta, covariance, short.rank, np.vstack([short.blind, np.zeros((dated, short.blind.shape[1]))]))
    slopes = within_slopes(mix.xx, mix.xy, degrees, mix.spread)
    blind = np.vstack([slopes.blind[:k], np.zeros((dated, slopes.blind.shape[1]))])
    return replace(slopes, blind=blind[:, np.abs(blind).max(axis=0, initial=0.0) > 1e-6])


def completed(slopes: list[Slopes], sums: UnitSums) -> list[Slopes]:
    """``slopes`` learned within agents, with what only these units' own contacts tell along the blind directions.

    Where each agent works one queue, no agent tells what the queue does; the contacts of a channel, which come from
    all queues, tell what the queue with its people does, and that is what a channel must be cleared of.
    """
    degrees = contact_degrees(sums)
    bounds = sums.bounds()
    return [
        _completed(slope, _mix(sums, bounds[period], period), float(degrees[period])) if slope.blind.size else slope
        for period, slope in enumerate(slopes)
    ]


def _completed(slope: Slopes, mix: _Mix, degrees: float) -> Slopes:
    along = slope.blind
    spread = Spread(along.T @ mix.spread.variance @ along, along.T @ mix.spread.between @ along, mix.spread.units)
    xy = along.T @ (mix.xy - mix.xx @ slope.beta)
    more = within_slopes(along.T @ mix.xx @ along, xy, degrees - slope.rank, spread)
    return replace(
        slope,
        beta=slope.beta + along @ more.beta,
        covariance=slope.covariance + along @ more.covariance @ along.T,
        rank=slope.rank + more.rank,
        blind=along @ more.blind,
    )


def _mix(sums: UnitSums, at: slice, period: int) -> _Mix:
    x, mean_x, total = sums.x[at], sums.mean_x[at], sums.w[at].sum()
    within = sums.xx[period] - x.T @ mean_x
    center = x.sum(axis=0) / total
    variance = sums.xx[period] / total - np.outer(center, center)
    distance = mean_x - center
    n = 1.0 / sums.apart.noise[at]
    spread = Spread(variance, (distance * n[:, None]).T @ distance, len(n))
    return _Mix((within + within.T) / 2, sums.xy[period] - x.T @ sums.mean[at], spread)


def contact_degrees(sums: UnitSums) -> Floats:
    """Contacts' worth of within-unit degrees of freedom, by period."""
    return weight_degrees(sums) * sums.by_period(sums.apart.own) / sums.by_period(sums.w2)


def weight_degrees(sums: UnitSums) -> Floats:
    """What Σ w r² is a multiple of: trace of Q − Q Z A⁻¹ Zᵀ Q, by period."""
    return np.maximum(sums.by_period(sums.w - sums.w2 / sums.apart.own), 0.0)


def within_variance(sums: UnitSums, slopes: list[Slopes]) -> Floats:
    """σ² of one contact by period, about the units' own means and ``slopes``; 0 where no unit has two contacts.

    The slopes' own degrees of freedom are not taken off.
    """
    squares = sums.by_period(sums.yy - sums.y * sums.mean)
    for period, (at, slope) in enumerate(zip(sums.bounds(), slopes, strict=True)):
        if slope.rank:
            x = sums.x[at]
            xy = sums.xy[period] - x.T @ sums.mean[at]
            xx = sums.xx[period] - x.T @ sums.mean_x[at]
            squares[period] += slope.beta @ (xx @ slope.beta - 2.0 * xy)
    weights = weight_degrees(sums)
    return np.divide(np.maximum(squares, 0.0), weights, out=np.zeros(len(squares)), where=weights > 1e-9)
