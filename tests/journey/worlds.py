"""Cheap worlds of contacts and returns whose truth is known: what is solved, who comes back, when, and what is heard.

A contact is truly solved or not; the detector hears it through noise and reports a calibrated probability. The unsolved
come back more often than the solved. In business worlds returns wait for opening hours and weekends are quiet. An
outage multiplies the contacts of one day of the last week, solves few and brings people back more and sooner.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from analyzer.journey.chains import DAY_US

ZONE: Final = ZoneInfo("UTC")
MONDAY: Final = 20_454 * DAY_US  # 2026-01-05
WEEKDAY: Final = np.array([1.5, 1.2, 1.1, 1.1, 1.0, 0.5, 0.25])
REASONS: Final = np.array(["billing", "delivery", "setup", "contract", "refund", "outage"])
SHARE: Final = np.array([0.3, 0.2, 0.2, 0.15, 0.13, 0.02])
SOLVED: Final = np.array([0.85, 0.7, 0.6, 0.8, 0.65, 0.4])
BACK: Final = np.array([1.0, 1.3, 0.8, 0.6, 1.2, 1.5])
CHANNELS: Final = np.array(["voice", "chat", "email"])
HOUR_US: Final = DAY_US // 24


@dataclass(frozen=True, slots=True)
class Spec:
    """``sharpness``: distance of the two classes to the detector in standard deviations; ``opening``: returns wait for
    opening hours; ``outage``: in the last week, ``outage_before``: also once before."""

    weeks: int = 9
    per_day: int = 60
    sharpness: float = 2.5
    opening: bool = True
    outage: bool = False
    outage_before: bool = False
    outage_speed: float = 0.4
    outage_back: float = 2.5
    outage_size: float = 2.5


@dataclass(frozen=True, slots=True)
class World:
    """Columns of one entry a first contact; ``returned_us`` is −1 where nobody comes back."""

    end_us: np.ndarray
    reason: np.ndarray
    channel: np.ndarray
    solved: np.ndarray
    p: np.ndarray
    returned_us: np.ndarray
    weeks: int

    @property
    def week(self) -> np.ndarray:
        return np.asarray((self.end_us - MONDAY) // (7 * DAY_US))

    def truth(self, window_days: float = 7) -> float:
        """Share of the last week's contacts that were solved and not taken up again."""
        last = self.week == self.weeks - 1
        return float((self.solved & ~self.back(window_days))[last].mean())

    def back(self, window_days: float) -> np.ndarray:
        return (self.returned_us >= 0) & (self.returned_us <= self.end_us + window_days * DAY_US)

    @property
    def sunday_us(self) -> int:
        """The end of the last week."""
        return MONDAY + self.weeks * 7 * DAY_US - 1


def make(spec: Spec, seed: int) -> World:
    random = np.random.default_rng(seed)
    struck = [int(random.integers(1, 6)) + 7 * (spec.weeks - 1)] if spec.outage else []
    struck += [int(random.integers(1, 6)) + 7 * int(random.integers(1, spec.weeks - 2))] if spec.outage_before else []
    days, odd = _days(spec, random, struck)
    size = len(days)
    end = MONDAY + days * DAY_US + (random.uniform(8, 20, size) * HOUR_US).astype(np.int64)
    reason = np.where(odd, 5, random.choice(len(REASONS), size, p=SHARE))
    share = np.where(odd, 0.35, SOLVED[reason])
    solved = random.random(size) < share
    heard = spec.sharpness * (solved - 0.5) + random.normal(size=size)
    p = 1 / (1 + np.exp(-(np.log(share / (1 - share)) + spec.sharpness * heard)))
    channel = random.choice(3, size, p=[0.5, 0.3, 0.2])
    likely = np.where(solved, 0.06, 0.4) * BACK[reason] * np.array([1.0, 0.9, 1.2])[channel]
    likely = np.minimum(likely * np.where(odd, np.where(solved, spec.outage_back, 1.3), 1.0), 0.9)
    delay = random.exponential(np.where(solved, 3.5, 2.0) * np.where(odd, spec.outage_speed, 1.0)) * DAY_US
    back = np.where(random.random(size) < likely, end + delay.astype(np.int64), -1)
    if spec.opening:
        back = np.where(back >= 0, _opened(back, random), -1)
    return World(end, REASONS[reason], CHANNELS[channel], solved, p, back, spec.weeks)


def _days(spec: Spec, random: np.random.Generator, struck: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Day of each contact, and whether it is due to an outage."""
    week = np.tile(WEEKDAY / WEEKDAY.mean(), spec.weeks)
    plain = np.repeat(np.arange(7 * spec.weeks), random.poisson(spec.per_day * week))
    extra = np.repeat(struck, [random.poisson(spec.per_day * spec.outage_size) for _ in struck]).astype(np.int64)
    return np.concatenate([plain, extra]), np.repeat([False, True], [len(plain), len(extra)])


def _opened(moment: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Moved into opening hours (8–20, Monday to Saturday): whoever thinks of it at night calls in the morning."""
    day, hour = (moment - MONDAY) // DAY_US, (moment - MONDAY) % DAY_US / HOUR_US
    day = day + (hour >= 20)
    closed = (hour < 8) | (hour >= 20) | (day % 7 == 6)
    day = day + (day % 7 == 6)
    morning = 8 + random.exponential(1.5, len(moment)) % 11
    return np.asarray(np.where(closed, MONDAY + day * DAY_US + (morning * HOUR_US).astype(np.int64), moment))
