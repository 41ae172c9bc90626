"""When a day's number is a signal: limits with the same, stated chance of a false alarm on every single point.

Means: an EWMA of standardised errors with limits such that, while nothing changes and as long as there was no signal,
the chance of one is ``alpha`` on each point (Margavio et al. 1995; Shen, Zou, Jiang & Tsung 2013), whatever n is that
day and however short the past; after a signal it starts again. Rates: Laney's p′ (each point by itself, binomial
limits widened by how much points scatter more than binomially), with the binomial's own tails and not the normal's,
which for a rare event find one false alarm after the other above and none below.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from scipy import special, stats

from analyzer.score.forecast import Forecast
from analyzer.score.frames import Bools, Floats
from analyzer.score.gathering import LEAST_RATE
from analyzer.score.rate_limits import rate_limits

EWMA_WEIGHT: Final = 0.2  # of the latest day; finds lasting shifts of about one standard error soonest
SINGLE_DAYS: Final = 1.0
ALPHAS: Final = 10.0 ** np.arange(-4.0, -0.999, 0.0625)  # chances per point for which limits are tabulated
STEPS: Final = 30  # points after a start, from which on limits stay
_GRID: Final = 201
_TINY: Final = 1e-13


@dataclass(frozen=True, slots=True)
class Signals:
    """By unit and day; limits in units of the measure. ``ewma`` in standard errors; NaN where there is no chart."""

    lower: Floats
    upper: Floats
    signal: Bools
    chance: Floats  # of a signal on this point while nothing changes
    ewma: Floats


def ladder(alpha: Floats) -> np.ndarray:
    """Index of the tabulated chance nearest to each ``alpha`` from below."""
    return np.clip(np.searchsorted(ALPHAS, np.asarray(alpha) * (1 + 1e-9), side="right") - 1, 0, len(ALPHAS) - 1)


def ewma_signals(mean: Floats, forecast: Forecast, step: np.ndarray, weight: float = EWMA_WEIGHT) -> Signals:
    """``step`` (units, days) are rungs of the ladder of chances; ``weight`` is that of the latest day."""
    lower, upper, shown = np.full((3, *mean.shape), np.nan)
    signal = np.zeros(mean.shape, dtype=np.bool_)
    z = standardised(mean, forecast)
    ewma, since = np.zeros(len(mean)), np.zeros(len(mean), dtype=np.int64)
    limits = ewma_limits(step, weight)
    for day in range(mean.shape[1]):
        at = np.flatnonzero(~np.isnan(z[:, day]))
        limit = limits[step[at, day], np.minimum(since[at], STEPS - 1)]
        kept = (1.0 - weight) * ewma[at]
        lower[at, day] = (-limit - kept) / weight
        upper[at, day] = (limit - kept) / weight
        ewma[at] = kept + weight * z[at, day]
        signal[at, day] = np.abs(ewma[at]) > limit
        shown[at, day] = ewma[at]
        since[at] += 1
        ewma[at] *= ~signal[at, day]
        since[at] *= ~signal[at, day]
    chance = np.where(np.isnan(z), np.nan, ALPHAS[step])
    return Signals(raw_value(lower, forecast), raw_value(upper, forecast), signal, chance, shown)


def standardised(mean: Floats, forecast: Forecast) -> Floats:
    """Errors of forecasts as standard normal numbers, whatever degrees of freedom are behind their scale."""
    with np.errstate(divide="ignore", invalid="ignore"):  # of a measure that never varied: 0 / 0 judges nothing
        t = (mean - forecast.center) / forecast.sd
    # By the lower tail on both sides: 1 − a tiny tail would be 1.
    return np.asarray(-np.sign(t) * special.ndtri(np.maximum(stats.t.cdf(-np.abs(t), forecast.degrees), _TINY)))


def raw_value(z: Floats, forecast: Forecast) -> Floats:
    """The mean of the day that ``z`` standardises: the inverse of ``standardised``."""
    tail = np.maximum(special.ndtr(-np.abs(z)), _TINY)
    return np.asarray(forecast.center - np.sign(z) * forecast.sd * special.stdtrit(forecast.degrees, tail))


def ewma_limits(rungs: np.ndarray, weight: float = EWMA_WEIGHT) -> Floats:
    """Limits (rungs of the ladder of chances, steps) of an EWMA of independent N(0, 1) numbers that starts at 0."""
    table = np.full((len(ALPHAS), STEPS), np.nan)
    for rung in np.unique(rungs):
        table[rung] = _limits_of(float(ALPHAS[rung]), weight)
    return table


@lru_cache(maxsize=2 * len(ALPHAS))
def _limits_of(alpha: float, weight: float) -> Floats:
    """By the density of the EWMA given no signal so far, carried from step to step on a grid between the limits."""
    limits = np.empty(STEPS)
    points, mass = np.zeros(1), np.ones(1)
    for step in range(STEPS):
        limits[step] = _limit(points, mass, alpha, weight, limits[step - 1] if step else 3 * weight)
        points, mass = _carried_on(points, mass, limits[step], weight)
    return limits


def _limit(points: Floats, mass: Floats, alpha: float, weight: float, near: float) -> float:
    """Where the chance of the next EWMA to lie outside is ``alpha``, by bisection."""
    low, high = 0.3 * near, 3.0 * near
    for _ in range(30):
        limit = 0.5 * (low + high)
        outside = mass @ (
            special.ndtr((-limit - (1 - weight) * points) / weight)
            + special.ndtr((-limit + (1 - weight) * points) / weight)
        )
        low, high = (limit, high) if outside > alpha else (low, limit)
    return 0.5 * (low + high)


def _carried_on(points: Floats, mass: Floats, limit: float, weight: float) -> tuple[Floats, Floats]:
    edges = np.linspace(-limit, limit, _GRID + 1)
    below = special.ndtr((edges[:, None] - (1 - weight) * points) / weight) @ mass
    inside = np.diff(below)
    return 0.5 * (edges[1:] + edges[:-1]), inside / inside.sum()


def rate_signals(rate: Floats, n: Floats, forecast: Forecast, step: np.ndarray) -> Signals:
    """Laney's p′ of points with ``rate`` over ``n`` contacts; ``forecast.sd`` is his σ_z × the binomial standard error.

    The chance is the one that whole events leave (``rate_limits``), at most the one asked for.
    """
    center = np.clip(forecast.center, LEAST_RATE, 1 - LEAST_RATE)
    low, high, chance = rate_limits(n, center, forecast.sd, forecast.degrees, ALPHAS[step])
    return Signals(low, high, (rate < low) | (rate > high), chance, np.full(rate.shape, np.nan))
