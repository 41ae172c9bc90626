"""First-contact resolution: the table of TABLES.md, for the same or any matter and each window.

A window is elapsed time, ``window_days`` × 24 h from the contact's end, so that every contact has the same chance to
be taken up again on the days the clocks change. A contact with a promise stays open longer: until the due time plus
grace. In that extension only a chase refutes (a broken promise is a chase after it fell due), in the window any contact
of the matter does.

A row stands at the first leg of a contact, judged by its last leg; further legs are ``not_first``, so nothing counts
twice. ``not_first`` follows the episode for both kinds of matter, so both rates have the same denominator.

Probability of first-contact resolution = p · quiet · S(window) / S(age)

    p      resolved_probability; for a pending contact 1 − (1 − resolved_probability)(1 − c), c the probability of its
           promise, or ½ where it is pending without one: kept or unchased, a promise resolves
    quiet  Π (1 − q) over later contacts in the window, q the probability that they are the same matter (links below the
           threshold count too, so a confirmed row keeps its doubt); for any matter 0 after a contact, else 1
    S      nowcast.py; 1 once the window is over or the contact refuted by a return
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from analyzer.journey.chains import DAY_US
from analyzer.journey.nowcast import learn_return_curve

PENDING_WITHOUT_PROMISE: Final = 0.5


@dataclass(frozen=True, slots=True)
class Standing:
    """What decides a contact's row apart from matter and window; one entry a contact, aligned with ``contacts``.

    ``settled_us`` is the latest due time plus grace of its promises (−1: none).
    """

    end_us: np.ndarray
    resolution: np.ndarray
    text_probability: np.ndarray
    applicable: np.ndarray
    identified: np.ndarray
    first: np.ndarray
    settled_us: np.ndarray


def text_probability(contacts: pd.DataFrame, promise_probability: np.ndarray) -> np.ndarray:
    """p of each contact, NaN where the text tells nothing."""
    p = contacts["resolved_probability"].to_numpy(dtype=float)
    promised = np.where(promise_probability > 0, promise_probability, PENDING_WITHOUT_PROMISE)
    pending = (contacts["resolution"] == "pending").to_numpy()
    return np.where(pending, 1 - (1 - p) * (1 - promised), p)


def decisive_resolution(contacts: pd.DataFrame) -> np.ndarray:
    """The last leg's resolution; without a human agent nobody can vouch for more than "unclear", failure excepted."""
    said = contacts["resolution"].fillna("unclear").to_numpy(dtype=object)
    unattended = (contacts["agent_turns"] == 0).to_numpy()
    return np.where(unattended & np.isin(said, ["resolved", "pending"]), "unclear", said)


def judge(
    standing: Standing, returns: pd.DataFrame, chases: pd.DataFrame, window_days: int, as_of_us: int
) -> pd.DataFrame:
    """status, probability, maturity, is_final, returned, quiet of each contact for one kind of matter and window.

    ``returns``: later contacts with ``earlier`` (position), ``start_us``, ``probability`` of being a return and
    ``accepted`` (counts as one). ``chases``: the accepted ones after which an extension ends, same columns.
    """
    size = len(standing.end_us)
    window_end = standing.end_us + window_days * DAY_US
    end = np.maximum(window_end, standing.settled_us)
    inside = returns[returns["start_us"].to_numpy() <= window_end[returns["earlier"].to_numpy()]]
    late = chases[chases["start_us"].to_numpy() > window_end[chases["earlier"].to_numpy()]]
    late = late[late["start_us"].to_numpy() <= end[late["earlier"].to_numpy()]]
    quiet = _quiet(pd.concat([inside, late]), size)
    returned = np.zeros(size, dtype=bool)
    returned[inside.loc[inside["accepted"], "earlier"].to_numpy()] = True
    taken_up = returned.copy()
    taken_up[late["earlier"].to_numpy()] = True
    mature = as_of_us >= end
    status = _status(standing, taken_up, mature)
    over = standing.applicable & standing.identified & standing.first & (as_of_us >= window_end)
    curve = learn_return_curve(
        _return_ages(standing, inside)[over], float(window_days), standing.text_probability[over], quiet[over]
    )
    completes = curve.stays_quiet((as_of_us - standing.end_us) / DAY_US)
    waiting = standing.identified & ~taken_up & ~mature
    probability = standing.text_probability * quiet * np.where(waiting, completes, 1.0)
    counted = standing.applicable & (standing.first | ~standing.identified)
    return pd.DataFrame(
        {
            "status": status,
            "probability": np.where(counted, probability, np.nan),
            "maturity": np.where(mature, "mature", "open"),
            "is_final": mature | taken_up | ~counted | ~standing.identified,
            "returned": returned,
            "quiet": quiet,
            "mature": mature,
        }
    )


def _status(standing: Standing, taken_up: np.ndarray, mature: np.ndarray) -> np.ndarray:
    """The table, first line that holds."""
    failed = np.isin(standing.resolution, ["unresolved", "partial"])
    hopeful = np.isin(standing.resolution, ["resolved", "pending"])
    rows = (
        (~standing.applicable, "not_applicable"),
        (~standing.identified, "open"),
        (~standing.first, "not_first"),
        (failed | taken_up, "refuted"),
        (~mature, "open"),
        (hopeful, "confirmed"),
    )
    return np.select([condition for condition, _ in rows], [name for _, name in rows], default="silent")


def _quiet(returns: pd.DataFrame, size: int) -> np.ndarray:
    """Π (1 − q) for each earlier contact."""
    quiet = np.ones(size)
    np.multiply.at(
        quiet, returns["earlier"].to_numpy(dtype=np.int64), 1.0 - returns["probability"].to_numpy(dtype=float)
    )
    return quiet


def _return_ages(standing: Standing, inside: pd.DataFrame) -> np.ndarray:
    """Days to the first contact in the window that may be a return; inf: none."""
    ages = np.full(len(standing.end_us), np.inf)
    earlier = inside["earlier"].to_numpy(dtype=np.int64)
    np.minimum.at(ages, earlier, (inside["start_us"].to_numpy() - standing.end_us[earlier]) / DAY_US)
    return ages
