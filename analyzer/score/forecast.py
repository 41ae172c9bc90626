"""What a unit's day was to be expected to bring, from the days before it alone, and how far days stray from that.

    day's mean = level + weekday + day's own shift + the contacts' scatter / n

The level is the unit's own and known only from its past; weekdays are those of the group (all units of a kind) with the
unit's own deviations from them; a day's shift (an outage, a campaign) makes days differ by more than their contacts do
and may last into the next day (first-order autoregression). A Kalman filter over (seven weekday levels, shift) gives
the expectation and its variance one day ahead; errors of such forecasts are uncorrelated where nothing changed, which
is what limits of charts stand on. How large errors are is then taken from the errors themselves: those of the unit,
drawn towards those of its group as far as units are alike (Smyth, Stat. Appl. Genet. Mol. Biol. 2004), so that the
standardised error has a t distribution, with few days as with many.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import special

from analyzer.score.daynoise import DayNoise, day_noise
from analyzer.score.frames import Bools, Floats, Ints

LASTING: Final = (0.0, 0.25, 0.5, 0.75)  # correlations of a day's shift with the next day's, all tried …
LASTING_PRIOR: Final = (0.4, 0.3, 0.2, 0.1)  # … and weighed
DRAWN_CONTACTS: Final = 10.0
LEAST_RATE: Final = 0.002
LEAST_VARIANCE: Final = 1e-9  # of the squared level: where all contacts say the same, rounding is no news
PARAMETERS: Final = 1.5  # estimated of a group: shift, own weekdays, lasting
DIFFUSE: Final = 1e4  # prior variance of a level, in day variances: as good as nothing known
WEEK: Final = 7
SHIFT: Final = WEEK  # place of the day's shift in the state, after seven weekday levels
FIRST_REFITS: Final = (14, 20, 28, 40, 56, 80)
REFIT_EVERY: Final = 60  # days
LIKE_UNITS: Final = 5  # from so many units on it can be told how much they differ in their scatter
FEW_UNITS_DEGREES: Final = 10.0
MOST_ALIKE: Final = 1e4


@dataclass(frozen=True, slots=True)
class Panel:
    """Days of many units: one row a unit, one column a calendar day, NaN where it had no contact.

    ``group`` (of each unit, 0 …) says who shares weekdays, variances and scatter. ``weekday`` 0 … 6 by column.
    ``contact_variance`` (by unit) is that of contacts within a day; of a ``rate`` it is a multiple of m (1 − m), m
    being what is expected.
    """

    group: Ints
    weekday: Ints
    mean: Floats
    n: Floats  # effective contacts
    contact_variance: Floats
    rate: Bools


@dataclass(frozen=True, slots=True)
class Forecast:
    """By unit and day: expectation, its standard error for that day's n, and degrees of freedom behind that; NaN where
    the unit had no contact or no past."""

    center: Floats
    sd: Floats
    degrees: Floats

    def rows(self, at: Bools) -> Forecast:
        """Those of the units ``at``."""
        return Forecast(self.center[at], self.sd[at], self.degrees[at])


def refits(first: int, last: int) -> list[int]:
    """Days before which variances are estimated anew: ``first``, then ever further apart, below ``last``."""
    later = [*FIRST_REFITS, *range(FIRST_REFITS[-1] + REFIT_EVERY, last, REFIT_EVERY)]
    return [day for day in dict.fromkeys([first, *(d for d in later if d > first)]) if day < last]


@dataclass(frozen=True, slots=True)
class Foretold:
    """A forecast, and what of it is its ``weekday``'s."""

    forecast: Forecast
    weekday: Floats


def forecast(panel: Panel, known: int) -> Foretold:
    """One day ahead forecasts of all days; variances are estimated from the first ``known`` days."""
    so_far = _so_far(panel, known)
    noise = day_noise(panel.group, panel.weekday, panel.mean[:, :known], so_far.scatter)
    filtered = [_filtered(panel, noise, so_far, lasting) for lasting in LASTING]
    return Foretold(_scaled(panel, *_weighed(panel, filtered, known), known), noise.weekday[:, panel.weekday])


@dataclass(frozen=True, slots=True)
class _SoFar:
    """What the known days say: by unit the level of its group's rate and the m (1 − m) of that (1 for means), and the
    variance that contacts give each day's mean."""

    level: Floats
    typical: Floats
    scatter: Floats


