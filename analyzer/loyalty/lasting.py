"""What readings say of the part of a level that stays, and how likely the level stands above a threshold today.

    level of a day       = a part that stays + a part that fades (normal around 0 with the variance ``drift``)
    readings of customer = the part that stays + what of the fading part they have in common + noise

Old readings tell of the part that stays only. Given that part a reading errs alike whatever else is known of the
customer (a contract, loyalty); given today's level it does not: the content of a loyal customer that is gone tomorrow
is no better known for the loyalty. So it is the part that stays whose distribution is deconvolved, and what the
readings leave open of the fading part is put back on top of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from analyzer.loyalty.latent import Axis, cell_likelihood
from analyzer.loyalty.levels import Levels, mean_reading
from analyzer.loyalty.reading_error import BEND, DRIFT, LEAST_NOISE, USUAL_ROOM, room

Floats = NDArray[np.float64]
LEAST_SPREAD: Final = 1e-4  # points; a level that does not fade is as far above a threshold as its cell
SAME: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Lasting:
    """``read`` is normal around the part that stays, with variance ``noise`` (more or less of it by the level) and
    ``shared`` (of the fading part); ``today``: what it has in common with the fading part of today."""

    read: Floats
    noise: Floats
    shared: Floats
    today: Floats
    drift: float
    bend: float

    def likelihood(self, of: Axis) -> Floats:
        """Of each customer's readings in each cell of the part that stays."""
        return cell_likelihood(self.read, np.sqrt(self._variance(of)), of)

    def above(self, of: Axis, threshold: float) -> Floats:
        """The probability that today's level reaches ``threshold``, in each cell given each customer's readings."""
        pull = self.today[:, None] / np.maximum(self._variance(of), LEAST_SPREAD**2)
        open_ = np.maximum(self.drift - pull * self.today[:, None], 0.0)
        low, high = (pull * self.read[:, None] + (1 - pull) * ends for ends in (of.edges[:-1], of.edges[1:]))
        return _mean_above(low, high, open_, threshold)

    def _variance(self, of: Axis) -> Floats:
        """Of each customer's reading in each cell; a fading part takes as much room as it is wide."""
        wide = np.maximum(1 + self.bend * (room(of.centres) - self.drift / 2500 - USUAL_ROOM), LEAST_NOISE)
        return np.asarray(self.noise[:, None] * wide[None, :] + self.shared[:, None], dtype=np.float64)


def lasting(levels: Levels, at: Floats) -> Lasting:
    """What the sums say if the readings err as ``at`` (ReadingError.at) has it."""
    found = mean_reading(levels, at)
    drift = max(float(at[DRIFT]), 0.0)
    return Lasting(found.read, found.noise, drift * found.shared, drift * found.fresh, drift, float(at[BEND]))


def _mean_above(low: Floats, high: Floats, open_: Floats, threshold: float) -> Floats:
    """The mean of Φ((level − threshold) / spread) over levels from ``low`` to ``high``."""
    spread = np.sqrt(np.maximum(open_, LEAST_SPREAD**2))
    left, right = (low - threshold) / spread, (high - threshold) / spread
    apart = right - left
    narrow = np.abs(apart) < SAME
    area = (right * norm.cdf(right) + norm.pdf(right)) - (left * norm.cdf(left) + norm.pdf(left))
    mean = np.where(narrow, norm.cdf((left + right) / 2), area / np.where(narrow, 1.0, apart))
    return np.asarray(np.clip(mean, 0.0, 1.0), dtype=np.float64)
