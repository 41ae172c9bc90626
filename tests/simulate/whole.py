"""What stages make of simulated worlds, against what is true of these: not the worlds the stages grew up in."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache

import numpy as np
import pandas as pd

from analyzer.config import Settings, load_settings
from analyzer.journey.linking import LinkModel
from analyzer.journey.trace import trace_journeys
from analyzer.loyalty.assess import assess_loyalty
from analyzer.score.measures import MEASURES
from analyzer.score.units import UnitInputs, score_units
from analyzer.simulate.named import world_spec
from analyzer.simulate.worlds import World, make
from analyzer.tables import STORED
from analyzer.weights import models_folder

HARD = ("claims", "technical")
MONTHLY = "score.daily=false", "score.weekly=false"


@lru_cache
def settings(*changes: str) -> Settings:
    return load_settings(None, changes)


def a_month(name: str, seed: int, contacts: int = 8000) -> World:
    """October, heard without error, so that what is left is the scores' own."""
    return make(world_spec(name, contacts=contacts, days=31, last_day=date(2026, 10, 31), detector_error=False), seed)


def true_experience(world: World) -> pd.DataFrame:
    index = pd.Index(world.truth.contacts["interaction_id"], name="interaction_id")
    truth = world.truth.contacts["experience"].to_numpy()
    return pd.DataFrame({"experience_contact": truth, "experience_score": truth}, index=index)


def true_links(world: World) -> pd.DataFrame:
    """What journeys would say if they knew."""
    of = world.truth.contacts
    return pd.DataFrame({
        "episode_id": of["matter"].astype(str), "fcr_status": "confirmed", "fcr_probability": 1.0, "is_final": True,
        "prior_contacts": of["attempt"], "repeat_probability": of["return_days"].notna().astype(float),
        "promises_kept": 0, "promises_broken": (of["promised"] & ~of["kept"]).astype(int),
    }).set_index(pd.Index(of["interaction_id"], name="interaction_id"))  # fmt: skip


def scored_agents(world: World) -> pd.DataFrame:
    """unit_scores of the true experience, beside ``truth``: each agent's effect, on the scores' own centre."""
    measures = [measure for measure in MEASURES if measure.name == "experience_contact"]
    found = score_units(
        UnitInputs(
            world.contacts,
            true_links(world),
            true_experience(world),
            world.interaction_agents.to_pandas(),
            settings(*MONTHLY).score,
            world.as_of,
            world.spec.business_timezone,
        ),
        kinds=("agent",),
        measures=measures,
    ).to_pandas()
    agents = world.truth.agents.set_index("agent_id").loc[found["unit_id"]]
    effect = agents["experience_effect"].to_numpy()
    truth = effect + np.average(found["adjusted"] - effect, weights=found["n"])
    raw = found["raw_mean"] - np.average(found["raw_mean"] - found["adjusted"], weights=found["n"])
    return found.assign(truth=truth, raw_mean=raw, hard=agents["home_queue"].isin(HARD).to_numpy())


def fcr_of_week(world: World, clock: datetime, week: str) -> pd.Series:  # type: ignore[type-arg]
    """The row of fcr_rates (same matter, 7 days) of ``week`` as it reads at ``clock``."""
    known = world.until(clock)
    journeys = trace_journeys(
        known.contacts, known.cues.to_pandas(), STORED["turns"].empty().to_pandas(), settings().journey, clock,
        business_timezone=world.spec.business_timezone, link_model=LinkModel.load(models_folder() / "linking.json"),
    )  # fmt: skip
    rates = journeys.fcr_rates.to_pandas()
    return rates[(rates["matter"] == "same") & (rates["window_days"] == 7)].set_index("period").loc[week]


def drivers_of(world: World) -> pd.DataFrame:
    """loyalty_drivers of everybody."""
    tables = assess_loyalty(
        world.contacts, true_links(world), true_experience(world), world.cues.to_pandas(), world.loyalty_records,
        world.surveys, settings().loyalty, world.as_of,
    )  # fmt: skip
    drivers = tables.loyalty_drivers.to_pandas()
    return drivers[drivers["segment"] == "all"].set_index(["outcome", "driver"])
