"""What the readings of each customer say of their level of satisfaction on a day: a mean, how much of the level is in
it, and how far it errs; for any guess of the readings' own errors, so that how unsure those are can be carried on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analyzer.loyalty.latent import Axis, cell_likelihood
from analyzer.loyalty.reading_error import (
    BEND,
    DRIFT,
    LEAST_NOISE,
    LINES,
    READ,
    TOLD,
    USUAL_ROOM,
    ReadingError,
    room,
)

Floats = NDArray[np.float64]
MOST_HALFLIVES: Final = 60.0  # older than this a weight would vanish and take the mean with it


@dataclass(frozen=True, slots=True)
class Levels:
    """Sums over the readings of each customer, weights halving with age; of readings by stratum (columns)."""

    customers: pd.Index[str]
    weight: Floats
    told: Floats  # weight · answer
    told_square: Floats  # weight²
    read: Floats  # weight · reading, as read
    read_weight: Floats
    read_square: Floats
    together: Floats  # Σ over pairs of readings of weights · what their drift has in common
    readings: NDArray[np.int64]

    @property
    def counted(self) -> Floats:
        """The mean of answers and readings as they are."""
        return np.asarray((self.told + self.read.sum(axis=1)) / self.weight, dtype=np.float64)

    def of(self, rows: NDArray[np.bool_] | NDArray[np.int64]) -> Levels:
        """The sums of some customers."""
        return Levels(self.customers[rows], *(getattr(self, name)[rows] for name in Levels.__slots__[1:]))


@dataclass(frozen=True, slots=True)
class Measured:
    """``read`` is normal around ``middle + gain · (level − middle)``; its variance is the readings' noise, more or less
    of it by the level (``bend``), and the blur of what changed since."""

    read: Floats
    gain: Floats
    noise: Floats
    blur: Floats
    middle: float
    bend: float

    @property
    def error(self) -> Floats:
        """Standard deviation of ``read`` / ``gain`` around the level, for a usual level."""
        return np.asarray(np.sqrt(self.noise + self.blur) / self.gain, dtype=np.float64)

    def likelihood(self, of: Axis) -> Floats:
        """Of each customer's readings in each cell of the true level."""
        wide = np.maximum(1 + self.bend * (room(of.centres) - USUAL_ROOM), LEAST_NOISE)
        spread = np.sqrt(self.noise[:, None] * wide[None, :] + self.blur[:, None])
        return cell_likelihood(self.read, spread, of, self.gain, self.middle)


def levels_at(standing: pd.DataFrame, error: ReadingError, as_of: datetime, halflife_days: float) -> Levels:
    """The sums on ``as_of``, customers in order of their keys."""
    age = (pd.Timestamp(as_of) - standing["at"]).dt.total_seconds().to_numpy(dtype="float64") / 86400
    weight = np.power(0.5, np.clip(age / halflife_days, 0, MOST_HALFLIVES))
    value, told = standing["value"].to_numpy(dtype="float64"), standing["told"].to_numpy(dtype=bool)
    place, customers = pd.factorize(standing["customer_key"], sort=True)
    n, strata = len(customers), len(error.strata)
    cell = place * strata + error.stratum(standing["language"])

    def each(amount: Floats) -> Floats:
        return np.asarray(np.bincount(place, weights=amount, minlength=n), dtype=np.float64)

    def by_stratum(amount: Floats) -> Floats:
        sums = np.bincount(cell, weights=np.where(told, 0.0, amount), minlength=n * strata)
        return np.asarray(sums.reshape(n, strata), dtype=np.float64)

    return Levels(
        customers=pd.Index(customers, dtype="object", name="customer_key"),
        weight=each(weight),
        told=each(np.where(told, weight * value, 0.0)),
        told_square=each(np.where(told, weight**2, 0.0)),
        read=by_stratum(weight * value),
        read_weight=by_stratum(weight),
        read_square=by_stratum(weight**2),
        together=each((2 * _rank_by_age(place, age) - 1) * weight**2),
        readings=np.bincount(place, minlength=n),
    )


def _rank_by_age(place: NDArray[np.int64], age: Floats) -> Floats:
    """1 for each customer's newest reading, 2 for the next.

    With weights that halve as drift does, two readings share what the older one weighs squared; so the sum over all
    pairs is Σ (2 · rank − 1) · weight².
    """
    order = np.lexsort((age, place))
    starts = np.searchsorted(place[order], place[order], side="left")
    rank = np.empty(len(place))
    rank[order] = np.arange(len(place)) - starts + 1
    return rank


@dataclass(frozen=True, slots=True)
class MeanReading:
    """Each customer's weighted mean of readings and answers; the variance of its ``noise``, and what drift adds per
    unit of its variance: within the mean (``shared``), and what of it today's level has too (``fresh``)."""

    read: Floats
    noise: Floats
    shared: Floats
    fresh: Floats


def mean_reading(levels: Levels, at: Floats) -> MeanReading:
    """The mean of each customer if the readings err as ``at`` (ReadingError.at) has it."""
    intercept, slope = at[LINES::2], at[LINES + 1 :: 2]
    weight = levels.weight
    return MeanReading(
        read=(levels.told + ((levels.read - intercept * levels.read_weight) / slope).sum(axis=1)) / weight,
        noise=(at[TOLD] * levels.told_square + at[READ] * (levels.read_square / slope**2).sum(axis=1)) / weight**2,
        shared=levels.together / weight**2,
        fresh=(levels.told_square + levels.read_square.sum(axis=1)) / weight,
    )


def measured(levels: Levels, at: Floats) -> Measured:
    """What the sums say if the readings err as ``at`` (ReadingError.at) has it."""
    found, drift = mean_reading(levels, at), at[DRIFT]
    read, noise, shared, fresh = found.read, found.noise, found.shared, found.fresh
    middle = float(read.mean()) if len(read) else 0.0
    stays = max(float(((read - middle) ** 2 - drift * shared - noise).mean()), 0.0) if len(read) else 0.0
    whole = stays + drift
    gain = (stays + drift * fresh) / whole if whole > 0 else np.ones(len(read))
    blur = np.maximum(stays + drift * shared - gain**2 * whole, 0.0)
    return Measured(read, gain, noise, blur, middle, float(at[BEND]))
