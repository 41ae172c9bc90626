"""Of what the differences between a unit's days are made: contacts, weekdays, and days' own shifts.

All from differences of two days of the same unit, which need no estimate of its level (a variogram): half the mean
square of differences h days apart is contacts' scatter + shift² (1 − lasting^h) + own weekday² unless h is whole weeks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from analyzer.score.frames import Floats, Ints

WEEK: Final = 7
LAGS: Final = 21
SHARED_WEEKDAYS: Final = 5  # fewer units than this learn weekdays each for itself
SWEEPS: Final = 6
TINY: Final = 1e-30


@dataclass(frozen=True, slots=True)
class DayNoise:
    """Variances of a day's mean, by group. ``weekday`` (units, 7): what a unit has of its group's weekdays, sum 0."""

    level: Floats
    weekday: Floats
    own_weekday: Floats
    shift: Floats
    total: Floats


def day_noise(group: Ints, weekday: Ints, mean: Floats, scatter: Floats) -> DayNoise:
    """Estimates by moments; ``mean`` and what contacts add to its variance, ``scatter``, are NaN without contacts."""
    groups = int(group.max(initial=-1)) + 1
    level, common = _weekdays(group, groups, weekday, mean, scatter)
    rid = mean - common[:, weekday[: mean.shape[1]]]
    rough = _variogram(group, groups, rid, scatter, np.zeros(groups))[0]
    gamma, pairs = _variogram(group, groups, rid, scatter, np.maximum(_mean(rough, np.ones_like(rough)), 0.0))
    lag = np.arange(1, LAGS + 1)
    same, far = lag % WEEK == 0, (lag % WEEK != 0) & (lag > 3)
    weekly, other = _mean(gamma[:, same], pairs[:, same]), _mean(gamma[:, far], pairs[:, far])
    weeks = pairs[:, same].sum(axis=1) > 0
    shift = np.maximum(np.where(weeks, weekly, other), 0.0)
    own = np.where(weeks, np.maximum(other - weekly, 0.0), 0.0)
    typical = _mean_by_group(scatter, group, groups)
    return DayNoise(level, common, own, shift, np.maximum(typical + shift + own, TINY))


def _weekdays(group: Ints, groups: int, weekday: Ints, mean: Floats, scatter: Floats) -> tuple[Floats, Floats]:
    """The group's level, and by unit the weekdays of the others of its group: means swept out in turn.

    Of the others, so that errors on a unit's past days are as honest as those on days to come.
    """
    # Between equal days and equal contacts: either may scatter more.
    weight = np.where(np.isnan(mean), 0.0, 1.0 / np.sqrt(np.maximum(np.nan_to_num(scatter), TINY)))
    value = np.nan_to_num(mean)
    dummies = (weekday[: mean.shape[1], None] == np.arange(WEEK)).astype(np.float64)
    size = weight @ dummies
    common = np.zeros((len(group), WEEK))
    for _ in range(SWEEPS):
        own = _over((weight * (value - common @ dummies.T)).sum(axis=1), weight.sum(axis=1))
        sums = (weight * (value - own[:, None])) @ dummies
        others = _sums(size, group, groups)[group] - size
        common = _over(_sums(sums, group, groups)[group] - sums, others)
        seen = others > 0
        common -= np.where(seen, common, 0.0).sum(axis=1, keepdims=True) / np.maximum(seen.sum(axis=1), 1)[:, None]
        common = np.where(seen, common, 0.0)
    seen_so_far = ~np.isnan(mean).all(axis=1)  # who joins later does not change what was published before
    units = np.bincount(group[seen_so_far], minlength=groups)
    level = _over(_sums(own, group, groups), units.astype(np.float64))
    return level, np.where(units[group][:, None] >= SHARED_WEEKDAYS, common, 0.0)


def _variogram(group: Ints, groups: int, mean: Floats, scatter: Floats, shift: Floats) -> tuple[Floats, Floats]:
    """By group and lag: half the mean square of differences less the contacts' part, and the weight behind it."""
    sums = np.zeros((2, groups, LAGS))
    for lag in range(1, min(LAGS, mean.shape[1] - 1) + 1):
        noise = 0.5 * (scatter[:, lag:] + scatter[:, :-lag])
        half = 0.5 * (mean[:, lag:] - mean[:, :-lag]) ** 2 - noise
        weight = np.nan_to_num(1.0 / np.maximum(noise + shift[group][:, None], TINY) ** 2)
        weight[np.isnan(half)] = 0.0
        both = np.stack([np.nansum(np.nan_to_num(half) * weight, axis=1), weight.sum(axis=1)])
        for part, values in zip(sums, both, strict=True):
            part[:, lag - 1] = np.bincount(group, weights=values, minlength=groups)
    return _over(sums[0], sums[1]), sums[1]


def _mean_by_group(values: Floats, group: Ints, groups: int) -> Floats:
    counted = _sums(np.asarray(~np.isnan(values), dtype=np.float64).sum(axis=1), group, groups)
    return _over(_sums(np.nansum(values, axis=1), group, groups), counted)


def _mean(values: Floats, weights: Floats) -> Floats:
    return _over((values * weights).sum(axis=1), weights.sum(axis=1))


def _sums(values: Floats, group: Ints, groups: int) -> Floats:
    sums = np.zeros((groups, *values.shape[1:]))
    np.add.at(sums, group, values)
    return sums


def _over(numerator: Floats, denominator: Floats) -> Floats:
    return np.divide(numerator, denominator, out=np.zeros_like(numerator), where=denominator > 0)
