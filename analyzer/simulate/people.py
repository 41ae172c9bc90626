"""Customers with value, patience, contract and attitude; agents with skill, style and a queue they mostly serve."""

from __future__ import annotations

import numpy as np

from analyzer.simulate.draws import Floats, Ints, chosen, share_of
from analyzer.simulate.rows import Rows
from analyzer.simulate.spec import CHANNELS, OUTCOMES, PRODUCT_LINES, WorldSpec

CHANNEL_SHARES = (0.55, 0.25, 0.12, 0.08)
PRODUCT_SHARES = (0.45, 0.35, 0.20)
SKILLS = tuple(f"skill_{name}" for name in OUTCOMES)


def invent_customers(spec: WorldSpec, n: int, rng: np.random.Generator) -> Rows:
    """``n`` customers, a row each. Times are days since the first day's midnight, negative before it."""
    of = spec.customers
    joined = spec.days - rng.exponential(of.tenure_days, n)
    # Contracts run 24 months and are renewed; a customer who is bound ends one at a random time from now.
    contract_end = np.where(share_of(rng, of.bound, n), spec.days * rng.random(n) + 730 * rng.random(n), np.nan)
    return Rows(**{
        "german": share_of(rng, of.german, n),
        "segment": share_of(rng, of.business, n).astype(np.int64),
        "product_line": chosen(rng, PRODUCT_SHARES, n),
        "channel": chosen(rng, CHANNEL_SHARES, n),
        "impatience": rng.standard_normal(n),
        "trait": spec.loyalty.attitude_sd * rng.standard_normal(n),
        "joined": joined,
        "contract_end": contract_end,
        "revenue": 300.0 * np.exp(of.value_log_sd * rng.standard_normal(n)),
        "may_contact": share_of(rng, 0.85, n),
    })  # fmt: skip


def invent_agents(spec: WorldSpec, rng: np.random.Generator) -> Rows:
    """Agents, a row each: true skills (in sds of a contact within an agent), style, home queue, team, volume."""
    of = spec.agents
    n = of.count or max(round(spec.contacts / of.each), 2 * len(spec.queues))
    tau = np.sqrt(of.icc / (1 - of.icc))
    skills = tau * correlated(spec, n, rng)
    merit = skills[:, :3].sum(axis=1)
    merit = merit / merit.std() if merit.std() > 0 else rng.standard_normal(n)
    style = of.style_skill * merit + np.sqrt(1 - of.style_skill**2) * rng.standard_normal(n)
    volume = np.exp(of.volume_log_sd * rng.standard_normal(n))
    home = _homes(spec, merit, volume, rng)
    team = np.empty(n, dtype=np.int64)
    team[np.argsort(home, kind="stable")] = np.arange(n) // max(of.team_size, 1)
    columns = {name: skills[:, place] for place, name in enumerate(SKILLS)}
    return Rows(**columns, style=style, volume=volume, home=home, team=team)


def correlated(spec: WorldSpec, n: int, rng: np.random.Generator) -> Floats:
    """``n`` draws of the outcomes' latents, standard normal with the world's correlation."""
    root = np.linalg.cholesky(np.asarray(spec.outcomes.correlation))
    return np.asarray(rng.standard_normal((n, len(OUTCOMES))) @ root.T)


def queue_of(spec: WorldSpec) -> Ints:
    """The queue of each reason, by place."""
    return np.array([spec.queues.index(reason.queue) for reason in spec.reasons], dtype=np.int64)


def queue_load(spec: WorldSpec) -> Floats:
    """Each queue's share of usual matters."""
    shares = np.array([reason.share for reason in spec.reasons])
    load = np.bincount(queue_of(spec), weights=shares, minlength=len(spec.queues))
    return np.asarray(load / load.sum())


def _queue_ease(spec: WorldSpec) -> Floats:
    shares = np.array([reason.share for reason in spec.reasons])
    ease = np.array([reason.ease for reason in spec.reasons])
    return np.bincount(queue_of(spec), weights=shares * ease) / np.bincount(queue_of(spec), weights=shares)


def _homes(spec: WorldSpec, merit: Floats, volume: Floats, rng: np.random.Generator) -> Ints:
    """Home queues that fill each queue's load: the first in the order of merit get the hardest queue."""
    of = spec.agents
    sorting = {"random": 0.0, "hard_to_good": of.sorting, "hard_to_weak": -of.sorting}[of.assignment]
    rank = sorting * merit + np.sqrt(1 - sorting**2) * rng.standard_normal(len(merit))
    order = np.argsort(-rank, kind="stable")
    hardest_first = np.argsort(_queue_ease(spec), kind="stable")
    done = (np.cumsum(volume[order]) - volume[order] / 2) / volume.sum()
    homes = np.empty(len(merit), dtype=np.int64)
    homes[order] = hardest_first[np.searchsorted(np.cumsum(queue_load(spec)[hardest_first])[:-1], done)]
    return homes


def assigned(spec: WorldSpec, agents: Rows, queue: Ints, rng: np.random.Generator) -> Ints:
    """The agent who takes each contact: mostly of the queue's own, the rest in proportion to volume."""
    home, volume = agents["home"], agents["volume"]
    load, share = queue_load(spec), spec.agents.home_share
    taken = np.zeros(len(queue), dtype=np.int64)
    for place in range(len(load)):
        here = np.flatnonzero(queue == place)
        own = (home == place) / max(load[place], 1e-9)
        taken[here] = chosen(rng, volume * (share * own + 1 - share), len(here))
    return taken


def channel_of(preferred: Ints, rng: np.random.Generator) -> Ints:
    """The channel of each contact: the customer's own in seven of ten."""
    other = chosen(rng, CHANNEL_SHARES, len(preferred))
    return np.where(rng.random(len(preferred)) < 0.7, preferred, other)


assert len(PRODUCT_SHARES) == len(PRODUCT_LINES) and len(CHANNEL_SHARES) == len(CHANNELS)
