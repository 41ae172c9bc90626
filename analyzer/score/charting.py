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
from analyzer.score.forecast import Forecast, Panel, forecast, refits
from analyzer.score.frames import Bools, Days, Floats, Ints
from analyzer.score.measures import Measure

MEMORY: Final = 180  # days before a refit that a unit's level, weekdays and scatter are taken from
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

    Errors of one-day-ahead forecasts are uncorrelated, so those of several days simply add up.
    """
    rows = np.flatnonzero(rate)
    value, contacts, effective = daily.value.copy(), daily.contacts.copy(), daily.effective.copy()
    center, sd, degrees = daily.forecast.center.copy(), daily.forecast.sd.copy(), daily.forecast.degrees.copy()
    since = daily.since.copy()
    sums, first = np.zeros((5, len(rows))), np.full(len(rows), -1)
    for day in range(value.shape[1]):
        there = ~np.isnan(center[rows, day])
        at = rows[there]
        n = effective[at, day]
        sums[:, there] += [contacts[at, day], n, n * value[at, day], n * center[at, day], (n * sd[at, day]) ** 2]
        first = np.where(there & (first < 0), day, first)
        expected = np.divide(sums[3], sums[1], out=np.zeros(len(rows)), where=sums[1] > 0)
        full = there & (sums[1] * expected * (1.0 - expected) >= LEAST_EVENTS)
        done = rows[full]
        contacts[done, day], effective[done, day] = sums[0, full], sums[1, full]
        value[done, day], center[done, day] = sums[2, full] / sums[1, full], expected[full]
        sd[done, day], since[done, day] = np.sqrt(sums[4, full]) / sums[1, full], first[full]
        for part in (value, center, sd, degrees):
            part[rows[there & ~full], day] = np.nan
        sums[:, full], first = 0.0, np.where(full, -1, first)
    return Points(value, contacts, effective, Forecast(center, sd, degrees), since, daily.usual)
