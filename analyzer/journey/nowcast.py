"""How many customers come back, and when: the curve that completes windows still running.

S(t) is the share of contacts not taken up again by age t, learned on contacts whose window is over (Kaplan–Meier,
statsmodels ``SurvfuncRight``; with complete windows it equals one minus the empirical share returned). An open contact
that has been quiet for ``age`` stays quiet to the end of window W with probability S(W) / S(age).

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


def learn_return_curve(returned_after: np.ndarray, window: float) -> ReturnCurve:
    """The curve from the return times (inf: none) of contacts whose window is over, in the unit of ``window``."""
    returned = returned_after <= window
    if len(returned_after) < MIN_MATURE:
        share = (returned.sum() + PRIOR_RETURNS) / (len(returned_after) + PRIOR_CONTACTS)
        ends = np.array([0.0, window])
        return ReturnCurve(ends, np.array([1.0, 1.0 - share]), window, len(returned_after), "prior_line")
    if not returned.any():
        return ReturnCurve(np.zeros(0), np.zeros(0), window, len(returned_after), "kaplan_meier")
    curve = SurvfuncRight(np.maximum(np.minimum(returned_after, window), 1e-9), returned.astype(int))
    times, survival = np.asarray(curve.surv_times, float), np.asarray(curve.surv_prob, float)
    return ReturnCurve(times, survival, window, len(returned_after), "kaplan_meier")
