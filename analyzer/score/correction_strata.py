"""Strata of an audit: as fine as the number of audited contacts allows, never chosen by what the audit said."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analyzer.score.frames import Bools, Floats, Ints


def strata_of(levels: Sequence[Ints], audited: Bools, least: int) -> Ints:
    """The stratum of each contact, 0-based: ``levels`` (coarsest first) split one after the other.

    A stratum is split by the next level only into parts with at least ``least`` audited contacts; its smaller parts are
    taken together, and join its smallest large one where even together they are too few.
    """
    stratum = np.zeros(len(audited), dtype=np.int64)
    for level in levels:
        stratum = _split(stratum, level, audited, least)
    return stratum


def _split(stratum: Ints, level: Ints, audited: Bools, least: int) -> Ints:
    if not len(stratum):
        return stratum
    width = int(level.max()) + 1
    parts, part = np.unique(stratum * width + level, return_inverse=True)
    count = np.bincount(part, weights=audited, minlength=len(parts)).astype(np.float64)
    parent = parts // width
    target = np.arange(len(parts))
    for of in np.unique(parent):
        own = np.flatnonzero(parent == of)
        target[own] = _merged(own, count[own], least)
    return np.asarray(np.unique(target[part], return_inverse=True)[1], dtype=np.int64)


def _merged(parts: Ints, count: Floats, least: int) -> Ints:
    """To which part each part goes."""
    small = count < least
    if not small.any():
        return parts
    target = parts.copy()
    target[small] = parts[small][0]
    if count[small].sum() < least and not small.all():
        large = np.flatnonzero(~small)
        target[small] = parts[large[np.argmin(count[large])]]
    return target


def thirds(readings: Floats, lowest: float, highest: float) -> Ints:
    """The predicted class of each reading: the lower, middle or upper third of its scale; 3 where there is none."""
    place = (readings - lowest) / (highest - lowest)
    classes = np.clip(np.floor(np.nan_to_num(place) * 3.0), 0, 2)
    return np.where(np.isnan(readings), 3, classes).astype(np.int64)
