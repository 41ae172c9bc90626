"""Does x of one wave move y of the next, within the same customers, in panels of few waves and noisy measures?

    Δy_t = a Δy_{t−1} + b Δx_{t−1} + c_t + error,    Δ the change from wave to wave

Changes remove all that stays the same of a customer; c_t removes what all customers share. Least squares is biased here
(Nickell 1981), so earlier levels serve as instruments (Arellano & Bond 1991), summed over waves (Roodman 2009), for
many instruments would bias it again:

    y of three and four waves earlier   two waves earlier, as is usual, y shares its noise with the change that it
                                        stands for, seems to forget faster than it does, and x takes its place
    x of two to four waves earlier      of two only where it is known how much of x may be noise; as that is between
                                        nothing and all of it, the interval is that of both and of all between, each
                                        end at the level at which the whole holds b in 95 % (Imbens & Manski 2004)

The interval is that of Kleibergen (2005): all b that a score test of the continuously updated moments does not reject
(at 4 %) and at which the moments do not contradict each other (at 1 %), with a at its best for each b. It holds however
weak the instruments are; where they are too weak it has no ends, and then nothing is stated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

Floats = NDArray[np.float64]

MIN_CUSTOMERS: Final = 50
OWN_LAGS: Final = (3, 4)
CAUSE_LAGS: Final = (2, 3, 4)
NOISE_SHARES: Final = (0.0, 0.5, 1.0)
SCORE_LEVEL: Final = 0.96
CONTRADICTION_LEVEL: Final = 0.99
WIDEST: Final = 2.0  # of standard deviations of y a wave per standard deviation of x
STEPS: Final = 81
_CARRIES: Final = np.linspace(-0.8, 1.1, 13)
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


def cross_lag(cause: Floats, outcome: Floats, noise: Floats | None = None) -> CrossLag:
    """b of ``cause`` on ``outcome`` (customers × waves, NaN where not measured).

    ``noise`` is the most that the error variance of each value of ``cause`` can be, None where that is not known.
    """
    if noise is None:
        return _with_noise(cause, outcome, None, SCORE_LEVEL)
    ends = [_with_noise(cause, outcome, share * noise, SCORE_LEVEL) for share in NOISE_SHARES]
    level = _level_of_ends(ends)
    if level < SCORE_LEVEL:
        ends = [_with_noise(cause, outcome, share * noise, level) for share in NOISE_SHARES]
    for end in ends:
        if end.refusal:
            return end
    low = min(end.low for end in ends if end.low is not None)
    high = max(end.high for end in ends if end.high is not None)
    return CrossLag(ends[len(ends) // 2].n, ends[len(ends) // 2].effect, low, high)


def _level_of_ends(ends: list[CrossLag]) -> float:
    """The level of each interval at which the whole between them holds b as often as one at SCORE_LEVEL would.

    b lies at one end at most, and where the ends are far apart it can be missed on that side only (Imbens & Manski,
    Econometrica 2004; Stoye 2009).
    """
    told = [(end.effect, end.low, end.high) for end in ends if end.effect is not None]
    if len(told) < len(ends):
        return SCORE_LEVEL
    effects = [effect for effect, _, _ in told]
    quantile = float(stats.norm.ppf((1 + SCORE_LEVEL) / 2))
    error = max((high or 0.0) - (low or 0.0) for _, low, high in told) / (2 * quantile)
    apart = (max(effects) - min(effects)) / max(error, 1e-12)
    smaller = optimize.brentq(
        lambda c: stats.norm.cdf(c + apart) - stats.norm.cdf(-c) - SCORE_LEVEL, 0.5 * quantile, quantile + 1e-9
    )
    return float(2 * stats.norm.cdf(smaller) - 1)


def _with_noise(cause: Floats, outcome: Floats, noise: Floats | None, level: float) -> CrossLag:
    found = _moments(cause, outcome, noise)
    if isinstance(found, CrossLag):
        return found
    spread = _change(outcome) / max(_change(cause), 1e-12)
    wide = np.linspace(-WIDEST * spread, WIDEST * spread, STEPS)
    accepted, least = _accepted(found, wide, level)
    if not accepted.any():
        return CrossLag(found.n, refusal="not estimable: the waves contradict each other")
    first, last = np.flatnonzero(accepted)[[0, -1]]
    if first == 0 or last == STEPS - 1:
        return CrossLag(found.n, refusal="not estimable: earlier waves do not foretell the changes (weak instruments)")
    fine = np.linspace(wide[first - 1], wide[last + 1], STEPS)
    accepted, least = _accepted(found, fine, level)
    first, last = np.flatnonzero(accepted)[[0, -1]] if accepted.any() else (0, STEPS - 1)
    low, high = float(fine[max(first - 1, 0)]), float(fine[min(last + 1, STEPS - 1)])
    return CrossLag(found.n, min(max(float(fine[int(least.argmin())]), low), high), low, high)


def _change(level: Floats) -> float:
    """The standard deviation of changes from wave to wave."""
    return float(np.nanstd(np.diff(level, axis=1)))


def _moments(cause: Floats, outcome: Floats, noise: Floats | None) -> _Moments | CrossLag:
    customers, waves = outcome.shape
    columns: dict[tuple[str, int], Floats] = {}
    touched = np.zeros(customers, dtype=bool)
    for t in range(2, waves):
        changes = np.column_stack([outcome[:, t] - outcome[:, t - 1], outcome[:, t - 1] - outcome[:, t - 2],
                                   cause[:, t - 1] - cause[:, t - 2]])  # fmt: skip
        complete = ~np.isnan(changes).any(axis=1)
        for kind, level, lags in (("own", outcome, OWN_LAGS), ("cause", cause, CAUSE_LAGS)):
            for lag in lags:
                known = noise if (kind, lag) == ("cause", 2) else None
                if t < lag or ((kind, lag) == ("cause", 2) and known is None):
                    continue
                use = complete & ~np.isnan(level[:, t - lag])
                if use.sum() < 2:
                    continue
                part = level[use, t - lag] - level[use, t - lag].mean()
                product = part[:, None] * (changes[use] - changes[use].mean(axis=0))
                if known is not None:  # the change of x holds the noise of this very level, with the other sign
                    product[:, 2] += known[use, t - 2]
                columns.setdefault((kind, lag), np.zeros((customers, 3)))[use] += product
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


def _accepted(moments: _Moments, effects: Floats, level: float) -> tuple[NDArray[np.bool_], Floats]:
    """Which effects are not rejected, and the moments' distance from 0 at each."""
    grid_a, grid_b = (part.ravel() for part in np.meshgrid(_CARRIES, effects, indexing="ij"))
    distance = _distance(moments, grid_a, grid_b)[0].reshape(len(_CARRIES), len(effects))
    carry = _CARRIES[distance.argmin(axis=0)]
    least, score, slope = _distance(moments, carry, effects)
    for _ in range(4):  # Gauss–Newton steps to the best carry for each effect, taken where they help
        with np.errstate(divide="ignore", invalid="ignore"):
            step = np.nan_to_num(score[:, 0] / slope[:, 0, 0])
        moved = np.clip(carry - step, _CARRIES[0], _CARRIES[-1])
        there = _distance(moments, moved, effects)
        better = there[0] < least
        carry = np.where(better, moved, carry)
        least = np.where(better, there[0], least)
        score = np.where(better[:, None], there[1], score)
        slope = np.where(better[:, None, None], there[2], slope)
    tested = moments.n * np.einsum("pq,pqr,pr->p", score, np.linalg.pinv(slope), score)
    spare = moments.mean.shape[1] - 2
    fits = tested <= stats.chi2.ppf(level, 1)
    if spare > 0:
        fits &= least - tested <= stats.chi2.ppf(CONTRADICTION_LEVEL, spare)
    return np.asarray(fits), least


