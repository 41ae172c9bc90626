"""The stated effects are in the world: estimated back from its truth by plain regressions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from analyzer.simulate.named import WORLDS, world_spec
from analyzer.simulate.spec import CANCEL
from analyzer.simulate.worlds import World, make

from .estimates import Estimate, bare_spec, dynamics, hazards, icc, odds

SE = 4.0  # standard errors an estimate may miss by; seeds are fixed, so it passes for good or fails for good


def near(found: dict[str, Estimate]) -> None:
    assert {name: estimate for name, estimate in found.items() if estimate.misses_by() > SE} == {}


def test_notice_follows_the_stated_hazards() -> None:
    spec = world_spec(contacts=40_000, days=85)
    near(hazards(make(replace(spec, loyalty=replace(spec.loyalty, yearly=2.0, hazard_handle=0.2)), seed=1)))


@pytest.mark.parametrize("name", sorted(WORLDS))
def test_named_worlds_can_be_made(name: str) -> None:
    world = make(world_spec(name, contacts=600, days=60), seed=2)
    assert 550 < len(world.contacts) <= 600
    assert set(world.truth.contacts["interaction_id"]) == set(world.contacts["interaction_id"])


def test_buying_again_follows_attitude_and_the_feeling_before(long_panel: World) -> None:
    near(odds(long_panel))


def test_feeling_moves_the_next_waves_attitude(long_panel: World) -> None:
    near(dynamics(long_panel))


def test_attitude_colours_feeling(steady: World) -> None:
    of = steady.truth.contacts.query(f"reason != '{CANCEL}'")
    fit = sm.OLS(of["feeling"], sm.add_constant(of[["attitude", "skill_feeling"]].astype(float))).fit()
    for name, stated in (("attitude", steady.spec.loyalty.attitude_to_feeling), ("skill_feeling", 1.0)):
        assert abs(fit.params[name] - stated) < SE * fit.bse[name]


def test_without_effects_nothing_moves_notice_or_feeling() -> None:
    world = make(world_spec("no_effects", contacts=8000), seed=5)
    of = world.truth.contacts.query(f"reason != '{CANCEL}'")
    assert abs(of["feeling"].corr(of["attitude"])) < 0.04
    assert set(world.truth.effects.query("outcome == 'notice' and scale == 'log hazard ratio'")["value"]) == {0.0}


@pytest.mark.parametrize("asked", [0.02, 0.05, 0.10])
def test_icc_is_what_was_asked(asked: float) -> None:
    world = make(bare_spec(40_000, 400, asked), seed=6)
    for measure in ("feeling", "empathy_latent", "handle_latent"):
        assert icc(world, measure) == pytest.approx(asked, abs=0.004 + 0.12 * asked), measure


def test_failures_come_back_more(steady: World) -> None:
    of, stated = steady.truth.contacts.query("attempt < 5 and not left_first"), steady.spec.returns
    back = of["return_days"].notna()
    failed = ~of["resolved"] & ~of["promised"]
    assert back[of["resolved"]].mean() == pytest.approx(stated.solved, abs=0.01)
    assert back[failed].mean() == pytest.approx(stated.failed, abs=0.03)
    assert back[of["promised"] & of["kept"]].mean() == pytest.approx(stated.chased, abs=0.03)
    broken = of[of["promised"] & ~of["kept"]]
    share = stated.chased + (1 - stated.chased) * stated.broken
    assert broken["return_days"].notna().mean() == pytest.approx(share, abs=0.03)
    assert ((broken["at"] + broken["return_days"]) > broken["due_at"]).sum() > 0.7 * broken["return_days"].notna().sum()


def test_other_matters_come_in_between(steady: World) -> None:
    of = steady.truth.contacts.sort_values(["customer_key", "at"])
    later = of[of["attempt"] > 0]
    previous = of.groupby("customer_key")["matter"].shift(1).loc[later.index]
    assert 0.05 < (previous != later["matter"]).mean() < 0.6


def test_nobody_comes_after_notice(steady: World) -> None:
    of = steady.truth.contacts.merge(steady.truth.customers[["customer_key", "notice_at"]], on="customer_key")
    after = of[of["at"] >= of["notice_at"]]
    assert len(after) > 20 and set(after["reason"]) == {CANCEL}
    assert (
        of["notice_at"].notna().any()
        and (of[of["reason"] == CANCEL]["at"] == of[of["reason"] == CANCEL]["notice_at"]).all()
    )


def test_hard_queues_go_to_good_agents_only_where_asked() -> None:
    ease = {"orders": 0.26, "billing": 0.15, "technical": -0.15, "claims": -0.34}
    for name, low, high in (("confounded", -1.0, -0.5), ("steady", -0.3, 0.3)):
        agents = make(world_spec(name, contacts=40_000), seed=7).truth.agents
        skill = agents[["skill_resolution", "skill_empathy", "skill_feeling"]].sum(axis=1)
        assert low < skill.corr(agents["home_queue"].map(ease)) < high, name


def test_outages_bring_many_who_fail_and_come_back_soon() -> None:
    world = make(world_spec("outage", contacts=10_000, days=60), seed=8)
    of = world.truth.contacts
    out = of[of["reason"] == "outage"]
    assert set(np.floor(out.query("attempt == 0")["at"])) == {30, 31, 56, 57}
    assert out["resolved"].mean() < 0.35 < 0.6 < of[of["reason"] != "outage"]["resolved"].mean()
    first = of[~of["resolved"] & ~of["promised"] & (of["attempt"] == 0)]
    soon = first.groupby(first["reason"] == "outage")["return_days"].median()
    assert soon[True] < 0.7 * soon[False]


def test_mondays_are_busy_and_sundays_are_not(steady: World) -> None:
    weekday = pd.to_datetime(steady.contacts["day"]).dt.day_of_week
    share = weekday.value_counts(normalize=True)
    assert share[0] > 1.15 * share[3] and share[6] < 0.4 * share[3]
