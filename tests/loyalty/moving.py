"""Worlds in which satisfaction and loyalty move from wave to wave, measured with noise, now and then not at all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analyzer.loyalty.dynamics import Waves, waves_of

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Moving:
    """In standard deviations of what is new each wave; 10 points of 100 are one."""

    customers: int = 300
    waves: int = 4
    carry: float = 0.4  # of what moved last wave, what is left in this one
    satisfaction_moves_loyalty: float = 0.0
    loyalty_moves_satisfaction: float = 0.0
    lasting: float = 1.0  # sd of what a customer is
    lasting_tie: float = 0.5  # correlation of lasting satisfaction and loyalty
    moving_tie: float = 0.5  # correlation of what is new in both
    reading_noise: float = 0.9  # sd of one reading of satisfaction around the customer's wave
    felt: float = 0.0  # share of its variance that was truly felt in the contact, and moves loyalty like what lasts
    answer_noise: float = 0.5  # sd of one answer about loyalty
    trend: float = 0.3  # of everybody's satisfaction and loyalty, each wave
    missing: float = 0.05


def moving(spec: Moving, seed: int) -> Waves:
    """The waves of ``spec`` drawn with ``seed``."""
    rng = np.random.default_rng(seed)
    n = spec.customers
    lasting = spec.lasting * _pair(rng, n, spec.lasting_tie)
    carried = np.array([[spec.carry, spec.loyalty_moves_satisfaction], [spec.satisfaction_moves_loyalty, spec.carry]])
    state, frames = np.zeros((n, 2)), []
    felt = np.zeros(n)
    for wave in range(-25, spec.waves):
        state = (state + np.column_stack([felt, np.zeros(n)])) @ carried.T + _pair(rng, n, spec.moving_tie)
        readings = _readings(spec, rng)
        felt = np.nanmean(readings[0], axis=1)
        if wave >= 0:
            level = 50 + 10 * (lasting + state + spec.trend * wave)
            frames.append(_measured(spec, level, readings, wave, rng))
    return waves_of(pd.concat(frames, ignore_index=True))


def _readings(spec: Moving, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Of one to three contacts of each customer: what was felt beside what lasts, and the error of its reading."""
    shape = (spec.customers, 3)
    absent = np.arange(3)[None, :] >= rng.integers(1, 4, spec.customers)[:, None]
    felt, error = rng.normal(size=(2, *shape)) * spec.reading_noise
    return (
        np.where(absent, np.nan, felt * np.sqrt(spec.felt)),
        np.where(absent, np.nan, error * np.sqrt(1 - spec.felt)),
    )


def _pair(rng: np.random.Generator, n: int, tie: float) -> Floats:
    first, second = rng.normal(size=n), rng.normal(size=n)
    return np.column_stack([first, tie * first + np.sqrt(1 - tie**2) * second])


def _measured(
    spec: Moving, level: Floats, readings: tuple[Floats, Floats], wave: int, rng: np.random.Generator
) -> pd.DataFrame:
    n = len(level)
    reading = level[:, :1] + 10 * (readings[0] + readings[1])
    mean = np.nanmean(reading, axis=1)
    answer = level[:, 1] + 10 * spec.answer_noise * rng.normal(size=n)
    seen, told = rng.random(n) >= spec.missing, rng.random(n) >= spec.missing
    return pd.DataFrame(
        {
            "customer_key": [f"k-{i:04d}" for i in range(n)],
            "wave": wave,
            "satisfaction": np.where(seen, mean, np.nan),
            "readings": np.where(seen, (~np.isnan(reading)).sum(axis=1), np.nan),
            "squares": np.where(seen, np.nansum((reading - mean[:, None]) ** 2, axis=1), np.nan),
            "loyalty": np.where(told, answer, np.nan),
        }
    )
