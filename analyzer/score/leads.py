"""Who watches which charts, and how rare a false alarm on one point must be so that all of them bring few a week."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from analyzer.score.frames import Bools, Floats, Ints, texts
from analyzer.score.signals import ALPHAS, ladder

CENTER: Final = "center"  # watches channels and queues
NO_TEAM: Final = "no team"
LOOK_BACK: Final = 28  # days from which it is told how many points a week brings
MOST_PER_POINT: Final = 0.01  # however few charts there are: more would be noise to whoever has one


def lead_of(kind: str, unit_ids: tuple[str, ...], facts: pd.DataFrame) -> list[str]:
    """By unit: the agent's latest team, whose lead watches them; channels and queues are the center's."""
    if kind != "agent":
        return [CENTER] * len(unit_ids)
    closed = pd.DataFrame({"agent": texts(facts, "agent_id"), "team": texts(facts, "team"), "at": facts["started_at"]})
    latest = closed.dropna(subset=["agent", "team"]).sort_values("at", kind="stable").groupby("agent")["team"].last()
    return [str(latest.get(unit, NO_TEAM)) for unit in unit_ids]


def chances(charted: Bools, lead: Ints, per_week: float) -> tuple[Ints, Ints, Floats]:
    """By lead and day: rung of ``ALPHAS``, charts watched, and the false alarms a week that follow from both.

    ``charted`` (rows, days) says where there is a point. Only earlier days count, so that no limit ever changes.
    """
    leads, days = int(lead.max(initial=-1)) + 1, charted.shape[1]
    there = np.zeros((leads, days))
    np.add.at(there, lead, charted.astype(np.float64))
    seen = np.cumsum(there, axis=1)
    lately = seen - np.pad(seen, ((0, 0), (LOOK_BACK, 0)))[:, :days]
    watched = np.zeros((leads, days))
    np.add.at(watched, lead, _lately(charted).astype(np.float64))
    age = np.cumsum(seen > 0, axis=1)  # days since the lead's first point, that day included
    before = np.clip(age - 1, 1, LOOK_BACK)
    weekly = np.where(age > 7, (lately - there + _left_out(there)) / before * 7.0, watched * 7.0)
    weekly = np.maximum(weekly, 1.0)
    rung = ladder(np.minimum(per_week / weekly, MOST_PER_POINT))
    return rung, watched.astype(np.int64), ALPHAS[rung] * weekly


def _left_out(there: Floats) -> Floats:
    """The day that falls out of the look-back when the day itself is not counted."""
    return np.pad(there, ((0, 0), (LOOK_BACK, 0)))[:, : there.shape[1]]


def _lately(charted: Bools) -> Bools:
    """Whether a row had a point that day or within the look-back."""
    seen = np.cumsum(charted, axis=1)
    return np.asarray(seen - np.pad(seen, ((0, 0), (LOOK_BACK + 1, 0)))[:, : charted.shape[1]] > 0)
