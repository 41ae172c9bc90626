"""How true levels are distributed when each was read with a known error: deconvolution by penalised likelihood.

The distribution is a density on cells of 0–100 (one axis, or two for satisfaction and loyalty together) whose
logarithm is a polynomial; powers from the third on are drawn to 0, so that the shape is a normal one cut at 0 and 100
unless the readings say otherwise. Its coefficients maximise the likelihood of what was read (Efron 2016, Empirical
Bayes deconvolution estimates). Cells end at the thresholds, so no cell is half above one.

Counting readings above a threshold is biased wherever readings err: more of the middle spills out than in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr

Floats = NDArray[np.float64]

CELL: Final = 4.0  # points; readings err by more than this, or not at all
LOWEST, HIGHEST = 0.0, 100.0
# Standard deviations of the coefficients' prior, by power: free to place and widen the hump, wary of odd shapes. With
# fewer powers, or tighter, two humps 40 points apart are smoothed into one and shares near the valley are biased.
PRIOR: Final = (20.0, 20.0, 8.0, 8.0, 5.0, 5.0)
TOGETHER_PRIOR: Final = (10.0, 3.0, 3.0)
STEPS: Final = 60
DONE: Final = 1e-8


@dataclass(frozen=True, slots=True)
class Axis:
    """Cells of one true level; ``above`` tells which lie from the threshold on."""

    edges: Floats
    above: NDArray[np.bool_]

    @property
    def centres(self) -> Floats:
        return np.asarray((self.edges[:-1] + self.edges[1:]) / 2, dtype=np.float64)


def axis(threshold: float) -> Axis:
    """Cells of about CELL points with an edge at the threshold; a threshold beyond the scale leaves one side empty."""
    inside = float(np.clip(threshold, LOWEST, HIGHEST))
    below = np.linspace(LOWEST, inside, max(1, round((inside - LOWEST) / CELL)) + 1)
    above = np.linspace(inside, HIGHEST, max(1, round((HIGHEST - inside) / CELL)) + 1)
    edges = np.unique(np.concatenate([below, above]))
    return Axis(np.asarray(edges, dtype=np.float64), np.asarray(edges[:-1] >= threshold, dtype=np.bool_))


def cell_likelihood(read: Floats, error: Floats, of: Axis, gain: Floats | None = None, middle: float = 0.0) -> Floats:
    """A row a reading, a column a cell: the likelihood of the reading if the truth lies somewhere in the cell.

    The reading is taken as normal around ``middle + gain · (truth − middle)`` with standard deviation ``error`` (a
    column, or one for each cell); where that is 0 the cell that holds the reading gets all. Rows are scaled to a
    maximum of 1.
    """
    slope = np.ones(len(read)) if gain is None else gain
    ends = middle + slope[:, None] * (of.edges[None, :] - middle)
    exact = error[:, 0] <= 0
    spread = np.where(exact[:, None], 1.0, error)
    low, high = (read[:, None] - ends[:, 1:]) / spread, (read[:, None] - ends[:, :-1]) / spread
    # On the far right of the normal curve differences of its cdf vanish; by symmetry they are taken on the left.
    swap = low > 0
    upper, lower = np.where(swap, -low, high), np.where(swap, -high, low)
    logs = _log_difference(log_ndtr(upper), log_ndtr(lower))
    logs -= np.log(np.diff(of.edges))[None, :]
    found = np.exp(logs - logs.max(axis=1, keepdims=True))
    if exact.any():
        place = np.clip(np.searchsorted(of.edges, read[exact], side="right") - 1, 0, len(of.above) - 1)
        found[exact] = np.eye(len(of.above))[place]
    return np.asarray(found, dtype=np.float64)


def _log_difference(high: Floats, low: Floats) -> Floats:
    return np.asarray(high + np.log1p(-np.exp(np.minimum(low - high, -1e-12))), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Shape:
    """The terms of the log density (a row a cell, a column a power) and the prior precision of their coefficients."""

    terms: Floats
    precision: Floats
    widths: Floats


def shape(satisfaction: Axis, loyalty: Axis | None = None) -> Shape:
    """Terms for one axis, or for two with what binds them; cells run through loyalty first."""
    s, widths = _powers(satisfaction), np.diff(satisfaction.edges)
    prior = np.asarray(PRIOR, dtype=np.float64)
    if loyalty is None:
        return Shape(s, prior**-2.0, widths)
    left, right = np.repeat(s, len(loyalty.above), axis=0), np.tile(_powers(loyalty), (len(satisfaction.above), 1))
    together = [left[:, 0] * right[:, 0], left[:, 1] * right[:, 0], left[:, 0] * right[:, 1]]
    widths = np.outer(widths, np.diff(loyalty.edges)).ravel()
    return Shape(
        np.column_stack([left, right, *together]), np.concatenate([prior, prior, TOGETHER_PRIOR]) ** -2.0, widths
    )


def _powers(of: Axis) -> Floats:
    """Legendre polynomials of the cells' centres, without the constant."""
    place = (of.centres - (LOWEST + HIGHEST) / 2) / ((HIGHEST - LOWEST) / 2)
    return np.asarray(np.polynomial.legendre.legvander(place, len(PRIOR))[:, 1:], dtype=np.float64)


