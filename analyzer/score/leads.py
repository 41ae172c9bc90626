"""Who watches which charts, and how rare a false alarm on one point must be so that all of them bring few a week."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from analyzer.score.charting import Layout
from analyzer.score.frames import Bools, Floats, Ints, texts
from analyzer.score.gathering import Points
from analyzer.score.signals import ALPHAS, EWMA_WEIGHT, SINGLE_DAYS, Signals, ewma_signals, ladder, rate_signals

CENTER: Final = "center"  # watches channels and queues
NO_TEAM: Final = "no team"
LOOK_BACK: Final = 28  # days from which it is told how many points a week brings
LEAST_WEEKLY: Final = 0.1
MOST_PER_POINT: Final = 0.01  # however few charts there are: more would be noise to whoever has one


@dataclass(frozen=True, slots=True)
class Watched:
    """``signals`` by unit and day; ``charts`` that a lead watches and the false alarms a week they bring, by lead and
    day."""

    signals: Signals
    charts: Ints
    per_week: Floats


def watch(charted: Points, layout: Layout, lead: Ints, per_week: float) -> Watched:
    """The signals of all charts, each lead's as rare as ``per_week`` asks for; ``lead`` by unit."""
    rung, charts, asked = chances(~np.isnan(charted.forecast.sd), charted.usual, lead, per_week)
    step = rung[lead]
    lower, upper, chance, ewma = np.full((4, *charted.value.shape), np.nan)
    whole = Signals(lower, upper, np.zeros(charted.value.shape, dtype=np.bool_), chance, ewma)
    means, few = ~layout.rate, layout.few(charted.contacts)[~layout.rate]
    lasting, single = (_mean_signals(charted, step, means, weight) for weight in (EWMA_WEIGHT, SINGLE_DAYS))
    rates = _rate_signals(charted, step, layout.rate)
    for name in ("lower", "upper", "signal", "chance", "ewma"):
        getattr(whole, name)[means] = np.where(few, getattr(single, name), getattr(lasting, name))
        getattr(whole, name)[layout.rate] = getattr(rates, name)
    return Watched(whole, charts, asked * _used(whole.chance, ALPHAS[step], lead))


def _used(chance: Floats, asked: Floats, lead: Ints) -> Floats:
    """By lead and day, how much of the chance asked for its points had lately: whole events leave some of it."""
    had, wanted = (
        _in_window(_by_lead(np.where(np.isnan(chance), 0.0, part), lead), LOOK_BACK + 1) for part in (chance, asked)
    )
    return np.divide(had, wanted, out=np.ones_like(had), where=wanted > 0)


def _mean_signals(charted: Points, step: Ints, at: Bools, weight: float) -> Signals:
    return ewma_signals(charted.value[at], charted.forecast.rows(at), step[at], weight)


def _rate_signals(charted: Points, step: Ints, at: Bools) -> Signals:
    return rate_signals(charted.value[at], charted.effective[at], charted.forecast.rows(at), step[at])


def lead_of(kind: str, unit_ids: tuple[str, ...], facts: pd.DataFrame) -> list[str]:
    """By unit: the agent's latest team, whose lead watches them; channels and queues are the center's."""
    if kind != "agent":
        return [CENTER] * len(unit_ids)
    closed = pd.DataFrame({"agent": texts(facts, "agent_id"), "team": texts(facts, "team"), "at": facts["started_at"]})
    latest = closed.dropna(subset=["agent", "team"]).sort_values("at", kind="stable").groupby("agent")["team"].last()
    return [str(latest.get(unit, NO_TEAM)) for unit in unit_ids]


def chances(charted: Bools, usual: Floats, lead: Ints, per_week: float) -> tuple[Ints, Ints, Floats]:
    """By lead and day: rung of ``ALPHAS``, charts watched, and the false alarms a week that follow from both.

    ``charted`` (rows, days) says where there is a point, ``usual`` how many points a day would have brought before a
    row's chart began. Only earlier days tell how many points a week brings, so that no limit ever changes.
    """
    watched = _in_window(charted.astype(np.float64), LOOK_BACK + 1) > 0  # a point that day, or lately
    brought = charted + usual
    lately = np.where(watched, _in_window(brought, LOOK_BACK + 1) - brought, 0.0)
    window = np.clip(np.arange(charted.shape[1]), 1, LOOK_BACK)
    weekly = np.maximum(_by_lead(lately, lead) / window * 7.0, LEAST_WEEKLY)
    rung = ladder(np.minimum(per_week / weekly, MOST_PER_POINT))
    return rung, _by_lead(watched, lead).astype(np.int64), ALPHAS[rung] * weekly


def _by_lead(values: Floats | Bools, lead: Ints) -> Floats:
    sums = np.zeros((int(lead.max(initial=-1)) + 1, values.shape[1]))
    np.add.at(sums, lead, values.astype(np.float64))
    return sums


def _in_window(values: Floats, days: int) -> Floats:
    """Row sums over the last ``days`` days, the day itself being one."""
    seen = np.cumsum(values, axis=1)
    return np.asarray(seen - np.pad(seen, ((0, 0), (days, 0)))[:, : values.shape[1]])
