"""The roster's names of agents: kept by runs only where agents are named, and gone with who they name."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from analyzer.config import load_settings
from analyzer.progress import Silent
from analyzer.trust.forget import forget
from analyzer.trust.retain import retain
from tests.trust.bytes_of import found

from .dumps import contact
from .nights import Nights

NAMED = ["publish.agents=named"]
NAME = "Paula Unverwechselbar"
TWO = [contact("a1", "2026-11-02", agent_id="a-1"), contact("b1", "2026-11-03", agent_id="a-2")]


@pytest.fixture
def roster(tmp_path: Path) -> Path:
    path = tmp_path / "agents.csv"
    path.write_text(
        "agent_id,name,team,valid_from\na-1,Paula Früher,north,2026-01-01\n"
        f"a-1,{NAME},north,2026-06-01\na-2,Jonas Behrens,north,2026-01-01\na-3,Nie Gesprochen,north,2026-01-01\n"
    )
    return path


def names(nights: Nights) -> dict[str, str]:
    return {row["agent_id"]: row["name"] for row in nights.rows("agent_names")}


def test_names_are_kept_only_where_agents_are_named(intakes: Nights, roster: Path) -> None:
    intakes.run({"a.jsonl": TWO}, agents=roster)
    assert names(intakes) == {} and found(intakes.store, [NAME]) == set()
    intakes.run({"a.jsonl": TWO}, NAMED, agents=roster)
    assert names(intakes) == {"a-1": NAME, "a-2": "Jonas Behrens"}  # the latest, and of nobody who has no contact
    intakes.run({"b.jsonl": [contact("c1", agent_id="a-1")]}, NAMED)
    assert names(intakes)["a-1"] == NAME  # a night without the roster
    intakes.run({"c.jsonl": [contact("d1", agent_id="a-1")]}, ["publish.agents=team"], agents=roster)
    assert names(intakes) == {}


def test_forgotten_agent_has_no_name_and_gets_none_back(intakes: Nights, roster: Path) -> None:
    intakes.run({"a.jsonl": TWO}, NAMED, agents=roster)
    told = forget(intakes.store, "agent", "a-1", settings(), Silent())
    assert told.rows["agent_names"] == 1 and found(intakes.store, [NAME]) == set()
    intakes.run({"a.jsonl": TWO}, NAMED, agents=roster)
    assert names(intakes) == {"a-2": "Jonas Behrens"} and found(intakes.store, [NAME]) == set()


@pytest.mark.parametrize(("days", "agents_days"), [(30, 1), (1, 30)])
def test_name_goes_with_the_last_contact_that_may_name_the_agent(
    intakes: Nights, roster: Path, days: int, agents_days: int
) -> None:
    intakes.run({"a.jsonl": TWO}, NAMED, agents=roster)
    retain(intakes.store, days, agents_days, settings(), Silent(), date(2026, 11, 4))
    assert names(intakes) == {"a-2": "Jonas Behrens"} and found(intakes.store, [NAME]) == set()


def settings() -> Any:
    return load_settings(assignments=NAMED)
