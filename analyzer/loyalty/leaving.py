"""Who leaves of the satisfied: chances of a notice within a horizon, exits competing, reading errors removed.

Customers are taken one horizon before the register ends, as they were known then; the clock runs in days from there,
and a customer who came onto the record later is at risk only from then on. A notice is the event; who moves or dies
first can give none (incidence.py); the contract's end is no event at all. Each customer's pseudo-value is regressed on
what it would be at each true level of satisfaction, the level being known only with the probabilities of latent.py:

    E(pseudo-value | readings) = Σ over cells of P(cell | readings) · p(cell),   logit p a cubic and a step

so that a customer read as satisfied who was not does not count against the satisfied. The answer is the mean of p over
the cells from the threshold on, or below it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from analyzer.config import LoyaltySettings
from analyzer.loyalty.incidence import Spells, incidence, pseudo_values
from analyzer.loyalty.jackknife import Figure, by_group, figure, moved, pull, slopes, variance
from analyzer.loyalty.latent import Axis, Shape, axis, density, fit, posterior, scores, shape
from analyzer.loyalty.levels import Levels, measured
from analyzer.loyalty.reading_error import ReadingError

Floats = NDArray[np.float64]
NOTICE, MOVED_ON = 1, 2
MIN_CUSTOMERS: Final = 30
MIN_EVENTS: Final = 5  # below, nothing can be said of how the chance depends on the level
MOST_CUSTOMERS: Final = 10_000
# Standard deviations of the prior of the cubic's coefficients, per 25 points around the middle of the scale: from one
# end to the other the odds may well change a hundredfold, hardly a millionfold. Then of a step at the threshold.
PRIOR: Final = (np.inf, 1.5, 0.5, 0.25, 0.8)
STEPS: Final = 50


@dataclass(frozen=True, slots=True)
class Watched:
    """Customers at risk from the landmark on, what was read of them by then, and what became of them."""

    levels: Levels
    spells: Spells
    groups: NDArray[np.int64]

    def of(self, rows: NDArray[np.bool_] | NDArray[np.int64]) -> Watched:
        """Some of the customers."""
        return Watched(self.levels.of(rows), self.spells.of(rows), self.groups[rows])


@dataclass(frozen=True, slots=True)
class _Chance:
    """The regression of pseudo-values on cells: levels' density and chance both as coefficients in one vector."""

    watched: Watched
    axis: Axis
    shape: Shape
    values: Floats
    terms: Floats

    def scores(self, at: Floats, error: Floats) -> Floats:
        """Each customer's part in the equations that hold at the solution: of the density, then of the chance."""
        density_at, chance_at = self.split(at)
        seen = measured(self.watched.levels, error)
        likelihood = seen.likelihood(self.axis)
        own, _ = scores(self.shape, density_at, likelihood)
        known = posterior(likelihood, density(self.shape, density_at))
        return np.column_stack([own, _chance_scores(known, self.values, self.terms, chance_at)])

    def split(self, at: Floats) -> tuple[Floats, Floats]:
        """The coefficients of the density, and of the chance."""
        whole = len(self.shape.precision)
        return at[:whole], at[whole:]

    def means(self, at: Floats) -> Floats:
        """The chance among those from the threshold on, and among those below it."""
        density_at, chance_at = self.split(at)
        cells, chance = density(self.shape, density_at), expit(self.terms @ chance_at)
        sides = [self.axis.above, ~self.axis.above]
        return np.asarray([float(cells[side] @ chance[side]) / max(float(cells[side].sum()), 1e-12) for side in sides])


