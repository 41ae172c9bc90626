"""How many leave within a horizon when other exits compete and some are watched only from later on (Aalen & Johansen).

    F_k(h) = Σ over exit times t ≤ h of S(t−) · d_k(t) / Y(t),   S(t) = Π over exit times ≤ t of (1 − d(t) / Y(t))

with Y(t) those at risk: entered before t and not gone before it. Counting leavers among all at the start would take who
moved away for somebody who stayed, and treating moves as censoring would count what the mover might have done.
Pseudo-values carry the estimate to single customers, so that it can be set against what else is known of them
(Andersen, Klein & Rosthøj 2003).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
MIN_AT_RISK: Final = 5  # with fewer at risk one exit moves the whole curve


@dataclass(frozen=True, slots=True)
class Spells:
    """A spell a customer on one clock, in days: at risk in (entry, exit]; ``cause`` 0 is censored, 1 and on an exit."""

    entry: Floats
    exit: Floats
    cause: NDArray[np.int64]

    def of(self, rows: NDArray[np.bool_] | NDArray[np.int64]) -> Spells:
        """The spells of some customers."""
        return Spells(self.entry[rows], self.exit[rows], self.cause[rows])


@dataclass(frozen=True, slots=True)
class _Curve:
    """At each exit time up to the horizon: at risk, exits of the cause and of any, S just before, F just after."""

    times: Floats
    at_risk: Floats
    of_cause: Floats
    of_any: Floats
    before: Floats
    incidence: Floats


def incidence(spells: Spells, cause: int, horizon: float) -> float | None:
    """The share gone by ``horizon`` for ``cause``; None where too few were at risk on the way there."""
    if not _followed(spells, horizon):
        return None
    curve = _curve(spells, cause, horizon)
    return float(curve.incidence[-1]) if len(curve.times) else 0.0


def pseudo_values(spells: Spells, cause: int, horizon: float) -> Floats:
    """What each customer adds to ``incidence``: F + n · dF / d(weight of the customer); their mean is F.

    Where everybody was watched from 0 to the horizon or their exit, it is 1 for who left for the cause by then, else 0.
    """
    curve = _curve(spells, cause, horizon)
    if not len(curve.times):
        return np.zeros(len(spells.exit))
    whole = curve.incidence[-1]
    stays = 1 - curve.of_any / curve.at_risk
    left = np.divide(whole - curve.incidence, stays, out=np.zeros_like(stays), where=stays > 0)
    own, other = curve.before / curve.at_risk, left / curve.at_risk
    running = np.concatenate([[0.0], np.cumsum((own * curve.of_cause - other * curve.of_any) / curve.at_risk)])
    first = np.searchsorted(curve.times, spells.entry, side="right")
    last = np.searchsorted(curve.times, np.minimum(spells.exit, horizon), side="right")
    moved = -(running[last] - running[first])
    gone = (spells.cause > 0) & (spells.exit <= horizon) & (last > first)
    place = last[gone] - 1
    moved[gone] += own[place] * (spells.cause[gone] == cause) - other[place]
    return np.asarray(whole + len(spells.exit) * moved, dtype=np.float64)


def _followed(spells: Spells, horizon: float) -> bool:
    """Whether enough were at risk at every exit time, and somebody who stayed was watched to the horizon."""
    curve = _curve(spells, 1, horizon)
    enough = bool(len(spells.exit)) and bool((curve.at_risk >= MIN_AT_RISK).all())
    return enough and bool(((spells.exit >= horizon) & (spells.entry < horizon)).any())


def _curve(spells: Spells, cause: int, horizon: float) -> _Curve:
    gone = (spells.cause > 0) & (spells.exit <= horizon) & (spells.exit > spells.entry)
    times, place = np.unique(spells.exit[gone], return_inverse=True)
    of_any = np.bincount(place, minlength=len(times)).astype(np.float64)
    own = (spells.cause[gone] == cause).astype(np.float64)
    of_cause = np.bincount(place, weights=own, minlength=len(times)).astype(np.float64)
    left_before = np.searchsorted(np.sort(spells.exit), times, side="left")
    entered = np.searchsorted(np.sort(spells.entry), times, side="left")
    at_risk = (entered - left_before).astype(np.float64)
    survival = np.cumprod(1 - of_any / at_risk)
    before = np.concatenate([[1.0], survival[:-1]])
    return _Curve(times, at_risk, of_cause, of_any, before, np.cumsum(before * of_cause / at_risk))
