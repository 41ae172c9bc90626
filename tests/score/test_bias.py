import numpy as np
import pytest
import statsmodels.api as sm

from analyzer.score.bias import bias_watch
from analyzer.tables import STORED
from tests.score import worlds


def watch(facts, values):
    table = bias_watch(facts, worlds.experience(facts, values), worlds.score_settings(), worlds.AS_OF)
    assert table.schema == STORED["bias_watch"].schema
    return table.to_pandas().set_index(["measure", "group_kind", "group_id"])


def world(seed=0, n=3000, agents=30, bias=0.0):
    """English contacts have harder reasons; ``bias`` is what they lose beyond that."""
    rng = np.random.default_rng(seed)
    english = rng.random(n) < 0.3
    hard = rng.random(n) < np.where(english, 0.8, 0.2)
    agent = rng.integers(0, agents, n)
    y = 50 - 10 * hard - bias * english + rng.normal(0, 3, agents)[agent] + rng.normal(0, 10, n)
    facts = worlds.contacts(
        n,
        language=np.where(english, "en", "de"),
        reason=np.where(hard, "refund", "information"),
        agent_id=[f"a-{a}" for a in agent],
    )
    return facts, y


def test_harder_reasons_are_no_bias_but_a_planted_one_is():
    row = watch(*world()).loc[("experience_contact", "language", "en")]
    assert row["low"] < 0 < row["high"]
    row = watch(*world(bias=4.0)).loc[("experience_contact", "language", "en")]
    assert row["low"] < -4 < row["high"] < 0


def test_difference_equals_least_squares_with_reason_dummies():
    facts, y = world(3)
    english, hard = facts["language"].eq("en"), facts["reason"].eq("refund")
    design = np.column_stack([english, hard, np.ones(len(y))]).astype(float)
    fit = sm.OLS(y, design).fit(cov_type="cluster", cov_kwds={"groups": facts["agent_id"].factorize()[0]}, use_t=True)
    row = watch(facts, y).loc[("experience_contact", "language", "en")]
    assert row["difference"] == pytest.approx(fit.params[0])
    assert [row["low"], row["high"]] == pytest.approx(list(fit.conf_int()[0]), abs=2e-3)


def test_two_groups_mirror_each_other():
    rows = watch(*world(bias=2.0)).loc[("experience_contact", "language")]
    assert rows.loc["en", "difference"] == pytest.approx(-rows.loc["de", "difference"])
    assert rows["n"].sum() == 3000


def test_what_cannot_be_compared_is_null_and_says_why():
    facts, y = world(n=200)
    rows = watch(facts.assign(segment=["vip"] * 5 + ["private"] * 195), y)
    assert np.isnan(rows.loc[("experience_contact", "segment", "vip"), "difference"])
    assert "fewer than 10" in rows.loc[("experience_contact", "segment", "vip"), "method"]
    assert "no other group" in rows.loc[("experience_contact", "channel", "voice"), "method"]


def test_no_contacts_have_nothing_to_watch():
    assert watch(worlds.contacts(0), []).empty


def test_contacts_without_an_agent_do_not_hide_that_agents_are_few():
    facts, y = world(4, n=200, agents=5)
    facts.loc[:19, "agent_id"] = None
    assert "worth only 6 agents" in watch(facts, y).loc[("experience_contact", "language", "en"), "method"]
