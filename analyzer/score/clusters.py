"""Contacts of one customer are alike: how much less a unit's contacts say than as many of strangers would."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analyzer.score.frames import Floats, Ints


@dataclass(frozen=True, slots=True)
class Repeats:
    """Rows of customers that a unit met more than once in a period, customer by customer; ``starts`` begin each."""

    rows: Ints
    starts: Ints
    period: Ints  # of each customer's first row


def repeats(cell: Ints, period: Ints, customer: Ints) -> Repeats:
    """``cell`` is the (period, unit) of each row, ``customer`` a code, negative where unknown."""
    known = np.flatnonzero(customer >= 0)
    order = known[np.lexsort((customer[known], cell[known]))]
    new = np.concatenate([[True], (np.diff(cell[order]) != 0) | (np.diff(customer[order]) != 0)])[: len(order)]
    starts = np.flatnonzero(new)
    again = np.repeat(np.diff(np.append(starts, len(order))) > 1, np.diff(np.append(starts, len(order))))
    rows = order[again]
    first = np.flatnonzero(new[again])
    return Repeats(rows, first, period[rows[first]])


def inflation(residual: Floats, cell: Ints, weight: Floats, period: Ints, repeated: Repeats, periods: int) -> Floats:
    """By period the design effect of customers who come back, at least 1; ``residual`` is NaN where not observed.

    Σ over customers (Σ weight × residual)² / Σ (weight × residual)², residuals about the unit's mean: the ratio of the
    cluster-robust variance of the units' means to that of independent contacts, pooled over units (Liang & Zeger,
    Biometrika 1986; Kish, Survey Sampling, 1965).
    """
    if not len(repeated.rows):
        return np.ones(periods)
    observed = ~np.isnan(residual)
    w = np.where(observed, weight, 0.0)
    value = np.where(observed, residual, 0.0)
    cells = int(cell.max()) + 1
    total = np.bincount(cell, w, cells)
    mean = np.bincount(cell, w * value, cells) / np.where(total > 0, total, 1.0)
    apart = w * (value - mean[cell])
    squares = np.bincount(period, apart**2, periods)
    again = apart[repeated.rows]
    together = np.add.reduceat(again, repeated.starts) ** 2 - np.add.reduceat(again**2, repeated.starts)
    extra = np.bincount(repeated.period, together, periods)
    return np.maximum(1.0 + np.divide(extra, squares, out=np.zeros(periods), where=squares > 0), 1.0)
