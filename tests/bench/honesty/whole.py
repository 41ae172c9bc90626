"""Stages in simulated worlds: unfair assignment, a week read on its Sunday, empathy or speed.

Costly, so few: at 2,000 worlds 300 of each kind, but 50 where each holds hundreds of estimates (agents).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pandas as pd

from analyzer.simulate.named import world_spec
from analyzer.simulate.worlds import World, make
from tests.bench.honesty.lines import Line, coverage, size
from tests.simulate.whole import a_month, drivers_of, fcr_of_week, scored_agents

Z99 = 2.576
# A Sunday and its week; the outage's own week is read, five weeks before the end.
SUNDAYS = {
    "steady": (datetime(2026, 10, 11, 22, tzinfo=UTC), "2026-W41"),
    "outage": (datetime(2026, 9, 20, 22, tzinfo=UTC), "2026-W38"),
}
SPEED = ("handle_s", "wait_s")


def whole(worlds: int, seed: int) -> list[Line]:
    """Every line of the part."""
    first = seed * 1000
    few, seeds = (range(first, first + max(size, 4)) for size in (worlds // 40, worlds * 3 // 20))
    return [*_units(few), *(line for name in SUNDAYS for line in _sunday(name, seeds)), *_empathy_or_speed(seeds)]


def _units(seeds: range) -> list[Line]:
    unfair = [scored_agents(a_month("confounded", seed)) for seed in seeds]
    fair = [scored_agents(a_month("steady", seed)) for seed in seeds]
    every = pd.concat([*unfair, *fair])
    held = (every["low"] <= every["truth"]) & (every["truth"] <= every["high"])
    errors = [(world["adjusted"] - world["truth"])[world["hard"]].mean() for world in unfair]
    raw = np.mean([(world["raw_mean"] - world["truth"])[world["hard"]].mean() for world in unfair])
    return [
        _bias("hard queue to good agents: bias of adjusted", np.array(errors), 0.5, f"raw {raw:+.2f}"),
        coverage("agents: 95 % intervals of value", held, worlds=2 * len(seeds)),
    ]


def _sunday(name: str, seeds: range) -> list[Line]:
    """The week as it reads on its Sunday, against how it reads when all windows are over and against what is true."""
    clock, week = SUNDAYS[name]
    rows = []
    for seed in seeds:
        world = make(world_spec(name, contacts=4000, days=90), seed)
        now, final = (fcr_of_week(world, moment, week) for moment in (clock, world.as_of))
        rows.append((now["value"], now["low"], now["high"], final["value"], _true_fcr(world, week)))
    value, low, high, final_value, truth = np.array(rows).T
    beside = f"at the end {(final_value - truth).mean():+.3f}"
    return [
        _bias(f"FCR of a week on its Sunday, less at the end, {name}", value - final_value, 0.01, ""),
        _bias(f"FCR of a week on its Sunday, less the truth, {name}", value - truth, 0.01, beside),
        coverage(f"FCR of a week on its Sunday, {name}: interval", (low <= truth) & (truth <= high)),
    ]


def _true_fcr(world: World, week: str) -> float:
    """Share of the first contacts that known customers had in ``week`` which were truly solved for good in 7 days."""
    truth = world.truth.contacts.set_index("interaction_id")["fcr_7"]
    known = world.contacts[world.contacts["customer_key"].notna()]
    iso = pd.to_datetime(known["day"]).dt.isocalendar()
    mine = known["interaction_id"][iso["year"].astype(str) + "-W" + iso["week"].astype(str).str.zfill(2) == week]
    return float(truth.loc[mine].mean())


def _empathy_or_speed(seeds: range) -> list[Line]:
    """Only empathy moves notice: how often speed is claimed, and how often empathy is."""
    spec = world_spec("empathy_only", contacts=4000, days=270)
    spec = replace(spec, loyalty=replace(spec.loyalty, yearly=1.0))
    found = pd.concat(drivers_of(make(spec, seed)).loc["notice"] for seed in seeds)
    claimed = (found["low"] > 1) | (found["high"] < 1)
    empathy = float((claimed & (found["effect"] < 1)).loc[["empathy"]].mean())
    speed = claimed.loc[list(SPEED)].to_numpy()
    return [size("only empathy moves notice: speed claimed", speed, baseline=f"empathy claimed {empathy:.2f}")]


def _bias(measure: str, errors: np.ndarray, most: float, beside: str) -> Line:
    mean = float(errors.mean())
    half = float(Z99 * errors.std(ddof=1) / len(errors) ** 0.5)
    return Line(measure, mean, mean - half, mean + half, f"within ± {most:g}", beside, abs(mean) <= most, len(errors))
