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
What has returned until now has its own θ, of all returns alike; it tells what silence so far is worth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from scipy.special import expit, gammaln, logit

from analyzer.journey.nowcast import BINS, EDGES, Rng, bins_of, over_by

RARE: Final = 0.03
SURGE: Final = 0.7
UNLIKE_SHAPE, UNLIKE_RATE = 1.5, 1.0
ALIKE: Final = 30.0  # of days of which too few are known
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
class Days:
    """A sort of groups of contacts: the group of each, whether far more came in it than usual, and how alike ordinary
    groups are (``calm_shape``)."""

    group: pd.Index
    surge: np.ndarray
    calm: float


def day_factors(course: Course, sorts: Sequence[Days]) -> tuple[DayFactors, np.ndarray]:
    """θ of each contact and the relative variance of that to come; ``sorts``: days, then reasons within days.

    A return is of the solved or the unsolved in the proportion in which it was expected of either, by θ in turn.
    """
    bins = bins_of(course.returned_at)
    at = np.arange(len(bins))
    ago = np.maximum(course.over - np.append(_MIDDLE, 0.0)[bins], 0.0)
    done = course.expected * over_by(course.over)[:, None, :]
    recent = 0.5 ** (HALVED * np.maximum(course.over[:, None] - _MIDDLE, 0.0))
    due = done.sum(axis=2), (done * recent[:, None, :]).sum(axis=2)
    likely = np.where((bins < BINS)[:, None], course.expected[at, :, np.minimum(bins, BINS - 1)], 0.5) + 1e-12
    past = future = variance = np.ones((len(bins), 2))
    for _ in range(3):
        whose = likely * past / (likely * past).sum(axis=1, keepdims=True) * course.came[:, None]
        past, _ = _factor(whose, due[0], sorts)
        future, variance = _factor(whose * 0.5 ** (HALVED * ago[:, None]), due[1], sorts)
    return DayFactors(past, future), variance


def _factor(seen: np.ndarray, expected: np.ndarray, sorts: Sequence[Days]) -> tuple[np.ndarray, np.ndarray]:
    factor, variance = np.ones(seen.shape), np.zeros(seen.shape)
    for sort in sorts:
        codes, names = pd.factorize(sort.group)
        likely = np.full(len(names), RARE)
        likely[codes[sort.surge]] = SURGE
        for of_class in (0, 1):
            due = np.bincount(codes, expected[:, of_class] * factor[:, of_class])
            theta, spread = _posterior(np.bincount(codes, seen[:, of_class]), due, sort.calm, likely)
            factor[:, of_class] *= theta[codes]
            variance[:, of_class] += spread[codes]
    return factor, variance


def surges(day: np.ndarray, kind: np.ndarray) -> np.ndarray:
    """Whether far more contacts of the kind came on that day than on other such weekdays, of each contact."""
    frame = pd.DataFrame({"day": day, "kind": kind})
    counts = frame.groupby(["kind", "day"]).size().rename("n").reset_index()
    weeks = max((int(frame["day"].max()) - int(frame["day"].min())) // 7 + 1, 1)
    by_weekday = counts.groupby(["kind", counts["day"] % 7])["n"]
    usual = (by_weekday.transform("sum") - counts["n"]) / max(weeks - 1, 1)
    many = (counts["n"] > 2 * usual) & (counts["n"] - usual > 5 * np.sqrt(usual + 1))
    found = frame.merge(counts.assign(many=many), on=["kind", "day"], how="left")
    return np.asarray(found["many"].to_numpy(dtype=bool)) & (weeks > 2)


def calm_shape(seen: np.ndarray, expected: np.ndarray, group: pd.Index) -> float:
    """How alike ordinary days are: the shape c of the gamma of their ratios. Outliers are not ordinary."""
    codes, _ = pd.factorize(group)
    observed, due = np.bincount(codes, seen), np.bincount(codes, expected)
    if len(due) < 10:
        return ALIKE
    surprise = np.minimum((observed - due) ** 2, 9.0 * np.maximum(due, 0.5)) - due
    return float(1.0 / np.clip(surprise.sum() / max((due**2).sum(), 1e-9), 1e-3, 0.5))


def drawn_factors(variance: np.ndarray, group: pd.Index, draws: int, random: Rng) -> np.ndarray:
    """Relative errors of θ, the same for all contacts of a group, draws × contacts × 2, mean 1."""
    codes, names = pd.factorize(group)
    shape = np.ones((len(names), 2))
    shape[codes] = 1.0 / np.maximum(variance, 1e-6)
    return np.asarray((random.gamma(shape, size=(draws, *shape.shape)) / shape)[:, codes])


def _posterior(
    seen: np.ndarray, expected: np.ndarray, calm: float, likely: np.ndarray
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


def _log_marginal(seen: np.ndarray, expected: np.ndarray, shape: float, rate: float) -> np.ndarray:
    """Negative binomial of mean ``expected`` · shape / rate; what is the same for all priors left out."""
    return np.asarray(
        gammaln(seen + shape) - gammaln(shape) + shape * np.log(rate) - (seen + shape) * np.log(expected + rate)
    )
