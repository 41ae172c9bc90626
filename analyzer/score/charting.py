"""Charts of many units and measures side by side: sums by day laid out by calendar, and their forecasts.

Variances and case-mix slopes are estimated anew now and then, each time from earlier days alone; a limit once
published stays when days are added. Charts begin anew where the models change: what they hear is another measure then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from analyzer.score.casemix import within_slopes
from analyzer.score.cells import Cells
from analyzer.score.forecast import LEAST_RATE, Forecast, Panel, forecast, refits
from analyzer.score.frames import Bools, Days, Floats, Ints
from analyzer.score.measures import Measure

MEMORY: Final = 180  # days before a refit that a unit's level, weekdays and scatter are taken from
FEW_UNITS: Final = 4  # of a kind, under which it can hardly be told how long a day's shift lasts
LEAST_EVENTS: Final = 4.0  # n m (1 − m) that a point of a rate needs; until then its days are gathered


@dataclass(frozen=True, slots=True)
class Charted:
    """One measure of all units of a kind; ``cells`` with case mix as covariates, ``period`` counting calendar days."""

    kind: str
    measure: Measure
    unit_ids: tuple[str, ...]
    cells: Cells

    @property
    def rate(self) -> bool:
        return (self.measure.lowest, self.measure.highest) == (0.0, 1.0)


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


@dataclass(frozen=True, slots=True)
class Layout:
    """Where each unit of each ``Charted`` lies: rows of group g are ``starts[g]`` … ``starts[g + 1]``."""

    charted: tuple[Charted, ...]
    starts: Ints
    group: Ints
    rate: Bools
    weekday: Ints

    @property
    def few(self) -> Bools:
        """By row: whether fewer than FEW_UNITS units are of its kind."""
        return np.asarray(np.diff(self.starts)[self.group] < FEW_UNITS, dtype=np.bool_)

    @classmethod
    def of(cls, charted: Sequence[Charted], calendar: Days) -> Layout:
        sizes = [len(one.unit_ids) for one in charted]
        group = np.repeat(np.arange(len(sizes)), sizes)
        rate = np.repeat([one.rate for one in charted], sizes)
        # 1970-01-01 was a Thursday.
        weekday = (calendar.astype("datetime64[D]").astype(np.int64) + 3) % 7
        return cls(tuple(charted), np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64), group, rate, weekday)

    def spread(self, values: Sequence[Floats], days: slice) -> Floats:
        """Values of cells of every group on the rows and columns of ``days``."""
        out = np.full((len(self.group), days.stop - days.start), np.nan)
        for one, first, value in zip(self.charted, self.starts, values, strict=False):
            at = (one.cells.period >= days.start) & (one.cells.period < days.stop)
            out[first + one.cells.unit[at], one.cells.period[at] - days.start] = value[at]
        return out


def points(layout: Layout, epoch: slice, min_n: int, min_days: int) -> Points:
    """The points of one ``epoch`` of days, in which the same models listened."""
    sums = [one.cells for one in layout.charted]
    contacts = layout.spread([c.n for c in sums], epoch)
    effective = layout.spread([c.w**2 / c.w2 for c in sums], epoch)
    value = layout.spread([c.y / c.w for c in sums], epoch)
    foretold = _ready(_forecasts(layout, epoch, effective, min_days), contacts, min_n, min_days)
    since = np.broadcast_to(np.arange(value.shape[1]), value.shape).copy()
    usual = np.where(np.isnan(foretold.sd), _usual(value, effective, layout.rate), 0.0)
    return _gathered(Points(value, contacts, effective, foretold, since, usual), layout.rate)


def _usual(value: Floats, effective: Floats, rate: Bools) -> Floats:
    """Points that a day brings by the contacts so far: one, or of a rate one in so many days as make events enough."""
    there = ~np.isnan(value)
    n, events, days = (np.cumsum(np.nan_to_num(p), axis=1) for p in (effective, effective * value, there * 1.0))
    level = np.divide(events, n, out=np.zeros_like(n), where=n > 0)
    a_day = np.divide(n * level * (1.0 - level), days, out=np.zeros_like(n), where=days > 0)
    gathered = np.ceil(LEAST_EVENTS / np.maximum(a_day, 1e-9))
    return np.where(there, np.where(rate[:, None], 1.0 / gathered, 1.0), 0.0)


def _forecasts(layout: Layout, epoch: slice, effective: Floats, min_days: int) -> Forecast:
    days = epoch.stop - epoch.start
    parts = np.full((3, *effective.shape), np.nan)
    begins = refits(min_days, days)
    for known, end in zip(begins, [*begins[1:], days][: len(begins)], strict=True):  # too few days: none
        first = max(0, known - MEMORY)
        span = slice(epoch.start + first, epoch.start + end)
        mix = [_mix(one, span.start, epoch.start + known) for one in layout.charted]
        offset = layout.spread([m.offset for m in mix], span)
        mean = layout.spread([one.cells.y / one.cells.w for one in layout.charted], span) - offset
        variance = np.array([m.variance for m in mix])[layout.group]
        panel = Panel(layout.group, layout.weekday[span], mean, effective[:, first:end], variance, layout.rate)
        told = forecast(panel, known - first)
        for part, values in zip(parts, (told.center + offset, told.sd, told.degrees), strict=True):
            part[:, known:end] = values[:, known - first :]
    return Forecast(*parts)


@dataclass(frozen=True, slots=True)
class _Mix:
    offset: Floats  # by cell: what its case mix makes it differ
    variance: float  # of a contact within its day and unit; of a rate as a multiple of m (1 − m)


def _mix(one: Charted, start: int, stop: int) -> _Mix:
    """Slopes and scatter of contacts of the same unit and day: no day's shift and no unit's level is in them."""
    cells = one.cells
    at = (cells.period >= start) & (cells.period < stop)
    w, y, x = cells.w[at], cells.y[at], cells.x[at]
    if not len(w):
        return _Mix(np.zeros(len(cells.w)), 0.0)
    freedom = float(np.sum(w - cells.w2[at] / w))
    xy = cells.xy[start:stop].sum(axis=0) - x.T @ (y / w)
    slopes = within_slopes(cells.xx[start:stop].sum(axis=0) - x.T @ (x / w[:, None]), xy, freedom)
    squares = float(np.sum(cells.yy[at] - y**2 / w) - xy @ slopes.beta)
    left = freedom - slopes.rank
    variance = max(squares, 0.0) / left if left > 0 else 0.0
    usual = x.sum(axis=0) / w.sum()
    offset = (cells.x / cells.w[:, None] - usual) @ slopes.beta
    if one.rate:
        level = float(np.clip(y.sum() / w.sum(), 0.002, 0.998))
        variance /= level * (1.0 - level)
    return _Mix(offset, variance)


def _ready(told: Forecast, contacts: Floats, min_n: int, min_days: int) -> Forecast:
    """Only days that have enough contacts and days of their unit before them."""
    there = np.nan_to_num(contacts)
    before = np.cumsum(there, axis=1) - there
    days: Ints = np.cumsum(there > 0, axis=1) - np.asarray(there > 0, dtype=np.int64)
    ready = (before >= min_n) & (days >= min_days)
    return Forecast(*(np.where(ready, part, np.nan) for part in (told.center, told.sd, told.degrees)))


def _gathered(daily: Points, rate: Bools) -> Points:
    """Rates: days that have a forecast gathered until a point has events enough; what stays open is no point yet.

    A point is compared with what was expected as its first day began: what its own days taught since is taken back.
    As many events must be behind that: of a level that rests on one or two nothing is rare.
    """
    rows = np.flatnonzero(rate)
    before = _known_before(daily.effective[rows])
    value, contacts, effective = daily.value.copy(), daily.contacts.copy(), daily.effective.copy()
    center, sd, degrees = daily.forecast.center.copy(), daily.forecast.sd.copy(), daily.forecast.degrees.copy()
    since = daily.since.copy()
    open_points = _Open.of(len(rows))
    for day in range(value.shape[1]):
        known = before[:, day] * center[rows, day] * (1.0 - center[rows, day]) >= LEAST_EVENTS
        for part in (center, sd, degrees):
            part[rows[~known & (open_points.first < 0)], day] = np.nan
        there = ~np.isnan(center[rows, day])
        at = rows[there]
        days = _Day(contacts[at, day], effective[at, day], value[at, day], center[at, day], sd[at, day])
        open_points.add(there, day, days, before[there, day])
        full = there & (open_points.sums[1] * open_points.scatter >= LEAST_EVENTS)
        done = rows[full]
        contacts[done, day], effective[done, day] = open_points.sums[:2, full]
        value[done, day], center[done, day], sd[done, day] = open_points.told(full)
        since[done, day] = open_points.first[full]
        for part in (value, center, sd, degrees):
            part[rows[there & ~full], day] = np.nan
        open_points.close(full)
    return Points(value, contacts, effective, Forecast(center, sd, degrees), since, daily.usual)


def _known_before(effective: Floats) -> Floats:
    """Contacts before each day from which a level is taken."""
    seen = np.cumsum(np.nan_to_num(effective), axis=1)
    start = np.pad(seen, ((0, 0), (MEMORY, 0)))[:, : seen.shape[1]]
    return np.asarray(seen - np.nan_to_num(effective) - start, dtype=np.float64)


@dataclass(frozen=True, slots=True)
class _Day:
    contacts: Floats
    n: Floats
    value: Floats
    center: Floats
    sd: Floats


@dataclass(slots=True)
class _Open:
    """Points that are being gathered. ``sums``: contacts, effective ones, events, events expected, variance of days.

    ``scatter`` is m (1 − m) and ``known`` the contacts behind m as a point began, ``learned`` what m moved since.
    """

    sums: Floats
    first: Ints
    scatter: Floats
    known: Floats
    learned: Floats

    @classmethod
    def of(cls, points: int) -> _Open:
        scatter, known, learned = np.zeros((3, points))
        return cls(np.zeros((5, points)), np.full(points, -1), scatter, known, learned)

    def add(self, there: Bools, day: int, one: _Day, before: Floats) -> None:
        begins = there & (self.first < 0)
        new = begins[there]
        level = np.clip(one.center, LEAST_RATE, 1.0 - LEAST_RATE)
        self.first[begins] = day
        self.scatter[begins], self.known[begins] = (level * (1.0 - level))[new], np.maximum(before, 1.0)[new]
        scatter = self.scatter[there]
        # Less what the level errs by: that is the same on all days of a point.
        own = one.sd**2 * scatter / (level * (1.0 - level)) - scatter / np.maximum(before, 1.0)
        variance = one.n**2 * np.maximum(own, 0.5 * scatter / one.n)
        expected = one.n * (one.center - self.learned[there])
        self.sums[:, there] += [one.contacts, one.n, one.n * one.value, expected, variance]
        self.learned[there] += one.n * (one.value - one.center) / (before + one.n)

    def told(self, full: Bools) -> tuple[Floats, Floats, Floats]:
        """Value, expectation and its standard error."""
        n, events, expected, variance = self.sums[1:, full]
        known, rate = self.known[full], expected / n
        # A level of few events is taken as if half of one more had happened, and half of one had not (Jeffreys).
        rate = (np.clip(rate, 0.0, 1.0) * known + 0.5) / (known + 1.0)
        level = rate * (1.0 - rate) / (known + 2.0)
        return events / n, rate, np.sqrt(variance / n**2 + level)

    def close(self, full: Bools) -> None:
        self.sums[:, full], self.first[full], self.learned[full] = 0.0, -1, 0.0
