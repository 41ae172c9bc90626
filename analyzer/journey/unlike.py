"""Days that are unlike: an outage brings contacts that come back more, or sooner, than their kind ever did.

Just these are the ones whose windows still run when their week is read, so that a curve of ordinary days is wrong where
it is needed (censoring is informative). What the day has shown so far corrects it: of each day, and within it of each
reason, the returns seen O and expected E give a factor θ on those to come,

    θ  =  (1 − w) · (O + c) / (E + c)  +  w · (O + 1.5) / (E + 1)

where ``c`` comes from how much ordinary days differ (empirical Bayes) and ``w`` is the posterior probability that the
day is an unlike one (both marginals of O negative binomial). A priori that is ``RARE``, but ``SURGE`` where far more
came than on such weekdays; of an unlike day half as many again are expected back, and little is sure. Solved and
unsolved contacts have each their θ. Returns count less the longer ago they were (halved in a ``HALVED``-th of the
window): those who come back within hours are no measure of who comes back after days.
What has returned until now has its own θ, of all returns alike; it tells what silence so far is worth, also once all
windows of the day are over. A reason that surges tells nothing of the day's other reasons.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import expit, gammaln, logit

from analyzer.journey.nowcast import BINS, EDGES, LEARN_DAYS, Rng, bins_of, over_by

RARE: Final = 0.03
SURGE: Final = 0.9
UNLIKE_SHAPE, UNLIKE_RATE = 1.5, 1.0
ALIKE: Final = 30.0  # of days of which too few are known
FEW_GROUPS: Final = 10
HALVED: Final = 7.0
_MIDDLE: Final = (EDGES[:-1] + EDGES[1:]) / 2


@dataclass(frozen=True, slots=True)
class Course:
    """What has been seen of each contact: share of its window that is over, its return, and returns expected of it by
    class (unsolved, solved) and bin, contacts × 2 × BINS."""

    over: np.ndarray
    returned_at: np.ndarray
    came: np.ndarray
    expected: np.ndarray


@dataclass(frozen=True, slots=True)
class DayFactors:
    """θ of each contact, on the returns until now and on those to come; contacts × 2 (unsolved, solved)."""

    until_now: np.ndarray
    to_come: np.ndarray


@dataclass(frozen=True, slots=True)
class Grid:
    """Days × reasons: where each contact stands, in which reasons far more came than usual, and on which days of those
    that remain."""

    day: np.ndarray
    reason: np.ndarray
    surge: np.ndarray
    day_surge: np.ndarray

    def some(self, where: np.ndarray) -> Grid:
        return Grid(self.day[where], self.reason[where], self.surge, self.day_surge)

    @property
    def cell(self) -> np.ndarray:
        """Number of each contact's day and reason."""
        return np.asarray(self.day * self.surge.shape[1] + self.reason)

    def sums(self, values: np.ndarray) -> np.ndarray:
        """Sums of one value a contact, days × reasons."""
        return np.asarray(np.bincount(self.cell, values, minlength=self.surge.size).reshape(self.surge.shape))

    def of_each(self, table: np.ndarray) -> np.ndarray:
        """The row of days × reasons × … at each contact."""
        return np.asarray(table[self.day, self.reason])


@dataclass(frozen=True, slots=True)
class Calm:
    """How alike ordinary days, and reasons within days, are: the shape c of the gamma of their ratios; one a day."""

    days: np.ndarray
    reasons: np.ndarray


def day_grid(day: np.ndarray, reason: np.ndarray) -> Grid:
    """The grid of contacts, from the first day to the last; a surge is measured by the weeks before it."""
    first, last = (int(day.min()), int(day.max())) if len(day) else (0, 0)
    names, at = np.unique(reason, return_inverse=True)
    counts = np.bincount((day - first) * len(names) + at, minlength=(last - first + 1) * len(names))
    counts = counts.reshape(last - first + 1, len(names))
    surge = _surges(counts)
    return Grid(day - first, at, surge, _surges(np.where(surge, 0, counts).sum(axis=1, keepdims=True))[:, 0])


def _surges(counts: np.ndarray) -> np.ndarray:
    """Whether far more came than on such weekdays of the weeks before, days × kinds."""
    before, weeks = np.zeros(counts.shape), np.zeros((len(counts), 1))
    for lag in range(7, min(LEARN_DAYS, len(counts) - 1) + 1, 7):
        before[lag:] += counts[:-lag]
        weeks[lag:] += 1
    usual = before / np.maximum(weeks, 1)
    return np.asarray((counts > 2 * usual) & (counts - usual > 5 * np.sqrt(usual + 1)) & (weeks > 1))


def day_factors(course: Course, grid: Grid, calm: Calm) -> tuple[DayFactors, np.ndarray]:
    """θ of each contact and the relative variance of that to come.

    A return is of the solved or the unsolved in the proportion in which it was expected of either, by θ in turn.
    """
    bins = bins_of(course.returned_at)
    at = np.arange(len(bins))
    ago = np.maximum(course.over - np.append(_MIDDLE, 0.0)[bins], 0.0)
    done = course.expected * over_by(course.over)[:, None, :]
    recent = 0.5 ** (HALVED * np.maximum(course.over[:, None] - _MIDDLE, 0.0))
    likely = np.where((bins < BINS)[:, None], course.expected[at, :, np.minimum(bins, BINS - 1)], 0.5)
    past = past_factors(likely, course.came, done.sum(axis=2), grid, calm)
    whose = _whose(likely, past, course.came)
    due = (done * recent[:, None, :]).sum(axis=2)
    future, variance = _factor(whose * 0.5 ** (HALVED * ago[:, None]), due, grid, calm)
    return DayFactors(past, future), variance