def _so_far(panel: Panel, known: int) -> _SoFar:
    mean, n = panel.mean[:, :known], panel.n[:, :known]
    contacts, sums = np.nansum(n, axis=1), np.nansum(n * mean, axis=1)
    of_group, sums_of_group = _by_group(contacts, panel.group), _by_group(sums, panel.group)
    level = np.divide(sums_of_group, of_group, out=np.zeros_like(of_group), where=of_group > 0)[panel.group]
    own = np.divide(sums, contacts, out=level.copy(), where=contacts > 0)
    variance, typical = (np.where(panel.rate, _bernoulli(m, level, contacts), 1.0) for m in (own, level))
    return _SoFar(level, typical, (panel.contact_variance * variance)[:, None] / n)


def _bernoulli(rate: Floats, level: Floats, past: Floats) -> Floats:
    """m (1 − m) of rates drawn to their group's as long as little is known of the unit."""
    drawn = (past * rate + DRAWN_CONTACTS * level) / (past + DRAWN_CONTACTS)
    drawn = np.clip(drawn, LEAST_RATE, 1.0 - LEAST_RATE)
    return np.asarray(drawn * (1.0 - drawn))


def _weighed(panel: Panel, filtered: list[tuple[Floats, Floats]], known: int) -> tuple[Floats, Floats]:
    """Expectation and variance over all that shifts may last, each weighed by how well it foretold the known days."""
    fits = np.stack([_fit(panel, *one, known) for one in filtered]) + np.log(LASTING_PRIOR)[:, None]
    weight = special.softmax(fits, axis=0)[:, panel.group, None]
    centers, variances = (np.stack(part) for part in zip(*filtered, strict=True))
    center = (weight * centers).sum(axis=0)
    return center, (weight * (variances + (centers - center) ** 2)).sum(axis=0)


def _fit(panel: Panel, center: Floats, variance: Floats, known: int) -> Floats:
    """Log likelihood of the known days by group, up to a constant; the scale of the variances is free."""
    error, spread = (panel.mean - center)[:, :known], variance[:, :known]
    usable = np.isfinite(spread) & ~np.isnan(error)
    squares = np.where(usable, error**2 / np.where(usable, spread, 1.0), 0.0).sum(axis=1)
    logs = np.where(usable, np.log(np.where(usable, spread, 1.0)), 0.0).sum(axis=1)
    days, squares, logs = (_by_group(part, panel.group) for part in (usable.sum(axis=1) * 1.0, squares, logs))
    tiny = np.finfo(np.float64).tiny
    return np.asarray(-0.5 * logs - 0.5 * np.maximum(days - PARAMETERS, 0.0) * np.log(np.maximum(squares, tiny)))


def _filtered(panel: Panel, noise: DayNoise, so_far: _SoFar, lasting: float) -> tuple[Floats, Floats]:
    """Expectation and variance of each day given those before; variance infinite on a unit's first day."""
    center, variance = np.full((2, *panel.mean.shape), np.nan)
    shift = noise.shift[panel.group]
    state, cov = _start(panel, noise)
    least = LEAST_VARIANCE * np.maximum(noise.level**2, 1.0)[panel.group]
    last, past = np.full(len(panel.group), -1), np.zeros(len(panel.group))
    for day, weekday in enumerate(panel.weekday):
        at = np.flatnonzero(~np.isnan(panel.mean[:, day]))
        before, spread = _carried(state[at], cov[at], lasting ** (day - last[at]), shift[at])
        usual = before[:, weekday] + noise.weekday[at, weekday]
        one = np.where(panel.rate[at], _bernoulli(usual, so_far.level[at], past[at]), 1.0)
        # What moves a rate of a half by ten points moves one of a tenth by six.
        load = np.sqrt(one / so_far.typical[at])
        gain = spread[:, :, weekday] + load[:, None] * spread[:, :, SHIFT]
        expected = usual + load * before[:, SHIFT]
        total = gain[:, weekday] + load * gain[:, SHIFT] + panel.contact_variance[at] * one / panel.n[at, day]
        total = np.maximum(total, least[at])
        error = panel.mean[at, day] - expected
        weight = gain / total[:, None]
        state[at] = before + weight * error[:, None]
        cov[at] = spread - gain[:, :, None] * weight[:, None, :]
        center[at, day] = expected
        variance[at, day] = np.where(last[at] < 0, np.inf, total)
        last[at] = day
        past[at] += panel.n[at, day]
    return center, variance


