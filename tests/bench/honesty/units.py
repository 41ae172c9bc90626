"""Unit scores in worlds whose truth is known: coverage, bias under unfair assignment, squared error, probabilities."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd
from scipy import stats

from tests.bench.honesty.lines import COVERAGE, Line, coverage
from tests.bench.honesty.simulated_units import company
from tests.score.unit_worlds import UnitWorlds, published

LENGTHS: Final = ("day", "week", "month")
KINDS: Final = ("agent", "team", "channel")
CELLS: Final = {
    "plain": UnitWorlds(1),
    "10 contacts, ICC .02": UnitWorlds(1, contacts=10, icc=0.02),
    "60 contacts, ICC .10": UnitWorlds(1, contacts=60, icc=0.10),
    "5 agents": UnitWorlds(1, agents=5),
    "a fifth shared": UnitWorlds(1, shared=0.2),
    "two fifths shared, ICC .10": UnitWorlds(1, shared=0.4, icc=0.10, contacts=60),
    "unfair assignment": UnitWorlds(1, assigned=1.0),
    "one queue an agent": UnitWorlds(1, home=1.0),
    "nine in ten from the home queue": UnitWorlds(1, home=0.9),
    "half the days, which differ": UnitWorlds(1, roster=0.5, day=0.05),
    "3 contacts a customer": UnitWorlds(1, repeats=3, customer=0.3),
    "binary .7": UnitWorlds(1, measure="resolved_rate"),
    "binary .7, unfair assignment": UnitWorlds(1, measure="resolved_rate", assigned=1.0, contacts=60),
    "binary .95": UnitWorlds(1, measure="resolved_rate", rate=0.95),
    "per opportunity, shared": UnitWorlds(1, measure="opportunities_met_rate", rate=0.5, shared=0.2),
    "handle time (skewed)": UnitWorlds(1, measure="handle_s"),
}
# Only what an expert would ask: nobody but the agents' spread, the queue and the channel.
BARE: Final = UnitWorlds(1, customer=0.0, reason=0.0, day=0.0)


def units(worlds: int, seed: int) -> list[Line]:
    """All lines of the part; coverage of each length of period rests on ``worlds``, shared out among their kinds."""
    parts = (_coverages, _bias, _simulated, _errors, _probabilities)
    return [line for part in parts for line in part(worlds, seed)]


def _coverages(worlds: int, seed: int) -> Iterator[Line]:
    """Published 95 % intervals of ``value``: pooled by kind of unit and length of period, then by kind of world."""
    each = max(worlds // len(CELLS), 2)
    rows = pd.concat(
        published(replace(spec, worlds=each, length=length), seed + 100 * number + at).assign(cell=name, length=length)
        for number, (name, spec) in enumerate(CELLS.items())
        for at, length in enumerate(LENGTHS)
    )
    rows = _judged(rows)
    for (kind, length), part in rows.groupby(["unit_kind", "length"]):
        yield _coverage(f"coverage, {kind}s, {length}s", part, each * len(CELLS))
    for name in CELLS:
        yield _not_less(_coverage(f"coverage, {name}", rows[rows["cell"] == name], each * len(LENGTHS)))


def _judged(rows: pd.DataFrame) -> pd.DataFrame:
    """``held``: the published interval holds the truth; ``plain``: one of the plain mean does."""
    error = 1.96 * rows["spread"] / np.sqrt(rows["n"])
    return rows.assign(
        held=(rows["low"] <= rows["truth"]) & (rows["truth"] <= rows["high"]),
        plain=(rows["raw_mean"] - rows["truth"]).abs() <= error,
    )


def _coverage(name: str, rows: pd.DataFrame, worlds: int) -> Line:
    return coverage(name, rows["held"], baseline=f"mean ± 1.96 s/√n: {rows['plain'].mean():.3f}", worlds=worlds)


def _not_less(line: Line) -> Line:
    """Worlds of one kind may be covered too well: where ten contacts hardly tell an ICC of .02, a doubt is right."""
    return replace(line, bar=f"≥ {COVERAGE[0]:.0%}", met=line.high is not None and line.high >= COVERAGE[0])


def _bias(worlds: int, seed: int) -> Iterator[Line]:
    """The hard queue goes to the good agents: error of the best and the worst quarter, and over all units."""
    spec = UnitWorlds(max(worlds // 10, 20), assigned=1.0)
    rows = published(spec, seed + 7)
    agents = rows[rows["unit_kind"] == "agent"].copy()
    quarter = agents.groupby("period")["truth"].rank(pct=True)
    for name, part in (("best", agents[quarter > 0.75]), ("worst", agents[quarter <= 0.25])):
        yield _at_most(f"bias of adjusted, {name} quarter of agents", part["adjusted"] - part["truth"], part, 0.5)
    teams = rows[rows["unit_kind"] == "team"]
    best = teams[teams.groupby("period")["truth"].rank(pct=True) > 0.75]
    yield _at_most("bias of adjusted, best quarter of teams", best["adjusted"] - best["truth"], best, None)


def _at_most(name: str, error: pd.Series, rows: pd.DataFrame, most: float | None) -> Line:
    by_world = error.groupby(rows["period"]).mean()
    half = stats.norm.ppf(0.995) * by_world.std() / np.sqrt(len(by_world))
    bias = float(by_world.mean())
    raw = float((rows["raw_mean"] - rows["truth"]).groupby(rows["period"]).mean().mean())
    # Who is best is told by the truth, so chance leaves no bias of its own.
    bar, met = ("", None) if most is None else (f"|bias| ≤ {most} of 100", abs(bias) <= most)
    return Line(name, bias, bias - half, bias + half, bar, f"raw mean: {raw:+.2f}", met, len(by_world))


def _simulated(worlds: int, seed: int) -> Iterator[Line]:
    """The same in simulated companies: customers who come back, transfers, outages, home queues."""
    count = max(worlds // 50, 4)
    for name in ("steady", "outage", "confounded"):
        rows = pd.concat(company(name, seed + at) for at in range(count))
        for length, part in rows.groupby(rows["period"].str.contains("W").map({True: "weeks", False: "month"})):
            yield _coverage(f"coverage, simulated {name}, {length}", _judged(part), count)
    # The last were the confounded ones.
    months = rows[~rows["period"].str.contains("W")].assign(period=lambda of: of["world"])
    best = months[months.groupby("world")["truth"].rank(pct=True) > 0.75]
    yield _at_most("bias of adjusted, simulated confounded, best quarter", best["adjusted"] - best["truth"], best, 0.5)


def _errors(worlds: int, seed: int) -> Iterator[Line]:
    """Mean squared error of ``value`` over that of one who knows all effects and variances, by agents.

    Not to know μ and τ² costs any method about 3B / (U (1 − B)) over U agents, B = the noise's share of a mean's
    variance (Efron & Morris, JASA 1973): at n = 10 and an ICC of .02 that is 5 % for 300 agents, 29 % for 50. The
    posterior mean over τ² (uniform ICC) is 0 to 2.5 % nearer to the oracle; priors that favour small τ² gain more at an
    ICC of .02 and lose as much at .10, with intervals that hold .88 to .92.
    """
    for contacts in (10, 30, 100):
        for icc in (0.02, 0.05, 0.10):
            for agents, most in ((500, 1.05), (50, None)):
                count = max(worlds * 100 // (agents * contacts), 4)
                spec = replace(BARE, worlds=count, agents=agents, contacts=contacts, icc=icc)
                name, floor = f"{agents} agents, n = {contacts}, ICC {icc:.2f}", _floors(agents, contacts, icc)
                yield _ratio(published(spec, seed + contacts), name, most, floor)


def _floors(agents: int, contacts: int, icc: float) -> str:
    """What not to know μ alone must cost, and what not to know τ² either costs where it is not told from 0."""
    one = (1 - icc) / (icc * contacts * agents)
    return f"floor {1 + one:.2f} (τ² known), {1 + 3 * one:.2f} (not known, first order)"


def _ratio(rows: pd.DataFrame, name: str, most: float | None, floor: str) -> Line:
    agents = rows[rows["unit_kind"] == "agent"]
    squares = {who: (agents[who] - agents["truth"]) ** 2 for who in ("value", "oracle", "raw_mean")}
    by_world = pd.DataFrame(squares).groupby(agents["period"]).mean()
    total = by_world.mean()
    ratio = float(total["value"] / total["oracle"])
    # Delta method over worlds.
    left = (by_world["value"] - ratio * by_world["oracle"]) / total["oracle"]
    half = stats.norm.ppf(0.995) * left.std() / np.sqrt(len(left))
    bar, met = ("", None) if most is None else (f"≤ {most}", ratio <= most)
    plain = f"raw mean: {total['raw_mean'] / total['oracle']:.2f}; {floor}"
    return Line(f"MSE ÷ oracle's, {name}", ratio, ratio - half, ratio + half, bar, plain, met, len(by_world))


def _probabilities(worlds: int, seed: int) -> Iterator[Line]:
    """Of the agents said to be worse by the margin with probability p, how many are, beside the mean of p."""
    spec = UnitWorlds(max(worlds // 4, 40))
    rows = published(spec, seed + 3)
    agents = rows[(rows["unit_kind"] == "agent") & rows["worse_probability"].notna()].copy()
    standard = agents.groupby("period")["truth"].transform("mean")
    margin = 0.1 * spec.overall
    worse: pd.Series = agents["truth"] < standard - margin
    for low, high in ((0.0, 0.2), (0.4, 0.6), (0.8, 1.0)):
        some = agents["worse_probability"].between(low, high)
        share, said = float(worse[some].mean()), float(agents.loc[some, "worse_probability"].mean())
        half = stats.norm.ppf(0.995) * np.sqrt(share * (1 - share) / max(int(some.sum()), 1))
        name = f"really worse where P(worse) is {low}–{high}"
        met = share - half <= said <= share + half
        yield Line(name, share, share - half, share + half, f"meets {said:.3f} (said)", "", met, int(some.sum()))
    called = agents[agents["standing"] == "worse"]
    wrong = float((called["truth"] >= standard[called.index]).mean()) if len(called) else 0.0
    yield Line("called worse, but above the mean", wrong, bar="≤ 0.05", met=wrong <= 0.05, worlds=len(called),
               baseline=f"told apart: {len(called) / len(agents):.1%} of agents")  # fmt: skip
