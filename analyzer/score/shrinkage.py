"""How far units differ, and what that says of each: the one-way random-effects model on sufficient statistics.

    m_u = θ_u + e_u,   e_u ~ N(0, σ²/n_u),   θ_u ~ N(μ, τ²)

With λ = τ²/σ² the restricted likelihood needs only n_u, m_u and the within-unit sum of squares, so it is exact however
many contacts lie behind a unit (Searle, Casella & McCulloch, Variance Components, 1992). ``value`` is the BLUP at the
REML λ. Its variance averages over λ under the uniform shrinkage prior (Daniels, 1999): with a handful of units REML
often says τ² = 0, and an interval that believed it would be far too narrow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from analyzer.score.frames import Floats

# log10 of λ × (harmonic mean of n): −4 is "no difference between units", 8 "no noise".
_GRID: Final = np.linspace(-4.0, 8.0, 49)
_ZOOMS: Final = 4


@dataclass(frozen=True, slots=True)
class UnitMeans:
    """``mean`` and ``n_effective`` by unit; ``slope_variance``: what the case mix's slopes add, as a multiple of σ²."""

    mean: Floats
    n_effective: Floats
    slope_variance: Floats
    within_squares: float
    within_degrees: float


@dataclass(frozen=True, slots=True)
class Shrunken:
    """Posterior by unit; ``gap_variance`` is that of value − center. ``degrees`` are those behind σ²."""

    value: Floats
    variance: Floats
    gap_variance: Floats
    center: float
    within_variance: float
    between_variance: float
    degrees: float


def shrink(units: UnitMeans) -> Shrunken:
    """The units' estimates drawn towards their mean as far as their noise asks for.

    Two units or more and at least one within-unit degree of freedom are assumed, see ``alone`` for one unit.
    """
    scale = len(units.mean) / float(np.sum(1.0 / units.n_effective))  # harmonic mean of n
    grid = 10.0**_GRID / scale
    criterion = _criterion(grid, units)
    best = _reml(criterion, units, scale)
    center, within, value = _posterior(np.array([best]), units)[:3]
    g_center, _, g_value, g_variance, g_gap = _posterior(grid, units)
    weight = _prior_weight(criterion)
    spread = weight @ (g_variance + (g_value - value[0]) ** 2)
    gap_spread = weight @ (g_gap + ((g_value - g_center[:, None]) - (value[0] - center[0])) ** 2)
    return Shrunken(
        value=value[0],
        variance=spread,
        gap_variance=gap_spread,
        center=float(center[0]),
        within_variance=float(within[0]),
        between_variance=float(best * within[0]),
        degrees=units.within_degrees + len(units.mean) - 1,
    )


def alone(units: UnitMeans) -> Shrunken:
    """The estimate of a unit that has no others to learn from: its own mean, not shrunken."""
    within = units.within_squares / units.within_degrees
    variance = within * (1.0 / units.n_effective + units.slope_variance)
    nan = np.full(len(units.mean), np.nan)
    return Shrunken(units.mean, variance, nan, float(units.mean[0]), within, 0.0, units.within_degrees)


def _posterior(ratios: Floats, units: UnitMeans) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """At each λ of ``ratios`` (G,): center, σ² (G,), then value, variance, gap variance (G, units)."""
    precision, center, squares = _fit(ratios, units)
    degrees = units.within_degrees + len(units.mean) - 1
    within = squares / degrees
    pooled = 1.0 / (1.0 + np.outer(ratios, units.n_effective))  # weight of the common mean
    value = center[:, None] + (1.0 - pooled) * (units.mean - center[:, None])
    own = ratios[:, None] * pooled + (1.0 - pooled) ** 2 * units.slope_variance
    center_variance = (1.0 / precision.sum(axis=1))[:, None]
    variance = within[:, None] * (own + pooled**2 * center_variance)
    gap = within[:, None] * (own + (1.0 - pooled) ** 2 * center_variance)
    return center, within, value, variance, gap


def _fit(ratios: Floats, units: UnitMeans) -> tuple[Floats, Floats, Floats]:
    """At each λ: the units' precision × σ² (G, units), the common mean (G,), the sum of squares (G,)."""
    precision = units.n_effective / (1.0 + np.outer(ratios, units.n_effective))
    center = precision @ units.mean / precision.sum(axis=1)
    squares = units.within_squares + np.sum(precision * (units.mean - center[:, None]) ** 2, axis=1)
    return precision, center, squares


def _criterion(ratios: Floats, units: UnitMeans) -> Floats:
    """−2 × restricted log-likelihood at each λ, σ² profiled out, up to a constant."""
    precision, _, squares = _fit(ratios, units)
    degrees = units.within_degrees + len(units.mean) - 1
    tiny = np.finfo(np.float64).tiny  # all contacts alike: σ² = 0
    determinant = np.log(units.n_effective) - np.log(precision)
    fit = degrees * np.log(np.maximum(squares, tiny))
    return np.asarray(fit + determinant.sum(axis=1) + np.log(precision.sum(axis=1)), dtype=np.float64)


def _reml(criterion: Floats, units: UnitMeans, scale: float) -> float:
    """The λ of the highest restricted likelihood; 0 where no λ of the grid is better than none."""
    best = int(np.argmin(criterion))
    at, step = float(_GRID[best]), float(_GRID[1] - _GRID[0])
    lowest = float(criterion[best])
    for _ in range(_ZOOMS):
        near = np.linspace(at - step, at + step, 17)
        values = _criterion(10.0**near / scale, units)
        at, lowest, step = float(near[np.argmin(values)]), float(values.min()), step / 8.0
    none = float(_criterion(np.zeros(1), units)[0])
    return 0.0 if none <= lowest else 10.0**at / scale


def _prior_weight(criterion: Floats) -> Floats:
    """Posterior weight of each λ of the grid; uniform in B = 1/(1 + λ n), so B(1 − B) on its logarithm."""
    pooled = 1.0 / (1.0 + 10.0**_GRID)
    weight = np.exp(-0.5 * (criterion - criterion.min())) * pooled * (1.0 - pooled)
    return np.asarray(weight / weight.sum(), dtype=np.float64)
