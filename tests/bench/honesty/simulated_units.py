"""Agents' scores in simulated companies (``analyzer simulate``): weeks and a month, nothing misheard."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Final

import numpy as np
import pandas as pd

from analyzer.score.measures import MEASURES
from analyzer.score.units import UnitInputs, score_units
from analyzer.simulate.lives import EXPERIENCE_PER_SD
from analyzer.simulate.named import world_spec
from analyzer.simulate.worlds import make
from tests.score import worlds

CONTACTS: Final = 3000
EACH: Final = 100.0  # contacts an agent


def company(name: str, seed: int) -> pd.DataFrame:
    """unit_scores of the agents with ten contacts or more in October, with ``truth``: the month's or week's mix."""
    spec = world_spec(name, contacts=CONTACTS, days=31, detector_error=False, last_day=date(2026, 10, 31))
    world = make(replace(spec, agents=replace(spec.agents, each=EACH)), seed)
    facts = world.contacts
    true = world.truth.contacts.set_index("interaction_id").loc[facts["interaction_id"]]
    table = score_units(
        UnitInputs(
            facts,
            worlds.links(facts),
            worlds.experience(facts, true["experience"].to_numpy()),
            world.interaction_agents.to_pandas(),
            worlds.score_settings("score.daily=false"),
            datetime(2027, 1, 1, tzinfo=UTC),
            "Europe/Berlin",
        ),
        kinds=("agent",),
        measures=[measure for measure in MEASURES if measure.name == "experience_contact"],
    )
    rows: pd.DataFrame = table.to_pandas()
    effect = world.truth.agents.set_index("agent_id")["experience_effect"]
    rows["truth"] = rows["unit_id"].map(effect) + rows["period"].map(_mix(facts, true))
    return rows.assign(world=seed).query("sufficient")


def _mix(facts: pd.DataFrame, true: pd.DataFrame) -> dict[str, float]:
    """By period what the contacts would be of an agent of no effect."""
    without = true["experience"].to_numpy() - EXPERIENCE_PER_SD * true["skill_feeling"].to_numpy()
    day = pd.to_datetime(facts["day"])
    periods = [day.dt.strftime("%G-W%V"), day.dt.strftime("%Y-%m")]
    return {
        str(period): float(np.mean(without[(name == period).to_numpy()]))
        for name in periods
        for period in name.unique()
    }
