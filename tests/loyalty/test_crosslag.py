"""At what level each end of a partly known effect is taken."""

from __future__ import annotations

import pytest
from scipy import stats

from analyzer.loyalty.crosslag import SCORE_LEVEL, CrossLag, _level_of_ends


def ends(apart: float, half: float = 1.0) -> list[CrossLag]:
    return [CrossLag(300, at, at - half, at + half) for at in (0.0, apart / 2, apart)]


def test_ends_that_are_the_same_keep_the_whole_level() -> None:
    assert _level_of_ends(ends(0.0)) == pytest.approx(SCORE_LEVEL, abs=1e-6)


def test_ends_far_apart_can_be_missed_on_one_side_only() -> None:
    one_sided = 2 * stats.norm.cdf(stats.norm.ppf(SCORE_LEVEL)) - 1
    assert _level_of_ends(ends(50.0)) == pytest.approx(one_sided, abs=1e-6)
    assert one_sided < _level_of_ends(ends(1.0)) < SCORE_LEVEL


def test_an_end_that_is_not_estimable_changes_nothing() -> None:
    assert _level_of_ends([*ends(5.0)[:2], CrossLag(300, refusal="not estimable")]) == SCORE_LEVEL
