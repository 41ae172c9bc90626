"""Many small worlds of contacts at once whose agents, teams and channels have known true scores.

Each period of the chosen length (a day, a week, a month) is a world of its own: new agents, queues and customers. One
call of ``score_units`` then publishes the estimates of all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
from scipy.special import expit

from analyzer.score.measures import MEASURES
from analyzer.score.units import UnitInputs, score_units
from tests.score import worlds
from tests.score.unit_spec import (
    CHANNELS,
    DAYS,
    FIRST,
    MONTH,
    REASONS,
    TEAM,
    Contacts,
    Effects,
    Floats,
    Ints,
    UnitWorlds,
    agent_names,
    at,
)
from tests.score.unit_truths import true_scores

__all__ = ["UnitWorlds", "draw", "published"]

AS_OF: Final = datetime(2200, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Drawn:
    """Frames for ``score_units`` and ``truth``: period, unit_kind, unit_id, truth; of agents the ``oracle``'s value.

    The oracle knows every effect but the agents' own and the variance components.
    """

    facts: pd.DataFrame
    links: pd.DataFrame
    experience: pd.DataFrame
    agents: pd.DataFrame
    truth: pd.DataFrame


def published(spec: UnitWorlds, seed: int) -> pd.DataFrame:
    """unit_scores of the worlds' agents, teams and channels, with ``truth`` and ``oracle`` beside them."""
    drawn = draw(spec, seed)
    lengths = [f"score.{name}={str(length == spec.length).lower()}" for name, length in
               (("daily", "day"), ("weekly", "week"), ("monthly", "month"))]  # fmt: skip
    table: pa.Table = score_units(
        UnitInputs(
            drawn.facts,
            drawn.links,
            drawn.experience,
            drawn.agents,
            worlds.score_settings(*lengths),
            AS_OF,
            "Europe/Berlin",
        ),
        kinds=("agent", "team", "channel"),
        measures=[measure for measure in MEASURES if measure.name == spec.measure],
    )
    rows: pd.DataFrame = table.to_pandas().merge(drawn.truth, on=["period", "unit_kind", "unit_id"])
    # Agents whom nobody links are compared with those of their own queue.
    parted = (spec.home > 0) & (rows["unit_kind"] == "agent") & (rows["compared_units"] < spec.agents - 1)
    return rows.assign(truth=rows["truth"].where(~parted, rows["apart"]))


def draw(spec: UnitWorlds, seed: int) -> Drawn:
    """Contacts of all worlds of ``spec`` with the true scores of their units."""
    rng = np.random.default_rng(seed)
    effects = _effects(spec, rng)
    contacts = _contacts(spec, effects, rng)
    worked = contacts.share * at(effects.skill, contacts.agent)
    worked += (1 - contacts.share) * at(effects.skill, contacts.partner)
    # What a contact brings along, in the channel it comes through, from a customer in that mood.
    mix = at(effects.queue, contacts.queue) + at(effects.day, contacts.day) + at(effects.reason, contacts.reason)
    through = at(effects.channel, contacts.channel)
    mood = spec.spread * np.sqrt(spec.customer) * at(effects.mood, contacts.customer)
    y = spec.base + worked + mix + through + mood + _residual(spec, rng, mix.shape)
    start = 0.3 * at(effects.mood, contacts.customer) + 0.3 * at(effects.queue, contacts.queue) / spec.spread
    start = np.clip(start + 0.4 * rng.standard_normal(mix.shape), -1, 1)
    facts = _facts(spec, contacts, start)
    values = _observed(spec, facts, y.ravel(), rng)
    truth = pd.concat(true_scores(spec, effects, contacts, mix, through, y, rng))
    return Drawn(facts, worlds.links(facts), worlds.experience(facts, values), _agents(spec, facts, contacts), truth)


def _effects(spec: UnitWorlds, rng: np.random.Generator) -> Effects:
    w, u, spread = spec.worlds, spec.agents, spec.spread
    team = np.arange(u) // TEAM
    alike = rng.standard_normal((w, team[-1] + 1))[:, team]
    skill = spec.between * (np.sqrt(0.2) * alike + np.sqrt(0.8) * rng.standard_normal((w, u)))
    queue = rng.standard_normal((w, spec.queues))
    queue = (queue - queue.mean(axis=1, keepdims=True)) / queue.std(axis=1, keepdims=True)
    return Effects(
        skill,
        spread * np.sqrt(spec.queue) * queue,
        spec.between * rng.standard_normal((w, len(CHANNELS))),
        spread * np.sqrt(spec.day) * rng.standard_normal((w, DAYS[spec.length])),
        spread * np.sqrt(spec.reason) * rng.standard_normal((w, REASONS)),
        rng.standard_normal((w, max(int(u * spec.contacts / spec.repeats), 1))),
    )


