"""Unit scores end to end on small worlds."""

from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pytest

from analyzer.score.units import UnitInputs, score_units
from analyzer.tables import STORED
from tests.score import worlds


def score(facts, agents, values=None, *assignments, links=None, as_of=worlds.AS_OF):
    """unit_scores as a frame; ``values`` are the contacts' experience."""
    links = worlds.links(facts) if links is None else links
    experience = worlds.experience(facts, 50.0 if values is None else values)
    settings = worlds.score_settings("score.daily=false", "score.weekly=false", *assignments)
    agents = worlds.sole_agents(facts, agents) if not isinstance(agents, pd.DataFrame) else agents
    table = score_units(UnitInputs(facts, links, experience, agents, settings, as_of, "Europe/Berlin"))
    assert table.schema == STORED["unit_scores"].schema
    return table.to_pandas()


def of(table, kind, measure):
    return table[(table["unit_kind"] == kind) & (table["measure"] == measure)].set_index("unit_id")


def confounded(seed, agents=20, n=200):
    """Good agents are given the hard queue: raw means hide that they are good."""
    rng = np.random.default_rng(seed)
    agent = np.repeat(np.arange(agents), n)
    skill = rng.normal(0, 4, agents)
    hard = rng.random(len(agent)) < 1 / (1 + np.exp(-skill[agent] / 2))
    y = 50 + skill[agent] - 15 * hard + rng.normal(0, 12, len(agent))
    # What each would have with the same mix as all others.
    truth = 50 + skill - 15 * hard.mean()
    facts = worlds.contacts(len(agent), queue=np.where(hard, "complaints", "orders"))
    return facts, [f"a-{a:02d}" for a in agent], y, truth


def test_adjusting_removes_the_confound_that_raw_means_show():
    facts, agents, y, truth = confounded(1)
    scores = of(score(facts, agents, y), "agent", "experience_contact")
    slope_raw = np.polyfit(truth, scores["raw_mean"], 1)[0]
    slope_adjusted = np.polyfit(truth, scores["adjusted"], 1)[0]
    assert slope_raw < 0.7 and slope_adjusted == pytest.approx(1, abs=0.1)
    assert np.abs(scores["adjusted"] - truth).mean() < 0.4 * np.abs(scores["raw_mean"] - truth).mean()
    assert scores["method"].str.contains("case mix within units").all()


def test_queues_are_not_adjusted_for_queue():
    facts, agents, y, _ = confounded(1)
    scores = of(score(facts, agents, y), "queue", "experience_contact")
    assert scores.loc["orders", "adjusted"] - scores.loc["complaints", "adjusted"] > 10
    assert scores.loc["orders", "value"] == pytest.approx(scores.loc["orders", "raw_mean"], abs=0.5)


def test_published_intervals_cover_the_truth_with_confounding():
    hit = total = 0
    for seed in range(40):
        facts, agents, y, truth = confounded(100 + seed, n=30)
        scores = of(score(facts, agents, y), "agent", "experience_contact")
        hit += int(((scores["low"] <= truth) & (truth <= scores["high"])).sum())
        total += len(truth)
    assert 0.92 <= hit / total <= 0.98  # 800 intervals: binomial 99 % interval of 0.95


def shared():
    """c-0 is a-1's alone, c-1 is passed from a-1 (a quarter of the turns, 300 of 400 s) to a-2."""
    facts = worlds.contacts(
        2, empathy=[4.0, 2.0], resolved_probability=[1.0, 0.0], handle_s=[100.0, 400.0], channel=["voice", "chat"]
    )
    legs = pd.DataFrame(
        {
            "interaction_id": ["c-000000", "c-000001", "c-000001"],
            "agent_id": ["a-1", "a-1", "a-2"],
            "leg": [0, 0, 1],
            "seconds": [100.0, 300.0, 100.0],
            "role": ["sole", "opener", "closer"],
            "share": [1.0, 0.25, 0.75],
        }
    )
    return facts, legs


def test_shared_contacts_weigh_by_share():
    scores = of(score(*shared()), "agent", "empathy")
    assert scores.loc["a-1", "raw_mean"] == pytest.approx((4 + 0.25 * 2) / 1.25)
    assert scores.loc["a-1", "n"] == 2 and scores["n_effective"].between(0.4, 1.01).all()
    # a-1 alone reached 4, so of the 2 that both reached a quarter of 4 was a-1's and three quarters of 1.33 a-2's.
    assert scores["adjusted"].to_dict() == {"a-1": pytest.approx(4), "a-2": pytest.approx(4 / 3)}