def _start(panel: Panel, noise: DayNoise) -> tuple[Floats, Floats]:
    group = panel.group
    state, cov = np.zeros((len(group), WEEK + 1)), np.zeros((len(group), WEEK + 1, WEEK + 1))
    state[:, :WEEK] = noise.level[group][:, None]
    cov[:, :WEEK, :WEEK] = np.eye(WEEK) * noise.own_weekday[group][:, None, None]
    cov[:, :WEEK, :WEEK] += (DIFFUSE * noise.total[group])[:, None, None]
    cov[:, SHIFT, SHIFT] = noise.shift[group]
    return state, cov


def _carried(state: Floats, cov: Floats, left: Floats, shift: Floats) -> tuple[Floats, Floats]:
    """State and covariance some days later: what is ``left`` of a day's shift, and new ones."""
    state, cov = state.copy(), cov.copy()
    state[:, SHIFT] *= left
    cov[:, SHIFT, :] *= left[:, None]
    cov[:, :, SHIFT] *= left[:, None]
    cov[:, SHIFT, SHIFT] += (1.0 - left**2) * shift
    return state, cov


def _scaled(panel: Panel, center: Floats, variance: Floats, known: int) -> Forecast:
    """Standard errors in the scale of the errors that the forecasts really made before."""
    ratio = (panel.mean - center) ** 2 / variance
    usable = np.isfinite(variance) & ~np.isnan(ratio)
    squares, count = np.where(usable, ratio, 0.0), usable.astype(np.float64)
    own, own_days = _before(squares), _before(count)
    group, group_days = (_by_group(part, panel.group)[panel.group] for part in (own, own_days))
    # Variances were chosen so that these very errors are small: some of them are spent on that.
    spent = np.minimum(PARAMETERS, 0.5 * group_days) / np.maximum(group_days, 1.0)
    own_days, group_days = own_days * (1.0 - spent), group_days * (1.0 - spent)
    others = group_days - own_days
    alike = _alike(squares[:, :known].sum(axis=1), count[:, :known].sum(axis=1), panel.group)[panel.group]
    # A rare event's squares are next to nothing until it happens: a unit's own few days say nothing of its scatter.
    alike = np.where(panel.rate, MOST_ALIKE, alike)
    prior = np.minimum(alike[:, None], others)
    scale = np.divide(group - own, others, out=np.ones_like(own), where=others > 0)
    degrees = prior + own_days
    spread = np.where(usable, variance, np.nan)
    sd = np.sqrt(spread * np.divide(prior * scale + own, degrees, out=np.ones_like(own), where=degrees > 0))
    ready = usable & (degrees >= 1.0)
    return Forecast(*(np.where(ready, part, np.nan) for part in (center, sd, degrees)))


def _before(values: Floats) -> Floats:
    """Row sums of all earlier columns."""
    return np.asarray(np.cumsum(values, axis=1) - values, dtype=np.float64)


def _by_group(values: Floats, group: Ints) -> Floats:
    sums = np.zeros((int(group.max(initial=-1)) + 1, *values.shape[1:]))
    np.add.at(sums, group, values)
    return sums


def _alike(squares: Floats, days: Floats, group: Ints) -> Floats:
    """By group: for how many of a unit's own days the group's scatter counts (Smyth's prior degrees of freedom).

    Log variances of units scatter by ψ′(d/2) each where all have the same; what they scatter more is their difference.
    """
    usable = (days >= 2) & (squares > 0)
    half = np.where(usable, days / 2, 1.0)
    logs = np.log(np.where(usable, squares / np.maximum(days, 1), 1.0)) - special.digamma(half) + np.log(half)
    units = _by_group(usable.astype(np.float64), group)
    safe = np.maximum(units, 1)
    centered = np.where(usable, logs - (_by_group(np.where(usable, logs, 0.0), group) / safe)[group], 0.0)
    excess = _by_group(centered**2, group) / np.maximum(units - 1, 1)
    excess -= _by_group(np.where(usable, special.polygamma(1, half), 0.0), group) / safe
    return np.where(units >= LIKE_UNITS, 2.0 * _inverse_trigamma(excess), FEW_UNITS_DEGREES)


def _inverse_trigamma(value: Floats) -> Floats:
    """x with ψ′(x) = value by Newton's method (Smyth 2004, appendix); at most MOST_ALIKE."""
    floor = 1.0 / MOST_ALIKE
    y = np.maximum(value, floor)
    x = 0.5 + 1.0 / y
    for _ in range(20):
        trigamma = special.polygamma(1, x)
        x = x + trigamma * (1.0 - trigamma / y) / special.polygamma(2, x)
    return np.where(value > floor, x, MOST_ALIKE)