def _contacts(spec: UnitWorlds, effects: Effects, rng: np.random.Generator) -> Contacts:
    w, u, n = spec.worlds, spec.agents, spec.agents * spec.contacts
    agent = np.tile(np.repeat(np.arange(u), spec.contacts), (w, 1))
    queue = _queues(spec, agent, effects, rng)
    customers = effects.mood.shape[1]
    customer = rng.integers(0, customers, (w, n))
    # Half of a customer's contacts come through one channel; of the others a third through the queue's usual one.
    usual = np.where(rng.random((w, n)) < 0.3, queue % len(CHANNELS), rng.integers(0, len(CHANNELS), (w, n)))
    favourite = at(rng.integers(0, len(CHANNELS), (w, customers)), customer)
    return Contacts(
        agent,
        (agent + rng.integers(1, max(u, 2), (w, n))) % u,
        np.where(rng.random((w, n)) < spec.shared, rng.choice([0.25, 0.5, 0.75], (w, n)), 1.0),
        queue,
        np.where(rng.random((w, n)) < 0.5, favourite, usual),
        customer,
        _days(spec, agent, rng),
        rng.integers(0, REASONS, (w, n)),
    )


def _days(spec: UnitWorlds, agent: Ints, rng: np.random.Generator) -> Ints:
    days = DAYS[spec.length]
    working = max(round(days * spec.roster), 1)
    own = np.argsort(rng.random((spec.worlds, spec.agents, days)), axis=2)[:, :, :working]
    return own[np.arange(spec.worlds)[:, None], agent, rng.integers(0, working, agent.shape)]


def _queues(spec: UnitWorlds, agent: Ints, effects: Effects, rng: np.random.Generator) -> Ints:
    # Gumbel's trick draws from shares that lean to the hard queues the more, the better the agent is.
    lean = -spec.assigned * effects.skill / max(float(effects.skill.std()), 1e-12)
    hard = (effects.queue / max(float(effects.queue.std()), 1e-12))[:, None, :]
    queue = np.argmax(at(lean, agent)[:, :, None] * hard + rng.gumbel(size=(*agent.shape, spec.queues)), axis=2)
    return np.where(rng.random(agent.shape) < spec.home, agent % spec.queues, queue) if spec.home else queue


def _residual(spec: UnitWorlds, rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    if spec.measure in ("resolved_rate", "opportunities_met_rate"):
        return np.zeros(shape)
    return spec.noise * rng.standard_normal(shape)


def _observed(spec: UnitWorlds, facts: pd.DataFrame, y: Floats, rng: np.random.Generator) -> Floats:
    """Writes the measure into ``facts``; the experience of each contact."""
    if spec.measure == "experience_contact":
        return y
    if spec.measure == "handle_s":
        facts["handle_s"] = np.exp(y)
    elif spec.measure == "resolved_rate":
        facts["resolved_probability"] = (rng.random(len(y)) < expit(y)).astype(np.float64)
    else:
        facts["empathic_opportunities"] = rng.poisson(1.5, len(y))
        facts["opportunities_met"] = rng.binomial(facts["empathic_opportunities"], expit(y))
    return np.full(len(y), 50.0)


def _facts(spec: UnitWorlds, contacts: Contacts, start: Floats) -> pd.DataFrame:
    size = start.size
    world = np.broadcast_to(np.arange(spec.worlds)[:, None], start.shape).ravel()
    first = (MONTH + world).astype("datetime64[D]") if spec.length == "month" else FIRST + world * DAYS[spec.length]
    frame = pd.DataFrame(
        {
            "interaction_id": np.char.add("c-", np.char.zfill(np.arange(size).astype(str), 9)).astype(object),
            "day": (first + contacts.day.ravel()).astype(object),
            "channel": np.array(CHANNELS, dtype=object)[contacts.channel.ravel()],
            "language": "de",
            "queue": _labels("q-", contacts.queue),
            "team": _labels("t-", contacts.agent // TEAM),
            "customer_key": _labels("k-", contacts.customer + world.reshape(start.shape) * 100_000),
            "sentiment_start": start.ravel(),
        }
    )
    empty = worlds.contacts(0)
    for column in empty.columns.difference(frame.columns):
        frame[column] = None if column in ("product_line", "segment", "reason", "direction") else np.nan
    return frame


def _labels(prefix: str, codes: Ints) -> np.ndarray:
    distinct, at = np.unique(codes.ravel(), return_inverse=True)
    return np.char.add(prefix, distinct.astype(str)).astype(object)[at]


def _agents(spec: UnitWorlds, facts: pd.DataFrame, contacts: Contacts) -> pd.DataFrame:
    names = np.array(agent_names(spec), dtype=object)
    share = contacts.share.ravel()
    two = share < 1
    first = worlds.sole_agents(facts, names[contacts.agent.ravel()]).assign(
        role=np.where(two, "opener", "sole"), share=share
    )
    second = first.loc[two].assign(
        agent_id=names[contacts.partner.ravel()[two]], leg=1, role="closer", share=1 - share[two]
    )
    return pd.concat([first, second], ignore_index=True)
