"""The stated effects are in the world: estimated back from its truth by plain regressions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from analyzer.simulate.named import WORLDS, world_spec
from analyzer.simulate.spec import CANCEL, Loyalty, Outcomes, WorldSpec
from analyzer.simulate.worlds import World, make

SE = 4.0  # standard errors an estimate may miss by; seeds are fixed, so it passes for good or fails for good


def near(fit: object, stated: dict[str, float]) -> None:
    for name, value in stated.items():
        assert abs(fit.params[name] - value) < SE * fit.bse[name], (name, fit.params[name], value, fit.bse[name])  # type: ignore[attr-defined]


def stretches(world: World) -> pd.DataFrame:
    """After each contact, the days until the next, the notice, the effect's or the world's end; one wave only."""
    contacts = world.truth.contacts.merge(world.truth.customers, on="customer_key")
    contacts = contacts[contacts["reason"] != CANCEL].sort_values(["customer_key", "at"])
    following = contacts.groupby("customer_key")["at"].shift(-1)
    end = np.fmin(contacts["at"] + world.spec.loyalty.exposure_days, world.spec.days)
    stop = pd.concat([following, end, contacts["notice_at"]], axis=1).min(axis=1)
    unlocked = contacts["contract_end"] - world.spec.customers.locked_days
    rows = contacts.assign(
        days=stop - contacts["at"], event=(contacts["notice_at"] == stop).astype(float),
        locked=(unlocked > stop).astype(float),
    )  # fmt: skip
    return rows[(rows["days"] > 0) & ~unlocked.between(rows["at"], stop)]  # one state of lock-in in each stretch


def test_notice_follows_the_stated_hazards() -> None:
    spec = world_spec(contacts=40_000, days=85)
    world = make(replace(spec, loyalty=replace(spec.loyalty, yearly=2.0, hazard_handle=0.2)), seed=1)
    rows, of = stretches(world), world.spec.loyalty
    sd = 1 / np.sqrt(1 - world.spec.agents.icc)
    causes = pd.DataFrame({
        "empathy": rows["empathy_latent"] / sd, "handle": rows["handle_latent"] / sd,
        "resolved": rows["resolved"].astype(float), "repeat": rows["attempt"].astype(float),
        "broken": (rows["promised"] & ~rows["kept"]).astype(float), "attitude": rows["attitude"],
        "locked": rows["locked"],
    })  # fmt: skip
    model = sm.GLM(rows["event"], sm.add_constant(causes), family=sm.families.Poisson(), offset=np.log(rows["days"]))
    near(model.fit(), {name: getattr(of, f"hazard_{name}") for name in causes} | {"const": np.log(of.yearly / 365)})


@pytest.mark.parametrize("name", sorted(WORLDS))
def test_named_worlds_can_be_made(name: str) -> None:
    world = make(world_spec(name, contacts=600, days=60), seed=2)
    assert 550 < len(world.contacts) <= 600
    assert set(world.truth.contacts["interaction_id"]) == set(world.contacts["interaction_id"])


def test_buying_again_follows_attitude_and_the_feeling_before(long_panel: World) -> None:
    waves = long_panel.truth.waves
    before = waves.groupby("customer_key")["feeling"].shift(1).fillna(0.0)
    causes = sm.add_constant(pd.DataFrame({"attitude": waves["attitude"], "feeling": before}))
    of = long_panel.spec.loyalty
    fit = sm.GLM(waves["bought"].astype(float), causes, family=sm.families.Binomial()).fit()
    near(fit, {"const": of.buy, "attitude": of.buy_attitude, "feeling": of.buy_feeling})


def test_feeling_moves_the_next_waves_attitude(long_panel: World) -> None:
    waves = long_panel.truth.waves.merge(long_panel.truth.customers[["customer_key", "trait"]], on="customer_key")
    state = waves["attitude"] - waves["trait"]
    frame = pd.DataFrame({"state": state, "feeling": waves["feeling"].fillna(0.0)})
    frame["next"] = state.groupby(waves["customer_key"]).shift(-1)
    frame = frame.dropna()
    fit = sm.OLS(frame["next"], sm.add_constant(frame[["state", "feeling"]])).fit()
    near(fit, {"state": long_panel.spec.loyalty.carry, "feeling": long_panel.spec.loyalty.satisfaction_to_attitude})


def test_attitude_colours_feeling(steady: World) -> None:
    of = steady.truth.contacts.query(f"reason != '{CANCEL}'")
    fit = sm.OLS(of["feeling"], sm.add_constant(of[["attitude", "skill_feeling"]].astype(float))).fit()
    near(fit, {"attitude": steady.spec.loyalty.attitude_to_feeling, "skill_feeling": 1.0})


def test_without_effects_nothing_moves_notice_or_feeling() -> None:
    world = make(world_spec("no_effects", contacts=8000), seed=5)
    of = world.truth.contacts.query(f"reason != '{CANCEL}'")
    assert abs(of["feeling"].corr(of["attitude"])) < 0.04
    assert set(world.truth.effects.query("outcome == 'notice' and scale == 'log hazard ratio'")["value"]) == {0.0}


def bare(icc: float) -> WorldSpec:
    """Contacts that differ by agent and chance alone."""
    nothing = dict.fromkeys(
        ("ease", "ease_feeling", "mood_feeling", "repeat_feeling", "wait_feeling", "ease_handle"), 0.0
    )
    spec = world_spec(contacts=40_000, icc=icc)
    outcomes = replace(Outcomes(), transfers=0.0, **nothing)
    agents = replace(spec.agents, count=400, volume_log_sd=0.0)
    return replace(spec, agents=agents, outcomes=outcomes, loyalty=Loyalty(attitude_to_feeling=0.0))


@pytest.mark.parametrize("icc", [0.02, 0.05, 0.10])
def test_icc_is_what_was_asked(icc: float) -> None:
    contacts = make(bare(icc), seed=6).truth.contacts.query(f"reason != '{CANCEL}'")
    for measure in ("feeling", "empathy_latent", "handle_latent"):
        groups = contacts.groupby("agent_id")[measure]
        within, size = groups.var().mean(), groups.size()
        between = groups.mean().var() - (within / size).mean()
        assert between / (between + within) == pytest.approx(icc, abs=0.004 + 0.12 * icc), measure


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
