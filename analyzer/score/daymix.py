"""Which day it was, as a part of the case mix of weeks and months: an outage is nobody's fault who worked that day."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from analyzer.score.cells import Cells
from analyzer.score.frames import Ints


def day_of_period(of_day: Ints) -> Ints:
    """The number of each day within its period, 0 the first; ``of_day`` is the period of each day, not decreasing."""
    return np.arange(len(of_day)) - np.searchsorted(of_day, of_day)


def with_days(summed: Cells, days: Cells, of_day: Ints) -> Cells:
    """``summed`` (periods) with a covariate for each day of a period but the first, from the cells of the ``days``."""
    number = day_of_period(of_day)
    columns = int(number.max(initial=0))
    if not columns:
        return summed
    k, periods = summed.x.shape[1], len(summed.xy)
    units = int(summed.unit.max()) + 1
    cell = np.searchsorted(summed.period * units + summed.unit, of_day[days.period] * units + days.unit)
    later = number[days.period] > 0
    x = np.zeros((len(summed.period), k + columns))
    x[:, :k] = summed.x
    np.add.at(x, (cell[later], k - 1 + number[days.period[later]]), days.w[later])
    by_day = np.zeros((len(of_day), k + 2))
    np.add.at(by_day, days.period, np.column_stack([days.w, days.y, days.x]))
    xx, xy = np.zeros((periods, k + columns, k + columns)), np.zeros((periods, k + columns))
    xx[:, :k, :k], xy[:, :k] = summed.xx, summed.xy
    for day in np.flatnonzero(number > 0):
        period, column = of_day[day], k - 1 + number[day]
        xx[period, column, column], xy[period, column] = by_day[day, :2]
        xx[period, column, :k] = xx[period, :k, column] = by_day[day, 2:]
    return replace(summed, x=x, xx=xx, xy=xy)