def test_only_the_closing_agent_answers_for_resolution():
    scores = of(score(*shared()), "agent", "resolved_rate")
    assert scores["raw_mean"].to_dict() == {"a-1": 1.0, "a-2": 0.0} and scores["n"].tolist() == [1, 1]


def test_agents_answer_for_their_own_part_of_the_time():
    facts, legs = shared()
    assert of(score(facts, legs), "agent", "handle_s")["raw_mean"].to_dict() == {"a-1": 200.0, "a-2": 100.0}
    by_turns = of(score(facts, legs.assign(seconds=np.nan)), "agent", "handle_s")
    assert by_turns["raw_mean"].to_dict() == {"a-1": 100.0, "a-2": 300.0}
    assert of(score(facts, legs), "channel", "handle_s")["raw_mean"].to_dict() == {"chat": 400.0, "voice": 100.0}


def test_opportunity_rates_count_opportunities():
    facts = worlds.contacts(3, empathic_opportunities=[1, 3, 0], opportunities_met=[1, 0, 0])
    scores = of(score(facts, "a-1"), "agent", "opportunities_met_rate")
    assert scores.loc["a-1", "raw_mean"] == pytest.approx(0.25)
    assert scores.loc["a-1", "coverage_rate"] == pytest.approx(2 / 3) and scores.loc["a-1", "n"] == 2


def test_fcr_rate_counts_first_contacts_of_known_customers():
    facts = worlds.contacts(6)
    status = ["confirmed", "refuted", "open", "silent", "not_first", "open"]
    final = [True, True, False, True, True, True]  # the last is of an unknown customer
    links = worlds.links(facts, fcr_status=status, fcr_probability=[1.0, 0.0, 0.6, 0.4, np.nan, 0.9], is_final=final)
    row = of(score(facts, "a-1", links=links), "agent", "fcr_rate").loc["a-1"]
    assert row["raw_mean"] == pytest.approx(2.0 / 4) and row["coverage_rate"] == pytest.approx(4 / 6)


def test_swapped_contacts_count_for_nothing_heard():
    facts = worlds.contacts(2, resolved_probability=[0.8, 0.1], handle_s=[10.0, 20.0])
    table = score(facts, "a-1", [50.0, np.nan])
    assert of(table, "agent", "resolved_rate").loc["a-1", ["n", "raw_mean"]].tolist() == [1, 0.8]
    assert of(table, "agent", "handle_s").loc["a-1", "n"] == 2


def test_what_was_not_observed_is_null_and_not_0():
    row = of(score(worlds.contacts(3), "a-1"), "agent", "empathy").loc["a-1"]
    assert row["n"] == 0 and row["coverage_rate"] == 0 and not row["sufficient"]
    assert row[["raw_mean", "adjusted", "value", "low", "high", "worse_probability"]].isna().all()


def test_few_contacts_are_not_sufficient():
    table = score(worlds.contacts(19), ["a-1"] * 10 + ["a-2"] * 9)
    assert of(table, "agent", "experience_contact")["sufficient"].to_dict() == {"a-1": True, "a-2": False}


def test_worse_probability_follows_the_direction_of_the_measure():
    rng = np.random.default_rng(2)
    agent = np.repeat(np.arange(10), 100)
    facts = worlds.contacts(1000, effort=np.clip(3 + 0.1 * (agent - 4.5) + rng.normal(0, 0.3, 1000), 1, 5))
    worse = of(score(facts, [f"a-{a}" for a in agent]), "agent", "effort")["worse_probability"]
    assert worse["a-9"] > 0.99 and worse["a-0"] < 0.01  # high effort is hard


def test_worse_probability_needs_others():
    assert of(score(worlds.contacts(30), "a-1"), "agent", "experience_contact")["worse_probability"].isna().all()


@pytest.mark.parametrize("agents", [49, 50])
def test_lowest_decile_needs_fifty_units(agents):
    rng = np.random.default_rng(3)
    agent = np.repeat(np.arange(agents), 20)
    y = 50 - 10 * (agent == 7) + rng.normal(0, 5, len(agent))
    lowest = of(score(worlds.contacts(len(agent)), [f"a-{a:02d}" for a in agent], y), "agent", "experience_contact")
    lowest = lowest["lowest_decile_probability"]
    if agents == 49:
        assert lowest.isna().all()
    else:
        assert lowest["a-07"] > 0.95 and lowest.sum() == pytest.approx(5)


