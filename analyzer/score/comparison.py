"""Which units can be compared: those whose differences of case mix have an effect that somebody's contacts tell."""

from __future__ import annotations

from typing import Final

import numpy as np

from analyzer.score.frames import Floats, Ints

ALIKE: Final = 0.5  # standard deviations of a covariate's mean: nearer units are not told apart


def comparison_groups(mean_x: Floats, blind: Floats, weight: Floats) -> Ints:
    """Group of each unit of one period, numbered from 0; units of different groups share nothing that links them.

    Along ``blind`` (k, q) no slope is known, so only units that agree there may be set beside each other: those of the
    same queue where each works one. Groups form around the units of the greatest ``weight``.
    """
    group = np.zeros(len(mean_x), dtype=np.int64)
    if not blind.shape[1]:
        return group
    place = mean_x @ blind
    free = np.ones(len(mean_x), dtype=np.bool_)
    by_weight = np.argsort(-weight, kind="stable")
    groups = 0
    for leader in by_weight:
        if free[leader]:
            near = free & (np.linalg.norm(place - place[leader], axis=1) <= ALIKE)
            group[near] = groups
            free &= ~near
            groups += 1
    return group
