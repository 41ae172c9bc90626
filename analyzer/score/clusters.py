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


def repeats(cell: Ints, customer: Ints) -> Repeats:
    """``cell`` is the (period, unit) of each row, ``customer`` a code, negative where unknown."""
    known = np.flatnonzero(customer >= 0)
    if not len(known):
        return Repeats(known, known)
    key = cell[known] * (int(customer.max()) + 1) + customer[known]
    order = np.argsort(key)
    new = np.concatenate([[True], np.diff(key[order]) != 0])
    size = np.diff(np.append(np.flatnonzero(new), len(order)))
    again = np.repeat(size > 1, size)
    return Repeats(known[order[again]], np.flatnonzero(new[again]))


def together(residual: Floats, repeated: Repeats) -> Floats:
    """By customer (Σ r)² − Σ r² of the weighted residuals ``residual`` of ``repeated.rows`` about their unit's mean.

    Over the whole period's Σ r² it is what the cluster-robust variance of the units' means has in excess of that of
    independent contacts (Liang & Zeger, Biometrika 1986; the design effect of Kish, Survey Sampling, 1965).
    """
    if not len(repeated.rows):
        return np.zeros(0)
    return np.asarray(
        np.add.reduceat(residual, repeated.starts) ** 2 - np.add.reduceat(residual**2, repeated.starts),
        dtype=np.float64,
    )
