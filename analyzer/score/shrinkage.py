"""How far units differ, and what that says of each: the one-way random-effects model on sufficient statistics.

    m_u = θ_u + e_u,   e_u ~ N(0, σ² v_u),   θ_u ~ N(μ_g, τ²)

``v_u`` is 1 / (contacts) for plain means; μ_g is the mean of the units that can be compared with each other. With
λ = τ²/σ² the restricted likelihood needs only m_u, v_u and the within-unit sum of squares, so it is exact however many
contacts lie behind a unit (Searle, Casella & McCulloch, Variance Components, 1992). ``value`` is the BLUP at the REML
λ. ``mean`` and ``variance`` average over λ, the intraclass correlation λ/(1 + λ) being anything on 0–1 alike beforehand
(Spiegelhalter, Abrams & Myles, Bayesian Approaches to Clinical Trials and Health-Care Evaluation, 2004): with a handful
of units REML often says τ² = 0, and an interval that believed it would be far too narrow. All periods of a measure are
worked through at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from analyzer.score.frames import Floats, Ints

# log10 of λ / (mean of v): −3 is "no difference between units", 8 "no noise".
_GRID: Final = np.linspace(-3.0, 8.0, 23)
_FINE: Final = 17  # points of λ that the posterior is summed over
_ZOOMS: Final = 5
_NEGLIGIBLE: Final = 1e-4  # posterior weight, of the highest


@dataclass(frozen=True, slots=True)
class UnitMeans:
    """By unit, sorted by period, then group: ``mean``, ``noise`` (v), ``period`` and ``group`` numbered without gaps.

    ``within_squares`` and ``within_degrees`` are by period.
    """

    mean: Floats
    noise: Floats
    period: Ints
    group: Ints
    within_squares: Floats
    within_degrees: Floats


@dataclass(frozen=True, slots=True)
class Shrunken:
    """By unit; from ``within_variance`` on by period. ``degrees`` are those behind σ².

    ``gap`` = θ − the mean of θ over the group, and its standard deviation, (points, units), one for each λ;
    ``ratio``, ``weight`` and ``squares`` (points, periods): λ, its posterior weight, σ² × degrees at it.
    """

    value: Floats
    mean: Floats
    variance: Floats
    gap: Floats
    gap_sd: Floats
    within_variance: Floats
    between_variance: Floats
    degrees: Floats
    ratio: Floats
    weight: Floats
    squares: Floats


def shrink(units: UnitMeans) -> Shrunken:
    """The units' estimates drawn towards their group's mean as far as their noise asks for; one alone is not drawn."""
    layout = _Layout.of(units)
    scale = np.log10(np.bincount(units.period, units.noise) / np.bincount(units.period))
    coarse = _GRID[:, None] + scale
    criterion = _fit(10.0**coarse, units, layout).criterion
    best = _reml(coarse, criterion, units, layout)
    reml = _fit(best[None, :], units, layout)
    pooled = units.noise / (units.noise + best[units.period])
    ratio, weight = _posterior_grid(coarse, criterion, units, layout)
    fine = _fit(ratio, units, layout)
    within = reml.squares[0] / layout.degrees
    return Shrunken(
        units.mean + pooled * (reml.center[0] - units.mean),
        *_moments(ratio, weight, fine, units, layout),
        within,
        best * within,
        layout.degrees,
        ratio,
        weight,
        fine.squares,
    )


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where groups and periods start among units, and periods among groups."""

    groups: Ints
    periods: Ints
    periods_of_groups: Ints
    degrees: Floats

    @classmethod
    def of(cls, units: UnitMeans) -> _Layout:
        groups = np.searchsorted(units.group, np.arange(units.group[-1] + 1))
        periods = np.searchsorted(units.period, np.arange(len(units.within_squares)))
        of_groups = np.searchsorted(units.period[groups], np.arange(len(periods)))
        others = np.bincount(units.period) - np.bincount(units.period[groups])
        # Below half a degree nothing is known of σ², and nothing that is made of it is shown.
        return cls(groups, periods, of_groups, np.maximum(units.within_degrees + others, 0.5))


@dataclass(frozen=True, slots=True)
class _Fit:
    """At each λ (points, …): precision / σ² and centre by unit, precision of the centre by unit, then by period."""

    precision: Floats
    center: Floats
    center_precision: Floats
    squares: Floats
    criterion: Floats  # −2 × restricted log-likelihood, σ² profiled out, up to a constant


def _fit(ratio: Floats, units: UnitMeans, layout: _Layout) -> _Fit:
    precision = 1.0 / (units.noise + ratio[:, units.period])
    total = np.add.reduceat(precision, layout.groups, axis=1)
    center = (np.add.reduceat(precision * units.mean, layout.groups, axis=1) / total)[:, units.group]
    between = np.add.reduceat(precision * (units.mean - center) ** 2, layout.periods, axis=1)
    squares = units.within_squares + between
    determinant = np.add.reduceat(np.log(total), layout.periods_of_groups, axis=1)
    determinant -= np.add.reduceat(np.log(precision), layout.periods, axis=1)
    tiny = np.finfo(np.float64).tiny  # all contacts alike: σ² = 0
    criterion = layout.degrees * np.log(np.maximum(squares, tiny)) + determinant
    return _Fit(precision, center, total[:, units.group], squares, criterion)


