"""Stated numbers of a world, estimated back from its truth by plain means: estimate, standard error, what is stated."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import statsmodels.api as sm

from analyzer.simulate.named import world_spec
from analyzer.simulate.spec import CANCEL, CHANNELS, LANGUAGES, Loyalty, Outcomes, WorldSpec
from analyzer.simulate.worlds import World


class Estimate(NamedTuple):
    value: float
    error: float
    stated: float

    def misses_by(self) -> float:
        """In standard errors."""
        return abs(self.value - self.stated) / self.error


def _of_fit(fit: Any, stated: dict[str, float]) -> dict[str, Estimate]:
    return {name: Estimate(fit.params[name], fit.bse[name], value) for name, value in stated.items()}


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


def hazards(world: World) -> dict[str, Estimate]:
    """Log hazard ratios of notice, by Poisson regression on days at risk."""
    rows, of = stretches(world), world.spec.loyalty
    sd = 1 / np.sqrt(1 - world.spec.agents.icc)
    causes = pd.DataFrame({
        "empathy": rows["empathy_latent"] / sd, "handle": rows["handle_latent"] / sd,
        "resolved": rows["resolved"].astype(float), "repeat": rows["attempt"].astype(float),
        "broken": (rows["promised"] & ~rows["kept"]).astype(float), "attitude": rows["attitude"],
        "locked": rows["locked"],
    })  # fmt: skip
    model = sm.GLM(rows["event"], sm.add_constant(causes), family=sm.families.Poisson(), offset=np.log(rows["days"]))
    stated = {name: getattr(of, f"hazard_{name}") for name in causes} | {"const": float(np.log(of.yearly / 365))}
    return _of_fit(model.fit(), stated)


def odds(world: World) -> dict[str, Estimate]:
    """Log odds of buying again."""
    waves, of = world.truth.waves, world.spec.loyalty
    before = waves.groupby("customer_key")["feeling"].shift(1).fillna(0.0)
    causes = sm.add_constant(pd.DataFrame({"attitude": waves["attitude"], "feeling": before}))
    fit = sm.GLM(waves["bought"].astype(float), causes, family=sm.families.Binomial()).fit()
    return _of_fit(fit, {"const": of.buy, "attitude": of.buy_attitude, "feeling": of.buy_feeling})


def dynamics(world: World) -> dict[str, Estimate]:
    """What of a wave's state and feeling is in the next wave's attitude, beside the customer's lasting part."""
    waves = world.truth.waves.merge(world.truth.customers[["customer_key", "trait"]], on="customer_key")
    state = waves["attitude"] - waves["trait"]
    frame = pd.DataFrame({"state": state, "feeling": waves["feeling"].fillna(0.0)})
    frame["next"] = state.groupby(waves["customer_key"]).shift(-1)
    frame = frame.dropna()
    fit = sm.OLS(frame["next"], sm.add_constant(frame[["state", "feeling"]])).fit()
    return _of_fit(fit, {"state": world.spec.loyalty.carry, "feeling": world.spec.loyalty.satisfaction_to_attitude})


def bare_spec(contacts: int, agents: int, asked: float) -> WorldSpec:
    """Contacts that differ by agent and chance alone."""
    spec = world_spec(contacts=contacts, icc=asked)
    silent = ("ease", "ease_feeling", "mood_feeling", "repeat_feeling", "wait_feeling", "ease_handle")
    return replace(
        spec, agents=replace(spec.agents, count=agents, volume_log_sd=0.0),
        outcomes=replace(Outcomes(), transfers=0.0, **dict.fromkeys(silent, 0.0)),
        loyalty=Loyalty(attitude_to_feeling=0.0),
    )  # fmt: skip


def icc(world: World, measure: str) -> float:
    """Share of variance between agents, by analysis of variance; for worlds of ``bare_spec``."""
    contacts = world.truth.contacts
    groups = contacts[contacts["reason"] != CANCEL].groupby("agent_id")[measure]
    size = groups.size()
    within = float((groups.var() * (size - 1)).sum() / (size - 1).sum())
    between = float(groups.mean().var() - (within / size).mean())
    return between / (between + within)


def confusion(world: World) -> dict[str, Estimate]:
    """Rates at which resolved and unresolved contacts are heard as such, by language and channel."""
    facts = world.contacts[["interaction_id", "language", "channel", "resolution"]]
    both = facts.merge(world.truth.contacts[["interaction_id", "resolved"]], on="interaction_id")
    stated = world.truth.detector.query("label == 'resolution'").set_index(["language", "channel"])
    found = {}
    for language in LANGUAGES:
        for channel in CHANNELS:
            here = both[(both["language"] == language) & (both["channel"] == channel)]
            said = here["resolution"] == "resolved"
            for truth, name, right in ((True, "sensitivity", said), (False, "specificity", ~said)):
                rate, n = float(stated.loc[(language, channel), name]), int((here["resolved"] == truth).sum())
                error = float(np.sqrt(rate * (1 - rate) / max(n, 1)))
                found[f"{name} {language} {channel}"] = Estimate(right[here["resolved"] == truth].mean(), error, rate)
    return found
