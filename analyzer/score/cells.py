"""Sums of one measure by (day, unit): all that estimates of any period need, read from the contacts once.

Days add up to weeks and months, shards of a store would add up the same way.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analyzer.score.frames import Bools, Floats, Ints


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


def sorted_rows(day: Ints, unit: Ints, x: Floats, n_days: int) -> Rows:
    """``day`` and ``unit`` must be sorted already, day first."""
    return Rows(day, unit, _starts(day, unit), np.searchsorted(day, np.arange(n_days + 1)), x)


def _starts(first: Ints, second: Ints) -> Ints:
    """First rows of each run of equal pairs."""
    change = np.flatnonzero((np.diff(first) != 0) | (np.diff(second) != 0)) + 1
    return np.concatenate([np.zeros(min(len(first), 1), dtype=np.int64), change])


def day_cells(rows: Rows, value: Floats, eligible: Bools, weight: Floats) -> Cells:
    """Sums by day and unit, over contacts with a value (NaN: not observed) that the unit answers for (``eligible``)."""
    observed = ~np.isnan(value) & eligible & (weight > 0)
    w = np.where(observed, weight, 0.0)
    y = np.where(observed, value, 0.0)
    wx = w[:, None] * rows.x
    columns = np.stack([eligible, observed, w, w * w, w * y, w * y * y], axis=1).astype(np.float64)
    xx, xy = _by_day(rows, wx, y)
    return _cells(rows.day, rows.unit, columns, wx, rows.starts, xx, xy)


def _cells(period: Ints, unit: Ints, columns: Floats, x: Floats, starts: Ints, xx: Floats, xy: Floats) -> Cells:
    eligible, n, w, w2, y, yy = _by_cell(columns, starts).T
    return Cells(period[starts], unit[starts], eligible, n, w, w2, y, yy, _by_cell(x, starts), xx, xy)


def _by_cell(columns: Floats, starts: Ints) -> Floats:
    return np.add.reduceat(columns, starts, axis=0) if len(starts) else np.empty((0, columns.shape[1]))


def _by_day(rows: Rows, wx: Floats, y: Floats) -> tuple[Floats, Floats]:
    n_days, k = len(rows.day_bounds) - 1, rows.x.shape[1]
    xx, xy = np.zeros((n_days, k, k)), np.zeros((n_days, k))
    for day in range(n_days):
        at = slice(rows.day_bounds[day], rows.day_bounds[day + 1])
        xx[day] = wx[at].T @ rows.x[at]
        xy[day] = wx[at].T @ y[at]
    return xx, xy


def period_cells(cells: Cells, of_day: Ints, n_periods: int) -> Cells:
    """The cells of days added up to longer periods; ``of_day`` says to which each day belongs."""
    period = of_day[cells.period]
    order = np.lexsort((cells.unit, period))
    starts = _starts(period[order], cells.unit[order])
    columns = np.stack([cells.eligible, cells.n, cells.w, cells.w2, cells.y, cells.yy], axis=1)[order]
    xx = np.zeros((n_periods, *cells.xx.shape[1:]))
    xy = np.zeros((n_periods, *cells.xy.shape[1:]))
    np.add.at(xx, of_day, cells.xx)
    np.add.at(xy, of_day, cells.xy)
    return _cells(period[order], cells.unit[order], columns, cells.x[order], starts, xx, xy)
