"""The named hypotheses and effects corrected by a stated slope: do their intervals hold what is true of the world?

Who is known as loyal is not always loyal. The truth of "the loyal forgive" is therefore that of customers as they are
known: the world's forgiveness times how much more often those known as loyal are loyal than the others. A stated slope
is one that somebody measured elsewhere, off by its standard error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np

from analyzer.loyalty.association import Evidence, fit_notice
from analyzer.loyalty.covariates import JOINT
from analyzer.loyalty.hypotheses import empathy_or_speed, expectations, loyal_forgive, one_bad_contact
from tests.bench.honesty.drivers import ALL, evidence_of, holds, told
from tests.bench.honesty.lines import Line, coverage, size
from tests.loyalty.leaving import HORIZON, Leaving, World, leaving

MOST: Final = 300
LOYAL_FROM: Final = 70.0
FAILING: Final = Leaving(customers=1500, effects={"resolved": -0.4})
EXPECTING: Final = Leaving(customers=1500, exceeded=-0.7, unmet=0.5)
SPOKEN: Final = Leaving(customers=1500)
TRADING: Final = Leaving(customers=1500, effects={"empathy": -0.3, "handle_s": 0.2}, opportunity=0.7)
SLOPE_ERROR: Final = 0.03
Row = dict[str, Any]
Found = list[tuple[Row, float]]


def hypotheses(worlds: int, seed: int) -> list[Line]:
    """Every line of the part, over ``worlds`` (at most 300) worlds of each kind."""
    worlds = min(worlds, MOST)

    def each(spec: Leaving, find: Callable[[World], Any]) -> list[Any]:
        return [find(leaving(spec, seed * 100_000 + number)) for number in range(worlds)]

    plain, forgiving = each(FAILING, _failing), each(replace(FAILING, forgiveness=-0.8), _failing)
    expected, nothing = each(EXPECTING, _expecting), each(SPOKEN, _expecting)
    return [
        _held("empathy against speed", each(TRADING, lambda w: (empathy_or_speed(evidence_of(w)), -0.1))),
        _held("the loyal forgive, and do not", [pair[0] for pair in plain]),
        _held("the loyal forgive (−.8), as they are known", [pair[0] for pair in forgiving]),
        _held("one bad contact suffices", [pair[1] for pair in plain]),
        _held("exceeding binds (−.7)", [pair[0] for pair in expected]),
        _held("meeting binds (−.5)", [pair[1] for pair in expected]),
        size("exceeding binds, nothing does", [_claims(pair[0]) for pair in nothing]),
        *_stated(worlds, seed),
    ]


def _held(name: str, found: Found) -> Line:
    """Of the worlds where it was estimable."""
    told_of = [(row, truth) for row, truth in found if "low" in row]
    if not told_of:
        return Line(f"{name}: never estimable", 0.0, met=False, worlds=len(found))
    mean = np.mean([np.log(row["effect"]) - truth for row, truth in told_of])
    beside = f"mean log effect off by {mean:+.3f}; estimable in {len(told_of) / len(found):.2f}"
    return coverage(name, [holds(row, truth) for row, truth in told_of], baseline=beside, worlds=len(found))


def _claims(pair: tuple[Row, float]) -> bool:
    row, _ = pair
    return "low" in row and not holds(row, 0.0)


def _failing(world: World) -> tuple[tuple[Row, float], tuple[Row, float]]:
    evidence = evidence_of(world)
    solved = world.truth["solved"]
    failed = -world.spec.effects["resolved"] / float(solved.std())
    loyal = world.truth.set_index("interaction_id")["loyal"].reindex(evidence.contacts["interaction_id"]).to_numpy()
    before = evidence.values["loyalty_before"].to_numpy()
    known = before >= LOYAL_FROM
    shares = [loyal[side & ~np.isnan(before)].mean() for side in (known, ~known)]
    forgiven = world.spec.forgiveness * (shares[0] - shares[1])
    alone = failed + world.spec.forgiveness * float(loyal.mean())
    return (loyal_forgive(evidence, LOYAL_FROM), forgiven), (one_bad_contact(evidence, int(HORIZON)), alone)


def _expecting(world: World) -> tuple[tuple[Row, float], tuple[Row, float]]:
    exceeding, meeting = expectations(evidence_of(world))
    return (exceeding, world.spec.exceeded), (meeting, -world.spec.unmet)


def _stated(worlds: int, seed: int) -> list[Line]:
    """All drivers together, nobody audited, with slopes stated."""
    slopes = _slopes(leaving(replace(ALL, customers=6000), seed))
    found = []
    for number in range(worlds):
        rng = np.random.default_rng([seed, number])
        said = {name: (slope + SLOPE_ERROR * float(rng.normal()), SLOPE_ERROR) for name, slope in slopes.items()}
        found.append(_with_slopes(leaving(ALL, seed * 100_000 + number), said))
    return [
        coverage(f"stated slope, true effect held: {driver}",
                 [holds(rows[driver], ALL.effects.get(driver, 0.0)) for rows in found], worlds=worlds)
        for driver in JOINT
    ]  # fmt: skip


def _slopes(world: World) -> dict[str, float]:
    """Of truth on reading."""
    pairs = {"empathy": ("empathy_true", "empathy_read"), "effort": ("effort_true", "effort_read"),
             "resolved": ("solved", "resolved_read")}  # fmt: skip
    truth = world.truth
    return {name: float(np.cov(truth[true], truth[read])[0, 1] / truth[read].var())
            for name, (true, read) in pairs.items()}  # fmt: skip


def _with_slopes(world: World, said: Mapping[str, tuple[float, float]]) -> dict[str, Row]:
    nobody = replace(world, verdicts=world.verdicts.iloc[:0])
    evidence: Evidence = replace(evidence_of(nobody), stated=said)
    return told(fit_notice(evidence, JOINT, {}, "all drivers together"))
