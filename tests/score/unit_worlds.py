"""Many small worlds of contacts at once whose agents, teams and channels have known true scores.

Each period of the chosen length (a day, a week, a month) is a world of its own: new agents, queues and customers. One
call of ``score_units`` then publishes the estimates of all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from scipy.special import expit

from analyzer.score.measures import MEASURES
from analyzer.score.units import score_units
from tests.score import worlds

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

AS_OF: Final = datetime(2200, 1, 1, tzinfo=UTC)
DAYS: Final = {"day": 1, "week": 7, "month": 28}
CHANNELS: Final = ("voice", "chat", "email", "messaging", "social")
FIRST: Final = np.datetime64("1970-01-05")  # a Monday
MONTH: Final = np.datetime64("1970-01")
TEAM: Final = 5  # agents
REASONS: Final = 8


@dataclass(frozen=True, slots=True)
class UnitWorlds:
    """What the worlds are like; spreads are shares of the variance of contacts within an agent.

    ``icc`` is that of agents, and of channels beside; ``assigned``: how strongly good agents are given the hard queue.
    ``repeats`` are contacts a customer. A rate's effects are on the logit scale,
    those of handle time on the logarithm.
    """

    worlds: int
    agents: int = 20
    contacts: int = 30  # by agent
    icc: float = 0.05
    length: Literal["day", "week", "month"] = "month"
    measure: Literal["experience_contact", "resolved_rate", "opportunities_met_rate", "handle_s"] = "experience_contact"
    rate: float = 0.7
    shared: float = 0.0  # share of contacts with two agents
    assigned: float = 0.0
    roster: float = 1.0  # share of the days on which an agent works
    home: float = 0.0  # share of an agent's contacts that come from the home queue; 1: from no other
    queues: int = 4
    repeats: float = 1.5
    customer: float = 0.15
    reason: float = 0.05
    day: float = 0.02
    queue: float = 0.10

    @property
    def spread(self) -> float:
        """Standard deviation of contacts within an agent on the scale of the effects."""
        if self.measure == "experience_contact":
            return 15.0
        return 0.6 if self.measure == "handle_s" else float(1.0 / np.sqrt(self.rate * (1 - self.rate)))

    @property
    def base(self) -> float:
        if self.measure == "experience_contact":
            return 55.0
        return float(np.log(400.0)) if self.measure == "handle_s" else float(np.log(self.rate / (1 - self.rate)))

    @property
    def noise(self) -> float:
        return self.spread * float(np.sqrt(1 - self.customer - self.reason))

    @property
    def between(self) -> float:
        """Standard deviation of agents."""
        return self.spread * float(np.sqrt(self.icc / (1 - self.icc)))

    @property
    def overall(self) -> float:
        """Standard deviation of all contacts."""
        channels = agents = self.icc / (1 - self.icc)
        return self.spread * float(np.sqrt(1 + agents + channels + self.queue + self.day))

    @property
    def link(self) -> Callable[[Floats], Floats]:
        """From the scale of the effects to the expected value of a contact."""
        if self.measure == "experience_contact":
            return lambda eta: eta
        return (lambda eta: np.exp(eta + self.noise**2 / 2)) if self.measure == "handle_s" else expit


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
        drawn.facts,
        drawn.links,
        drawn.experience,
        drawn.agents,
        worlds.score_settings(*lengths),
        AS_OF,
        business_timezone="Europe/Berlin",
        kinds=("agent", "team", "channel"),
        measures=[measure for measure in MEASURES if measure.name == spec.measure],
    )
    rows: pd.DataFrame = table.to_pandas().merge(drawn.truth, on=["period", "unit_kind", "unit_id"])
    # Agents whom nobody links are compared with those of their own queue.
    parted = (spec.home > 0) & (rows["unit_kind"] == "agent") & (rows["compared_units"] < spec.agents - 1)
    return rows.assign(truth=rows["truth"].where(~parted, rows["apart"]))


@dataclass(frozen=True, slots=True)
class _Effects:
    """True levels by world: of agents, queues, channels, days, reasons; of each customer."""

    skill: Floats
    queue: Floats
    channel: Floats
    day: Floats
    reason: Floats
    mood: Floats


@dataclass(frozen=True, slots=True)
class _Contacts:
    """What each contact (worlds, contacts) is; ``share`` is the first agent's."""

    agent: Ints
    partner: Ints
    share: Floats
    queue: Ints
    channel: Ints
    customer: Ints
    day: Ints
    reason: Ints


def draw(spec: UnitWorlds, seed: int) -> Drawn:
    """Contacts of all worlds of ``spec`` with the true scores of their units."""
    rng = np.random.default_rng(seed)
    effects = _effects(spec, rng)
    contacts = _contacts(spec, effects, rng)
    worked = contacts.share * _at(effects.skill, contacts.agent)
    worked += (1 - contacts.share) * _at(effects.skill, contacts.partner)
    # What a contact brings along, in the channel it comes through, from a customer in that mood.
    mix = _at(effects.queue, contacts.queue) + _at(effects.day, contacts.day) + _at(effects.reason, contacts.reason)
    through = _at(effects.channel, contacts.channel)
    mood = spec.spread * np.sqrt(spec.customer) * _at(effects.mood, contacts.customer)
    y = spec.base + worked + mix + through + mood + _residual(spec, rng, mix.shape)
    start = 0.3 * _at(effects.mood, contacts.customer) + 0.3 * _at(effects.queue, contacts.queue) / spec.spread
    start = np.clip(start + 0.4 * rng.standard_normal(mix.shape), -1, 1)
    facts = _facts(spec, contacts, start)
    values = _observed(spec, facts, y.ravel(), rng)
    truth = pd.concat(_truths(spec, effects, contacts, mix, through, y, rng))
    return Drawn(facts, worlds.links(facts), worlds.experience(facts, values), _agents(spec, facts, contacts), truth)


