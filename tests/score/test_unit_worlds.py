"""Published unit scores against the truth of a few hundred worlds.

``python -m tests.bench.honesty --part units`` is the same with thousands.
"""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from tests.score.unit_worlds import UnitWorlds, published


def meets_95(held):
    """Whether the binomial 99 % interval of a coverage meets 93–97 %."""
    n, hits = len(held), int(np.sum(held))
    low, high = stats.beta.ppf(0.005, hits, n - hits + 1), stats.beta.ppf(0.995, hits + 1, n - hits)
    return low <= 0.97 and high >= 0.93


def held(rows):
    return (rows["low"] <= rows["truth"]) & (rows["truth"] <= rows["high"])


@pytest.mark.parametrize(
    "spec",
    [
        UnitWorlds(60, length="day"),
        UnitWorlds(60, length="week", shared=0.4, icc=0.10),
        UnitWorlds(60, measure="resolved_rate"),
        UnitWorlds(60, measure="opportunities_met_rate", rate=0.5, shared=0.2),
        UnitWorlds(60, repeats=3, customer=0.3),
        UnitWorlds(60, home=1.0),
        UnitWorlds(100, agents=5),
    ],
    ids=["day", "shared", "binary", "opportunities", "customers", "nested", "five"],
)
def test_intervals_hold_the_truth_of_every_kind_of_unit(spec):
    rows = published(spec, 11)
    assert len(rows) > 500 and rows["low"].notna().all()
    for kind, part in rows.groupby("unit_kind"):
        assert meets_95(held(part)), (kind, held(part).mean())


def test_agents_are_not_blamed_for_the_hard_queue():
    agents = published(UnitWorlds(60, assigned=1.0), 5).query("unit_kind == 'agent'")
    best = agents[agents.groupby("period")["truth"].rank(pct=True) > 0.75]
    assert (best["raw_mean"] - best["truth"]).mean() < -3
    assert abs((best["adjusted"] - best["truth"]).mean()) < 0.5
    assert meets_95(held(agents))


def test_teams_are_cleared_of_the_hard_queue_although_it_lies_with_their_good_agents():
    teams = published(UnitWorlds(60, assigned=1.0, agents=40), 6).query("unit_kind == 'team'")
    assert abs((teams["adjusted"] - teams["truth"]).mean()) < 0.5 and meets_95(held(teams))


@pytest.mark.parametrize(("contacts", "icc", "worlds"), [(10, 0.05, 8), (30, 0.02, 4)])
def test_values_are_nearly_as_good_as_an_oracles(contacts, icc, worlds):
    spec = UnitWorlds(worlds, agents=500, contacts=contacts, icc=icc, customer=0.0, reason=0.0, day=0.0)
    agents = published(spec, 15).query("unit_kind == 'agent'")
    squares = {who: float(((agents[who] - agents["truth"]) ** 2).mean()) for who in ("value", "oracle", "raw_mean")}
    assert squares["value"] < 1.05 * squares["oracle"] and squares["raw_mean"] > 1.8 * squares["oracle"]


def test_probabilities_of_being_worse_are_kept():
    spec = UnitWorlds(100, contacts=60)
    agents = published(spec, 8).query("unit_kind == 'agent'")
    standard = agents.groupby("period")["truth"].transform("mean")
    worse = agents["truth"] < standard - 0.1 * spec.overall
    for low, high in ((0.0, 0.1), (0.4, 0.6), (0.9, 1.0)):
        some = agents["worse_probability"].between(low, high)
        said, half = agents.loc[some, "worse_probability"].mean(), 2.6 * np.sqrt(0.25 / some.sum())
        assert some.sum() > 50 and abs(worse[some].mean() - said) < half


def test_interval_of_the_icc_holds_it():
    agents = [published(UnitWorlds(60, contacts=60, icc=icc), 9).query("unit_kind == 'agent'") for icc in (0.02, 0.1)]
    for icc, rows in zip((0.02, 0.1), agents, strict=True):
        by_world = rows.groupby("period").first()
        assert ((by_world["icc_low"] <= icc) & (icc <= by_world["icc_high"])).mean() > 0.85
        assert by_world["icc"].mean() == pytest.approx(icc, abs=0.02)


def test_partners_do_not_rub_off():
    alone, paired = (
        published(replace(UnitWorlds(40, contacts=60, icc=0.2), shared=shared), 10).query("unit_kind == 'agent'")
        for shared in (0.0, 0.6)
    )
    slopes = [np.polyfit(rows["truth"], rows["adjusted"], 1)[0] for rows in (alone, paired)]
    raw = np.polyfit(paired["truth"], paired["raw_mean"], 1)[0]
    assert slopes == pytest.approx([1, 1], abs=0.05) and raw < 0.85
