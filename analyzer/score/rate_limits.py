"""Limits of a rate in whole events, and the chance that really lies beyond them.

What is to be expected of a rate is known up to an error, and days stray: the count is beta-binomial with the forecast's
mean and variance. Whole events seldom hit a chance exactly. Limits lie where the chance beyond them is at most the one
asked for, and the chance itself is stated: for five contacts a day with an event in fifty it is a third of that or
less. Where events abound whole numbers matter no more, and a smooth tail has exactly the chance asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import special

from analyzer.score.frames import Bools, Floats, Ints

FEW: Final = 60.0  # n m (1 − m) up to which events are counted one by one
MOST_STRAY: Final = 0.5  # intraclass correlation of a point's contacts that is as good as all of them the same
LEAST_SCATTER: Final = 0.2  # of the binomial variance
TINY: Final = 1e-13


def rate_limits(n: Floats, rate: Floats, sd: Floats, degrees: Floats, alpha: Floats) -> tuple[Floats, Floats, Floats]:
    """Lowest and highest rate that are no signal, and the chance of another one; by point, NaN where ``sd`` is."""
    lower, upper, chance = np.full((3, *np.shape(sd)), np.nan)
    there = ~np.isnan(sd)
    few = there & (n * rate * (1.0 - rate) <= FEW)
    for at, limits in ((few, _counted), (there & ~few, _smooth)):
        lower[at], upper[at], chance[at] = limits(n[at], rate[at], sd[at], degrees[at], alpha[at])
    return lower, upper, chance


@dataclass(frozen=True, slots=True)
class _Counts:
    """Points of ``n`` contacts with a rare event of ``rate``. ``alike``: how much contacts of a point have in common,
    0 where they scatter binomially or, by the estimate, less: then as those of ``worth`` times as many."""

    n: Floats
    rate: Floats
    alike: Floats
    worth: Floats

    @classmethod
    def of(cls, n: Floats, rate: Floats, sd: Floats) -> _Counts:
        beyond = sd**2 * n / (rate * (1.0 - rate)) - 1.0
        alike = np.divide(beyond, n - 1.0, out=np.zeros_like(beyond), where=n > 1)
        return cls(n, rate, np.clip(alike, 0.0, MOST_STRAY), 1.0 / np.clip(1.0 + beyond, LEAST_SCATTER, 1.0))

    def at(self, points: Ints) -> _Counts:
        return _Counts(self.n[points], self.rate[points], self.alike[points], self.worth[points])

    def none(self) -> Floats:
        """The chance of no event at all."""
        bound = self.alike > 1e-9
        size = np.where(bound, (1.0 - self.alike) / np.where(bound, self.alike, 1.0), 1.0)
        other = (1.0 - self.rate) * size
        logs = special.gammaln(other + self.n) - special.gammaln(other)
        logs -= special.gammaln(size + self.n) - special.gammaln(size)
        return np.where(bound, np.exp(logs), np.exp(self.n * np.log1p(-self.rate)))

    def following(self, count: float) -> Floats:
        """By how much one event more is more probable than ``count``."""
        left, free = self.n - count, 1.0 - self.alike
        odds = (self.rate * free + count * self.alike) / ((1.0 - self.rate) * free + (left - 1.0) * self.alike)
        return np.asarray(left / (count + 1.0) * odds, dtype=np.float64)

    def binomial(self, count: float) -> Floats:
        """The chance of at most ``count`` events where contacts are worth more than they are."""
        whole, place = self.n * self.worth, (count + 0.5) * self.worth - 0.5
        return np.asarray(special.betainc(np.maximum(whole - place, 1e-9), place + 1.0, 1.0 - self.rate))


def _counted(n: Floats, rate: Floats, sd: Floats, degrees: Floats, alpha: Floats) -> tuple[Floats, Floats, Floats]:
    """Each side has half of ``alpha``, and what the other cannot use: few events can seldom be noticeably fewer."""
    whole, turned = np.maximum(np.round(n), 1.0), rate > 0.5
    counts = _Counts.of(whole, np.where(turned, 1.0 - rate, rate), sd)
    fewest, below, _ = _passed(counts, _tail(degrees, alpha / 2))
    fewer = _chance(below, degrees)
    # The first count whose tail beyond it is rare enough is the last without a signal.
    most, _, within = _passed(counts, 1.0 - _tail(degrees, alpha - fewer))
    chance = fewer + _chance(1.0 - within, degrees)
    low, high = (fewest - 0.5) / whole, (most + 0.5) / whole
    low, high = np.where(turned, 1.0 - high, low), np.where(turned, 1.0 - low, high)
    return np.maximum(low, 0.0), np.minimum(high, 1.0), chance


def _passed(counts: _Counts, bound: Floats) -> tuple[Floats, Floats, Floats]:
    """By point the first count whose cumulative chance passes ``bound``, and that chance without and with it."""
    found = np.zeros((3, len(bound)))
    at: Ints = np.arange(len(bound))
    count, before, chance = 0.0, np.zeros(len(bound)), counts.none()
    while len(at):
        now = counts.at(at)
        up_to = np.where(now.worth > 1.0, now.binomial(count), before + chance)
        last: Bools = (up_to > bound[at]) | (count >= now.n)
        found[0, at[last]], found[1:, at[last]] = count, [before[last], np.minimum(up_to[last], 1.0)]
        chance = (chance * now.following(count))[~last]
        at, before = at[~last], up_to[~last]
        count += 1.0
    return found[0], found[1], found[2]


def _tail(degrees: Floats, alpha: Floats) -> Floats:
    """The normal tail that ends where the t distribution's tail ``alpha`` does."""
    return np.asarray(np.maximum(special.ndtr(special.stdtrit(degrees, alpha)), TINY))


def _chance(tail: Floats, degrees: Floats) -> Floats:
    """The t distribution's tail that ends where the normal ``tail`` does: the inverse of ``_tail``."""
    ends = special.ndtri(np.clip(tail, TINY, 1.0 - TINY))
    return np.asarray(np.where(tail > TINY, special.stdtr(degrees, ends), 0.0), dtype=np.float64)


def _smooth(n: Floats, rate: Floats, sd: Floats, degrees: Floats, alpha: Floats) -> tuple[Floats, Floats, Floats]:
    half = _tail(degrees, alpha / 2)
    lower, upper = _smooth_limit(half, n, rate, sd), 1.0 - _smooth_limit(half, n, 1.0 - rate, sd)
    return lower, upper, alpha


def _smooth_limit(tail: Floats, n: Floats, rate: Floats, sd: Floats) -> Floats:
    """Rate below which lies ``tail``.

    Binomial scatter has the binomial's skewness, what days scatter beyond that the beta distribution's, twice that.
    """
    contacts = np.maximum(rate * (1 - rate) / sd**2, 1.0)  # so many scatter binomially as much as these do
    # Mid-p: of an event just as probable as the one seen, half counts.
    binomial = (special.bdtrik(tail, contacts, rate) + 0.5) / contacts
    size = np.maximum(contacts - 1.0, 0.5)  # a beta distribution of this size has that variance
    beta = special.betaincinv(rate * size, (1 - rate) * size, tail)
    beyond = np.clip(1.0 - contacts / n, 0.0, 1.0)
    return np.asarray(np.clip((1.0 - beyond) * binomial + beyond * beta, 0.0, 1.0), dtype=np.float64)
