"""Means and rates: intervals against other implementations, clusters, and silence where there is too little."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

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
    assert RULES.rate(same, ["a", "b"] * 6).high > apart.high, "of two customers little is known, however alike"


def test_one_customer_tells_nothing_of_customers() -> None:
    alone: list[str | None] = ["a"] * 12
    ones = [1.0] * 12
    found = [RULES.mean(VALUES, alone), RULES.rate(ones, alone), RULES.ratio(ones, ones, alone)]
    found += [
        RULES.change((VALUES, alone), (VALUES, NOBODY)),
        RULES.ratio_change((ones, ones, NOBODY), (ones, ones, alone)),
    ]
    assert [(each.n, each.estimable) for each in found] == [(12, False)] * 5


def test_same_answers_of_few_customers_count_once_each() -> None:
    customers = [f"k-{i // 3}" for i in range(12)]
    assert RULES.rate([1.0] * 12, customers).low < wilson(1.0, 4, 0.95)[0]
    assert RULES.ratio([1.0] * 12, [1.0] * 12, customers).low < wilson(1.0, 4, 0.95)[0]


def test_change_agrees_with_welch() -> None:
    later, earlier = [*VALUES, 9.0, 1.0], [value / 2 for value in VALUES] * 5
    found = RULES.change((later, [None] * 14), (earlier, [None] * 60))
    interval = stats.ttest_ind(later, earlier, equal_var=False).confidence_interval()
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high))


def test_what_a_customer_brings_to_both_spans_cancels() -> None:
    customers = [f"k-{i}" for i in range(12)]
    later = [value + 1 + 0.1 * (i % 2) for i, value in enumerate(VALUES)]
    found = RULES.change((later, customers), (VALUES, customers))
    pairs = stats.ttest_rel(later, VALUES).confidence_interval()
    assert found.value == pytest.approx(1.05) and found.high is not None and found.low is not None
    assert found.high - found.low == pytest.approx(pairs.high - pairs.low, rel=0.1)


def test_change_of_shares_agrees_with_newcombe() -> None:
    spans = [([1.0] * hits + [0.0] * (n - hits), [1.0] * n, [None] * n) for hits, n in ((0, 12), (9, 70))]
    found = RULES.ratio_change(*spans)
    low, high = confint_proportions_2indep(0, 12, 9, 70, method="newcomb")
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-9)


def test_changes_of_rare_shares_hold_beside_a_long_past() -> None:
    """A week of 10 chances beside 60 before: an interval by the observed variance holds in 0.68 of the worlds."""
    draw, held = np.random.default_rng(4), 0
    for _ in range(300):
        spans = [((draw.random(n) < 0.1) * 1.0, np.ones(n), [None] * n) for n in (10, 60)]
        found = RULES.ratio_change(*spans)
        assert found.low is not None and found.high is not None
        held += found.low <= 0 <= found.high
    assert held / 300 >= 0.92


def test_missing_values_are_left_out_of_n() -> None:
    assert RULES.mean([*VALUES, None, float("nan")], [*NOBODY, "k", "k"]).n == 12