def _distance(moments: _Moments, carry: Floats, effect: Floats) -> tuple[Floats, Floats, Floats]:
    """At each (a, b): n m′Ω⁻¹m, and D′Ω⁻¹m and D′Ω⁻¹D with D the derivative of m freed of its tie to m."""
    k = moments.mean.shape[1]
    weigh = np.stack([np.ones_like(carry), -carry, -effect], axis=1)
    mean = weigh @ moments.mean
    pairs = (weigh[:, :, None] * weigh[:, None, :]).reshape(-1, 9)
    omega = (pairs @ moments.covariance.transpose(0, 2, 1, 3).reshape(9, k * k)).reshape(-1, k, k)
    inverse = np.linalg.inv(omega + _RIDGE * np.eye(k))
    pulled = (inverse @ mean[:, :, None])[:, :, 0]
    with_mean = (weigh[:, :, None] * pulled[:, None, :]).reshape(-1, 3 * k)
    tied = (with_mean @ moments.covariance[1:].reshape(2 * k, 3 * k).T).reshape(-1, 2, k)
    derivative = tied - moments.mean[1:]
    score = (derivative @ pulled[:, :, None])[:, :, 0]
    slope = derivative @ inverse @ derivative.transpose(0, 2, 1)
    return moments.n * (mean * pulled).sum(axis=1), score, slope
