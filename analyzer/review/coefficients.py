"""How far answers agree beyond what chance would bring, and how often each is given, with intervals that hold.

Everything is read from one small matrix a contact: how often one answer stood beside another. Krippendorff's alpha is
1 - Do/De over coincidences, with what a person left unanswered simply missing (Krippendorff, Content Analysis, 2004,
ch. 11); Cohen's kappa is the same over a table of who said what beside whom. Where answers are ordered, a distance
counts as its square, which makes them alpha of interval data and quadratically weighted kappa; else any two answers
that differ are as far apart as any other two. Tests compare both with other programs.

Intervals (95 %) are quantiles of a Bayesian bootstrap over contacts (Rubin 1981), because what was said of one contact
hangs together. Three pseudo-answers go in beside the contacts: agreement of weight 1, spread evenly over the answers
that occur, and disagreement of weight 1/2 as chance would bring it. Without them twenty contacts in perfect accord
would prove perfect accord: the plain percentile interval covers as little as 0.43 there, these cover 0.90 to 0.99 from
20 contacts on, 0.95 on average, answers that hang together included, as long as the rarer answer is given in 5 of 100
cases or more (1,000 worlds each; tests/review/test_coefficients.py repeats some). Rarer answers: alpha and kappa exist
only where the answer happened to be given, and of those samples the interval of a high alpha (.9) may hold only 0.82
(1 in 100, 20 contacts) or 0.88 (2 in 100); it lies too low then. From 50 contacts on it holds 0.98 there (200 worlds
each).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
LEAST: Final = 20  # contacts below which nothing is estimated
DRAWS: Final = 4000
_MANY: Final = 1000  # contacts beyond which a quarter of the draws will do
_SEED: Final = 20261126
_AGREED, _DISAGREED = 1.0, 0.5  # weight of the pseudo-answers, in contacts
_EITHER: Final = 0.5  # of a pseudo-answer for a share, and of one against it (Jeffreys)
_AT_ONCE: Final = 2_000_000  # numbers drawn in one go


@dataclass(frozen=True, slots=True)
class Estimate:
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Accord:
    """``contacts`` it rests on and ``compared``, the things in them that were. ``raw``: share of pairs of answers that
    are the same; ``beyond``: alpha or kappa. Both are None below ``LEAST`` contacts, ``beyond`` also where only one
    answer was ever given."""

    contacts: int
    compared: int
    raw: Estimate | None
    beyond: Estimate | None


def coincidences(units: Sequence[Sequence[int]], size: int) -> Floats:
    """How often each two answers of different people stood beside each other, over the units of one contact."""
    found = np.zeros((size, size))
    for answers in units:
        for place, one in enumerate(answers):
            for other in (*answers[:place], *answers[place + 1 :]):
                found[one, other] += 1 / (len(answers) - 1)
    return found


def crossed(units: Sequence[tuple[int, int]], size: int) -> Floats:
    """How often the first said this while the second said that, over the units of one contact."""
    found = np.zeros((size, size))
    for first, second in units:
        found[first, second] += 1
    return found


def distances(size: int, *, ordered: bool) -> Floats:
    """How far apart two answers are: 1 where they differ; squared steps where they are ordered."""
    steps = np.subtract.outer(np.arange(size), np.arange(size)).astype(float)
    return steps**2 if ordered else (steps != 0).astype(float)


def raw_agreement(pairs: Floats) -> Floats:
    """Share of the pairs that are the same; of matrices … × answers × answers."""
    same: Floats = np.trace(pairs, axis1=-2, axis2=-1) / pairs.sum((-2, -1))
    return same


def alpha(pairs: Floats, distance: Floats) -> Floats:
    """Krippendorff's alpha of coincidences; NaN where only one answer occurs."""
    given = pairs.sum(-1)
    total = given.sum(-1)
    expected = np.einsum("...c,...k,ck->...", given, given, distance) / (total - 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(1 - np.einsum("...ck,ck->...", pairs, distance) / expected)


def kappa(pairs: Floats, distance: Floats) -> Floats:
    """Cohen's kappa of crossed answers; NaN where only one answer occurs."""
    total = pairs.sum((-2, -1))
    expected = np.einsum("...c,...k,ck->...", pairs.sum(-1), pairs.sum(-2), distance) / total
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(1 - np.einsum("...ck,ck->...", pairs, distance) / expected)


def accord_of_people(contacts: Sequence[Sequence[Sequence[int]]], size: int, *, ordered: bool) -> Accord:
    """Raw agreement and alpha. A contact is its units, a unit the answers that people gave to it, two at least."""
    told = [coincidences(units, size) for units in contacts if units]
    return _accord(told, sum(map(len, contacts)), alpha, distances(size, ordered=ordered), mirrored=True)


def accord_of_two(contacts: Sequence[Sequence[tuple[int, int]]], size: int, *, ordered: bool) -> Accord:
    """Raw agreement and kappa of a first and a second judge. A contact is its units, a unit what each said of it."""
    told = [crossed(units, size) for units in contacts if units]
    return _accord(told, sum(map(len, contacts)), kappa, distances(size, ordered=ordered), mirrored=False)


def rates(contacts: Sequence[Sequence[int]], size: int) -> tuple[Estimate, ...] | None:
    """How large a share each answer has; None below ``LEAST`` contacts. A contact is the answers given about it."""
    if len(contacts) < LEAST:
        return None
    counts = np.array([np.bincount(answers, minlength=size) for answers in contacts], dtype=float)
    others = counts.sum(1, keepdims=True) - counts
    worlds = _worlds(np.hstack([counts, others]), np.full(2 * size, _EITHER), counts.sum() / len(counts))
    shares = worlds[:, :size] / (worlds[:, :size] + worlds[:, size:])
    whole = counts.sum(0) / counts.sum()
    return tuple(_estimate(float(whole[each]), shares[:, each], at_bounds=(0.0, 1.0)) for each in range(size))


def _accord(
    told: Sequence[Floats], compared: int, beyond: Callable[[Floats, Floats], Floats], distance: Floats, *,
    mirrored: bool,
) -> Accord:  # fmt: skip
    if len(told) < LEAST:
        return Accord(len(told), compared, None, None)
    pairs = np.array(told)
    size, whole = pairs.shape[-1], pairs.sum(0)
    pseudo = _pseudo(whole)
    worlds = _worlds(pairs.reshape(len(pairs), -1), pseudo.ravel(), whole.sum() / len(pairs)).reshape(-1, size, size)
    if mirrored:
        worlds = (worlds + worlds.transpose(0, 2, 1)) / 2
    raw = _estimate(float(raw_agreement(whole)), raw_agreement(worlds), at_bounds=(0.0, 1.0))
    value = float(beyond(whole, distance))
    if not np.isfinite(value):
        return Accord(len(told), compared, raw, None)
    return Accord(len(told), compared, raw, _estimate(value, beyond(worlds, distance), at_bounds=(-np.inf, 1.0)))


def _pseudo(whole: Floats) -> Floats:
    """Weights of the pseudo-answers: agreement on each answer that occurs, and disagreement by chance."""
    first, second = whole.sum(1) / whole.sum(), whole.sum(0) / whole.sum()
    occurs = (first + second) > 0
    apart = 1 - np.eye(len(whole))
    by_chance = np.outer(first, second) * apart
    off = by_chance if by_chance.sum() else apart  # where only one answer occurs
    return np.asarray(np.diag(_AGREED * occurs / occurs.sum()) + _DISAGREED * off / off.sum())


def _worlds(rows: Floats, pseudo: Floats, answers_a_contact: float) -> Floats:
    """Draws × columns: sums of ``rows`` under random weights of mean 1, with the pseudo-answers in them."""
    generator = np.random.default_rng(_SEED)
    drawn = []
    at_once, draws = max(1, _AT_ONCE // len(rows)), DRAWS if len(rows) <= _MANY else DRAWS // 4
    for start in range(0, draws, at_once):
        count = min(at_once, draws - start)
        weights = generator.standard_exponential((count, len(rows)))
        drawn.append(weights @ rows + answers_a_contact * generator.standard_gamma(np.tile(pseudo, (count, 1))))
    return np.concatenate(drawn)


def _estimate(value: float, drawn: Floats, *, at_bounds: tuple[float, float]) -> Estimate:
    """With the 95 % interval; a value at a bound of its range is not excluded by it."""
    low, high = (float(each) for each in np.nanquantile(drawn, [0.025, 0.975]))
    lowest, highest = at_bounds
    near = 1e-12
    return Estimate(
        value,
        lowest if value <= lowest + near else min(low, value),
        highest if value >= highest - near else max(high, value),
    )
