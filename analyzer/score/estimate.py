"""The estimates of one measure for all units of a kind in one period, from their sums."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from scipy import stats

from analyzer.config import ScoreSettings
from analyzer.score.casemix import within_slopes
from analyzer.score.frames import Bools, Floats
from analyzer.score.measures import Measure
from analyzer.score.shrinkage import Shrunken, UnitMeans, alone, shrink

DECILE_UNITS: Final = 50
DRAWS: Final = 1000
DRAW_SEED: Final = 20_260_101
# Contacts' worth of the scale's own spread. On a day when three rare events did not happen the data say that contacts
# never differ; an interval that believed them would have no width. Over a month it is lost among the contacts.
PRIOR_DEGREES: Final = 2.0
# A covariate without a slope in which a unit differs by more than this from all makes it incomparable.
APART: Final = 0.25


@dataclass(frozen=True, slots=True)
class UnitSums:
    """Sums of the units that have at least one observed contact, and the period's cross-products."""

    w: Floats
    w2: Floats
    y: Floats
    yy: Floats
    x: Floats  # (units, k)
    xx: Floats  # (k, k)
    xy: Floats  # (k,)


@dataclass(frozen=True, slots=True)
class Estimates:
    """By unit; NaN where it cannot be estimated. ``slopes`` is the number of case-mix slopes used."""

    raw_mean: Floats
    adjusted: Floats
    value: Floats
    low: Floats
    high: Floats
    spread: Floats
    worse_probability: Floats
    lowest_decile_probability: Floats
    slopes: int
    apart: Bools  # not compared with others: its case mix is its own, and no slope tells what that does


def estimate(sums: UnitSums, measure: Measure, settings: ScoreSettings) -> Estimates:
    """Raw, adjusted and shrunken means with intervals of the units in ``sums``.

    adjusted = raw − (the unit's covariate mean − the mean of all) · β, β within units, cut to the measure's range.
    Contacts count as independent within a unit given the case mix. A measure whose scale has no end has only means
    where there is no within-unit degree of freedom. Who is set apart by a covariate without a slope is not compared.
    """
    raw = sums.y / sums.w
    n_effective = sums.w**2 / sums.w2
    degrees = float(np.sum(n_effective - 1.0))
    mean_x = sums.x / sums.w[:, None]
    slopes = within_slopes(sums.xx - sums.x.T @ mean_x, sums.xy - sums.x.T @ raw, degrees)
    distance = mean_x - sums.x.sum(axis=0) / sums.w.sum()
    adjusted = raw - distance @ slopes.beta
    squares = float(np.sum(sums.yy - sums.y * raw) - (sums.xy - sums.x.T @ raw) @ slopes.beta)
    squares = max(squares, 0.0) * _contacts_per_weight(sums, degrees)
    units = UnitMeans(
        adjusted,
        n_effective,
        np.einsum("uk,kl,ul->u", distance, slopes.covariance, distance),
        *_with_prior(squares, degrees - slopes.rank, measure),
    )
    bounds = (measure.lowest, measure.highest)
    shown = np.clip(adjusted, *bounds)
    apart = np.asarray((np.abs(distance[:, ~slopes.used]) > APART).any(axis=1), dtype=np.bool_)
    nan = np.full(len(raw), np.nan)
    spread = _spread(sums, raw)
    if units.within_degrees < 0.5:
        return Estimates(raw, shown, nan, nan, nan, spread, nan, nan, slopes.rank, apart)
    posterior = shrink(units) if len(raw) > 1 else alone(units)
    low, high = _interval(posterior, settings.interval)
    lowest_decile = _lowest_decile(posterior, measure) if len(raw) >= DECILE_UNITS else nan
    return Estimates(
        raw,
        shown,
        np.clip(posterior.value, *bounds),
        np.clip(low, *bounds),
        np.clip(high, *bounds),
        spread,
        np.where(apart, np.nan, _worse(posterior, measure, settings.margin * _overall_sd(sums))),
        np.where(apart, np.nan, lowest_decile),
        slopes.rank,
        apart,
    )


def _with_prior(squares: float, degrees: float, measure: Measure) -> tuple[float, float]:
    """Within-unit squares and degrees with those that the scale stands for; as they are where a scale has no end."""
    spread = measure.prior_spread
    return (squares, degrees) if spread is None else (squares + PRIOR_DEGREES * spread**2, degrees + PRIOR_DEGREES)


def _contacts_per_weight(sums: UnitSums, degrees: float) -> float:
    """Degrees of freedom in contacts, per degree in weights: Σ w r² estimates σ² · Σ (w − w²/w), not σ² · (n − 1)."""
    weighted = float(np.sum(sums.w - sums.w2 / sums.w))
    return degrees / weighted if weighted > 0 else 1.0


def _spread(sums: UnitSums, raw: Floats) -> Floats:
    degrees = sums.w - sums.w2 / sums.w
    squares = np.maximum(sums.yy - sums.y * raw, 0.0)
    variance = np.full(len(raw), np.nan)
    # With hardly more than one effective contact there is nothing to spread.
    np.divide(squares, degrees, out=variance, where=sums.w**2 / sums.w2 > 1.2)
    return np.asarray(np.sqrt(variance), dtype=np.float64)


def _overall_sd(sums: UnitSums) -> float:
    mean = sums.y.sum() / sums.w.sum()
    return float(np.sqrt(max(sums.yy.sum() / sums.w.sum() - mean**2, 0.0)))


def _interval(posterior: Shrunken, level: float) -> tuple[Floats, Floats]:
    half = stats.t.ppf(0.5 + level / 2, posterior.degrees) * np.sqrt(posterior.variance)
    return posterior.value - half, posterior.value + half


def _worse(posterior: Shrunken, measure: Measure, margin: float) -> Floats:
    """P(unit is worse than its kind's mean by more than ``margin``); NaN for a unit without others."""
    gap = posterior.value - posterior.center
    worse_by = -gap if measure.higher_is_better else gap
    sd = np.sqrt(posterior.gap_variance)
    certain = np.where(worse_by > margin, 1.0, 0.0)
    z = np.divide(worse_by - margin, sd, out=np.zeros_like(sd), where=sd > 0)
    return np.where(np.isnan(sd), np.nan, np.where(sd > 0, stats.t.cdf(z, posterior.degrees), certain))


def _lowest_decile(posterior: Shrunken, measure: Measure) -> Floats:
    """Share of posterior draws in which the unit is among the worst tenth (rounded up)."""
    sign = 1.0 if measure.higher_is_better else -1.0
    n = len(posterior.value)
    draws = sign * (posterior.value + _normals(n) * np.sqrt(posterior.gap_variance))
    size = -(-n // 10)
    threshold = np.partition(draws, size - 1, axis=1)[:, size - 1 : size]
    return np.asarray(np.mean(draws <= threshold, axis=0), dtype=np.float64)


@lru_cache(maxsize=64)
def _normals(n: int) -> Floats:
    # The same draws for every measure and run: a re-run must give the same number.
    return np.random.default_rng(DRAW_SEED).standard_normal((DRAWS, n))
