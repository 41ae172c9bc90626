"""A reduced run of the honesty part `gaps`; the whole is ``python -m tests.bench.honesty --part gaps``."""

from __future__ import annotations

import numpy as np
import pytest

from tests.bench.honesty import gaps
from tests.bench.honesty.lines import coverage, size


@pytest.mark.parametrize("measure", ["_expectation", "_perception", "_initiatives", "_staff"])
def test_intervals_hold_the_truth(measure: str) -> None:
    line = getattr(gaps, measure)(100, 11)
    assert line.met and line.value > 0.88, line


def test_organisational_gaps_hold_the_truth() -> None:
    line = gaps._organisation(20, 11)
    assert line.met and line.value > 0.88, line


def test_silence_is_mended_by_weights() -> None:
    line = gaps._perception_of_answerers(15, 11)
    assert line.value >= 0.8 and float(line.baseline.rpartition(" ")[2]) <= 0.4, line


def test_intervals_that_are_too_short_or_too_wide_are_found_out() -> None:
    truth = np.random.default_rng(1).normal(0, 1, 2000)
    assert coverage("right", np.abs(truth) < 1.96).met is True
    assert coverage("short", np.abs(truth) < 1.6).met is False
    assert coverage("wide", np.abs(truth) < 2.6).met is False


def test_claims_where_there_is_nothing_are_found_out() -> None:
    chance = np.random.default_rng(2).uniform(size=2000)
    assert size("right", chance < 0.05).met is True and size("wrong", chance < 0.08).met is False
