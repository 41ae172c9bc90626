"""Points of rates: days gathered until events enough are to be expected, against what was known before the first.

Where a single day is a point, the forecast of that day stands: it follows what lasts from day to day. Events of several
days are too rare for that. There the level is what the unit's own MEMORY and that of its group say together (a beta
distribution as prior, of the others' rate and of how far units differ), taken as a point begins and left alone until it
is done, so that its own days teach it nothing. Given the past, the chance of a count is then the same whatever that
past made of the point's length.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from analyzer.score.forecast import Forecast
from analyzer.score.frames import Bools, Floats, Ints

MEMORY: Final = 180  # days before a refit that a unit's level, weekdays and scatter are taken from
LEAST_EVENTS: Final = 4.0  # n m (1 − m) that a point of a rate needs; until then its days are gathered
UNLIKE: Final = 0.1  # variance of the log odds of units before anything is known, worth as much …
UNLIKE_UNITS: Final = 4.0  # … as so many units
STRAY_SPREAD: Final = 0.5  # standard deviation of the prior of σ_z² about 1
LEAST_STRAY: Final = 0.5
CERTAIN: Final = 1e6  # degrees of freedom that are as good as infinitely many
LEAST_RATE: Final = 1e-6
LEAST_SHARE: Final = 0.25  # of a level (or of what it lacks to 1) that weekday and case mix leave of it
ALONE: Final = (0.5, 1.0)  # alone in its kind: as if half of one more had happened, and half of one had not (Jeffreys)


@dataclass(frozen=True, slots=True)
class Points:
    """What is charted: a row a (group, unit), a column a day, NaN where there is none. ``since``: first day in it.

    ``usual``: how many points a day with contacts would have brought before the chart began, else 0.
    """

    value: Floats
    contacts: Floats
    effective: Floats
    forecast: Forecast
    since: Ints
    usual: Floats


def gathered(daily: Points, common: Floats, group: Ints, rate: Bools) -> Points:
    """Rates: days that have a forecast gathered until a point has events enough; what stays open is no point yet.

    ``common``: what of a day's expectation is its weekday's and its case mix's. As many events must be behind a level:
    of one that rests on one or two nothing is rare.
    """
    rows = np.flatnonzero(rate)
    past = _Past.of(daily.effective[rows], daily.value[rows] - common[rows], group[rows])
    value, contacts, effective = daily.value.copy(), daily.contacts.copy(), daily.effective.copy()
    center, sd, degrees = daily.forecast.center.copy(), daily.forecast.sd.copy(), daily.forecast.degrees.copy()
    since = daily.since.copy()
    open_points = _Open.of(len(rows))
    for day in range(value.shape[1]):
        enough = past.behind[:, day] * past.scatter[:, day] >= LEAST_EVENTS
        for part in (center, sd, degrees):
            part[rows[~enough & (open_points.first < 0)], day] = np.nan
        there = ~np.isnan(center[rows, day])
        at = rows[there]
        days = _Day(*(part[at, day] for part in (contacts, effective, value, center, sd, common)))
        open_points.add(there, day, days, past)
        full = there & (open_points.sums[1] * open_points.begun[0] >= LEAST_EVENTS)
        done = rows[full]
        contacts[done, day], effective[done, day] = open_points.sums[:2, full]
        value[done, day], center[done, day], sd[done, day] = open_points.told(full)
        since[done, day] = open_points.first[full]
        # What the level errs by is in the count's own variance, σ_z² is drawn to its prior: no t distribution on top.
        degrees[done, day] = np.where(open_points.alone[full], degrees[done, day], CERTAIN)
        for part in (value, center, sd, degrees):
            part[rows[there & ~full], day] = np.nan
        open_points.close(full)
    usual = daily.usual.copy()
    usual[rows] = past.points_a_day(daily.effective[rows])
    usual[np.cumsum(~np.isnan(sd), axis=1) > 0] = 0.0
    return Points(value, contacts, effective, Forecast(center, sd, degrees), since, usual)


@dataclass(frozen=True, slots=True)
class _Past:
    """By unit and day, of the MEMORY before: the ``level`` of an average day, how many binomial contacts are ``behind``
    it, its ``scatter`` m (1 − m); of the group how far its days ``stray`` (Laney's σ_z²) and their ``size``."""

    level: Floats
    behind: Floats
    scatter: Floats
    stray: Floats
    size: Floats

    @classmethod
    def of(cls, n: Floats, apart: Floats, group: Ints) -> _Past:
        """``n`` contacts of days whose rate less what is common is ``apart``."""
        contacts, events = _lately(n), _lately(n * apart)
        by_group = _Groups(group)
        all_contacts, all_events = by_group(contacts), by_group(events)
        others, other_events = all_contacts - contacts, all_events - events
        usual = np.clip(_over(all_events, all_contacts), LEAST_RATE, 1.0 - LEAST_RATE)
        own = _over(events, contacts)
        stray, size = _stray(n, apart - own, contacts, own, by_group)
        unlike = _unlike(contacts, own - usual, usual, stray, by_group)
        rate = np.clip((other_events + 0.5) / (others + 1.0), LEAST_RATE, 1.0 - LEAST_RATE)
        # The others' rate is a mean of levels that differ too, the more so the fewer they are.
        unlike = unlike * (1.0 + _over(by_group(contacts**2) - contacts**2, others**2))
        prior = rate * (1.0 - rate) / (unlike + rate * (1.0 - rate) * stray / np.maximum(others, 1.0)) - 1.0
        rate, prior = np.where(others > 0, rate, ALONE[0]), np.where(others > 0, np.maximum(prior, 1.0), ALONE[1])
        worth = contacts / stray
        behind = worth + prior
        level = np.clip((worth * np.clip(own, 0.0, 1.0) + prior * rate) / behind, LEAST_RATE, 1.0 - LEAST_RATE)
        return cls(level, behind, level * (1.0 - level), stray, size)

    def points_a_day(self, n: Floats) -> Floats:
        """What a day with contacts brings: one point, or one in so many days as make events enough."""
        there = ~np.isnan(n)
        days = np.maximum(np.cumsum(there, axis=1), 1.0)
        a_day = np.cumsum(np.nan_to_num(n), axis=1) / days * self.scatter
        return np.where(there, 1.0 / np.ceil(LEAST_EVENTS / np.maximum(a_day, 1e-9)), 0.0)


@dataclass(frozen=True, slots=True)
class _Groups:
    """Sums over the units of each group, laid back on its units."""

    group: Ints

    def __call__(self, values: Floats) -> Floats:
        sums = np.zeros((int(self.group.max(initial=-1)) + 1, values.shape[1]))
        np.add.at(sums, self.group, values)
        return np.asarray(sums[self.group])


def _stray(
    n: Floats, errors: Floats, contacts: Floats, own: Floats, by_group: _Groups
) -> tuple[Floats, Floats]:  # fmt: skip
    """σ_z² of the group's days, drawn to 1 as long as little speaks for another, and the contacts of such a day.

    ``errors``: of each day's rate against its unit's ``own`` before, which rests on ``contacts``.
    """
    there = np.where(contacts > 0, np.nan_to_num(n), 0.0)
    squares = np.asarray((there * np.nan_to_num(errors)) ** 2 * _over(contacts, contacts + there))
    # By the scatter of each unit at its own level: where levels differ, that of their mean is larger.
    expected = np.asarray(there * _scatter(np.clip(own, 0.0, 1.0)) * _over(contacts, contacts - 1.0))
    any_there = np.asarray(there > 0, dtype=np.float64)
    square, binomial, days, weighed = (
        by_group(_lately(part)) for part in (squares, expected, any_there, np.asarray(there * expected))
    )
    stray = np.where(binomial > 0, _over(square, binomial), 1.0)
    # Of a count's square: 2, and of a rare one what its fourth moment adds.
    error = np.where(days > 0, (2.0 + _over(days, binomial)) / np.maximum(days, 1.0), np.inf)
    weight = STRAY_SPREAD**2 / (STRAY_SPREAD**2 + error)
    return np.maximum(1.0 + weight * (stray - 1.0), LEAST_STRAY), np.maximum(_over(weighed, binomial), 1.0)


def _unlike(contacts: Floats, apart: Floats, usual: Floats, stray: Floats, by_group: _Groups) -> Floats:
    """Variance of the levels of a group's units by moments of how far ``apart`` they are, with UNLIKE as prior."""
    known = np.asarray(contacts > 0, dtype=np.float64)
    total, squared, units = by_group(contacts), by_group(contacts**2), by_group(known)
    freedom = np.maximum(units - 1.0, 0.0)
    each = _over(total - _over(squared, total), freedom)
    scatter = usual * (1.0 - usual) * stray
    squares = by_group(contacts * np.where(known > 0, apart, 0.0) ** 2)
    typical = UNLIKE * (usual * (1.0 - usual)) ** 2
    mean_square = (squares + UNLIKE_UNITS * (scatter + each * typical)) / (freedom + UNLIKE_UNITS)
    return np.maximum(_over(mean_square - scatter, each), 0.1 * typical)


def _lately(values: Floats) -> Floats:
    """Row sums of the MEMORY days before each."""
    there = np.nan_to_num(values)
    seen = np.cumsum(there, axis=1)
    start = np.pad(seen, ((0, 0), (MEMORY + 1, 0)))[:, : seen.shape[1]]
    return np.asarray(seen - there - start, dtype=np.float64)


def _scatter(rate: Floats) -> Floats:
    return np.asarray(rate * (1.0 - rate), dtype=np.float64)


def _over(numerator: Floats, denominator: Floats) -> Floats:
    return np.divide(numerator, denominator, out=np.zeros_like(numerator), where=denominator > 0)


@dataclass(frozen=True, slots=True)
class _Day:
    contacts: Floats
    n: Floats
    value: Floats
    center: Floats
    sd: Floats
    common: Floats


@dataclass(slots=True)
class _Open:
    """Points that are being gathered. ``sums``: contacts, effective ones, events, events expected, variance of days.

    ``begun``: ``scatter``, ``behind``, ``level``, ``stray`` and ``size`` of the past as a point began; ``alone``:
    whether one day is enough.
    """

    sums: Floats
    first: Ints
    begun: Floats
    alone: Bools

    @classmethod
    def of(cls, points: int) -> _Open:
        return cls(np.zeros((5, points)), np.full(points, -1), np.zeros((5, points)), np.zeros(points, dtype=np.bool_))

    def add(self, there: Bools, day: int, one: _Day, past: _Past) -> None:
        begins = there & (self.first < 0)
        new = begins[there]
        self.first[begins] = day
        self.begun[:, begins] = [
            part[begins, day] for part in (past.scatter, past.behind, past.level, past.stray, past.size)
        ]
        self.alone[begins] = one.n[new] * self.begun[0, begins] >= LEAST_EVENTS
        level, stray, size = self.begun[2:, there]
        rate = np.clip(level + one.common, LEAST_SHARE * level, 1.0 - LEAST_SHARE * (1.0 - level))
        more = np.where(stray > 1.0, 1.0 + (stray - 1.0) * one.n / size, stray)
        expected, variance = one.n * rate, one.n * rate * (1.0 - rate) * more
        alone = self.alone[there]
        expected = np.where(alone, one.n * one.center, expected)
        variance = np.where(alone, (one.n * one.sd) ** 2, variance)
        self.sums[:, there] += [one.contacts, one.n, one.n * one.value, expected, variance]

    def told(self, full: Bools) -> tuple[Floats, Floats, Floats]:
        """Value, expectation and its standard error."""
        n, events, expected, variance = self.sums[1:, full]
        rate = np.clip(expected / n, LEAST_RATE, 1.0 - LEAST_RATE)
        level = np.where(self.alone[full], 0.0, rate * (1.0 - rate) / (self.begun[1, full] + 1.0))
        return events / n, rate, np.sqrt(variance / n**2 + level)

    def close(self, full: Bools) -> None:
        self.sums[:, full], self.first[full] = 0.0, -1
