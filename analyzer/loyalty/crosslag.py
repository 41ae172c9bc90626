"""Does x of one wave move y of the next, within the same customers, in panels of few waves and noisy measures?

    Δy_t = a Δy_{t−1} + b Δx_{t−1} + c_t + error,    Δ the change from wave to wave

Changes remove all that stays the same of a customer; c_t removes what all customers share. Least squares is biased here
(Nickell 1981), so earlier levels serve as instruments (Arellano & Bond 1991), summed over waves (Roodman 2009), for
many instruments would bias it again:

Those of two waves earlier, as is usual, share their noise with the change that they stand for, so that y seems to
forget faster than it does and x takes its place. They serve only where the noise is known, its variance taken out; else
those of three and four waves earlier do.

The interval is that of Kleibergen (2005): all b that a score test of the continuously updated moments does not reject
(at 4 %) and at which the moments do not contradict each other (at 1 %), with a at its best for each b. It holds however
weak the instruments are; where they are too weak it has no ends, and then nothing is stated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]

MIN_CUSTOMERS: Final = 50
LAGS: Final = (2, 3, 4)
SCORE_LEVEL: Final = 0.96
CONTRADICTION_LEVEL: Final = 0.99
WIDEST: Final = 2.0  # of standard deviations of y a wave per standard deviation of x
STEPS: Final = 121
_CARRIES: Final = np.linspace(-0.9, 1.1, 21)
_RIDGE: Final = 1e-9  # moments have unit variance; keeps two that are the same from stopping everything


@dataclass(frozen=True, slots=True)
class CrossLag:
    """b with its interval, or why not; ``n`` customers."""

    n: int
    effect: float | None = None
    low: float | None = None
    high: float | None = None
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class _Moments:
    """Sums of customers' contributions to each moment g0 − a g1 − b g2: their mean (3 × k) and covariance."""

    n: int
    mean: Floats
    covariance: Floats


def cross_lag(
    cause: Floats, outcome: Floats, cause_noise: Floats | None = None, outcome_noise: Floats | None = None
) -> CrossLag:
    """b of ``cause`` on ``outcome`` (customers × waves, NaN where not measured).

    The error variance of each value, None where it is not known.
    """
    found = _moments(cause, outcome, cause_noise, outcome_noise)
    if isinstance(found, CrossLag):
        return found
    spread = _change(outcome) / max(_change(cause), 1e-12)
    wide = np.linspace(-WIDEST * spread, WIDEST * spread, STEPS)
    accepted, least = _accepted(found, wide)
    if not accepted.any():
        return CrossLag(found.n, refusal="not estimable: the waves contradict each other")
    first, last = np.flatnonzero(accepted)[[0, -1]]
    if first == 0 or last == STEPS - 1:
        return CrossLag(found.n, refusal="not estimable: earlier waves do not foretell the changes (weak instruments)")
    fine = np.linspace(wide[first - 1], wide[last + 1], STEPS)
    accepted, least = _accepted(found, fine)
    first, last = np.flatnonzero(accepted)[[0, -1]] if accepted.any() else (0, STEPS - 1)
    low, high = float(fine[max(first - 1, 0)]), float(fine[min(last + 1, STEPS - 1)])
    return CrossLag(found.n, min(max(float(fine[int(least.argmin())]), low), high), low, high)


def _change(level: Floats) -> float:
    """The standard deviation of changes from wave to wave."""
    return float(np.nanstd(np.diff(level, axis=1)))


