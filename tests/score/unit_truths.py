"""The true scores of the units of small worlds, and an oracle's."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tests.score.unit_spec import (
    CHANNELS,
    DAYS,
    FIRST,
    MONTH,
    TEAM,
    Contacts,
    Effects,
    Floats,
    Ints,
    UnitWorlds,
    agent_names,
)


def true_scores(
    spec: UnitWorlds,
    effects: Effects,
    contacts: Contacts,
    mix: Floats,
    through: Floats,
    y: Floats,
    rng: np.random.Generator,
) -> list[pd.DataFrame]:
    """Expected values with the mix of all contacts, of those who really worked.

    ``apart``: an agent's with the mix of those of the same home queue.
    """
    u, teams = spec.agents, -(-spec.agents // TEAM)
    with_team = _worked_share(contacts.agent // TEAM, teams, contacts, u)
    with_channel = _worked_share(contacts.channel, len(CHANNELS), contacts, u)
    if spec.measure == "experience_contact":
        agent = spec.base + effects.skill + (mix + through).mean(axis=1)[:, None]
        channel = spec.base + effects.channel + mix.mean(axis=1)[:, None]
        channel = channel + np.einsum("wcu,wu->wc", with_channel, effects.skill)
    else:
        mood = spec.spread * np.sqrt(spec.customer) * rng.standard_normal(mix.shape)
        level = spec.base + effects.skill[:, :, None] + (mix + mood)[:, None, :]
        agent = spec.link(level + through[:, None, :]).mean(axis=2)
        each = [spec.link(level + effects.channel[:, c, None, None]).mean(axis=2) for c in range(len(CHANNELS))]
        channel = np.einsum("wcu,cwu->wc", with_channel, np.array(each))
    names = _names(spec)
    return [
        _truth(names, "agent", agent_names(spec), agent).assign(
            oracle=_oracle(spec, mix + through, y).ravel(),
            apart=(spec.base + effects.skill + _home_mix(spec, contacts, mix + through)).ravel(),
        ),
        _truth(names, "team", [f"t-{t}" for t in range(teams)], np.einsum("wtu,wu->wt", with_team, agent)),
        _truth(names, "channel", list(CHANNELS), channel),
    ]


def _home_mix(spec: UnitWorlds, contacts: Contacts, mix: Floats) -> Floats:
    home = np.arange(spec.agents) % spec.queues
    own = [mix[:, home[contacts.agent[0]] == q].mean(axis=1) for q in range(min(spec.queues, spec.agents))]
    return np.stack(own, axis=1)[:, home]


def _oracle(spec: UnitWorlds, given: Floats, y: Floats) -> Floats:
    """The best that can be said of agents who share nothing, by one who knows all effects and variances."""
    mean = (y - given).reshape(spec.worlds, spec.agents, spec.contacts).mean(axis=2) - spec.base
    noise = spec.spread**2 * (1 - spec.reason) / spec.contacts
    kept = spec.between**2 / (spec.between**2 + noise)
    return spec.base + given.mean(axis=1)[:, None] + kept * mean


def _worked_share(group: Ints, groups: int, contacts: Contacts, agents: int) -> Floats:
    """(worlds, groups, agents): each agent's share of the work on the contacts of a group."""
    size = len(group) * groups * agents
    row = (np.arange(len(group))[:, None] * groups + group) * agents
    work = np.bincount((row + contacts.agent).ravel(), weights=contacts.share.ravel(), minlength=size)
    work += np.bincount((row + contacts.partner).ravel(), weights=1 - contacts.share.ravel(), minlength=size)
    work = work.reshape(len(group), groups, agents)
    return work / np.maximum(work.sum(axis=2, keepdims=True), 1e-12)


def _names(spec: UnitWorlds) -> list[str]:
    if spec.length == "month":
        return [str(m) for m in MONTH + np.arange(spec.worlds)]
    days = pd.DatetimeIndex(FIRST + np.arange(spec.worlds) * DAYS[spec.length])
    return list(days.strftime("%Y-%m-%d" if spec.length == "day" else "%G-W%V"))


def _truth(names: list[str], kind: str, units: list[str], values: Floats) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "period": np.repeat(np.array(names, dtype=object), len(units)),
            "unit_kind": kind,
            "unit_id": np.tile(np.array(units, dtype=object), len(names)),
            "truth": values.ravel(),
        }
    )
