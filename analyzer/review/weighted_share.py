"""A share of what was judged in contacts drawn with known probability, with an interval that holds.

    share = Σ w · part / Σ w · whole       w: 1 / sampling probability of the contact (Hájek)

``part`` and ``whole`` count things of a contact: passages, or the contact itself. What is said of one contact hangs
together, so the variance is that of contacts (Taylor linearisation of the ratio, G / (G - 1)). The interval (95 %) is
Clopper and Pearson's at the number of independent things that this variance is worth, never more than there are, with
Korn and Graubard's degrees of freedom (1998): it stays inside 0 to 1 and does not collapse where all were right.

Things that nobody judged may be right or wrong: people judge what catches their eye. The interval reaches from all of
them being wrong to all of them being right, so it holds whatever they are.

Coverage in 36 kinds of worlds (20, 50, 200 contacts; shares .5, .9, .97; passages independent or hanging together; one
sampling probability or two that go with the share; 400 samples each): .95 to .998, tests/review/test_audit_says.py
repeats some of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from analyzer.review.coefficients import LEAST, Estimate

Floats = NDArray[np.float64]
LEVEL: Final = 0.95
LEAST_JUDGED: Final = 0.5  # of the things that were there to judge; with fewer nothing is said
Why = Literal["", "none", "few", "unjudged"]


@dataclass(frozen=True, slots=True)
class Share:
    """``things`` judged in ``contacts``, and ``unjudged`` beside them. ``estimate`` is None where ``why`` says so."""

    contacts: int
    things: int
    unjudged: int
    estimate: Estimate | None
    why: Why


def weighted_share(part: Floats, whole: Floats, weight: Floats, unjudged: Floats | None = None) -> Share:
    """The share over contacts; entries that hold nothing to judge do not count."""
    open_ = np.zeros(len(whole)) if unjudged is None else unjudged
    there = whole + open_ > 0
    part, whole, weight, open_ = part[there], whole[there], weight[there], open_[there]
    contacts, things, left = int((whole > 0).sum()), round(float(whole.sum())), round(float(open_.sum()))
    why = _why(contacts, float(whole.sum()), float(open_.sum()))
    if why:
        return Share(contacts, things, left, None, why)
    value = float(weight @ part / (weight @ whole))
    low = _bounds(part, whole + open_, weight)[0]
    high = _bounds(part + open_, whole + open_, weight)[1]
    return Share(contacts, things, left, Estimate(value, min(low, value), max(high, value)), "")


def _why(contacts: int, judged: float, unjudged: float) -> Why:
    if not judged:
        return "unjudged" if unjudged else "none"
    if judged < LEAST_JUDGED * (judged + unjudged):
        return "unjudged"
    return "few" if contacts < LEAST else ""


def _bounds(part: Floats, whole: Floats, weight: Floats) -> tuple[float, float]:
    total = weight * whole
    share = float(np.clip(weight @ part / total.sum(), 0, 1))
    groups, things = len(whole), max(float(whole.sum()), 2.0)
    variance = groups / (groups - 1) * float(np.sum((weight * (part - share * whole) / total.sum()) ** 2))
    most = float(total.sum() ** 2 / np.sum(weight**2 * whole))
    alike = float(total.sum() ** 2 / np.sum(total**2))  # contacts, as unequal as they are
    worth = min(share * (1 - share) / variance, most) if variance > 0 else alike
    tail = (1 - LEVEL) / 2
    worth *= float(stats.t.ppf(tail, things - 1) / stats.t.ppf(tail, groups - 1)) ** 2 if things > groups else 1.0
    right = worth * share
    low = float(stats.beta.ppf(tail, right, worth - right + 1)) if right > 0 else 0.0
    high = float(stats.beta.ppf(1 - tail, right + 1, worth - right)) if worth > right else 1.0
    return low, high
