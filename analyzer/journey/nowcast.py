"""How many customers come back, and when: the curve that completes windows still running.

S(t) is the share of contacts not taken up again by age t, learned on contacts whose window is over (Kaplan–Meier,
statsmodels ``SurvfuncRight``; with complete windows it equals one minus the empirical share returned). An open contact
that has been quiet for ``age`` stays quiet to the end of window W with probability S(W) / S(age).

Contacts weigh by the probability that they were solved: those left unsolved are the ones that come back, and a curve of
all of them would take their returns off the solved ones as well. A return that is doubtful takes only its part.

Below ``MIN_MATURE`` contacts the curve is a straight line from 1 to 1 − (r + 1) / (n + 8), r returns among n: with
nothing known one contact in eight is expected back, evenly over the window.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from statsmodels.duration.survfunc import SurvfuncRight

MIN_MATURE = 30
PRIOR_RETURNS, PRIOR_CONTACTS = 1.0, 8.0


@dataclass(frozen=True, slots=True)
class ReturnCurve:
    """S as steps (``method`` kaplan_meier) or as points of a straight line (``method`` prior_line)."""

    times: np.ndarray
    survival: np.ndarray
    window: float
    mature: int
    method: str

    def at(self, age: np.ndarray) -> np.ndarray:
        """S(age), 1 before 0 and S(window) after the window."""
        bounded = np.clip(age, 0.0, self.window)
        if self.method == "prior_line":
            return np.asarray(np.interp(bounded, self.times, self.survival))
        steps = np.concatenate([[1.0], self.survival])
        return np.asarray(steps[np.searchsorted(self.times, bounded, side="right")])

    def stays_quiet(self, age: np.ndarray) -> np.ndarray:
        """S(window) / S(age), 1 once the window is over."""
        return np.asarray(self.at(np.full(len(age), self.window)) / np.maximum(self.at(age), 1e-12))


def learn_return_curve(
    returned_after: np.ndarray,
    window: float,
    solved: np.ndarray | None = None,
    quiet: np.ndarray | None = None,
) -> ReturnCurve:
    """The curve from the return times (inf: none) of contacts whose window is over, in the unit of ``window``.

    ``solved`` weighs each contact (all 1 by default), ``quiet`` is the probability that its return was none (0).
    """
    weight = np.ones(len(returned_after)) if solved is None else np.nan_to_num(solved)
    doubt = np.zeros(len(returned_after)) if quiet is None else quiet
    came = np.where(returned_after <= window, weight * (1.0 - doubt), 0.0)
    contacts = int((weight > 0).sum())
    if contacts < MIN_MATURE:
        share = (came.sum() + PRIOR_RETURNS) / (weight.sum() + PRIOR_CONTACTS)
        return ReturnCurve(np.array([0.0, window]), np.array([1.0, 1.0 - share]), window, contacts, "prior_line")
    if not (came > 0).any():
        return ReturnCurve(np.zeros(0), np.zeros(0), window, contacts, "kaplan_meier")
    curve = _kaplan_meier(np.minimum(returned_after, window), came, weight - came, window)
    return ReturnCurve(curve[0], curve[1], window, contacts, "kaplan_meier")


def _kaplan_meier(
    age: np.ndarray, came: np.ndarray, stayed: np.ndarray, window: float
) -> tuple[np.ndarray, np.ndarray]:
    """Times and survival: of each contact ``came`` returns at its age and ``stayed`` is quiet all through."""
    times = np.concatenate([np.maximum(age, 1e-9), np.full(len(age), window)])
    event, weight = np.repeat([1, 0], len(age)), np.concatenate([came, stayed])
    some = weight > 0
    curve = SurvfuncRight(times[some], event[some], freq_weights=weight[some])
    return np.asarray(curve.surv_times, float), np.asarray(curve.surv_prob, float)
