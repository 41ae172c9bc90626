"""``publish.agents`` is obeyed in every table that leaves the store."""

from __future__ import annotations

import re
from typing import Any

import pyarrow as pa
import pytest

from analyzer.config import PublishSettings, load_settings
from analyzer.publish.agents import AgentPolicy, agent_policy, pseudonym
from analyzer.publish.reading import interactions
from analyzer.tables import EXPORTED

from .world import TEAMS, world


def publish(**changes: Any) -> PublishSettings:
    return load_settings(None, [f"publish.{key}={value}" for key, value in changes.items()]).publish


def let_out(mode: str, name: str, **changes: Any) -> pa.Table:
    tables = world()
    whole = interactions(tables) if name == "interactions" else tables.read(name)
    return agent_policy(tables, publish(agents=mode, **changes)).apply(name, whole)


@pytest.mark.parametrize("mode", ["off", "team", "pseudonym"])
@pytest.mark.parametrize(
    "name", ["interactions", "turns", "interaction_agents", "unit_scores", "control_chart_points", "counter_measures"]
)
def test_policy_lets_no_agent_id_out(mode: str, name: str) -> None:
    table = let_out(mode, name)
    assert table.schema.equals(EXPORTED[name].schema)
    assert not set(TEAMS) & {str(value) for column in table.to_pydict().values() for value in column}
    assert not re.search(r"\ba-0\d\b", str(table.to_pydict()))


def test_pseudonym_is_the_same_in_every_table() -> None:
    expected = {pseudonym(b"k" * 32 + b"agents", agent) for agent in TEAMS}
    assert all(re.fullmatch(r"agent-[0-9a-f]{8}", name) for name in expected)
    assert set(let_out("pseudonym", "interactions")["agent_id"].to_pylist()) == expected
    assert {
        name for names in let_out("pseudonym", "interactions")["agent_ids"].to_pylist() for name in names
    } == expected
    assert set(let_out("pseudonym", "turns")["agent_id"].to_pylist()) == expected | {None}
    assert set(let_out("pseudonym", "interaction_agents")["agent_id"].to_pylist()) == expected
    units = let_out("pseudonym", "unit_scores").to_pylist()
    assert {row["unit_id"] for row in units if row["unit_kind"] == "agent"} == expected


def test_pseudonym_depends_on_the_secret() -> None:
    assert pseudonym(b"one", "a-01") != pseudonym(b"two", "a-01")


def test_off_drops_rows_about_agents_and_empties_columns() -> None:
    assert let_out("off", "interaction_agents").num_rows == 0
    assert set(let_out("off", "interactions")["agent_id"].to_pylist()) == {None}
    assert set(map(tuple, let_out("off", "interactions")["agent_ids"].to_pylist())) == {()}
    assert "agent" not in let_out("off", "unit_scores")["unit_kind"].to_pylist()
    assert "channel" in let_out("off", "unit_scores")["unit_kind"].to_pylist()


def test_team_replaces_agents_of_large_teams_only() -> None:
    contacts = let_out("team", "interactions")
    assert set(contacts["agent_id"].to_pylist()) == {"north", None}  # south has three agents
    assert set(contacts["team"].to_pylist()) == {"north", None}
    assert set(let_out("team", "turns")["agent_id"].to_pylist()) == {"north", None}
    units = let_out("team", "unit_scores").to_pylist()
    assert {row["unit_id"] for row in units if row["unit_kind"] == "team"} == {"north"}


def test_team_minimum_is_a_setting() -> None:
    assert set(let_out("team", "interactions", team_min_agents=3)["team"].to_pylist()) == {"north", "south"}
    assert set(let_out("team", "interactions", team_min_agents=6)["team"].to_pylist()) == {None}


def test_named_leaves_everything_as_it_is() -> None:
    assert set(let_out("named", "interactions")["agent_id"].to_pylist()) == set(TEAMS)
    assert let_out("named", "unit_scores").equals(world().read("unit_scores"))


NAMES = [{"agent_id": "a-01", "name": "Miriam Sander"}, {"agent_id": "a-02", "name": "Ole Petersen"},
         {"agent_id": "a-06", "name": "Ole Petersen"}]  # fmt: skip


def policy(mode: str) -> AgentPolicy:
    return agent_policy(world().having(agent_names=NAMES), publish(agents=mode))


def test_people_read_names_where_the_roster_has_them_and_tables_keep_ids() -> None:
    named = policy("named")
    assert [named.label(agent) for agent in ("a-01", "a-02", "a-06", "a-03", None)] == [
        "Miriam Sander", "Ole Petersen (a-02)", "Ole Petersen (a-06)", "a-03", None,
    ]  # fmt: skip
    assert named.name("a-01") == "a-01" and named.apply("turns", world().read("turns")).equals(world().read("turns"))
    shown = named.shown("interactions", interactions(world()))
    assert "Miriam Sander" in shown["agent_id"].to_pylist() and ["Miriam Sander"] in shown["agent_ids"].to_pylist()
    units = named.shown("unit_scores", world().read("unit_scores")).to_pylist()
    assert "Miriam Sander" in {row["unit_id"] for row in units if row["unit_kind"] == "agent"}


@pytest.mark.parametrize("mode", ["off", "team", "pseudonym"])
def test_no_name_is_read_where_agents_are_not_named(mode: str) -> None:
    hidden = policy(mode)
    assert not {hidden.label(agent) for agent in TEAMS} & {"Miriam Sander", "Ole Petersen", *TEAMS}
    for name, table in (("interactions", interactions(world())), ("unit_scores", world().read("unit_scores"))):
        assert hidden.shown(name, table).equals(hidden.apply(name, table))