def density(of: Shape, coefficients: Floats) -> Floats:
    """The probability of each cell."""
    logs = of.terms @ coefficients + np.log(of.widths)
    weights = np.exp(logs - logs.max())
    return np.asarray(weights / weights.sum(), dtype=np.float64)


def posterior(likelihood: Floats, cells: Floats) -> Floats:
    """A row a customer: the probability of each cell given what was read of them."""
    weighted = likelihood * cells
    return np.asarray(weighted / weighted.sum(axis=1, keepdims=True), dtype=np.float64)


def scores(of: Shape, coefficients: Floats, likelihood: Floats) -> tuple[Floats, Floats]:
    """Each customer's part in the slope of the log likelihood, and the curvature of the penalised whole (negative)."""
    cells = density(of, coefficients)
    known = posterior(likelihood, cells)
    means, mean = known @ of.terms, cells @ of.terms
    spread = (of.terms * cells[:, None]).T @ of.terms - np.outer(mean, mean)
    within = (of.terms * known.sum(axis=0)[:, None]).T @ of.terms - means.T @ means
    return means - mean, within - len(likelihood) * spread - np.diag(of.precision)


def fit(of: Shape, likelihood: Floats, start: Floats | None = None) -> Floats:
    """Coefficients at the maximum of the penalised likelihood: Newton's steps, halved until they climb."""
    at = np.zeros(of.terms.shape[1]) if start is None else start
    height = _height(of, at, likelihood)
    for _ in range(STEPS):
        parts, curvature = scores(of, at, likelihood)
        slope = parts.sum(axis=0) - of.precision * at
        step = np.linalg.solve(_definite(-curvature), slope)
        if float(slope @ step) < DONE * max(1, len(likelihood)):
            break
        at, height = _climb(of, likelihood, at, step, height)
    return at


def _climb(of: Shape, likelihood: Floats, at: Floats, step: Floats, height: float) -> tuple[Floats, float]:
    for _ in range(30):
        reached = _height(of, at + step, likelihood)
        if reached > height:
            return at + step, reached
        step = step / 2
    return at, height


def _definite(matrix: Floats) -> Floats:
    """The matrix, or where it is not positive definite (far from the maximum) its nearest that is."""
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    return np.asarray((vectors * np.maximum(np.abs(values), 1e-3)) @ vectors.T, dtype=np.float64)


def _height(of: Shape, at: Floats, likelihood: Floats) -> float:
    with np.errstate(divide="ignore"):
        return float(np.log(likelihood @ density(of, at)).sum() - 0.5 * float(of.precision @ at**2))
