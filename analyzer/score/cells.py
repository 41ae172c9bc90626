"""Sums of one measure by (day, unit): all that estimates of any period need, read from the contacts once.

Days add up to weeks and months, shards of a store would add up the same way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from analyzer.score.frames import Bools, Floats, Ints

DIRECT: Final = 0.3  # where more than this share was not observed, sums are taken anew and not by leaving out


@dataclass(frozen=True, slots=True)
class Cells:
    """One row a (period, unit), sorted; fields of sums are over the observed contacts of the row.

    ``x`` (rows, k) sums weight × covariates; ``xx`` (periods, k, k), ``xy`` (periods, k) are whole periods' sums.
    """

    period: Ints
    unit: Ints
    eligible: Floats  # contacts that the unit answers for
    n: Floats  # of these, observed
    w: Floats  # Σ weight
    w2: Floats  # Σ weight²
    y: Floats  # Σ weight × value
    yy: Floats  # Σ weight × value²
    x: Floats
    xx: Floats
    xy: Floats


@dataclass(frozen=True, slots=True)
class Rows:
    """Memberships sorted by day, then unit; ``starts`` begin each (day, unit), ``day_bounds`` each day."""

    day: Ints
    unit: Ints
    starts: Ints
    day_bounds: Ints
    x: Floats


@dataclass(frozen=True, slots=True)
class CovariateSums:
    """Σ weight × covariates by cell, Σ weight × covariates × covariates by day, of all rows or of some."""

    x: Floats
    xx: Floats


def sorted_rows(day: Ints, unit: Ints, x: Floats, n_days: int) -> Rows:
    """``day`` and ``unit`` must be sorted already, day first."""
    return Rows(day, unit, _starts(day, unit), np.searchsorted(day, np.arange(n_days + 1)), x)


def _starts(first: Ints, second: Ints) -> Ints:
    """First rows of each run of equal pairs."""
    change = np.flatnonzero((np.diff(first) != 0) | (np.diff(second) != 0)) + 1
    return np.concatenate([np.zeros(min(len(first), 1), dtype=np.int64), change])


def covariate_sums(rows: Rows, weight: Floats) -> CovariateSums:
    """The sums as they are where every contact was observed; shared by all measures of the same weight."""
    wx = weight[:, None] * rows.x
    n_days, k = len(rows.day_bounds) - 1, rows.x.shape[1]
    xx = np.zeros((n_days, k, k))
    for day, at in _days(rows):
        xx[day] = wx[at].T @ rows.x[at]
    return CovariateSums(_by_cell(wx, rows.starts), xx)


def day_cells(
    rows: Rows, value: Floats, eligible: Bools, weight: Floats, complete: CovariateSums | None = None
) -> Cells:
    """Sums by day and unit, over contacts with a value (NaN: not observed) that the unit answers for (``eligible``).

    ``complete`` saves time: the covariates' sums of ``weight`` over all rows, from which those not observed are left
    out.
    """
    observed = ~np.isnan(value) & eligible & (weight > 0)
    w = np.where(observed, weight, 0.0)
    y = np.where(observed, value, 0.0)
    wy = w * y
    columns = (eligible.astype(np.float64), observed.astype(np.float64), w, w * w, wy, wy * y)
    eligible_n, n, sum_w, sum_w2, sum_y, sum_yy = (_by_cell(column, rows.starts) for column in columns)
    left_out = np.flatnonzero(~observed & (weight > 0))
    if complete is None or len(left_out) > DIRECT * len(value):
        sums = covariate_sums(rows, w)
    else:
        sums = _without(complete, rows, left_out, weight)
    xy = np.zeros(sums.xx.shape[:2])
    for day, at in _days(rows):
        xy[day] = wy[at] @ rows.x[at]
    period, unit = rows.day[rows.starts], rows.unit[rows.starts]
    x = np.where(n[:, None] > 0, sums.x, 0.0)
    return Cells(period, unit, eligible_n, n, sum_w, sum_w2, sum_y, sum_yy, x, sums.xx, xy)


def _without(complete: CovariateSums, rows: Rows, left_out: Ints, weight: Floats) -> CovariateSums:
    if not len(left_out):
        return complete
    cell = np.searchsorted(rows.starts, left_out, side="right") - 1
    day, x = rows.day[left_out], rows.x[left_out]
    wx = weight[left_out, None] * x
    starts = _starts(cell, cell)
    sums = complete.x.copy()
    sums[cell[starts]] -= _by_cell(wx, starts)
    xx = complete.xx.copy()
    bounds = np.searchsorted(day, np.arange(len(xx) + 1))
    for i in np.flatnonzero(np.diff(bounds)):
        at = slice(bounds[i], bounds[i + 1])
        xx[i] -= wx[at].T @ x[at]
    return CovariateSums(sums, xx)


def _days(rows: Rows) -> list[tuple[int, slice]]:
    bounds = rows.day_bounds
    return [(day, slice(bounds[day], bounds[day + 1])) for day in range(len(bounds) - 1)]


def _by_cell(columns: Floats, starts: Ints) -> Floats:
    return np.add.reduceat(columns, starts, axis=0) if len(starts) else np.empty((0, *columns.shape[1:]))


def period_cells(cells: Cells, of_day: Ints, n_periods: int) -> Cells:
    """The cells of days added up to longer periods; ``of_day`` says to which each day belongs."""
    period = of_day[cells.period]
    order = np.lexsort((cells.unit, period))
    starts = _starts(period[order], cells.unit[order])
    columns = (cells.eligible, cells.n, cells.w, cells.w2, cells.y, cells.yy)
    eligible, n, w, w2, y, yy = (_by_cell(column[order], starts) for column in columns)
    xx = np.zeros((n_periods, *cells.xx.shape[1:]))
    xy = np.zeros((n_periods, *cells.xy.shape[1:]))
    np.add.at(xx, of_day, cells.xx)
    np.add.at(xy, of_day, cells.xy)
    first = order[starts]
    x = _by_cell(cells.x[order], starts)
    return Cells(period[first], cells.unit[first], eligible, n, w, w2, y, yy, x, xx, xy)