def _effects(spec: UnitWorlds, rng: np.random.Generator) -> _Effects:
    w, u, spread = spec.worlds, spec.agents, spec.spread
    team = np.arange(u) // TEAM
    alike = rng.standard_normal((w, team[-1] + 1))[:, team]
    skill = spec.between * (np.sqrt(0.2) * alike + np.sqrt(0.8) * rng.standard_normal((w, u)))
    queue = rng.standard_normal((w, spec.queues))
    queue = (queue - queue.mean(axis=1, keepdims=True)) / queue.std(axis=1, keepdims=True)
    return _Effects(
        skill,
        spread * np.sqrt(spec.queue) * queue,
        spec.between * rng.standard_normal((w, len(CHANNELS))),
        spread * np.sqrt(spec.day) * rng.standard_normal((w, DAYS[spec.length])),
        spread * np.sqrt(spec.reason) * rng.standard_normal((w, REASONS)),
        rng.standard_normal((w, max(int(u * spec.contacts / spec.repeats), 1))),
    )


def _contacts(spec: UnitWorlds, effects: _Effects, rng: np.random.Generator) -> _Contacts:
    w, u, n = spec.worlds, spec.agents, spec.agents * spec.contacts
    agent = np.tile(np.repeat(np.arange(u), spec.contacts), (w, 1))
    queue = _queues(spec, agent, effects, rng)
    customers = effects.mood.shape[1]
    customer = rng.integers(0, customers, (w, n))
    # Half of a customer's contacts come through one channel; of the others a third through the queue's usual one.
    usual = np.where(rng.random((w, n)) < 0.3, queue % len(CHANNELS), rng.integers(0, len(CHANNELS), (w, n)))
    favourite = _at(rng.integers(0, len(CHANNELS), (w, customers)), customer)
    return _Contacts(
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


def _queues(spec: UnitWorlds, agent: Ints, effects: _Effects, rng: np.random.Generator) -> Ints:
    # Gumbel's trick draws from shares that lean to the hard queues the more, the better the agent is.
    lean = -spec.assigned * effects.skill / max(float(effects.skill.std()), 1e-12)
    hard = (effects.queue / max(float(effects.queue.std()), 1e-12))[:, None, :]
    queue = np.argmax(_at(lean, agent)[:, :, None] * hard + rng.gumbel(size=(*agent.shape, spec.queues)), axis=2)
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


def _truths(
    spec: UnitWorlds,
    effects: _Effects,
    contacts: _Contacts,
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
        _truth(names, "agent", _agent_names(spec), agent).assign(
            oracle=_oracle(spec, mix + through, y).ravel(),
            apart=(spec.base + effects.skill + _home_mix(spec, contacts, mix + through)).ravel(),
        ),
        _truth(names, "team", [f"t-{t}" for t in range(teams)], np.einsum("wtu,wu->wt", with_team, agent)),
        _truth(names, "channel", list(CHANNELS), channel),
    ]


def _home_mix(spec: UnitWorlds, contacts: _Contacts, mix: Floats) -> Floats:
    home = np.arange(spec.agents) % spec.queues
    own = [mix[:, home[contacts.agent[0]] == q].mean(axis=1) for q in range(min(spec.queues, spec.agents))]
    return np.stack(own, axis=1)[:, home]


def _oracle(spec: UnitWorlds, given: Floats, y: Floats) -> Floats:
    """The best that can be said of agents who share nothing, by one who knows all effects and variances."""
    mean = (y - given).reshape(spec.worlds, spec.agents, spec.contacts).mean(axis=2) - spec.base
    noise = spec.spread**2 * (1 - spec.reason) / spec.contacts
    kept = spec.between**2 / (spec.between**2 + noise)
    return spec.base + given.mean(axis=1)[:, None] + kept * mean


def _worked_share(group: Ints, groups: int, contacts: _Contacts, agents: int) -> Floats:
    """(worlds, groups, agents): each agent's share of the work on the contacts of a group."""
    size = len(group) * groups * agents
    row = (np.arange(len(group))[:, None] * groups + group) * agents
    work = np.bincount((row + contacts.agent).ravel(), weights=contacts.share.ravel(), minlength=size)
    work += np.bincount((row + contacts.partner).ravel(), weights=1 - contacts.share.ravel(), minlength=size)
    work = work.reshape(len(group), groups, agents)
    return work / np.maximum(work.sum(axis=2, keepdims=True), 1e-12)


def _facts(spec: UnitWorlds, contacts: _Contacts, start: Floats) -> pd.DataFrame:
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


def _agents(spec: UnitWorlds, facts: pd.DataFrame, contacts: _Contacts) -> pd.DataFrame:
    names = np.array(_agent_names(spec), dtype=object)
    share = contacts.share.ravel()
    two = share < 1
    first = worlds.sole_agents(facts, names[contacts.agent.ravel()]).assign(
        role=np.where(two, "opener", "sole"), share=share
    )
    second = first.loc[two].assign(
        agent_id=names[contacts.partner.ravel()[two]], leg=1, role="closer", share=1 - share[two]
    )
    return pd.concat([first, second], ignore_index=True)


def _at(table: np.ndarray, index: Ints) -> np.ndarray:
    return np.take_along_axis(table, index, axis=1)


def _agent_names(spec: UnitWorlds) -> list[str]:
    return [f"a-{a:04d}" for a in range(spec.agents)]


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
