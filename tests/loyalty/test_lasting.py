"""What readings say of the part of a level that stays, and what the fading part leaves open."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from analyzer.loyalty.lasting import lasting
from analyzer.loyalty.latent import axis
from analyzer.loyalty.levels import Levels, levels_at
from analyzer.loyalty.reading_error import ASSUMED, DRIFT
from tests.bench.honesty.loyalty import SHARES, measured
from tests.loyalty.worlds import AS_OF, days_ago

HALF_LIFE = 60.0


def levels(*ages: float, value: float = 80.0) -> Levels:
    """One customer read as ``value`` so many days ago."""
    readings = pd.DataFrame({"customer_key": "k", "at": [days_ago(age) for age in ages], "value": value, "told": True,
                             "language": None})  # fmt: skip
    return levels_at(readings, ASSUMED, AS_OF, HALF_LIFE)


def errors(drift: float, noise: float = 1e-6) -> np.ndarray:
    return np.asarray([noise, noise, drift, 0.0, 0.0, 1.0])


@pytest.mark.parametrize("age", [0.0, 60.0, 600.0])
def test_exact_reading_of_a_level_that_stays_is_as_good_however_old(age: float) -> None:
    of, seen = axis(60.0), lasting(levels(age, value=82.0), errors(0.0))
    assert of.centres[seen.likelihood(of)[0].argmax()] == 82.0
    assert seen.above(of, 60.0)[0] == pytest.approx(of.above.astype(float), abs=1e-4)


def test_fading_part_of_today_follows_the_reading_by_as_much_as_is_left_of_it() -> None:
    drift, of = 100.0, axis(60.0)
    for age, left in ((0.0, 1.0), (60.0, 0.5), (120.0, 0.25)):
        seen = lasting(levels(age), errors(drift))
        stays = of.centres
        today = stays + left * (80.0 - stays)
        spread = np.sqrt(drift * (1 - left**2))
        expected = norm.cdf((today - 60.0) / max(spread, 1e-3))
        inside = np.abs(stays - 60.0) > 4
        assert seen.above(of, 60.0)[0][inside] == pytest.approx(expected[inside], abs=0.01)


def test_old_reading_leaves_more_open_than_a_new_one() -> None:
    of, at = axis(60.0), errors(100.0, noise=200.0)
    chances = []
    for age in (1.0, 60.0, 300.0):
        seen = lasting(levels(age), at)
        known = seen.likelihood(of)[0] * norm.pdf(of.centres, 60.0, 10.0)
        chances.append(float(known @ seen.above(of, 60.0)[0] / known.sum()))
    assert chances[0] > chances[1] > chances[2] > 0.5


def test_drift_enters_by_the_place_that_reading_error_gives_it() -> None:
    seen = lasting(levels(60.0), errors(40.0))
    assert (seen.drift, seen.today[0], seen.shared[0]) == (
        pytest.approx(40.0),
        pytest.approx(20.0),
        pytest.approx(40.0),
    )
    assert lasting(levels(60.0), np.where(np.arange(6) == DRIFT, -5.0, errors(0.0))).drift == 0.0


def test_quadrants_called_are_right_as_often_as_said_where_levels_drift() -> None:
    _, _, called = measured("", replace(SHARES["levels drift, flawed ears"], customers=1200), 3, seed=31)
    said, right = called.mean(axis=0)
    assert abs(said - right) <= 0.04 and right >= 0.8 and len(called) >= 500
