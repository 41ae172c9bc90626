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
from analyzer.score.gathering import MEMORY, Points, gathered
from analyzer.score.measures import Measure

FEW_UNITS: Final = 4  # of a kind, under which it can hardly be told how long a day's shift lasts


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
class Layout:
    """Where each unit of each ``Charted`` lies: rows of group g are ``starts[g]`` … ``starts[g + 1]``."""

    charted: tuple[Charted, ...]
    starts: Ints
    group: Ints
    rate: Bools
    weekday: Ints

    def few(self, contacts: Floats) -> Bools:
        """By row and day: whether fewer than FEW_UNITS units of its kind have had ``contacts`` (NaN: none) so far."""
        seen = np.maximum.accumulate(~np.isnan(contacts), axis=1)
        units = np.zeros((len(self.charted), contacts.shape[1]))
        np.add.at(units, self.group, seen)
        return np.asarray(units[self.group] < FEW_UNITS, dtype=np.bool_)

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
    told, common = _forecasts(layout, epoch, effective, min_days)
    foretold = _ready(told, contacts, min_n, min_days)
    since = np.broadcast_to(np.arange(value.shape[1]), value.shape).copy()
    usual = np.where(np.isnan(value), 0.0, 1.0)
    return gathered(Points(value, contacts, effective, foretold, since, usual), common, layout.group, layout.rate)


def _forecasts(layout: Layout, epoch: slice, effective: Floats, min_days: int) -> tuple[Forecast, Floats]:
    """By unit and day, and what of it all units have in common: weekday and case mix, against that of the first refit:
    a level gathered over several refits must not move with what is usual."""
    days = epoch.stop - epoch.start
    parts = np.full((4, *effective.shape), np.nan)
    begins, reference = refits(min_days, days), list[Floats]()
    for known, end in zip(begins, [*begins[1:], days][: len(begins)], strict=True):  # too few days: none
        first = max(0, known - MEMORY)
        span = slice(epoch.start + first, epoch.start + end)
        mix = [_mix(one, span.start, epoch.start + known) for one in layout.charted]
        offset = layout.spread([m.offset for m in mix], span)
        mean = layout.spread([one.cells.y / one.cells.w for one in layout.charted], span) - offset
        variance = np.array([m.variance for m in mix])[layout.group]
        panel = Panel(layout.group, layout.weekday[span], mean, effective[:, first:end], variance, layout.rate)
        told = forecast(panel, known - first)
        reference = reference or [m.usual for m in mix]
        moved = [m.offset + (m.usual - first_usual) @ m.beta for m, first_usual in zip(mix, reference, strict=True)]
        common = told.weekday + layout.spread(moved, span)
        told_now = (told.forecast.center + offset, told.forecast.sd, told.forecast.degrees, common)
        for part, values in zip(parts, told_now, strict=True):
            part[:, known:end] = values[:, known - first :]
        if known == begins[0]:
            parts[3, :, :known] = common[:, : known - first]
    return Forecast(*parts[:3]), parts[3]


@dataclass(frozen=True, slots=True)
class _Mix:
    offset: Floats  # by cell: what its case mix makes it differ from the ``usual`` one
    usual: Floats
    beta: Floats
    variance: float  # of a contact within its day and unit; of a rate as a multiple of m (1 − m)


def _mix(one: Charted, start: int, stop: int) -> _Mix:
    """Slopes and scatter of contacts of the same unit and day: no day's shift and no unit's level is in them."""
    cells = one.cells
    at = (cells.period >= start) & (cells.period < stop)
    w, y, x = cells.w[at], cells.y[at], cells.x[at]
    if not len(w):
        none = np.zeros(cells.x.shape[1])
        return _Mix(np.zeros(len(cells.w)), none, none, 0.0)
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
    return _Mix(offset, usual, slopes.beta, variance)


def _ready(told: Forecast, contacts: Floats, min_n: int, min_days: int) -> Forecast:
    """Only days that have enough contacts and days of their unit before them."""
    there = np.nan_to_num(contacts)
    before = np.cumsum(there, axis=1) - there
    days: Ints = np.cumsum(there > 0, axis=1) - np.asarray(there > 0, dtype=np.int64)
    ready = (before >= min_n) & (days >= min_days)
    return Forecast(*(np.where(ready, part, np.nan) for part in (told.center, told.sd, told.degrees)))