def test_periods_are_days_iso_weeks_and_months():
    facts = worlds.contacts(2, day=[date(2026, 12, 31), date(2027, 1, 1)])
    table = score(facts, "a-1", None, "score.daily=true", "score.weekly=true")
    rows = of(table, "agent", "experience_contact")
    assert rows.set_index("period")["n"].to_dict() == {
        "2026-12-31": 1, "2027-01-01": 1, "2026-W53": 2, "2026-12": 1, "2027-01": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("as_of", "final", "expected"),
    [
        (datetime(2026, 11, 30, 23, 30, tzinfo=UTC), True, True),  # already December in Berlin
        (datetime(2026, 11, 30, 22, 30, tzinfo=UTC), True, False),
        (datetime(2026, 12, 30, tzinfo=UTC), False, False),
    ],
)
def test_rows_are_final_when_period_and_contacts_are(as_of, final, expected):
    facts = worlds.contacts(3)
    links = worlds.links(facts, is_final=[True, True, final])
    table = score(facts, ["a-1", "a-1", "a-2"], links=links, as_of=as_of)
    moved = table["measure"].isin(["fcr_rate", "experience_score"])
    assert set(table.loc[moved, "is_final"]) == {expected}
    # What the contact itself settles waits for the end of the period alone.
    assert set(table.loc[~moved, "is_final"]) == {expected or not final}


def test_scores_do_not_depend_on_the_order_of_contacts():
    facts, agents, y, _ = confounded(5, agents=6, n=40)
    agents = worlds.sole_agents(facts, agents)
    order = np.random.default_rng(0).permutation(len(facts))
    shuffled = score(facts.iloc[order], agents.sample(frac=1, random_state=2), y[order], links=worlds.links(facts))
    pd.testing.assert_frame_equal(score(facts, agents, y), shuffled, check_exact=True)


def test_rates_stay_within_their_range():
    facts = worlds.contacts(40, resolved_probability=[1.0] * 39 + [0.9])
    rows = of(score(facts, ["a-1"] * 20 + ["a-2"] * 20), "agent", "resolved_rate")
    assert (rows["high"] <= 1).all() and (rows["low"] <= rows["value"]).all()


def test_no_contacts_give_an_empty_table():
    facts = worlds.contacts(0)
    assert score(facts, []).empty


def test_rare_events_that_did_not_happen_leave_an_interval():
    facts = worlds.contacts(4, empathic_opportunities=[1] * 4, opportunities_hurt=[0] * 4)
    rows = of(score(facts, ["a-1", "a-1", "a-2", "a-3"]), "agent", "opportunities_hurt_rate")
    assert (rows["value"] == 0).all() and (rows["high"] > 0.2).all()
    assert rows["worse_probability"].between(0.05, 0.95).all()


def test_a_single_contact_has_an_interval_of_nearly_the_whole_scale():
    row = of(score(worlds.contacts(1), "a-1", [90.0]), "agent", "experience_contact").loc["a-1"]
    assert row["value"] == 90 and row["high"] - row["low"] > 80


def test_adjusted_stays_within_the_range_of_the_measure():
    rng = np.random.default_rng(4)
    start = np.concatenate([rng.uniform(-1, 0, 60), [1.0, 1.0]])
    solved = np.concatenate([np.clip(0.9 + 0.8 * start[:60], 0, 1), [0.95, 0.95]])
    facts = worlds.contacts(62, sentiment_start=start, resolved_probability=solved)
    row = of(score(facts, ["a-1"] * 30 + ["a-2"] * 30 + ["a-3"] * 2), "agent", "resolved_rate").loc["a-3"]
    assert "case mix within units" in row["method"] and 0 <= row["adjusted"] <= 1 and row["low"] <= row["value"]


def nested(seed, bridge=0):
    """Six agents, three in each of two queues; of the first, ``bridge`` contacts are in the other's queue."""
    rng = np.random.default_rng(seed)
    agent = np.repeat(np.arange(6), 60)
    hard = agent < 3
    hard[:bridge] = False
    facts = worlds.contacts(360, queue=np.where(hard, "complaints", "orders"), sentiment_start=rng.uniform(-1, 1, 360))
    return facts, [f"a-{a}" for a in agent], 60 - 15 * hard + rng.normal(0, 4, 360)


