from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from analyzer.loyalty.intervals import clustered_mean, wilson
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


def test_clustered_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    rng, hits = np.random.default_rng(3), 0
    for _ in range(60):
        customers = rng.integers(0, 80, 240)
        values = pd.Series(np.clip(0.2 + 0.3 * rng.normal(size=80)[customers] + 0.2 * rng.normal(size=240), -1, 1))
        _, low, high = clustered_mean(values, pd.Series(customers.astype(str)))
        hits += low <= 0.2 <= high
    assert 52 <= hits <= 60


def test_clustered_interval_of_few_customers_is_everything() -> None:
    assert clustered_mean(pd.Series([1.0, 0.0]), pd.Series(["a", "b"])) == (0.5, -1.0, 1.0)


@pytest.mark.parametrize("customers", [5, 8, 30])
def test_clustered_interval_of_one_opinion_has_width(customers: int) -> None:
    mean, low, high = clustered_mean(pd.Series([-1.0] * customers), pd.Series([f"k{i}" for i in range(customers)]))
    assert (mean, low) == (-1, -1)
    assert -1 + 3.5 / customers < high < -1 + 7 / customers  # the rule of three for a share, on a scale of 2: 6 / n


def test_clustered_interval_does_not_depend_on_the_order_of_rows() -> None:
    frame = pd.DataFrame({"v": np.linspace(-1, 1, 40), "c": [f"k{i % 9}" for i in range(40)]})
    turned = frame.iloc[::-1]
    assert clustered_mean(frame["v"], frame["c"]) == pytest.approx(clustered_mean(turned["v"], turned["c"]), abs=1e-12)
