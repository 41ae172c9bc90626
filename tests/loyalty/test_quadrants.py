from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from analyzer.loyalty.intervals import wilson
from analyzer.loyalty.quadrants import QUADRANTS, likeliest, quadrant_probabilities
from tests.loyalty.worlds import settings

NONE = float("nan")


def state(
    satisfaction: float, loyalty: float, *, error: float = 0.0, locked: bool | None = None, left: bool = False
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "satisfaction_index": [satisfaction],
            "satisfaction_error": [error],
            "loyalty_index": [loyalty],
            "loyalty_error": [error],
            "locked_in": pd.Series([locked], dtype="object"),
            "left": [left],
        }
    )


def quadrant(frame: pd.DataFrame) -> str | None:
    return likeliest(quadrant_probabilities(frame, settings()), 0.8).tolist()[0]


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        (state(80, 80), "loyalist"),
        (state(60, 60), "loyalist"),
        (state(20, 80), "hostage"),
        (state(80, 20), "mercenary"),
        (state(20, 20), "defector"),
        (state(20, 20, locked=True), "hostage"),
        (state(20, 20, locked=False), "defector"),
        (state(80, 20, locked=True), "mercenary"),
        (state(20, 20, locked=True, left=True), "defector"),
        (state(61, 90, error=10), None),
        (state(90, 90, error=10), "loyalist"),
        (state(20, NONE, locked=True), "hostage"),
        (state(20, NONE), None),
        (state(NONE, 90), None),
        (state(80, NONE, locked=True), None),
    ],
)
def test_quadrant_follows_jones_and_sasser(frame: pd.DataFrame, expected: str | None) -> None:
    assert quadrant(frame) == expected


@given(st.floats(0, 100), st.floats(0, 100), st.floats(0, 50), st.sampled_from([True, False, None]), st.booleans())
def test_quadrant_probabilities_sum_to_one(
    sat: float, loyal: float, error: float, locked: bool | None, left: bool
) -> None:
    found = quadrant_probabilities(state(sat, loyal, error=error, locked=locked, left=left), settings())
    assert list(found.columns) == list(QUADRANTS) and found.to_numpy().sum() == pytest.approx(1)
    assert (found.to_numpy() >= 0).all()


@pytest.mark.parametrize(("count", "n"), [(0, 1), (0, 30), (3, 10), (10, 10), (200, 1000)])
def test_wilson_equals_statsmodels(count: int, n: int) -> None:
    assert wilson(count, n) == pytest.approx(proportion_confint(count, n, method="wilson"), abs=1e-12)


def test_wilson_of_nobody_is_nothing() -> None:
    assert wilson(0, 0) == (None, None)
