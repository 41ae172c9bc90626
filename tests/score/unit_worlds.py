"""Many small worlds of contacts at once whose agents, teams and channels have known true scores.

Each period of the chosen length (a day, a week, a month) is a world of its own: new agents, queues and customers. One
call of ``score_units`` then publishes the estimates of all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit

from tests.score import worlds

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Length = Literal["day", "week", "month"]

DAYS: Final = {"day": 1, "week": 7, "month": 28}
CHANNELS: Final = ("voice", "chat", "email", "messaging", "social")
START: Final = np.datetime64("1970-01-05")  # a Monday
TEAM: Final = 5  # agents
REASONS: Final = 8


@dataclass(frozen=True, slots=True)
class UnitWorlds:
    """What the worlds are like; spreads are shares of the variance of contacts within an agent.

    ``icc`` is that of agents, and of channels beside; ``assigned``: how strongly good agents are given the hard queue.
    ``nested``: an agent works one queue. ``repeats`` are contacts a customer.
    """

    worlds: int
    agents: int = 20
    contacts: int = 30  # by agent
    icc: float = 0.05
    length: Length = "month"
    binary: bool = False
    rate: float = 0.7  # of a binary measure
    shared: float = 0.0  # share of contacts with two agents
    assigned: float = 0.0
    nested: bool = False
    queues: int = 4
    repeats: float = 1.5
    customer: float = 0.15
    reason: float = 0.05
    day: float = 0.02
    queue: float = 0.10
    scale: float = 15.0  # points: standard deviation of contacts within an agent


@dataclass(frozen=True, slots=True)
class Drawn:
    """Frames for ``score_units`` and the truth: period, unit_kind, unit_id, truth; ``noise_sd`` of one contact."""

    facts: pd.DataFrame
    links: pd.DataFrame
    experience: pd.DataFrame
    agents: pd.DataFrame
    truth: pd.DataFrame


def draw(spec: UnitWorlds, seed: int) -> Drawn:
    """Contacts of all worlds of ``spec`` with the true scores of their units."""
    rng = np.random.default_rng(seed)
    w, u, n = spec.worlds, spec.agents, spec.agents * spec.contacts
    # Effects of binary worlds are on the logit scale, as large as they are on the probability scale.
    spread = 1.0 / np.sqrt(spec.rate * (1 - spec.rate)) if spec.binary else spec.scale
    base = np.log(spec.rate / (1 - spec.rate)) if spec.binary else 55.0
    between = spread * np.sqrt(spec.icc / (1 - spec.icc))
    teams = -(-u // TEAM)
    team = np.arange(u) // TEAM
    skill = between * (
        np.sqrt(0.2) * rng.standard_normal((w, teams))[:, team] + np.sqrt(0.8) * rng.standard_normal((w, u))
    )
    difficulty = spread * np.sqrt(spec.queue) * _standard(rng.standard_normal((w, spec.queues)))
    channel_effect = between * rng.standard_normal((w, len(CHANNELS)))

    agent = np.tile(np.repeat(np.arange(u), spec.contacts), (w, 1))
    queue = _queues(rng, spec, agent, skill, difficulty)
    channel = _channels(rng, spec, queue)
    customers = max(int(n / spec.repeats), 1)
    customer = rng.integers(0, customers, (w, n))
    favourite = rng.integers(0, len(CHANNELS), (w, customers))
    channel = np.where(rng.random((w, n)) < 0.5, _at(favourite, customer), channel)
    mood = rng.standard_normal((w, customers))
    day = (rng.random((w, n)) * DAYS[spec.length]).astype(np.int64)
    day_effect = spread * np.sqrt(spec.day) * rng.standard_normal((w, DAYS[spec.length]))
    reason_effect = spread * np.sqrt(spec.reason) * rng.standard_normal((w, REASONS))
    reason = rng.integers(0, REASONS, (w, n))

    two = rng.random((w, n)) < spec.shared
    partner = (agent + rng.integers(1, max(u, 2), (w, n))) % u
    share = np.where(two, rng.choice([0.25, 0.5, 0.75], (w, n)), 1.0)
    worked = share * _at(skill, agent) + (1 - share) * _at(skill, partner)

    mix = _at(difficulty, queue) + _at(day_effect, day) + _at(reason_effect, reason)
    through = _at(channel_effect, channel)
    mood_effect = np.sqrt(spec.customer) * spread * _at(mood, customer)
    mean = base + worked + mix + through + mood_effect
    if spec.binary:
        y = (rng.random((w, n)) < expit(mean)).astype(np.float64)
    else:
        y = mean + spread * np.sqrt(1 - spec.customer - spec.reason) * rng.standard_normal((w, n))
    start = np.clip(0.3 * _at(mood, customer) + 0.3 * _at(difficulty, queue) / spread
                    + 0.4 * rng.standard_normal((w, n)), -1, 1)  # fmt: skip

    offset = np.arange(w)[:, None]
    period = np.broadcast_to(offset, (w, n))
    names = _names(spec)
    with_team = _worked_share(agent // TEAM, teams, agent, partner, share, u)
    with_channel = _worked_share(channel, len(CHANNELS), agent, partner, share, u)
    if spec.binary:
        hidden = np.sqrt(spec.customer) * spread * rng.standard_normal((w, n))
        agent_truth = expit(base + skill[:, :, None] + (mix + through + hidden)[:, None, :]).mean(axis=2)
        channel_truth = np.stack([
            (with_channel[:, c] * expit(base + skill[:, :, None] + channel_effect[:, c, None, None]
                                        + (mix + hidden)[:, None, :]).mean(axis=2)).sum(axis=1)
            for c in range(len(CHANNELS))
        ], axis=1)  # fmt: skip
    else:
        agent_truth = base + skill + (mix + through).mean(axis=1)[:, None]
        if spec.nested:  # compared within their own queue: the mix is that queue's
            own = np.stack([(mix + through)[:, queue[0] == q].mean(axis=1) for q in range(spec.queues)], axis=1)
            agent_truth = base + skill + own[:, np.arange(u) % spec.queues]
        channel_truth = base + channel_effect + np.einsum("wcu,wu->wc", with_channel, skill) + mix.mean(axis=1)[:, None]
    truth = [
        _truth(names, "agent", _agent_names(spec), agent_truth),
        _truth(names, "team", [f"t-{t}" for t in range(teams)], np.einsum("wtu,wu->wt", with_team, agent_truth)),
        _truth(names, "channel", list(CHANNELS), channel_truth),
    ]

    size = w * n
    real_day = START + (np.broadcast_to(offset * _stride(spec), (w, n)) + day).ravel()
    if spec.length == "month":
        month = np.datetime64("1970-01") + np.broadcast_to(offset, (w, n)).ravel()
        real_day = month.astype("datetime64[D]") + day.ravel()
    facts = worlds.contacts(0)
    facts = pd.DataFrame(
        {
            "interaction_id": np.char.add("c-", np.char.zfill(np.arange(size).astype(str), 9)).astype(object),
            "day": real_day.astype("datetime64[D]").astype(object),
            "channel": np.array(CHANNELS, dtype=object)[channel.ravel()],
            "language": "de",
            "queue": np.array([f"q-{k}" for k in range(spec.queues)], dtype=object)[queue.ravel()],
            "team": np.array([f"t-{t}" for t in range(teams)], dtype=object)[(agent // TEAM).ravel()],
            "customer_key": _keys("k", period, customer),
            "sentiment_start": start.ravel(),
            "resolved_probability": y.ravel() if spec.binary else np.nan,
        }
    )
    facts = _complete(facts)
    links = worlds.links(facts)
    experience = worlds.experience(facts, 50.0 if spec.binary else y.ravel())
    first = pd.DataFrame(
        {
            "interaction_id": facts["interaction_id"],
            "agent_id": np.array(_agent_names(spec), dtype=object)[agent.ravel()],
            "leg": 0,
            "seconds": np.nan,
            "role": np.where(two.ravel(), "opener", "sole"),
            "share": share.ravel(),
        }
    )
    second = first.loc[two.ravel()].assign(
        agent_id=np.array(_agent_names(spec), dtype=object)[partner[two]], leg=1, role="closer", share=1 - share[two]
    )
    return Drawn(facts, links, experience, pd.concat([first, second], ignore_index=True), pd.concat(truth))


def _standard(values: Floats) -> Floats:
    values = values - values.mean(axis=1, keepdims=True)
    return values / values.std(axis=1, keepdims=True)


def _at(table: Floats, index: Ints) -> Floats:
    return np.take_along_axis(table, index, axis=1)


def _queues(rng, spec: UnitWorlds, agent: Ints, skill: Floats, difficulty: Floats) -> Ints:
    if spec.nested:
        return agent % spec.queues
    # Gumbel trick: assignment leans to hard queues the more skilled the agent is.
    lean = -spec.assigned * skill / skill.std() if spec.assigned else np.zeros_like(skill)
    hard = (difficulty / max(float(difficulty.std()), 1e-12))[:, None, :]
    score = _at(lean, agent)[:, :, None] * hard + rng.gumbel(size=(*agent.shape, spec.queues))
    return np.argmax(score, axis=2)


def _channels(rng, spec: UnitWorlds, queue: Ints) -> Ints:
    usual = queue % len(CHANNELS)
    return np.where(rng.random(queue.shape) < 0.3, usual, rng.integers(0, len(CHANNELS), queue.shape))


def _worked_share(group: Ints, groups: int, agent: Ints, partner: Ints, share: Floats, agents: int) -> Floats:
    """(worlds, groups, agents): each agent's share of the work on the contacts of a group."""
    size = len(group) * groups * agents
    row = (np.arange(len(group))[:, None] * groups + group) * agents
    work = np.bincount((row + agent).ravel(), weights=share.ravel(), minlength=size)
    work += np.bincount((row + partner).ravel(), weights=1 - share.ravel(), minlength=size)
    work = work.reshape(len(group), groups, agents)
    return work / np.maximum(work.sum(axis=2, keepdims=True), 1e-12)


