"""Attitude and satisfaction moving each other, wave by wave.

attitude_w = trait + state_w
feeling    = case terms + agent and contact + attitude_to_feeling · attitude_w
state_w+1  = carry · state_w + satisfaction_to_attitude · mean feeling in w, from the world's mean + new
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analyzer.simulate.draws import Bools, Floats, Ints
from analyzer.simulate.rows import Rows
from analyzer.simulate.spec import WorldSpec


@dataclass(frozen=True, slots=True)
class Waves:
    """By customer and wave: attitude at its start, mean feeling of its contacts (NaN without), buying again in it.

    Wave 0 begins with the first day. ``bought`` of wave w depends on attitude in w and the feeling in w − 1.
    """

    attitude: Floats
    feeling: Floats
    bought: Bools


def live_through(spec: WorldSpec, customers: Rows, contacts: Rows, rng: np.random.Generator) -> tuple[Waves, Floats]:
    """The waves, and the feeling of each contact (in sds within an agent, 0 in an ordinary one)."""
    of, n, waves = spec.loyalty, len(customers), spec.waves
    customer, when = contacts["customer"], wave_of(spec, contacts["at"])
    bare = contacts["feeling_case"] + contacts["feeling_own"]
    usual = float(bare.mean()) if len(bare) else 0.0
    attitude, feeling = np.zeros((n, waves)), np.full((n, waves), np.nan)
    felt = bare - usual
    state = of.state_sd / np.sqrt(max(1 - of.carry**2, 0.05)) * rng.standard_normal(n)
    for wave in range(waves):
        attitude[:, wave] = customers["trait"] + state
        here = np.flatnonzero(when == wave)
        felt[here] += of.attitude_to_feeling * attitude[customer[here], wave]
        feeling[:, wave] = _mean_by(customer[here], felt[here], n)
        moved = of.satisfaction_to_attitude * np.nan_to_num(feeling[:, wave])
        state = of.carry * state + moved + of.state_sd * rng.standard_normal(n)
    return Waves(attitude, feeling, _bought(spec, attitude, feeling, rng)), felt


def wave_of(spec: WorldSpec, at: Floats) -> Ints:
    """The wave of each time; what lies behind the last day counts to the last wave."""
    return np.clip(at // spec.loyalty.wave_days, 0, spec.waves - 1).astype(np.int64)


def buying_odds(spec: WorldSpec, attitude: Floats, feeling: Floats) -> Floats:
    """Log odds of buying again in each wave; feeling in the wave before, 0 where there was no contact."""
    of = spec.loyalty
    before = np.nan_to_num(np.column_stack([np.full(len(feeling), np.nan), feeling[:, :-1]]))
    return np.asarray(of.buy + of.buy_attitude * attitude + of.buy_feeling * before)


def _bought(spec: WorldSpec, attitude: Floats, feeling: Floats, rng: np.random.Generator) -> Bools:
    odds = buying_odds(spec, attitude, feeling)
    return np.asarray(rng.random(odds.shape) < 1 / (1 + np.exp(-odds)), dtype=np.bool_)


def _mean_by(place: Ints, values: Floats, n: int) -> Floats:
    count = np.bincount(place, minlength=n)
    total = np.bincount(place, weights=values, minlength=n)
    return np.asarray(np.divide(total, count, out=np.full(n, np.nan), where=count > 0))
