"""Drivers of notice where the effects are known and the detector errs, and dynamics where there are none.

Each world is fitted three ways: corrected by its audits (what is published), as read, and, where the part says so, on
the truth. Costly: about a second a world, so ``--worlds`` counts up to 300 of each kind; more come with other seeds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any, Final

import numpy as np

from analyzer.config import LoyaltySettings
from analyzer.loyalty.association import Evidence, Fitted, fit_notice, fit_repurchase
from analyzer.loyalty.covariates import JOINT
from analyzer.loyalty.drivers import gather
from analyzer.loyalty.hypotheses import EMPATHY_OR_SPEED, empathy_or_speed
from analyzer.loyalty.intervals import Z95
from analyzer.loyalty.placebo import placebo_rows
from analyzer.loyalty.repurchase import repurchases
from analyzer.loyalty.riskset import contract_starts, risk_set
from tests.bench.honesty.lines import Line, coverage, share, size
from tests.loyalty.leaving import AS_OF, HORIZON, Leaving, World, leaving
from tests.loyalty.worlds import settings

MOST: Final = 300
NOTHING: Final = Leaving()
ONLY_EMPATHY: Final = Leaving(effects={"empathy": -0.35}, opportunity=0.7)
ONLY_SPEED: Final = Leaving(effects={"handle_s": 0.35}, opportunity=0.7)
ALL: Final = Leaving(
    effects={"empathy": -0.25, "effort": 0.25, "resolved": -0.25, "handle_s": 0.15, "prior_contacts": 0.2},
    hazard_loyalty=-0.3,
)
COLOURED: Final = Leaving(hazard_loyalty=-0.6, colours=0.6)
DECIDED: Final = Leaving(decided=0.3)
BUYING: Final = Leaving(
    customers=500, gap_days=40, gap_least=91, buys={"empathy": 0.3, "resolved": 0.3, "handle_s": -0.2}
)
Row = dict[str, Any]


def evidence_of(world: World, latency_days: int = 7) -> Evidence:
    """What the drivers of this world rest on."""
    risk = risk_set(world.contacts, world.customers, contract_starts(world.frame), AS_OF, int(HORIZON), latency_days)
    bought = repurchases(risk.contacts, world.frame, AS_OF, int(HORIZON))
    return gather(risk, bought, world.frame, _usual(), world.verdicts)


@cache
def _usual() -> LoyaltySettings:
    return settings()


def told(fitted: Fitted | str, drivers: tuple[str, ...] = JOINT) -> dict[str, Row]:
    """Rows of the drivers; raises if the model was not estimable, for then the world was made too small."""
    if isinstance(fitted, str):
        raise ValueError(fitted)
    return {driver: fitted.told({driver: 1.0}) for driver in drivers}


def as_read(fitted: Fitted) -> dict[str, Row]:
    """The rows without any correction for the detector's error."""
    found = {}
    for driver in JOINT:
        place = fitted.names.index(driver)
        value, half = fitted.raw[place], Z95 * fitted.raw_errors[place]
        found[driver] = {
            "effect": float(np.exp(value)), "low": float(np.exp(value - half)), "high": float(np.exp(value + half))
        }  # fmt: skip
    return found


def joint(evidence: Evidence) -> tuple[dict[str, Row], dict[str, Row]]:
    """Corrected rows of all drivers, and what the readings alone would have said."""
    fitted = fit_notice(evidence, JOINT, {}, "all drivers together")
    return told(fitted), as_read(fitted)


def drivers(worlds: int, seed: int) -> list[Line]:
    """Size, coverage, what is mistaken for what, and confounding, over ``worlds`` worlds of each kind."""
    worlds = min(worlds, MOST)
    return [
        *_size(worlds, seed),
        *_coverage(worlds, seed),
        *_mistaken(ONLY_EMPATHY, "handle_s", "only empathy matters", "speed keeps", worlds, seed),
        *_mistaken(ONLY_SPEED, "empathy", "only speed matters", "empathy keeps", worlds, seed),
        *_named(worlds, seed),
        *_repurchase(worlds, seed),
    ]


def _each(spec: Leaving, worlds: int, seed: int, find: Callable[[World], Any]) -> list[Any]:
    return [find(leaving(spec, seed * 100_000 + number)) for number in range(worlds)]


def claims(row: Row) -> bool:
    """Whether the 95 % interval leaves out no effect."""
    return bool(row["low"] > 1 or row["high"] < 1)


