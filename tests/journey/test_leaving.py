from __future__ import annotations

import numpy as np
import pytest
from statsmodels.duration.survfunc import CumIncidenceRight

from analyzer.journey.chains import DAY_US
from analyzer.journey.leaving import CENSORED, LEFT, RETURNED, aalen_johansen, left_probability


def days(*values: float) -> np.ndarray:
    return np.array([-1 if value < 0 else round(value * DAY_US) for value in values], dtype=np.int64)


def competing(size: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Times to return, notice and reading, days."""
    draw = np.random.default_rng(seed)
    return draw.exponential(20, size), draw.exponential(60, size), draw.uniform(0, 20, size)


def test_aalen_johansen_is_that_of_statsmodels() -> None:
    back, gone, read = competing(500)
    age = np.round(np.minimum(np.minimum(back, gone), read), 1)
    cause = np.where(read < np.minimum(back, gone), CENSORED, np.where(back < gone, RETURNED, LEFT))
    ours, theirs = aalen_johansen(age, cause), CumIncidenceRight(age, cause)
    returned, left = ours.at(np.asarray(theirs.times))
    np.testing.assert_allclose(returned, theirs.cinc[0], atol=1e-12)
    np.testing.assert_allclose(left, theirs.cinc[1], atol=1e-12)


def test_left_split_of_running_windows_is_unbiased() -> None:
    back, gone, read = competing(40_000)
    window = 14.0
    truth = float(((gone < back) & (gone <= window)).mean())
    now = DAY_US * 100
    end = now - (read * DAY_US).astype(np.int64)
    seen = [np.where(at <= read, end + (at * DAY_US).astype(np.int64), -1) for at in (back, gone)]
    still = ((back > read) | (gone < back)).astype(float)
    assert left_probability(end, *seen, still, window, now).mean() == pytest.approx(truth, abs=0.01)
    as_if_stayed = ((gone < back) & (gone <= np.minimum(read, window))).mean()
    assert truth > as_if_stayed + 0.03


@pytest.mark.parametrize(
    ("returned", "left", "expected"),
    [(-1, -1, 0.0), (-1, 2, 0.9), (1, 2, 0.0), (3, 2, 0.9), (-1, 9, 0.0), (-1, -5, 0.0)],
)
def test_left_of_a_finished_window(returned: float, left: float, expected: float) -> None:
    found = left_probability(days(0), days(returned), days(left), np.array([0.9]), 7, 30 * DAY_US)
    assert found[0] == expected


def test_left_before_the_contact_is_no_leaving_within_it() -> None:
    assert left_probability(days(10), days(-1), days(4), np.ones(1), 7, 30 * DAY_US)[0] == 0.0