def _agent_names(spec: UnitWorlds) -> list[str]:
    return [f"a-{a:04d}" for a in range(spec.agents)]


def _stride(spec: UnitWorlds) -> int:
    return DAYS[spec.length]


def _names(spec: UnitWorlds) -> list[str]:
    if spec.length == "month":
        return [str(m) for m in np.datetime64("1970-01") + np.arange(spec.worlds)]
    days = pd.DatetimeIndex(START + np.arange(spec.worlds) * _stride(spec))
    return list(days.strftime("%Y-%m-%d" if spec.length == "day" else "%G-W%V"))


def _keys(prefix: str, period: Ints, code: Ints) -> np.ndarray:
    joined = np.char.add(np.char.add(period.ravel().astype(str), "-"), code.ravel().astype(str))
    return np.char.add(f"{prefix}-", joined).astype(object)


def _truth(names: list[str], kind: str, units: list[str], values: Floats) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "period": np.repeat(np.array(names, dtype=object), len(units)),
            "unit_kind": kind,
            "unit_id": np.tile(np.array(units, dtype=object), len(names)),
            "truth": values.ravel(),
        }
    )


def _complete(facts: pd.DataFrame) -> pd.DataFrame:
    """Columns that the scores read and that these worlds leave empty."""
    empty = worlds.contacts(0)
    for column in empty.columns:
        if column not in facts:
            facts[column] = np.nan if column not in ("product_line", "segment", "reason", "direction") else None
    return facts


AS_OF: Final = datetime(2200, 1, 1, tzinfo=UTC)
