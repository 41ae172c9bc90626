"""The matrix of loyalty and its conditionals, quadrants and the risk of notice, in worlds whose levels are known.

Every number is taken from the published table (assess.py's own path to it), with a detector that hears what customers
would say and with one that flattens it and errs, differently in German and English; what is counted stands beside.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analyzer.config import LoyaltySettings
from analyzer.loyalty.asof import records_frame, register_of
from analyzer.loyalty.contacts import contacts_as_of
from analyzer.loyalty.customers import quadrants_of
from analyzer.loyalty.levels import levels_at
from analyzer.loyalty.matrix import Read, loyalty_matrix
from analyzer.loyalty.risk import notice_probability
from analyzer.loyalty.satisfaction import error_of_readings, satisfaction_readings, standing_readings
from analyzer.loyalty.state import customer_state
from tests.bench.honesty.lines import Line, coverage
from tests.loyalty.level_worlds import DEFINITION, FLAWED, HORIZON, LevelWorld, Seen, draw, draw_risk, truth
from tests.loyalty.worlds import AS_OF, NO_LINKS, settings

COSTLY: Final = 6  # cheap worlds that one of these costs


def flawed(world: LevelWorld) -> LevelWorld:
    """The world heard by a detector that flattens and errs, where half of all contacts are rated."""
    return replace(world, detector=FLAWED, answers=0.5)


# A year's chances are those of 90 days a year long; readings reach as far back again.
YEAR: Final = LevelWorld(notice="slope", horizon=365.0, days=730.0, contacts=8.0, late=0.4)
OFF: Final = "levels drift, half in 20 days, not 60"
SHARES: Final[dict[str, LevelWorld]] = {
    "one hump, perfect ears": LevelWorld(notice="slope"),
    "one hump, flawed ears": flawed(LevelWorld(notice="slope")),
    "two humps, flawed ears, late entry": flawed(LevelWorld(notice="slope", shape="two humps", late=0.4)),
    "skewed, flawed ears, few notices": flawed(LevelWorld(notice="rare", shape="skew")),
    "both ends leave, perfect ears, late entry": LevelWorld(notice="both ends", late=0.4),
    "levels drift, flawed ears": flawed(LevelWorld(drift=0.5)),
    "a quarter drifts, perfect ears": LevelWorld(drift=0.25),
    OFF: flawed(LevelWorld(drift=0.5, fades=20.0)),
    "levels drift, half in 180 days": flawed(LevelWorld(drift=0.5, fades=180.0)),
    "levels drift and loyalty with them": flawed(LevelWorld(drift=0.5, fickle=True)),
    "a year ahead, flawed ears, late entry": flawed(YEAR),
    "a year ahead, few notices, perfect ears": replace(YEAR, notice="rare", late=0.0),
    "150 customers, perfect ears": LevelWorld(notice="slope", customers=150),
}


@dataclass(frozen=True, slots=True)
class Published:
    """The rows of one world's matrix by measure, and the quadrants of those who have not left."""

    rows: dict[str, dict[str, Any]]
    quadrants: pd.Series[str]
    chances: pd.Series[float]
    seen: Seen


@cache
def _settings(days: int = int(HORIZON)) -> LoyaltySettings:
    return settings(**DEFINITION, conditional_days=[days])


def publish(world: LevelWorld, seed: int) -> Published:
    """One draw of the world, judged."""
    seen, asked = draw(world, seed), _settings(int(world.horizon))
    contacts = contacts_as_of(seen.contacts, NO_LINKS, NO_LINKS, AS_OF)
    readings = satisfaction_readings(contacts, seen.surveys)
    error = error_of_readings(readings, AS_OF, asked.satisfaction_halflife_days)
    frame = records_frame(seen.records, seen.surveys, asked)
    state = customer_state(frame, contacts, readings, AS_OF, asked, error)
    levels = levels_at(standing_readings(readings, AS_OF), error, AS_OF, asked.satisfaction_halflife_days)
    quadrants = quadrants_of(state, levels, error, asked)
    read = Read(readings, error, levels, register_of(frame, AS_OF, state["exit_at"]))
    table = loyalty_matrix(state.join(quadrants), read, bool(world.notice), AS_OF, asked)
    rows = {row["measure"]: row for row in table.to_pylist() if row["segment"] == "all"}
    stayed = quadrants[~state["left"]]
    return Published(rows, stayed["quadrant"], stayed["quadrant_probability"], seen)


