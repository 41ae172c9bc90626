"""Means and rates: intervals against other implementations, clusters, and silence where there is too little."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from statsmodels.stats.proportion import proportion_confint

from analyzer.publish.estimates import Rules, wilson

RULES = Rules(min_n=10, level=0.95)
NOBODY: list[str | None] = [None] * 12
VALUES = [3.0, 4.5, 2.0, 5.0, 3.5, 1.0, 4.0, 4.5, 2.5, 3.0, 3.0, 5.0]


def test_too_few_observations_have_no_value() -> None:
    few = RULES.mean([*VALUES[:9], None, None], NOBODY[:11])
    assert (few.n, few.value, few.low, few.estimable) == (9, None, None, False)
    assert RULES.rate([], []).n == 0


@pytest.mark.parametrize(("rate", "n"), [(0.0, 10), (0.3, 40), (1.0, 7)])
def test_wilson_agrees_with_statsmodels(rate: float, n: int) -> None:
    assert wilson(rate, n, 0.95) == pytest.approx(proportion_confint(round(rate * n), n, method="wilson"), abs=1e-9)


def test_mean_of_single_contacts_agrees_with_a_t_interval() -> None:
    found = RULES.mean(VALUES, NOBODY)
    low, high = sm.stats.DescrStatsW(VALUES).tconfint_mean()
    assert (found.value, found.low, found.high) == pytest.approx((np.mean(VALUES), low, high))


def test_mean_of_repeated_customers_agrees_with_clustered_errors() -> None:
    customers = [f"k-{i // 3}" for i in range(12)]
    found = RULES.mean(VALUES, customers)
    groups = np.arange(12) // 3
    fit = sm.OLS(VALUES, np.ones(12)).fit(
        cov_type="cluster", cov_kwds={"groups": groups, "use_correction": False}, use_t=True
    )
    error = fit.bse[0] * np.sqrt(4 / 3)  # our correction is G/(G−1) alone
    assert found.high == pytest.approx(found.value + 3.182446 * error, rel=1e-5)  # t(3) at 97.5 %


def test_repeated_customers_never_narrow_a_rate() -> None:
    same = [0.9] * 6 + [0.1] * 6
    apart = RULES.rate(same, NOBODY)
    together = RULES.rate(same, ["a"] * 6 + ["b"] * 6)
    assert apart.value == together.value == pytest.approx(0.5)
    assert together.low < apart.low < apart.high < together.high
    assert RULES.rate(same, ["a", "b"] * 6).high == pytest.approx(apart.high)


def test_missing_values_are_left_out_of_n() -> None:
    assert RULES.mean([*VALUES, None, float("nan")], [*NOBODY, "k", "k"]).n == 12