def past_factors(likely: np.ndarray, came: np.ndarray, due: np.ndarray, grid: Grid, calm: Calm) -> np.ndarray:
    """θ of each contact on the returns until now, contacts × 2; ``likely``: how likely the return was of either class,
    ``due``: returns expected until now."""
    past = np.ones(due.shape)
    for _ in range(3):
        past, _ = _factor(_whose(likely, past, came), due, grid, calm)
    return past


def _whose(likely: np.ndarray, factor: np.ndarray, came: np.ndarray) -> np.ndarray:
    """Each contact's return, parted between the classes."""
    either = likely * factor + 1e-12
    return np.asarray(either / either.sum(axis=1, keepdims=True) * came[:, None])


def _factor(seen: np.ndarray, due: np.ndarray, grid: Grid, calm: Calm) -> tuple[np.ndarray, np.ndarray]:
    factor, variance = np.empty(seen.shape), np.empty(seen.shape)
    for of_class in (0, 1):
        observed, expected = grid.sums(seen[:, of_class]), grid.sums(due[:, of_class])
        common, spread = _posterior(
            np.where(grid.surge, 0.0, observed).sum(axis=1), np.where(grid.surge, 0.0, expected).sum(axis=1),
            calm.days, np.where(grid.day_surge, SURGE, RARE),
        )  # fmt: skip
        own, wider = _posterior(
            observed, expected * common[:, None], calm.reasons[:, None], np.where(grid.surge, SURGE, RARE)
        )
        factor[:, of_class] = grid.of_each(common[:, None] * own)
        variance[:, of_class] = grid.of_each(spread[:, None] + wider)
    return factor, variance


def calm_of(came: np.ndarray, expected: np.ndarray, grid: Grid) -> Calm:
    """How alike the ordinary days of the ``LEARN_DAYS`` up to each day are."""
    seen, due, there = grid.sums(came), grid.sums(expected), grid.sums(np.ones(len(came))) > 0
    rest, whole = (np.where(grid.surge, 0.0, each).sum(axis=1, keepdims=True) for each in (seen, due))
    return Calm(_calm_shape(rest, whole, there.max(axis=1, keepdims=True)), _calm_shape(seen, due, there))


def _calm_shape(seen: np.ndarray, due: np.ndarray, there: np.ndarray) -> np.ndarray:
    """By moments, of the groups ``there``. Outliers are not ordinary."""
    surprise = np.minimum((seen - due) ** 2, 9.0 * np.maximum(due, 0.5)) - due
    groups, beyond, size = (_rolling(np.where(there, each, 0.0).sum(axis=1)) for each in (1.0, surprise, due**2))
    shape = 1.0 / np.clip(beyond / np.maximum(size, 1e-9), 1e-3, 0.5)
    return np.asarray(np.where(groups < FEW_GROUPS, ALIKE, shape))


def _rolling(values: np.ndarray) -> np.ndarray:
    """Sums over the ``LEARN_DAYS`` up to each day."""
    upto = np.cumsum(values, axis=0)
    found = upto.copy()
    found[LEARN_DAYS:] -= upto[:-LEARN_DAYS]
    return np.asarray(found)


def drawn_factors(variance: np.ndarray, group: np.ndarray, draws: int, random: Rng) -> np.ndarray:
    """Relative errors of θ, the same for all contacts of a group, draws × contacts × 2, mean 1."""
    names, codes = np.unique(group, return_inverse=True)
    shape = np.ones((len(names), 2))
    shape[codes] = 1.0 / np.maximum(variance, 1e-6)
    return np.asarray((random.gamma(shape, size=(draws, *shape.shape)) / shape)[:, codes])


def _posterior(
    seen: np.ndarray, expected: np.ndarray, calm: np.ndarray, likely: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """θ of each group and its relative variance; ``likely``: prior probability that the group is unlike the others."""
    ordinary = (seen + calm) / (expected + calm)
    odd = (seen + UNLIKE_SHAPE) / (expected + UNLIKE_RATE)
    evidence = _log_marginal(seen, expected, UNLIKE_SHAPE, UNLIKE_RATE) - _log_marginal(seen, expected, calm, calm)
    weight = expit(logit(likely) + evidence)
    theta = (1 - weight) * ordinary + weight * odd
    within = (1 - weight) * ordinary**2 / (seen + calm) + weight * odd**2 / (seen + UNLIKE_SHAPE)
    between = weight * (1 - weight) * (ordinary - odd) ** 2
    return theta, (within + between) / theta**2


def _log_marginal(
    seen: np.ndarray, expected: np.ndarray, shape: np.ndarray | float, rate: np.ndarray | float
) -> np.ndarray:
    """Negative binomial of mean ``expected`` · shape / rate; what is the same for all priors left out."""
    return np.asarray(
        gammaln(seen + shape) - gammaln(shape) + shape * np.log(rate) - (seen + shape) * np.log(expected + rate)
    )
