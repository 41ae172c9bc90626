from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from analyzer.score.counters import BESIDE, COUNTERS, counter_measures, counter_values
from analyzer.score.measures import MEASURES
from analyzer.score.units import UnitInputs, score_units
from analyzer.tables import STORED
from tests.score import worlds

START = datetime(2026, 10, 5, 9, tzinfo=UTC)
NO_CUES = pd.DataFrame({"interaction_id": [], "turn": [], "label": [], "found": []}).astype({"label": str})
ZONE = "Europe/Berlin"


def journey(*days, direction="inbound", **columns):
    """Contacts of one customer in one matter, so many days after the first."""
    n = len(days)
    facts = worlds.contacts(
        n, customer_key="k-1", direction=direction, started_at=[START + timedelta(days=d) for d in days],
        day=[(START + timedelta(days=d)).date() for d in days], **columns,
    )  # fmt: skip
    following = [*facts["interaction_id"].iloc[1:], None]
    return facts, worlds.links(facts, episode_id="e-1", next_contact_id=following)


def values(facts, links, heard=NO_CUES, templates=(), as_of=worlds.AS_OF):
    return counter_values(facts, links, heard, set(templates), as_of)


def returned(*days, **columns):
    facts, links = journey(*days, **columns)
    return values(facts, links)["returns_8_14_rate"].tolist()


def test_late_return_counts_on_days_8_to_14_of_the_matter():
    assert returned(0, 9)[0] == 1.0
    assert returned(0, 14.1) == [0.0, 0.0]
    assert np.isnan(returned(0, 6.9)[0])  # was not quiet for a week
    facts, links = journey(0, 9)
    assert values(facts, links.assign(episode_id=["e-1", "e-2"]))["returns_8_14_rate"].tolist() == [0.0, 0.0]


def test_late_return_is_unknown_until_14_days_are_over():
    facts, links = journey(0, 9)
    early = values(facts, links, as_of=START + timedelta(days=13))["returns_8_14_rate"]
    assert early.isna().all()


def test_calls_of_the_company_and_legs_are_no_returns():
    assert returned(0, 9, direction=["inbound", "outbound"])[0] == 0.0
    assert returned(0, 0.01, 10, chain_id=["x", "x", None]) == [1.0, 1.0, 0.0]


def test_short_is_a_quarter_of_what_is_usual_for_the_matter():
    facts = worlds.contacts(40, handle_s=[400.0] * 38 + [99.0, np.nan], reason="refund", started_at=START)
    short = values(facts, worlds.links(facts, next_contact_id=None))["short_contact_rate"]
    assert short.tolist()[:39] == [0.0] * 38 + [1.0] and np.isnan(short.iloc[39])


def test_template_share_is_of_the_warm_turns():
    facts = worlds.contacts(2, started_at=START)
    heard = pd.DataFrame({"interaction_id": "c-000000", "turn": [1, 1, 5, 7], "found": [True, True, True, False],
                          "label": ["emp.apology", "emp.understand", "emp.apology", "emp.apology"]})  # fmt: skip
    share = values(facts, worlds.links(facts, next_contact_id=None), heard, {("c-000000", 1)})["template_share"]
    assert share.iloc[0] == 0.5 and np.isnan(share.iloc[1])


def test_next_feeling_is_that_of_the_next_contact_within_60_days():
    facts, links = journey(0, 20, 100, sentiment_start=[0.1, -0.4, 0.9])
    feeling = values(facts, links, as_of=worlds.AS_OF + timedelta(days=200))["next_feeling"]
    assert feeling.iloc[0] == -0.4 and feeling.iloc[1:].isna().all()


def test_every_measure_named_exists_and_every_counter_is_used():
    assert BESIDE.keys() <= {measure.name for measure in MEASURES}
    assert {name for beside in BESIDE.values() for name in beside} == {counter.name for counter in COUNTERS}


@pytest.fixture(scope="module")
def bought():
    """Agent 0 is liked best by the machine, and their customers come back on day 10 in the worst of moods."""
    rng = np.random.default_rng(4)
    n, agents = 1200, 8
    agent = np.arange(n) % agents
    warm = 3 + 1.0 * (agent == 0) + rng.normal(0, 0.4, n)
    names = np.array([f"a-{a}" for a in agent])
    facts = worlds.contacts(
        n, day=[(START + timedelta(days=i % 20)).date() for i in range(n)], agent_id=names, team="north", empathy=warm,
        started_at=[START + timedelta(days=i % 20) for i in range(n)], transfers=0, handle_s=300.0,
    )  # fmt: skip
    links = worlds.links(facts, next_contact_id=None)
    template = np.where(rng.random(n) < np.where(agent == 0, 0.9, 0.1))[0]
    heard = facts[["interaction_id"]].assign(turn=1, label="emp.apology", found=True)
    told = values(facts, links, heard, {(f"c-{i:06d}", 1) for i in template})
    given = (worlds.experience(facts, 50.0), worlds.sole_agents(facts, names), worlds.score_settings(), worlds.AS_OF)
    scores = score_units(UnitInputs(facts, links, *given, ZONE))
    table = counter_measures(scores, told, UnitInputs(facts, links, *given, ZONE))
    assert table.schema == STORED["counter_measures"].schema
    return table.to_pandas(), scores.to_pandas()


def test_warmth_from_a_template_is_to_be_looked_at_and_nobody_elses(bought):
    rows = bought[0].query("unit_kind == 'agent' and period == '2026-10' and measure == 'empathy'")
    assert rows.set_index("unit_id")["reading"].to_dict() == {"a-0": "look closer"} | {
        f"a-{i}": "no sign" for i in range(1, 8)
    }
    row = rows.set_index("unit_id").loc["a-0"]
    assert row["counter_measure"] == "template_share" and row["counter_low"] < 0.9 < row["counter_high"]
    assert not row["counter_higher_is_better"] and row["counter_n"] == 150


def test_measure_is_that_of_unit_scores_and_days_are_left_out(bought):
    table, scores = bought
    key = ["period", "unit_kind", "unit_id", "measure"]
    both = table.merge(scores, on=key, suffixes=("", "_published"))
    assert len(both) == len(table) and (both["value"] == both["value_published"]).all()
    assert set(table["period"]) == {"2026-10", "2026-W41", "2026-W42", "2026-W43"}


def test_agent_who_passed_a_contact_on_has_the_transfer():
    n = 60
    facts = worlds.contacts(n, day=worlds.day_range(n, 5), started_at=START, transfers=1, handle_s=100.0, agent_id="b")
    links = worlds.links(facts, next_contact_id=None)
    one, two = (worlds.sole_agents(facts, name).assign(role=role, share=0.5, leg=leg)
                for name, role, leg in (("a", "opener", 0), ("b", "closer", 1)))  # fmt: skip
    agents = pd.concat([one, two])
    own = score_units(
        UnitInputs(facts, links, worlds.experience(facts, 50.0), agents, worlds.score_settings(), worlds.AS_OF, ZONE),
        kinds=("agent", "channel"),
        measures=COUNTERS,
        own_values=values(facts, links),
    ).to_pandas()
    raw = own[(own["measure"] == "transfer_out_rate") & (own["period"] == "2026-11")].set_index("unit_id")["raw_mean"]
    assert raw.to_dict() == {"a": 1.0, "b": 0.0, "voice": 1.0}
