"""Teams of agents whose days are in control but for what a world says: sums by day, as the charts take them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analyzer.score.cells import Cells
from analyzer.score.charting import Charted
from analyzer.score.frames import Bools, Floats
from analyzer.score.measures import MEASURES

SD = 20.0  # of a contact
SKEW = -0.6  # of a contact: few are far below, none far above
DAY = SD / 4  # how far days stray beyond their contacts, in worlds where they do
MEAN = next(m for m in MEASURES if m.name == "experience_contact")
RATE = next(m for m in MEASURES if m.name == "resolved_rate")


@dataclass(frozen=True, slots=True)
class Spec:
    """``n`` contacts a day on average; days differ by weekday, stray more than contacts do (``dispersed``), and what
    makes them stray lasts (``lasting``: correlation with the next day). ``agents`` share a kind, and a lead."""

    n: int
    weekday: bool = False
    dispersed: bool = False
    lasting: float = 0.0
    agents: int = 6
    days: int = 84
    present: float = 0.8  # share of days on which an agent works
    shift: float = 0.0  # of every agent from ``from_day`` on, in standard deviations of a day's mean
    from_day: int = 0
    rate: float = (
        0.0  # of a rare event, about which agents differ by a third; 0: of one that happens more often than not
    )


@dataclass(frozen=True, slots=True)
class _Days:
    n: Floats  # contacts
    weekday: Floats
    stray: Floats  # standard normal, by agent and day
    moved: Bools


def mean_teams(spec: Spec, worlds: int, rng: np.random.Generator) -> list[Charted]:
    """One measure on 0–100 of each world's team."""
    days = _days(spec, worlds, rng)
    n = np.maximum(days.n, 1.0)
    typical = np.sqrt(SD**2 / spec.n + (DAY**2 if spec.dispersed else 0.0))
    level = 55 + rng.normal(0, 5, (len(n), 1)) + 5 * days.weekday + spec.shift * typical * days.moved
    level += DAY * days.stray if spec.dispersed else 0.0
    shape = 4 / SKEW**2
    contacts = np.sign(SKEW) * (rng.gamma(n * shape) / np.sqrt(shape) - n * np.sqrt(shape)) / n
    squares = SD**2 * rng.chisquare(np.maximum(n - 1, 1e-9))
    return _charted(MEAN, spec, days.n, level + SD * contacts, squares)


def rate_teams(spec: Spec, worlds: int, rng: np.random.Generator) -> list[Charted]:
    """One rate of each world's team: events that happened or not; how far days stray is beta distributed."""
    days = _days(spec, worlds, rng)
    if spec.rate:
        level = spec.rate * np.exp(rng.normal(0, 0.3, (len(days.n), 1)) + 0.15 * days.weekday)
        level = np.clip(level, 1e-4, 0.95)
    else:
        level = np.clip(rng.uniform(0.55, 0.8, (len(days.n), 1)) + 0.04 * days.weekday, 0.05, 0.95)
    if spec.dispersed:  # a share of .02 of the variance of one contact is the day's
        level = rng.beta(49 * level, 49 * (1 - level))
    sd = np.sqrt(0.22 * (1 / spec.n + (0.02 if spec.dispersed else 0.0)))
    level = np.clip(level + spec.shift * sd * days.moved, 0.0, 1.0)
    rate = rng.binomial(days.n.astype(np.int64), level) / np.maximum(days.n, 1)
    return _charted(RATE, spec, days.n, rate, days.n * rate * (1 - rate))


def _days(spec: Spec, worlds: int, rng: np.random.Generator) -> _Days:
    units = worlds * spec.agents
    n = rng.poisson(spec.n, (units, spec.days)) * (rng.random((units, spec.days)) < spec.present)
    of_team = np.repeat(rng.normal(0, 1, (worlds, 7)), spec.agents, axis=0) + rng.normal(0, 0.4, (units, 7))
    weekday = of_team[:, np.arange(spec.days) % 7] if spec.weekday else np.zeros((units, spec.days))
    stray = rng.normal(0, 1, (units, spec.days))
    for day in range(1, spec.days):
        stray[:, day] = spec.lasting * stray[:, day - 1] + np.sqrt(1 - spec.lasting**2) * stray[:, day]
    moved = np.broadcast_to(np.arange(spec.days) >= spec.from_day, n.shape)
    return _Days(n.astype(np.float64), weekday, stray, moved)


def _charted(measure: object, spec: Spec, n: Floats, mean: Floats, squares: Floats) -> list[Charted]:
    """Each team as a kind of its own."""
    none = (np.zeros((spec.days, 0, 0)), np.zeros((spec.days, 0)))
    charted = []
    for first in range(0, len(n), spec.agents):
        team = slice(first, first + spec.agents)
        day, agent = np.nonzero(n[team].T)  # by day, then agent
        at = n[team][agent, day]
        y = at * mean[team][agent, day]
        yy = squares[team][agent, day] + y**2 / at
        cells = Cells(day, agent, at, at, at, at, y, yy, np.zeros((len(at), 0)), *none)
        charted.append(Charted("agent", measure, tuple(f"a-{i}" for i in range(spec.agents)), cells))  # type: ignore[arg-type]
    return charted
