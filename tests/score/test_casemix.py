import numpy as np
import pytest
import statsmodels.api as sm

from analyzer.errors import ConfigError
from analyzer.score.casemix import Spread, case_mix_design, within_slopes
from tests.score import worlds


def design(facts, *columns):
    return case_mix_design(facts, worlds.links(facts), columns)


def test_most_frequent_level_is_left_out_and_rare_ones_share_one():
    facts = worlds.contacts(100, queue=["a"] * 55 + ["b"] * 30 + ["c"] * 10 + [None] * 5)
    x = design(facts, "queue").x
    assert x.sum(axis=0).tolist() == [30, 15]


def test_missing_numbers_are_a_level_of_their_own():
    facts = worlds.contacts(4, sentiment_start=[1.0, np.nan, 0.0, 0.5])
    assert design(facts, "sentiment_start").x.tolist() == [[0.5, 0], [0, 1], [-0.5, 0], [0, 0]]
    assert design(worlds.contacts(4), "sentiment_start").x.shape == (4, 0)


def test_a_unit_is_not_adjusted_for_itself():
    facts = worlds.contacts(60, channel=["voice", "chat"] * 30, sentiment_start=np.linspace(-1, 1, 60))
    whole = design(facts, "channel", "sentiment_start")
    assert whole.without("channel").source == ("sentiment_start",) and whole.without("agent").source == whole.source


@pytest.mark.parametrize("column", ["sentiment_end", "handle_s", "quue"])
def test_what_does_not_precede_the_work_is_refused(column):
    with pytest.raises(ConfigError, match=column):
        design(worlds.contacts(1), column)


def test_slopes_equal_least_squares_with_unit_dummies():
    rng = np.random.default_rng(4)
    unit, x = np.repeat(np.arange(6), 20), rng.normal(size=(120, 2))
    y = x @ [2.0, -1.0] + unit + rng.normal(size=120)
    full = np.linalg.lstsq(np.hstack([x, np.eye(6)[unit]]), y, rcond=None)[0]
    within = x - np.array([x[unit == u].mean(axis=0) for u in unit])
    slopes = within_slopes(within.T @ within, within.T @ y, 114.0)
    assert slopes.beta == pytest.approx(full[:2]) and slopes.rank == 2
    assert slopes.covariance == pytest.approx(np.linalg.inv(within.T @ within))


def test_too_few_contacts_have_no_slopes():
    assert within_slopes(np.eye(3) * 5, np.ones(3), 12.0).rank == 0


def test_columns_that_determine_each_other_share_their_slope():
    slopes = within_slopes(np.full((2, 2), 10.0), np.full(2, 10.0), 100.0)
    assert slopes.beta == pytest.approx([0.5, 0.5]) and slopes.rank == 1


def test_slopes_equal_the_within_part_of_mundlaks_mixed_model():
    rng = np.random.default_rng(5)
    unit = np.repeat(np.arange(15), rng.integers(5, 40, 15))
    x = rng.normal(size=len(unit)) + 0.5 * rng.normal(size=15)[unit]
    y = 2.0 * x + 3.0 * rng.normal(size=15)[unit] + rng.normal(size=len(unit))
    mean = (np.bincount(unit, x) / np.bincount(unit))[unit]
    fit = sm.MixedLM(y, np.column_stack([np.ones(len(unit)), x, mean]), groups=unit).fit(reml=True)
    xx, xy = np.array([[np.sum((x - mean) ** 2)]]), np.array([np.sum((x - mean) * y)])
    assert within_slopes(xx, xy, len(unit) - 15.0).beta[0] == pytest.approx(fit.fe_params[1], abs=1e-3)


def varied(within, between, units=10):
    """Two covariates of variance 1; cross-products about the units' means, and among them."""
    return np.diag(within), Spread(np.eye(2), np.diag(between), units)


def test_what_no_unit_varies_along_is_blind_where_units_differ():
    xx, spread = varied([300.0, 0.0], [8.0, 200.0])
    slopes = within_slopes(xx, np.array([150.0, 0.0]), 400.0, spread)
    assert slopes.beta == pytest.approx([0.5, 0]) and slopes.rank == 1
    assert np.abs(slopes.blind[:, 0]) == pytest.approx([0, 1])


def test_what_hardly_a_contact_tells_is_blind_too():
    xx, spread = varied([300.0, 3.0], [8.0, 200.0])
    assert within_slopes(xx, np.array([150.0, 9.0]), 400.0, spread).blind.shape == (2, 1)


def test_differences_by_chance_part_nobody():
    xx, spread = varied([300.0, 1.0], [8.0, 0.02])
    assert within_slopes(xx, np.array([150.0, 0.0]), 400.0, spread).blind.shape == (2, 0)