def leaving(
    watched: Watched, cause: int, horizon: float, error: ReadingError, settings: LoyaltySettings
) -> Mapping[str, Figure | str]:
    """``satisfied`` and ``unhappy``: the share gone by ``horizon`` for ``cause``, or why it cannot be told."""
    if len(watched.groups) > MOST_CUSTOMERS:
        watched = watched.of(np.arange(0, len(watched.groups), -(-len(watched.groups) // MOST_CUSTOMERS)))
    refusal = _refusal(watched, cause, horizon)
    if refusal:
        return dict.fromkeys(("satisfied", "unhappy"), refusal)
    chance, at = _fitted(watched, cause, horizon, error, settings)
    return _figures(chance, at, error)


def counted(watched: Watched, satisfied: NDArray[np.bool_], cause: int, horizon: float) -> dict[str, float | None]:
    """The same shares by Aalen and Johansen among those read as satisfied or not, errors of the readings left in."""
    sides = {"satisfied": satisfied, "unhappy": ~satisfied}
    return {name: incidence(watched.spells.of(side), cause, horizon) if side.any() else None
            for name, side in sides.items()}  # fmt: skip


def _refusal(watched: Watched, cause: int, horizon: float) -> str:
    n = len(watched.groups)
    if n < MIN_CUSTOMERS:
        return f"not estimable: {n} customers at risk, {MIN_CUSTOMERS} needed"
    if incidence(watched.spells, cause, horizon) is None:
        return f"not estimable: too few watched for {horizon:g} days"
    return ""


def _fitted(
    watched: Watched, cause: int, horizon: float, error: ReadingError, settings: LoyaltySettings
) -> tuple[_Chance, Floats]:
    of, values = axis(settings.satisfied_from), pseudo_values(watched.spells, cause, horizon)
    terms = shape(of)
    seen = measured(watched.levels, error.at)
    likelihood = seen.likelihood(of)
    coefficients = fit(terms, likelihood)
    events = int(((watched.spells.cause == cause) & (watched.spells.exit <= horizon)).sum())
    chance = _Chance(watched, of, terms, values, _terms(of, rich=events >= MIN_EVENTS))
    known = posterior(likelihood, density(terms, coefficients))
    return chance, np.concatenate([coefficients, _fit_chance(known, values, chance.terms)])


def _terms(of: Axis, *, rich: bool) -> Floats:
    """Columns of PRIOR, a row a cell; only the first where so little happened that nothing can be told apart."""
    place = (of.centres - 50.0) / 25.0
    columns = [place**power for power in range(4)] + [of.above - 0.5]
    return np.asarray(np.column_stack(columns if rich else columns[:1]), dtype=np.float64)


def _precision(terms: Floats) -> Floats:
    return np.asarray(PRIOR[: terms.shape[1]], dtype=np.float64) ** -2.0


def _parts(known: Floats, terms: Floats, at: Floats) -> tuple[Floats, Floats, Floats]:
    """The expected pseudo-value of each customer, its slope in the coefficients, and its variance."""
    chance = expit(terms @ at)
    expected = np.clip(known @ chance, 1e-6, 1 - 1e-6)
    return expected, known @ (terms * (chance * (1 - chance))[:, None]), expected * (1 - expected)


def _chance_scores(known: Floats, values: Floats, terms: Floats, at: Floats) -> Floats:
    expected, slope, spread = _parts(known, terms, at)
    return np.asarray(slope * ((values - expected) / spread)[:, None], dtype=np.float64)


def _fit_chance(known: Floats, values: Floats, terms: Floats) -> Floats:
    """Coefficients at the maximum of the penalised quasi-likelihood, by scoring."""
    at = np.zeros(terms.shape[1])
    share = float(np.clip(values.mean(), 0.5 / len(values), 1 - 0.5 / len(values)))
    at[0] = np.log(share / (1 - share))
    precision = _precision(terms)
    for _ in range(STEPS):
        _, slope, spread = _parts(known, terms, at)
        step = np.linalg.solve(
            (slope / spread[:, None]).T @ slope + np.diag(precision + 1e-9),
            _chance_scores(known, values, terms, at).sum(axis=0) - precision * at,
        )
        at = at + step * min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-12))
        if float(np.abs(step).max()) < 1e-8:
            break
    return at


def _figures(chance: _Chance, at: Floats, error: ReadingError) -> dict[str, Figure]:
    """Both shares with intervals; their sizes are the customers expected on each side."""
    precision = np.concatenate([chance.shape.precision, _precision(chance.terms)])
    own = chance.scores(at, error.at)
    sums = by_group(own, chance.watched.groups)

    def whole(guess: Floats) -> Floats:
        return np.asarray(chance.scores(guess, error.at).sum(axis=0) - precision * guess)

    inverse = np.asarray(np.linalg.inv(-slopes(whole, at)), dtype=np.float64)
    cross = slopes(lambda guess: chance.scores(at, guess).sum(axis=0), error.at)
    near = moved(at, inverse, sums, cross, error)
    value = chance.means(at)
    spread = variance(value, np.asarray([chance.means(row) for row in near]))
    slope = slopes(chance.means, at)
    symmetric = (inverse + inverse.T) / 2
    spread = spread + np.asarray([pull(row, symmetric, sums) for row in slope])
    above = float(density(chance.shape, chance.split(at)[0])[chance.axis.above].sum())
    n = len(chance.watched.groups)
    sizes = (max(1, round(n * above)), max(1, round(n * (1 - above))))
    return {name: figure(float(v), float(s), size)
            for name, v, s, size in zip(("satisfied", "unhappy"), value, spread, sizes, strict=True)}  # fmt: skip