def test_agents_who_share_no_queue_are_not_compared():
    rows = of(score(*nested(6)), "agent", "experience_contact")
    assert rows["compared_units"].tolist() == [2] * 6
    assert rows["method"].str.contains("compared only with").all()
    # Each is drawn to the mean of its own queue, and none is better for working the easy one.
    assert (rows["value"][:3] < 48).all() and (rows["value"][3:] > 57).all()
    assert not rows["standing"].isin(["better", "worse"]).any()


def test_agents_that_one_links_are_compared():
    rows = of(score(*nested(6, bridge=30)), "agent", "experience_contact")
    assert rows["compared_units"].tolist() == [5] * 6 and rows["adjusted"].max() - rows["adjusted"].min() < 6


def test_an_agent_alone_in_a_queue_is_not_compared():
    facts, agents, y = nested(6)
    rows = of(score(facts, np.where(facts["queue"] == "complaints", "a-0", agents), y), "agent", "experience_contact")
    assert rows.loc["a-0", "standing"] == "not compared" and rows.loc["a-0", "compared_units"] == 0
    assert np.isnan(rows.loc["a-0", "worse_probability"]) and rows.loc["a-0", "value"] == rows.loc["a-0", "adjusted"]


def test_queues_of_two_families_that_nobody_links_are_two_groups():
    rng = np.random.default_rng(8)
    agent = np.repeat(np.arange(8), 60)
    family = agent < 4  # works queues 0 and 1, the others 2 and 3
    queue = rng.integers(0, 2, 480) + np.where(family, 0, 2)
    facts = worlds.contacts(480, queue=[f"q-{q}" for q in queue])
    rows = of(score(facts, [f"a-{a}" for a in agent], 50.0 + queue + rng.normal(0, 2, 480)), "agent",
              "experience_contact")  # fmt: skip
    assert rows["compared_units"].tolist() == [3] * 8 and rows["method"].str.contains("case mix within units").all()


def test_units_that_hardly_differ_are_said_not_to_be_distinguishable():
    rng = np.random.default_rng(9)
    rows = of(score(worlds.contacts(300), [f"a-{i % 10}" for i in range(300)], 50 + rng.normal(0, 10, 300)), "agent",
              "experience_contact")  # fmt: skip
    assert set(rows["standing"]) == {"not distinguishable"} and (rows["icc_low"] < 0.01).all()
    spread = 50 + 8 * (np.arange(300) % 10 - 4.5) + rng.normal(0, 10, 300)
    far = of(score(worlds.contacts(300), [f"a-{i % 10}" for i in range(300)], spread), "agent", "experience_contact")
    assert far["standing"][["a-0", "a-9"]].tolist() == ["worse", "better"]
    assert (far["icc_low"] < far["icc"]).all() and (far["icc"] < far["icc_high"]).all() and far["icc"].iloc[0] > 0.5


def test_customers_who_come_back_widen_the_interval():
    rng = np.random.default_rng(10)
    customer = np.repeat(np.arange(100), 4)
    y = 50 + 10 * rng.standard_normal(100)[customer] + rng.normal(0, 5, 400)
    facts = worlds.contacts(400)
    channel = np.where(customer % 2 == 0, "voice", "chat")
    strangers = of(score(facts.assign(channel=channel), "a-1", y), "channel", "experience_contact")
    known = facts.assign(channel=channel, customer_key=[f"k-{c}" for c in customer])
    known = of(score(known, "a-1", y), "channel", "experience_contact")
    assert (known["n_effective"] < 0.5 * strangers["n_effective"]).all()
    assert ((known["high"] - known["low"]) > 1.4 * (strangers["high"] - strangers["low"])).all()


def test_without_a_case_mix_means_are_compared_as_they_are():
    facts, agents, y, _ = confounded(2, agents=6, n=30)
    rows = of(score(facts, agents, y, "score.case_mix=[]"), "agent", "experience_contact")
    np.testing.assert_allclose(rows["adjusted"], rows["raw_mean"])
    assert rows["method"].str.contains("no case-mix adjustment").all() and (rows["compared_units"] == 5).all()


def test_contacts_that_only_bots_had_are_scored_for_their_channel():
    rng = np.random.default_rng(3)
    facts = worlds.contacts(200, channel=["voice", "chat"] * 100, queue=rng.choice(["a", "b"], 200))
    nobody = worlds.sole_agents(facts, None).iloc[:0]
    rows = of(score(facts, nobody, 50 + rng.normal(0, 5, 200)), "channel", "experience_contact")
    assert rows["value"].notna().all() and (rows["compared_units"] == 1).all()
