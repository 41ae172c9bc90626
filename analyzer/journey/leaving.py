"""Returned, left, or quiet and still a customer: leaving competes with returning (Aalen–Johansen).

Who has given notice will not call again; counting that silence as a solved matter would reward losing customers. Of a
contact whose window still runs, quiet to age a, the customer leaves before coming back with probability

    (CIF_left(window) − CIF_left(a)) / S(a)        S = 1 − CIF_left − CIF_returned

where the cumulative incidence CIF_k(t) = Σ_{t_i ≤ t} S(t_i−) · d_k(t_i) / n(t_i) is learned on all contacts, those
still running censored at their age. Censoring is at reading time, hence independent of what would have followed.
Reference: Aalen & Johansen (1978), Scand. J. Statist. 5, 141–150; checked against statsmodels CumIncidenceRight.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from analyzer.journey.chains import DAY_US

CENSORED, RETURNED, LEFT = 0, 1, 2
_LEAST: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Incidence:
    """Cumulative incidence of each cause at ``times`` (ascending), steps."""

    times: np.ndarray
    returned: np.ndarray
    left: np.ndarray

    def at(self, age: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """CIF of returning and leaving at each age."""
        place = np.searchsorted(self.times, age, side="right")
        return np.append(0.0, self.returned)[place], np.append(0.0, self.left)[place]

    def leaves(self, age: np.ndarray, window: float) -> np.ndarray:
        """Probability of leaving before returning, by ``window``, of who is quiet and a customer at ``age``."""
        returned, left = self.at(age)
        later = self.at(np.full(len(age), window))[1]
        return np.asarray(np.clip((later - left) / np.maximum(1.0 - returned - left, _LEAST), 0.0, 1.0))


def aalen_johansen(age: np.ndarray, cause: np.ndarray) -> Incidence:
    """Cumulative incidence from ages at return, notice or reading; ties of events and censoring: events first."""
    times, place = np.unique(age, return_inverse=True)
    events = [np.bincount(place[cause == kind], minlength=len(times)) for kind in (RETURNED, LEFT)]
    at_risk = len(age) - np.append(0, np.cumsum(np.bincount(place, minlength=len(times))))[:-1]
    hazards = [count / np.maximum(at_risk, 1) for count in events]
    before = np.append(1.0, np.cumprod(1.0 - hazards[0] - hazards[1]))[:-1]
    return Incidence(times, *(np.cumsum(before * hazard) for hazard in hazards))


def left_probability(
    end_us: np.ndarray, returned_us: np.ndarray, left_us: np.ndarray, still: np.ndarray, window_days: float, now_us: int
) -> np.ndarray:
    """Probability that the customer of each contact leaves within the window without having come back.

    ``returned_us``, ``left_us``: −1 where it did not happen by ``now_us``; ``still``: probability that what followed
    until now was no return. Contacts of customers who had left before are as those of others.
    """
    window_us = round(window_days * DAY_US)
    horizon = np.minimum(end_us + window_us, now_us)
    came = (returned_us >= 0) & (returned_us <= horizon)
    gone = (left_us > end_us) & (left_us <= horizon) & ~(came & (returned_us <= left_us))
    cause = np.where(gone, LEFT, np.where(came, RETURNED, CENSORED))
    until = np.where(gone, left_us, np.where(came, returned_us, horizon))
    age = np.maximum(until - end_us, 0) / DAY_US
    incidence = aalen_johansen(age, cause)
    to_come = np.where(now_us < end_us + window_us, incidence.leaves(age, window_days), 0.0)
    return np.asarray(np.where(gone, still, np.where(came, 0.0, still * to_come)))
