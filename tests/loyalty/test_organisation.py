"""Organisational gaps by notices at stake; the tone of teams of eight or more, and of nobody else."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from analyzer.errors import ConfigError
from analyzer.loyalty.organisation import SIGNS, contact_signs, organisational_gaps
from analyzer.loyalty.staff_mood import staff_mood
from tests.bench.honesty.company_worlds import AS_OF, SETTINGS, Leaving, leaving_world
from tests.loyalty.worlds import settings


@pytest.fixture(scope="module")
def world() -> Leaving:
    return leaving_world(0, np.random.default_rng(3))


def found(world: Leaving, recorded: bool = True) -> dict[str, dict[str, Any]]:
    rows = organisational_gaps(world.contacts, world.cues, world.customers, recorded, AS_OF, SETTINGS).to_pylist()
    return {row["sign"]: row for row in rows if row["segment"] == "all"}


def test_gaps_are_ranked_by_notices_at_stake(world: Leaving) -> None:
    rows = found(world)
    assert set(rows) == set(SIGNS)
    ranked = sorted((row for row in rows.values() if row["rank"]), key=lambda row: row["rank"])
    stakes = [row["at_stake"] for row in ranked]
    assert {row["sign"] for row in ranked} == set(world.at_stake) and stakes == sorted(stakes, reverse=True)
    assert all(row["rank_low"] <= row["rank"] <= row["rank_high"] for row in ranked)
    assert rows["brushed_off"]["low"] > 0 > rows["kept_waiting"]["low"]


def test_signs_nobody_met_keep_their_share_and_claim_nothing(world: Leaving) -> None:
    row = found(world)["hard_to_reach"]
    assert row["met_share"] == 0.0 and row["at_stake"] is None and row["rank"] is None
    assert row["method"].startswith("not estimable: hardly anybody")


def test_companies_without_notices_learn_only_who_met_what(world: Leaving) -> None:
    rows = found(world, recorded=False)
    assert rows["passed_on"]["met_share"] > 0 and all(row["at_stake"] is None for row in rows.values())
    assert rows["passed_on"]["method"] == "not estimable: no notices are recorded"


def test_contacts_about_cancelling_and_later_contacts_move_nothing(world: Leaving) -> None:
    more = world.contacts.assign(interaction_id="x" + world.contacts["interaction_id"])
    cancel = more.assign(reason="contract_cancel")
    later = more.assign(known_at=pd.Timestamp(AS_OF) - pd.Timedelta(hours=1))
    heard = world.cues.assign(interaction_id="x" + world.cues["interaction_id"], probability=1.0)
    for extra in (cancel, later):
        both = Leaving(pd.concat([world.contacts, extra]), pd.concat([world.cues, heard]), world.customers, {}, [])
        assert found(both) == found(world)


def test_a_topic_makes_an_unmet_expectation_a_sign() -> None:
    contacts = pd.DataFrame({"interaction_id": ["a", "b"]})
    cues = pd.DataFrame(
        [("a", 1, "expect.unmet", 0.8), ("a", 1, "topic.conduct", 0.6), ("a", 1, "topic.time", 0.2),
         ("b", 1, "expect.unmet", 0.8), ("b", 2, "topic.conduct", 0.9)],
        columns=["interaction_id", "turn", "label", "probability"],
    )  # fmt: skip
    signs = contact_signs(contacts, cues)["conduct_below_expectation"]
    assert signs.tolist() == pytest.approx([0.6, 0.0])


def team(name: str, agents: int, contacts: int = 6) -> pd.DataFrame:
    ids = [f"{name}-{agent}-{n}" for agent in range(agents) for n in range(contacts)]
    names = [f"{name}{agent}" for agent in range(agents) for _ in range(contacts)]
    return pd.DataFrame(
        {"interaction_id": ids, "agent_id": names, "agent_ids": [[agent] for agent in names], "team": name,
         "agent_turns": 4, "customer_key": [f"k{i % 20}" for i in range(len(ids))], "sentiment_end": 0.1,
         "day": "2026-10-05"}
    )  # fmt: skip


NO_CUES = pd.DataFrame({"interaction_id": [], "turn": [], "label": [], "found": []})


def shown(*teams: pd.DataFrame, cues: pd.DataFrame = NO_CUES) -> dict[str, dict[str, Any]]:
    rows = staff_mood(pd.concat(teams, ignore_index=True), cues, 8, AS_OF).to_pylist()
    return {row["team"]: row for row in rows}


def test_teams_below_eight_agents_are_suppressed() -> None:
    assert set(shown(team("north", 8), team("south", 7))) == {"north"}
    assert set(shown(team("north", 8), team("south", 7), team("west", 2))) == {"all", "north"}
    assert set(shown(team("north", 9), team("south", 8))) == {"all", "north", "south"}


def test_agents_of_few_contacts_do_not_fill_a_team() -> None:
    assert shown(team("north", 8, contacts=4)) == {}


def test_every_agent_counts_the_same_in_the_tone() -> None:
    star = team("north", 1, contacts=200)
    star["agent_id"], star["agent_ids"] = "star", [["star"]] * 200
    facts = pd.concat([team("north", 9), star], ignore_index=True)
    facts["interaction_id"] = [f"c{i}" for i in range(len(facts))]
    loud = facts.loc[facts["agent_id"] == "star", "interaction_id"]
    cues = pd.DataFrame({"interaction_id": loud, "turn": 1, "label": "emp.reassure", "found": True})
    row = shown(facts, cues=cues)["north"]
    assert row["agents"] == 10 and row["staff_tone"] == pytest.approx(0.25 / 10)
    assert row["staff_low"] < row["staff_tone"] < row["staff_high"] and row["customer_mood"] == pytest.approx(0.1)


def test_fewer_than_eight_cannot_be_configured() -> None:
    with pytest.raises(ConfigError):
        settings(staff_min_agents=7)
