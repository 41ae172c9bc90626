import re

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from analyzer.score.bias import bias_watch
from analyzer.score.clustered import Difference, difference, within
from analyzer.score.style import contact_styles
from analyzer.tables import STORED
from tests.score import worlds

NO_TURNS = pd.DataFrame({"interaction_id": [], "speaker": [], "text": []}).astype(str)


def watch(facts, values, turns=NO_TURNS):
    table = bias_watch(facts, turns, worlds.experience(facts, values), worlds.score_settings(), worlds.AS_OF)
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
    # With thirty agents of the same size the bias-reduced interval is a little wider than the usual sandwich's.
    assert 1.0 < (row["high"] - row["low"]) / float(np.diff(fit.conf_int()[0])[0]) < 1.06


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
    method = watch(facts, y).loc[("experience_contact", "language", "en"), "method"]
    assert float(re.search(r"([\d.]+) degrees", method)[1]) < 8


def test_planted_difference_is_said_and_no_other():
    facts, y = world(7, bias=6.0)
    rows = watch(facts.assign(segment=np.where(np.arange(3000) % 2, "private", "business")), y)
    said = rows[rows["standing"] == "differs"].index.tolist()
    assert said == [("experience_contact", "language", "de"), ("experience_contact", "language", "en")]
    assert (rows["p_adjusted"].dropna() >= 0).all() and rows["p_adjusted"].notna().sum() >= 4


def test_agents_who_write_tersely_are_watched():
    facts, y = world(8, n=600)
    terse = np.arange(600) % 3 == 0
    text = np.where(terse, "Done.", "I am sorry to hear that, let me see what I can do.")
    turns = pd.DataFrame({"interaction_id": facts["interaction_id"], "speaker": "agent", "text": text})
    rows = watch(facts, y - 8 * terse, turns)
    row = rows.loc[("experience_contact", "wordiness", "terse")]
    assert row["low"] < -8 < row["high"] < 0 and row["standing"] == "differs"


def test_address_is_told_by_pronouns_of_german_agents():
    facts = worlds.contacts(4, language=["de", "de", "de", "en"])
    turns = pd.DataFrame({
        "interaction_id": [*facts["interaction_id"]], "speaker": ["agent", "agent", "customer", "agent"],
        "text": ["Das sende ich Ihnen, Frau [NAME_1].", "Schick mir deine Nummer, dann hast du es.", "Sie!", "Sie"],
    })  # fmt: skip
    assert contact_styles(facts, turns)["address"].fillna("").tolist() == ["formal", "familiar", "", ""]


@pytest.mark.parametrize("by_agent", [False, True])
def test_interval_holds_with_few_agents(by_agent):
    rng = np.random.default_rng(1)
    held, usual = [], []
    for _ in range(300):
        agent = rng.integers(0, 8, 160)
        member = agent < 3 if by_agent else rng.random(160) < 0.3
        y = rng.normal(0, 5, 8)[agent] + rng.normal(0, 10, 160)
        found = difference(y, member, np.zeros(160, dtype=np.int64), agent, 0.95)
        held.append(found.low <= 0 <= found.high)
        x = within(member.astype(float), np.zeros(160, dtype=np.int64))
        fit = sm.OLS(within(y, np.zeros(160, dtype=np.int64)), x[:, None]).fit(
            cov_type="cluster", cov_kwds={"groups": agent}, use_t=True
        )
        usual.append(fit.conf_int()[0][0] <= 0 <= fit.conf_int()[0][1])
    assert 0.91 <= np.mean(held) <= 0.99
    assert np.mean(held) >= np.mean(usual)


def test_group_of_one_agent_cannot_be_told_from_that_agent():
    agent, work = np.repeat([0, 1, 2], 40), np.zeros(120, dtype=np.int64)
    y = np.random.default_rng(0).normal(size=120)
    assert isinstance(difference(y, agent < 2, work, agent, 0.95), str)
    assert isinstance(difference(y, np.arange(120) % 2 == 0, work, agent, 0.95), Difference)
