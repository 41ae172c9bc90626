"""What small worlds of units are like, and what happens in them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
from scipy.special import expit

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

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
class Effects:
    """True levels by world: of agents, queues, channels, days, reasons; of each customer."""

    skill: Floats
    queue: Floats
    channel: Floats
    day: Floats
    reason: Floats
    mood: Floats


@dataclass(frozen=True, slots=True)
class Contacts:
    """What each contact (worlds, contacts) is; ``share`` is the first agent's."""

    agent: Ints
    partner: Ints
    share: Floats
    queue: Ints
    channel: Ints
    customer: Ints
    day: Ints
    reason: Ints


def at(table: np.ndarray, index: Ints) -> np.ndarray:
    return np.take_along_axis(table, index, axis=1)


def agent_names(spec: UnitWorlds) -> list[str]:
    return [f"a-{a:04d}" for a in range(spec.agents)]