def holds(row: Row, effect: float) -> bool:
    return bool(row["low"] <= np.exp(effect) <= row["high"])


def _size(worlds: int, seed: int) -> list[Line]:
    found = _each(NOTHING, worlds, seed, lambda world: joint(evidence_of(world)))
    lines = [
        size(f"claimed where nothing matters: {driver}", [claims(ours[driver]) for ours, _ in found])
        for driver in JOINT
    ]
    return lines


def _coverage(worlds: int, seed: int) -> list[Line]:
    found = _each(ALL, worlds, seed, lambda world: joint(evidence_of(world)))
    return [
        coverage(
            f"true effect held: {driver}",
            [holds(ours[driver], ALL.effects.get(driver, 0.0)) for ours, _ in found],
            baseline=f"as read {np.mean([holds(read[driver], ALL.effects.get(driver, 0.0)) for _, read in found]):.3f}",
        )
        for driver in JOINT
    ]


def _mistaken(spec: Leaving, other: str, name: str, verdict: str, worlds: int, seed: int) -> list[Line]:
    """How often the effect is read as another's, as a driver and in the named comparison."""
    found = _each(spec, worlds, seed, _with_comparison)
    (driver, effect), *_ = spec.effects.items()
    ours, read, compared = ([row[place] for row in found] for place in range(3))
    wrong = [claims(row) and (row["effect"] < 1) == (verdict == "empathy keeps") for row in compared]
    right = np.mean([claims(row) and (row["effect"] < 1) != (verdict == "empathy keeps") for row in compared])
    mistaken = f"as read {np.mean([claims(row[other]) for row in read]):.3f}"
    return [
        size(f"{name}, read as {other}", [claims(row[other]) for row in ours], baseline=mistaken),
        size(f"{name}, read as {other}, nobody audited", [claims(row[3][other]) for row in found], baseline=mistaken),
        coverage(
            f"{name}, its effect held", [holds(row[driver], effect) for row in ours],
            baseline=f"as read {np.mean([holds(row[driver], effect) for row in read]):.3f}",
        ),
        size(f"{name}, comparison says {verdict} more", wrong, most=0.025, baseline=f"right verdict {right:.3f}"),
    ]  # fmt: skip


def _with_comparison(world: World) -> tuple[dict[str, Row], dict[str, Row], Row, dict[str, Row]]:
    evidence = evidence_of(world)
    row = empathy_or_speed(evidence)
    if row["driver"] != EMPATHY_OR_SPEED or "low" not in row:
        raise ValueError(row["method"])
    unaudited, _ = joint(evidence_of(replace(world, verdicts=world.verdicts.iloc[:0])))
    return *joint(evidence), row, unaudited


def _named(worlds: int, seed: int) -> list[Line]:
    """Whether placebo leads name confounding where loyalty colours how contacts go, and nowhere else."""

    def named(world: World) -> tuple[bool, bool]:
        evidence = evidence_of(world)
        rows = placebo_rows(evidence, evidence.values["loyalty_before"])
        (alone,) = told(fit_notice(evidence, ("satisfaction",), {}, "alone"), ("satisfaction",)).values()
        return bool(rows["satisfaction"]["p"] < 0.05), claims(alone)

    coloured = _each(COLOURED, worlds, seed, named)
    plain = _each(ONLY_EMPATHY, worlds, seed, named)
    low, high = share(sum(name for name, _ in coloured), worlds)
    claimed = float(np.mean([claim for _, claim in coloured]))
    return [
        Line("loyalty colours satisfaction: named", float(np.mean([name for name, _ in coloured])), low, high, "≥ 80 %",
             f"claimed as effect {claimed:.3f}", high >= 0.8, worlds),
        size("named where loyalty colours nothing", [name for name, _ in plain]),
    ]  # fmt: skip


def _repurchase(worlds: int, seed: int) -> list[Line]:
    def bought(world: World) -> dict[str, Row]:
        return told(fit_repurchase(evidence_of(world), JOINT, {}, "all drivers together"))

    found = _each(BUYING, worlds, seed, bought)
    return [
        coverage(f"repurchase, true effect held: {driver}", [holds(rows[driver], effect) for rows in found])
        for driver, effect in (dict.fromkeys(JOINT, 0.0) | dict(BUYING.buys)).items()
    ]
