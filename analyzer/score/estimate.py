"""The estimates of one measure for all units of a kind, period by period, from their sums."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import special, stats

from analyzer.config import ScoreSettings
from analyzer.score.casemix import Slopes
from analyzer.score.comparison import comparison_groups
from analyzer.score.frames import Bools, Floats, Ints
from analyzer.score.measures import Measure
from analyzer.score.shrinkage import Shrunken, UnitMeans, posterior_draws, shrink
from analyzer.score.sums import UnitSums, contact_degrees, within_variance

DECILE_UNITS: Final = 50
DRAWS: Final = 400
DRAW_SEED: Final = 20_260_101
# Contacts' worth of the scale's own spread. On a day when three rare events did not happen the data say that contacts
# never differ; an interval that believed them would have no width. Over a month it is lost among the contacts.
PRIOR_DEGREES: Final = 2.0


@dataclass(frozen=True, slots=True)
class Estimates:
    """By cell; NaN where it cannot be estimated. ``rivals``: how many other units it is compared with.

    ``slopes`` (of the cell's period) is the number of case-mix slopes used.
    """

    raw_mean: Floats
    adjusted: Floats
    value: Floats
    low: Floats
    high: Floats
    spread: Floats
    worse_probability: Floats
    better_probability: Floats
    lowest_decile_probability: Floats
    icc: Floats
    icc_low: Floats
    icc_high: Floats
    n_effective: Floats
    rivals: Ints
    slopes: Ints
    mixed: Bools


def estimate(
    sums: UnitSums, slopes: list[Slopes], inflation: Floats, measure: Measure, settings: ScoreSettings
) -> Estimates:
    """Raw, adjusted and shrunken means with intervals.

    adjusted = mean − (the unit's covariate mean − that of the units it is compared with) · β, cut to the measure's
    range. ``inflation`` is the design effect of each period. A measure whose scale has no end has only means where
    there is no within-unit degree of freedom.
    """
    group = _groups(sums, slopes)
    order = np.lexsort((group, sums.period))
    back = np.argsort(order)
    rivals = np.bincount(group)[group] - 1
    adjusted, noise = _adjusted(sums, slopes, group)
    noise = noise + sums.apart.noise * inflation[sums.period]
    units = UnitMeans(adjusted[order], noise[order], sums.period[order], group[order], *_within(sums, slopes, measure))
    known = (units.within_degrees >= 0.5)[sums.period]
    posterior = shrink(units)
    half = stats.t.ppf(0.5 + settings.interval / 2, posterior.degrees)[units.period] * np.sqrt(posterior.variance)
    margin = (settings.margin * _overall_sd(sums))[units.period]
    worse, better = _beyond(posterior, units, measure, margin)
    bounds = (measure.lowest, measure.highest)
    compared = known & (rivals > 0)

    def shown(values: Floats, where: Bools) -> Floats:
        return np.where(where, values[back], np.nan)

    any_rival = (np.bincount(sums.period, rivals) > 0)[sums.period] & known
    icc, icc_low, icc_high = (np.where(any_rival, ends[sums.period], np.nan) for ends in _icc(posterior))
    return Estimates(
        raw_mean=sums.y / sums.w,
        adjusted=np.clip(adjusted, *bounds),
        value=shown(np.clip(posterior.value, *bounds), known),
        low=shown(np.clip(np.minimum(posterior.mean - half, posterior.value), *bounds), known),
        high=shown(np.clip(np.maximum(posterior.mean + half, posterior.value), *bounds), known),
        spread=_spread(sums),
        worse_probability=shown(np.clip(worse, 0, 1), compared),  # over all λ, sums pass 1 by a rounding
        better_probability=shown(np.clip(better, 0, 1), compared),
        lowest_decile_probability=shown(_lowest_decile(posterior, units, measure), compared),
        icc=icc,
        icc_low=icc_low,
        icc_high=icc_high,
        n_effective=1.0 / (sums.apart.noise * inflation[sums.period]),
        rivals=rivals,
        slopes=np.array([s.rank for s in slopes], dtype=np.int64)[sums.period],
        mixed=sums.apart.mixed,
    )


def _groups(sums: UnitSums, slopes: list[Slopes]) -> Ints:
    """Comparison group of each cell, numbered on over periods."""
    group = np.zeros(len(sums.period), dtype=np.int64)
    first = 0
    for at, slope in zip(sums.bounds(), slopes, strict=True):
        group[at] = first + comparison_groups(sums.mean_x[at], slope.blind, sums.w[at])
        first = int(group[at].max()) + 1
    return group


def _adjusted(sums: UnitSums, slopes: list[Slopes], group: Ints) -> tuple[Floats, Floats]:
    """Adjusted mean of each cell, and what the slopes' doubt adds to its variance, as a multiple of σ²."""
    total = np.bincount(group, sums.w)
    center = np.stack([np.bincount(group, column) / total for column in sums.x.T], axis=1) if sums.x.size else sums.x
    adjusted, doubt = sums.mean.copy(), np.zeros(len(group))
    for at, slope in zip(sums.bounds(), slopes, strict=True):
        if slope.rank:
            distance = sums.mean_x[at] - center[group[at]]
            adjusted[at] -= distance @ slope.beta
            doubt[at] = np.sum((distance @ slope.covariance) * distance, axis=1)
    return adjusted, doubt


def _within(sums: UnitSums, slopes: list[Slopes], measure: Measure) -> tuple[Floats, Floats]:
    """Within-unit squares and degrees by period, with those that the scale stands for where it has ends."""
    degrees = np.maximum(contact_degrees(sums), 0.0)
    left = np.maximum(degrees - [s.rank for s in slopes], 0.0)
    # Slopes that were fitted to these very contacts took degrees of freedom with them.
    squares = within_variance(sums, slopes) * degrees
    spread = measure.prior_spread
    return (squares, left) if spread is None else (squares + PRIOR_DEGREES * spread**2, left + PRIOR_DEGREES)


def _spread(sums: UnitSums) -> Floats:
    degrees = sums.w - sums.w2 / sums.w
    squares = np.maximum(sums.yy - sums.y**2 / sums.w, 0.0)
    variance = np.full(len(degrees), np.nan)
    # With hardly more than one effective contact there is nothing to spread.
    np.divide(squares, degrees, out=variance, where=sums.w**2 / sums.w2 > 1.2)
    return np.asarray(np.sqrt(variance), dtype=np.float64)


def _overall_sd(sums: UnitSums) -> Floats:
    w = sums.by_period(sums.w)
    mean = sums.by_period(sums.y) / w
    return np.asarray(np.sqrt(np.maximum(sums.by_period(sums.yy) / w - mean**2, 0.0)), dtype=np.float64)


def _beyond(posterior: Shrunken, units: UnitMeans, measure: Measure, margin: Floats) -> tuple[Floats, Floats]:
    """P(worse than the mean of those it is compared with by more than ``margin``), and P(better by more)."""
    gap = -posterior.gap if measure.higher_is_better else posterior.gap
    return _exceeds(gap, margin, posterior, units), _exceeds(-gap, margin, posterior, units)


def _exceeds(gap: Floats, margin: Floats, posterior: Shrunken, units: UnitMeans) -> Floats:
    """P(gap > margin) over λ, by t of σ²'s degrees (as a normal: Abramowitz & Stegun 26.7.8)."""
    degrees = np.maximum(posterior.degrees[units.period], 1.0)
    sd = posterior.gap_sd
    t = np.divide(gap - margin, sd, out=np.where(gap > margin, np.inf, -np.inf), where=sd > 0)
    t = np.clip(t, -1e3, 1e3)
    normal = t * (1.0 - 0.25 / degrees) / np.sqrt(1.0 + t**2 / (2.0 * degrees))
    return np.asarray(np.sum(posterior.weight[:, units.period] * special.ndtr(normal), axis=0), dtype=np.float64)


def _icc(posterior: Shrunken) -> tuple[Floats, Floats, Floats]:
    """Intraclass correlation by period: REML, then the ends of its posterior's central 95 %."""
    total = posterior.between_variance + posterior.within_variance
    point = np.divide(posterior.between_variance, total, out=np.zeros_like(total), where=total > 0)
    below = np.cumsum(posterior.weight, axis=0)
    ends = []
    for share in (0.025, 0.975):
        at = np.minimum((below < share).sum(axis=0), len(below) - 1)
        ratio = np.take_along_axis(posterior.ratio, at[None, :], axis=0)[0]
        ends.append(ratio / (1.0 + ratio))
    return point, np.minimum(ends[0], point), np.maximum(ends[1], point)


def _lowest_decile(posterior: Shrunken, units: UnitMeans, measure: Measure) -> Floats:
    """Share of posterior draws in which the unit is among the worst tenth (rounded up) of those it is compared with."""
    sign = 1.0 if measure.higher_is_better else -1.0
    probability = np.full(len(units.mean), np.nan)
    edges = np.searchsorted(units.group, np.arange(units.group[-1] + 2))
    for first, last in pairwise(edges):
        n = int(last - first)
        if n >= DECILE_UNITS:
            at = slice(int(first), int(last))
            draws = sign * posterior_draws(units, posterior, at, *_chance(n))
            size = -(-n // 10)
            threshold = np.partition(draws, size - 1, axis=1)[:, size - 1 : size]
            probability[at] = np.mean(draws <= threshold, axis=0)
    return probability


@lru_cache(maxsize=64)
def _chance(n: int) -> tuple[npt.NDArray[np.float32], Floats]:
    # The same draws for every measure and run: a re-run must give the same number.
    rng = np.random.default_rng(DRAW_SEED)
    return rng.standard_normal((DRAWS, n + 2), dtype=np.float32), (np.arange(DRAWS) + 0.5) / DRAWS