def _moments(
    cause: Floats, outcome: Floats, cause_noise: Floats | None, outcome_noise: Floats | None
) -> _Moments | CrossLag:
    customers, waves = outcome.shape
    columns: dict[tuple[int, int], Floats] = {}
    touched = np.zeros(customers, dtype=bool)
    for t in range(2, waves):
        changes = np.column_stack([outcome[:, t] - outcome[:, t - 1], outcome[:, t - 1] - outcome[:, t - 2],
                                   cause[:, t - 1] - cause[:, t - 2]])  # fmt: skip
        complete = ~np.isnan(changes).any(axis=1)
        # g1 holds the change of y before, g2 that of x: where the noise of the same wave's level sits
        for place, level, noise in ((1, outcome, outcome_noise), (2, cause, cause_noise)):
            for lag in LAGS:
                if t < lag or (lag == 2 and noise is None):
                    continue
                use = complete & ~np.isnan(level[:, t - lag])
                if use.sum() < 2:
                    continue
                part = level[use, t - lag] - level[use, t - lag].mean()
                product = part[:, None] * (changes[use] - changes[use].mean(axis=0))
                if lag == 2 and noise is not None:
                    product[:, place] += noise[use, t - 2]
                columns.setdefault((place, lag), np.zeros((customers, 3)))[use] += product
                touched |= use
    n = int(touched.sum())
    if len(columns) < 2:
        return CrossLag(n, refusal="not estimable: fewer than four waves")
    if n < MIN_CUSTOMERS:
        return CrossLag(n, refusal=f"not estimable: four waves of {n} customers, {MIN_CUSTOMERS} needed")
    kept = np.stack(list(columns.values()), axis=2)[touched]
    scale = kept[:, 0, :].std(axis=0)
    kept = kept / np.where(scale > 0, scale, 1.0)
    k = kept.shape[2]
    flat = (kept - kept.mean(axis=0)).reshape(n, 3 * k)
    return _Moments(n, kept.mean(axis=0), (flat.T @ flat / (n - k)).reshape(3, k, 3, k))


def _accepted(moments: _Moments, effects: Floats) -> tuple[NDArray[np.bool_], Floats]:
    """Which effects are not rejected, and the moments' distance from 0 at each."""
    grid_a, grid_b = (part.ravel() for part in np.meshgrid(_CARRIES, effects, indexing="ij"))
    distance = _distance(moments, grid_a, grid_b)[0].reshape(len(_CARRIES), len(effects))
    carry = _CARRIES[distance.argmin(axis=0)]
    for _ in range(4):  # Gauss–Newton steps to the best carry for each effect, kept where they help
        least, score, slope = _distance(moments, carry, effects)
        with np.errstate(divide="ignore", invalid="ignore"):
            step = np.nan_to_num(score[:, 0] / slope[:, 0, 0])
        moved = np.clip(carry - step, _CARRIES[0], _CARRIES[-1])
        carry = np.where(_distance(moments, moved, effects)[0] < least, moved, carry)
    least, score, slope = _distance(moments, carry, effects)
    tested = moments.n * np.einsum("pq,pqr,pr->p", score, np.linalg.pinv(slope), score)
    spare = moments.mean.shape[1] - 2
    fits = tested <= stats.chi2.ppf(SCORE_LEVEL, 1)
    if spare > 0:
        fits &= least - tested <= stats.chi2.ppf(CONTRADICTION_LEVEL, spare)
    return np.asarray(fits), least


def _distance(moments: _Moments, carry: Floats, effect: Floats) -> tuple[Floats, Floats, Floats]:
    """At each (a, b): n m′Ω⁻¹m, and D′Ω⁻¹m and D′Ω⁻¹D with D the derivative of m freed of its tie to m."""
    weigh = np.stack([np.ones_like(carry), -carry, -effect], axis=1)
    mean = weigh @ moments.mean
    omega = np.einsum("pi,pj,ikjl->pkl", weigh, weigh, moments.covariance, optimize=True)
    inverse = np.linalg.inv(omega + _RIDGE * np.eye(omega.shape[-1]))
    pulled = np.einsum("pkl,pl->pk", inverse, mean)
    tied = np.einsum("pj,qkjl,pl->pkq", weigh, moments.covariance[1:], pulled, optimize=True)
    derivative = tied - moments.mean[1:].T[None, :, :]
    score = np.einsum("pkq,pk->pq", derivative, pulled)
    slope = np.einsum("pkq,pkl,plr->pqr", derivative, inverse, derivative, optimize=True)
    return moments.n * np.einsum("pk,pk->p", mean, pulled), score, slope