def loyalty(worlds: int, seed: int) -> list[Line]:
    """Coverage of every published share and conditional, world by world and pooled; quadrants that are right."""
    lines: list[Line] = []
    held: list[NDArray[np.bool_]] = []
    right: list[NDArray[np.float64]] = []
    for place, (name, world) in enumerate(SHARES.items()):
        found, hits, called = measured(name, world, max(1, worlds // COSTLY // len(SHARES) + 1), seed + 100_000 * place)
        lines += found
        held.append(hits)
        right.append(called)
    n = sum(len(hits) for hits in held)
    pooled = coverage("all shares and conditionals, pooled", np.concatenate([h.ravel() for h in held]), worlds=n)
    own = [_called(one, len(one_held), name) for name, one, one_held in zip(SHARES, right, held, strict=True)]
    return [pooled, *lines, *own, _called(np.concatenate(right), n, "all"), _deaf(max(2, worlds // 100), seed)]


def _deaf(n: int, seed: int) -> Line:
    """What no interval can hold: a detector that errs where nobody is asked. The table calls it model_only."""
    world = LevelWorld(notice="slope", detector=FLAWED, answers=0.0)
    _, hits, _ = measured("", world, n, seed + 900_000)
    line = coverage("flawed ears, nobody rated: pooled", hits.ravel(), baseline="said: model_only", worlds=n)
    return replace(line, bar="none", met=None)


def measured(
    name: str, world: LevelWorld, n: int, seed: int
) -> tuple[list[Line], NDArray[np.bool_], NDArray[np.float64]]:
    """Lines of one kind of world; which intervals held (worlds × measures); chances of called quadrants and hits."""
    true = truth(world)
    value, raw, hits = (np.zeros((n, len(true))) for _ in range(3))
    called = []
    for place in range(n):
        published = publish(world, seed + place)
        for column, measure in enumerate(true):
            row = published.rows[measure]
            best = row["raw"] if row["corrected"] is None else row["corrected"]
            value[place, column], raw[place, column] = best, row["raw"]
            hits[place, column] = row["low"] <= true[measure] <= row["high"]
        called.append(_hits(published))
    lines = [coverage(f"{name}: pooled", hits.astype(bool).ravel(), worlds=n)]
    for column, measure in enumerate(true):
        beside = (
            f"bias {value[:, column].mean() - true[measure]:+.3f}, counted {raw[:, column].mean() - true[measure]:+.3f}"
        )
        lines.append(replace(coverage(f"  {measure}", hits[:, column], baseline=beside, worlds=n), bar="", met=None))
    return lines, hits.astype(bool), np.concatenate(called)


def _hits(published: Published) -> NDArray[np.float64]:
    """Of each quadrant called: its probability, and 1 where it is the true one."""
    seen = published.seen
    names = np.where(
        seen.satisfied,
        np.where(seen.loyal, "loyalist", "mercenary"),
        np.where(seen.loyal | seen.held, "hostage", "defector"),
    )
    keys = [f"k-{place:06d}" for place in range(len(names))]
    called = published.quadrants.dropna()
    true = pd.Series(names, keys).reindex(called.index)
    return np.column_stack([published.chances.reindex(called.index), (called == true).to_numpy(dtype="float64")])


def _called(right: NDArray[np.float64], worlds: int, name: str) -> Line:
    """Whether quadrants that are called are right as often as they say; no bar where the half-life is far off."""
    said, was = float(right[:, 0].mean()), float(right[:, 1].mean())
    error = float(np.sqrt(was * (1 - was) / len(right)))
    met = None if name == OFF else abs(said - was) <= 0.02 and was >= 0.8
    bar = "none" if met is None else "≥ 0.8, said ± 0.02"
    return Line(f"quadrants called, share right: {name}", was, was - 2.58 * error, was + 2.58 * error,
                bar, f"said {said:.3f}, {len(right) / worlds:.0f} a world", met, worlds)  # fmt: skip


RISKS: Final[dict[str, LevelWorld]] = {
    "perfect ears": LevelWorld(notice="slope", customers=1500, days=450),
    "flawed ears": flawed(LevelWorld(notice="slope", customers=1500, days=450)),
    "few notices": LevelWorld(notice="rare", customers=3000, days=450),
    "nothing tells": LevelWorld(notice="even", customers=1500, days=450),
}
MOST_OFF: Final = 0.02


def risk(worlds: int, seed: int) -> list[Line]:
    """How far ``at_risk_probability`` is from the true chances of the customers it is said of, world by world."""
    lines: list[Line] = []
    for place, (name, world) in enumerate(RISKS.items()):
        off = np.asarray([risk_errors(world, seed + 100_000 * place + one) for one in range(max(2, worlds // 100))])
        for column, (measure, most) in enumerate(
            (("mean said − mean true", 0.01), ("mean |said − true| in tenths by risk", MOST_OFF))
        ):
            value, error = float(off[:, column].mean()), float(off[:, column].std() / np.sqrt(len(off)))
            lines.append(Line(f"{name}: {measure}", value, value - 2.58 * error, value + 2.58 * error, f"|.| ≤ {most}",
                              f"true {off[:, 2].mean():.3f}", abs(value) <= most, len(off)))  # fmt: skip
    return lines


def risk_errors(world: LevelWorld, seed: int) -> tuple[float, float, float]:
    """In one world: mean risk said less the true one, mean distance of both in tenths of customers, true mean."""
    seen, asked = draw_risk(world, seed), _settings()
    contacts = contacts_as_of(seen.contacts, NO_LINKS, NO_LINKS, AS_OF)
    readings = satisfaction_readings(contacts, seen.surveys)
    error = error_of_readings(readings, AS_OF, asked.satisfaction_halflife_days)
    frame = records_frame(seen.records, seen.surveys, asked)

    def state_at(date: datetime) -> pd.DataFrame:
        return customer_state(frame, contacts, readings, date, asked, error)

    state = state_at(AS_OF)
    register = register_of(frame, AS_OF, state["exit_at"])
    said = notice_probability(state, state_at, contacts, register, AS_OF, asked).dropna()
    true = seen.chance.reindex(said.index)
    tenth = pd.qcut(said.rank(method="first"), 10, labels=False)
    apart = (said.groupby(tenth).mean() - true.groupby(tenth).mean()).abs().mean()
    return float(said.mean() - true.mean()), float(apart), float(true.mean())