def _reml(coarse: Floats, criterion: Floats, units: UnitMeans, layout: _Layout) -> Floats:
    """By period the λ of the highest restricted likelihood; 0 where no λ of the grid is better than none."""
    every = np.arange(criterion.shape[1])
    lowest = np.argmin(criterion, axis=0)
    at, least = coarse[lowest, every], criterion[lowest, every]
    step = float(_GRID[1] - _GRID[0])
    for _ in range(_ZOOMS):
        near = at + step * np.linspace(-1.0, 1.0, 9)[:, None]
        values = _fit(10.0**near, units, layout).criterion
        lowest = np.argmin(values, axis=0)
        at, least, step = near[lowest, every], values[lowest, every], step / 4.0
    none = _fit(np.zeros((1, len(at))), units, layout).criterion[0]
    return np.where(none <= least, 0.0, 10.0**at)


def _posterior_grid(coarse: Floats, criterion: Floats, units: UnitMeans, layout: _Layout) -> tuple[Floats, Floats]:
    """λ (points, periods) where its posterior lies, and the weight of each point."""
    points, step = coarse, np.full(coarse.shape[1], coarse[1, 0] - coarse[0, 0])
    for _ in range(2):
        weight = _weight(criterion, points)
        likely = weight > _NEGLIGIBLE * weight.max(axis=0)
        low = np.where(likely, points, np.inf).min(axis=0) - step
        high = np.where(likely, points, -np.inf).max(axis=0) + step
        points = np.linspace(low, high, _FINE)
        step = (high - low) / (_FINE - 1)
        criterion = _fit(10.0**points, units, layout).criterion
    return 10.0**points, _weight(criterion, points)


def _weight(criterion: Floats, points: Floats) -> Floats:
    """Posterior weight of each λ; uniform in the intraclass correlation ρ, so ρ(1 − ρ) on the logarithm of λ."""
    correlation = 1.0 / (1.0 + 10.0**-points)
    weight = np.exp(-0.5 * (criterion - criterion.min(axis=0))) * correlation * (1.0 - correlation)
    return np.asarray(weight / weight.sum(axis=0), dtype=np.float64)


def _moments(
    ratio: Floats, weight: Floats, fit: _Fit, units: UnitMeans, layout: _Layout
) -> tuple[Floats, Floats, Floats, Floats]:
    """Mean and variance of θ by unit over λ and μ; by λ the gap to the group's mean and its standard deviation."""
    within = (fit.squares / layout.degrees)[:, units.period]
    share = weight[:, units.period]
    pooled = units.noise * fit.precision  # weight of the centre
    own = ratio[:, units.period] * pooled
    theta = units.mean + pooled * (fit.center - units.mean)
    mean = np.sum(share * theta, axis=0)
    variance = within * (own + pooled**2 / fit.center_precision) + (theta - mean) ** 2
    size = np.bincount(units.group)[units.group]
    of_group = own * (1.0 - 2.0 / size) + _group_mean(own, units, layout) / size
    common = (pooled - _group_mean(pooled, units, layout)) ** 2 / fit.center_precision
    gap_variance = within * np.maximum(of_group + common, 0.0)
    return mean, np.sum(share * variance, axis=0), theta - _group_mean(theta, units, layout), np.sqrt(gap_variance)


def _group_mean(values: Floats, units: UnitMeans, layout: _Layout) -> Floats:
    total = np.add.reduceat(values, layout.groups, axis=1) / np.bincount(units.group)
    return np.asarray(total[:, units.group], dtype=np.float64)


def posterior_draws(
    units: UnitMeans, shrunken: Shrunken, at: slice, normals: npt.NDArray[np.float32], points: Floats
) -> npt.NDArray[np.float32]:
    """θ (draws, units) of the units ``at``, one group of one period; λ, σ² and μ are drawn too.

    ``normals`` (draws, units + 2) and ``points`` (draws,), uniform on 0–1, are the chance.
    """
    period = int(units.period[at.start])
    drawn = np.searchsorted(np.cumsum(shrunken.weight[:, period]), points)
    drawn = np.minimum(drawn, len(shrunken.weight) - 1)
    ratio = shrunken.ratio[:, period, None]
    noise, mean = units.noise[at], units.mean[at]
    precision = 1.0 / (noise + ratio)
    total = precision.sum(axis=1, keepdims=True)
    pooled = noise * precision
    theta = (mean + pooled * (np.sum(precision * mean, axis=1, keepdims=True) / total - mean)).astype(np.float32)
    own, common = np.sqrt(ratio * pooled).astype(np.float32), (pooled / np.sqrt(total)).astype(np.float32)
    within = _chi2_scale(float(shrunken.degrees[period]), normals[:, -1]) * shrunken.squares[drawn, period]
    spread = own[drawn] * normals[:, :-2]
    spread += common[drawn] * normals[:, -2:-1]
    spread *= np.sqrt(within).astype(np.float32)[:, None]
    return np.asarray(theta[drawn] + spread, dtype=np.float32)


def _chi2_scale(degrees: float, normals: npt.NDArray[np.float32]) -> Floats:
    """1 / χ², by the cube-root normal of Wilson & Hilferty (1931)."""
    part = 2.0 / (9.0 * max(degrees, 1.0))
    return np.asarray(1.0 / (degrees * np.maximum(1.0 - part + np.sqrt(part) * normals, 0.2) ** 3), dtype=np.float64)
