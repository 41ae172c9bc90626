"""Small invented worlds as frames: contacts, their links and who worked on them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from analyzer.config import ScoreSettings, Settings, load_settings
from analyzer.tables import FACT_COLUMNS, FLOAT, INT

AS_OF = datetime(2026, 12, 1, 12, tzinfo=UTC)
MONDAY = date(2026, 11, 2)


def settings(*assignments: str) -> Settings:
    return load_settings(None, assignments)


def score_settings(*assignments: str) -> ScoreSettings:
    return settings(*assignments).score


def contacts(n: int, **columns: Any) -> pd.DataFrame:
    """``n`` contacts with everything required, nothing understood; ``columns`` overwrite."""
    frame = pd.DataFrame({c.name: [None if c.nullable else 0] * n for c in FACT_COLUMNS})
    for column in FACT_COLUMNS:
        if column.nullable and column.type in (FLOAT, INT):
            frame[column.name] = np.full(n, np.nan)
    frame["interaction_id"] = [f"c-{i:06d}" for i in range(n)]
    frame["day"] = [MONDAY] * n
    frame["channel"] = "voice"
    frame["language"] = "de"
    frame["role_confidence"] = 1.0
    frame["agent_turns"] = 5
    for name, values in columns.items():
        frame[name] = values
    return frame


def links(facts: pd.DataFrame, **columns: Any) -> pd.DataFrame:
    """Links in which nothing happened after any contact; ``columns`` overwrite."""
    frame = pd.DataFrame(
        {
            "episode_id": facts["interaction_id"],
            "fcr_status": "confirmed",
            "fcr_probability": 1.0,
            "is_final": True,
            "prior_contacts": 0,
            "repeat_probability": np.nan,
            "promises_kept": 0,
            "promises_broken": 0,
        }
    )
    for name, values in columns.items():
        frame[name] = values
    return frame.set_index(pd.Index(facts["interaction_id"], name="interaction_id"))


def sole_agents(facts: pd.DataFrame, agents: Any) -> pd.DataFrame:
    """Each contact worked on by one agent alone."""
    return pd.DataFrame(
        {
            "interaction_id": facts["interaction_id"],
            "day": facts["day"],
            "agent_id": agents,
            "leg": 0,
            "seconds": np.nan,
            "role": "sole",
            "share": 1.0,
        }
    )


def experience(facts: pd.DataFrame, values: Any) -> pd.DataFrame:
    index = pd.Index(facts["interaction_id"], name="interaction_id")
    return pd.DataFrame({"experience_contact": values, "experience_score": values}, index=index)


def day_range(n: int, days: int, start: date = MONDAY) -> list[date]:
    """Days of ``n`` contacts, in turn over ``days`` days."""
    return [start + timedelta(days=i % days) for i in range(n)]
