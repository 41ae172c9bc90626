import numpy as np
import pytest

from analyzer.errors import ConfigError
from analyzer.score.casemix import case_mix_design, within_slopes
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
