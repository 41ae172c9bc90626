"""Agents without a name: in exports they are nobody, of no team and behind no pseudonym, and no score is theirs."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from analyzer.config import load_settings
from analyzer.errors import UsageError
from analyzer.publish.agents import agent_policy
from analyzer.publish.reading import interactions
from analyzer.records import UNNAMED
from analyzer.store.store import open_store
from analyzer.tables import STORED
from analyzer.trust.person import find_person
from analyzer.trust.unnamed import unnamed_in, without_unnamed
from tests.nights import Nights
from tests.publish.world import TEAMS, MemoryTables, world

GONE = "a-06"


def forgotten() -> MemoryTables:
    """The invented store in which one agent has no name any more."""
    gone = pa.array([GONE])
    changed = {}
    for name in ("interaction_facts", "turns", "interaction_agents"):
        table = world().read(name)
        for column in STORED[name].column_names:
            if column in ("agent_id", "agent_ids"):
                at = table.schema.get_field_index(column)
                table = table.set_column(at, table.schema.field(at), unnamed_in(table[column], gone))
        changed[name] = table
    return MemoryTables(world().tables | changed)


@pytest.mark.parametrize(("mode", "shown"), [("named", {UNNAMED}), ("pseudonym", {UNNAMED}), ("team", {None, "south"})])
def test_unnamed_is_nobody_in_what_leaves_the_store(mode: str, shown: set[str | None]) -> None:
    tables = forgotten()
    settings = load_settings(None, [f"publish.agents={mode}", "publish.team_min_agents=2"]).publish
    policy = agent_policy(tables, settings)
    raw = interactions(tables)
    told = policy.apply("interactions", raw).to_pylist()
    mine = [row["agent_id"] for row, before in zip(told, raw.to_pylist(), strict=True) if before["agent_id"] == UNNAMED]
    assert mine and set(mine) <= shown
    turns = policy.apply("turns", tables.read("turns")).to_pylist()
    spoken = [
        a["agent_id"] for a, b in zip(turns, tables.read("turns").to_pylist(), strict=True) if b["agent_id"] == UNNAMED
    ]
    assert spoken and set(spoken) == ({None} if mode == "team" else {UNNAMED})


def test_unnamed_does_not_make_a_team_larger() -> None:
    size = sum(team == "south" for team in TEAMS.values())
    settings = load_settings(None, ["publish.agents=team", f"publish.team_min_agents={size}"]).publish
    assert "south" in agent_policy(world(), settings).shown_teams
    assert "south" not in agent_policy(forgotten(), settings).shown_teams


def test_nothing_is_computed_of_the_unnamed() -> None:
    tables = forgotten()
    parts = without_unnamed(tables.read("interaction_agents"))
    assert UNNAMED not in parts["agent_id"].to_pylist() and parts.num_rows < tables.read("interaction_agents").num_rows
    facts = without_unnamed(tables.read("interaction_facts"))
    assert facts.num_rows == tables.read("interaction_facts").num_rows
    assert UNNAMED not in facts["agent_id"].to_pylist() and facts.schema.equals(STORED["interaction_facts"].schema)


def test_nobody_can_ask_for_all_the_unnamed_as_one(nights: Nights, settings: Any) -> None:
    with open_store(nights.store, write=False) as store, pytest.raises(UsageError, match="nobody"):
        find_person(store, "agent", UNNAMED, settings)


def test_list_names_the_unnamed_once() -> None:
    lists = pa.chunked_array([pa.array([["a", "b", "c"], ["d"], None])])
    assert unnamed_in(lists, pa.array(["a", "b"])).to_pylist() == [[UNNAMED, "c"], ["d"], None]
