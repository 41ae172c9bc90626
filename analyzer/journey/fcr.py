"""First-contact resolution: the table of TABLES.md, for the same or any matter and each window.

A window is elapsed time, ``window_days`` × 24 h from the contact's end, so that every contact has the same chance to
be taken up again on the days the clocks change. A contact with a promise stays open longer: until the due time plus
grace. In that extension only a chase refutes (a broken promise is a chase after it fell due), in the window any contact
of the matter does.

A row stands at the first leg of a contact, judged by its last leg; further legs are ``not_first``, so nothing counts
twice. ``not_first`` follows the episode for both kinds of matter, so both rates have the same denominator.

Probability of first-contact resolution = p(a) · quiet · S₁(window) / S₁(a)

    p      resolved_probability; for a pending contact 1 − (1 − resolved_probability)(1 − c), c the probability of its
           promise, or .6 where it is pending without one: kept or unchased, a promise resolves. A contact heard as
           resolved may be pending too: p is + (1 − p) · .6 · share of pending ones among failures
    p(a)   p after what the silence so far tells: who was left unsolved comes back more often (nowcast.py)
    quiet  Π (1 − q) over later contacts in the window, q the probability that they are the same matter (links below the
           threshold count too, so a confirmed row keeps its doubt); for any matter 0 after a contact, else 1
    S₁     share of solved contacts of the kind that stay quiet; the ratio is 1 once the window is over. Contacts left
           pending are one kind: they are quiet while they wait, whatever the reason
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from analyzer.journey.chains import DAY_US
from analyzer.journey.completion import Completion, Windows, complete
from analyzer.journey.leaving import left_probability
from analyzer.journey.nowcast import Waits
from analyzer.journey.rhythm import learn_rhythm, wall_us

PENDING_WITHOUT_PROMISE: Final = 0.6  # of 15 pending contacts in the authored histories 9 were kept or not chased


@dataclass(frozen=True, slots=True)
class Standing:
    """What decides a contact's row apart from matter and window; one entry a contact, aligned with ``contacts``.

    ``settled_us`` is the latest due time plus grace of its promises, ``left_us`` when its customer gave notice or left
    (−1: none); without records of notices there is no ``left_us``.
    """

    end_us: np.ndarray
    resolution: np.ndarray
    text_probability: np.ndarray
    applicable: np.ndarray
    identified: np.ndarray
    first: np.ndarray
    settled_us: np.ndarray
    reason: np.ndarray
    channel: np.ndarray
    zone: ZoneInfo
    left_us: np.ndarray | None

    @property
    def rated(self) -> np.ndarray:
        """Whether the contact counts in a rate: a first contact with a request of a known customer."""
        return np.asarray(self.applicable & self.identified & self.first)


@dataclass(frozen=True, slots=True)
class Judged:
    """``rows``: status, probability, maturity, is_final, returned, quiet, mature, returned_probability and
    left_probability of each contact; ``draws`` × ``drawn`` are the probabilities of the contacts at ``drawn``, which
    curves may still move (ascending), under other curves; and how many contacts taught these, by what method."""

    rows: pd.DataFrame
    draws: np.ndarray
    drawn: np.ndarray
    taught: int
    method: str

    def curve_variance(self, contacts: np.ndarray) -> float:
        """Variance of the mean probability of ``contacts`` (positions) for what the curves do not know."""
        mine = np.isin(self.drawn, contacts, assume_unique=True)
        sums = self.draws[:, mine].sum(axis=1, dtype=np.float64)
        return float((sums / max(len(contacts), 1)).var(ddof=1))


def text_probability(
    contacts: pd.DataFrame, promise_probability: np.ndarray, pending_share: np.ndarray | float = 0.0
) -> np.ndarray:
    """p of each contact, NaN where the text tells nothing; ``pending_share``: of failures, those left pending."""
    p = contacts["resolved_probability"].to_numpy(dtype=float)
    promised = np.where(promise_probability > 0, promise_probability, PENDING_WITHOUT_PROMISE)
    resolution = contacts["resolution"].to_numpy(dtype=object)
    misheard = (1 - p) * pending_share * PENDING_WITHOUT_PROMISE
    return np.select(
        [resolution == "pending", resolution == "resolved"], [1 - (1 - p) * (1 - promised), p + misheard], p
    )


def decisive_resolution(contacts: pd.DataFrame) -> np.ndarray:
    """The last leg's resolution; without a human agent nobody can vouch for more than "unclear", failure excepted."""
    said = contacts["resolution"].fillna("unclear").to_numpy(dtype=object)
    unattended = (contacts["agent_turns"] == 0).to_numpy()
    return np.where(unattended & np.isin(said, ["resolved", "pending"]), "unclear", said)


def judge(standing: Standing, returns: pd.DataFrame, chases: pd.DataFrame, window_days: int, as_of_us: int) -> Judged:
    """The rows of all contacts for one kind of matter and window.

    ``returns``: later contacts with ``earlier`` (position), ``start_us``, ``probability`` of being a return and
    ``accepted`` (counts as one). ``chases``: the accepted ones after which an extension ends, same columns.
    """
    size = len(standing.end_us)
    window_end = standing.end_us + window_days * DAY_US
    end = np.maximum(window_end, standing.settled_us)
    inside = returns[returns["start_us"].to_numpy() <= window_end[returns["earlier"].to_numpy()]]
    late = chases[chases["start_us"].to_numpy() > window_end[chases["earlier"].to_numpy()]]
    late = late[late["start_us"].to_numpy() <= end[late["earlier"].to_numpy()]]
    quiet, later_quiet = _quiet(inside, size), _quiet(late, size)
    returned = np.zeros(size, dtype=bool)
    returned[inside.loc[inside["accepted"], "earlier"].to_numpy()] = True
    taken_up = returned.copy()
    taken_up[late["earlier"].to_numpy()] = True
    mature = as_of_us >= end
    completion, settled = _complete(standing, inside, quiet, window_days, as_of_us)
    counted = standing.applicable & (standing.first | ~standing.identified)
    probability = np.where(counted, standing.text_probability, np.nan)
    again = np.full(size, np.nan)
    rated = standing.rated
    probability[rated], again[rated] = completion.solved, completion.returned
    # Whoever was taken up again was not silent: only the doubt of the link is left, and time changes nothing.
    doubted = rated & taken_up
    probability[doubted] = (standing.text_probability * quiet * later_quiet)[doubted]
    again[doubted] = 1.0 - quiet[doubted]
    drawn = np.flatnonzero(rated)[completion.drawn]
    moving = ~doubted[drawn] & ~np.isnan(probability[drawn])
    rows = pd.DataFrame(
        {
            "status": _status(standing, taken_up, mature),
            "probability": probability,
            "maturity": np.where(mature, "mature", "open"),
            "is_final": (mature & (settled | ~rated)) | taken_up | ~counted | ~standing.identified,
            "returned": returned,
            "quiet": quiet * later_quiet,
            "mature": mature,
            "returned_probability": again,
            "left_probability": _left(standing, inside, quiet, window_days, as_of_us),
        }
    )
    return Judged(rows, completion.draws[:, moving], drawn[moving], completion.taught, completion.method)


def _complete(
    standing: Standing, inside: pd.DataFrame, quiet: np.ndarray, window_days: int, as_of_us: int
) -> tuple[Completion, np.ndarray]:
    """The rated contacts' windows completed, and whether all windows of each contact's day are over."""
    rated, zone = standing.rated, standing.zone
    end_us, window_us = standing.end_us, window_days * DAY_US
    returned_us = _first_return(inside, len(end_us))
    came = returned_us >= 0
    rhythm = learn_rhythm(returned_us[rated & came], zone)
    day = wall_us(end_us, zone) // DAY_US
    last_end = pd.Series(end_us).groupby(day).transform("max").to_numpy()
    settled = as_of_us >= last_end + window_us
    now_us = np.where(as_of_us >= end_us + window_us, end_us + window_us, as_of_us)
    over = rhythm.share_over(end_us, np.maximum(now_us, end_us), window_days)
    # The window is over when it is over, not when calling time is.
    over = np.where(as_of_us >= end_us + window_us, 1.0, np.minimum(over, 1.0 - 1e-9))
    at = rhythm.share_over(end_us, np.where(came, returned_us, end_us), window_days)
    # Who waits for a promise is quiet until it falls due, whatever the reason: a kind of its own.
    kind = np.where(standing.resolution == "pending", "pending", standing.reason)
    waits = Waits(standing.text_probability, np.where(came, at, np.inf), quiet, kind, standing.channel, day % 7)
    windows = Windows(waits.some(rated), day[rated], over[rated], settled[rated])
    return complete(windows), settled


def _left(standing: Standing, inside: pd.DataFrame, quiet: np.ndarray, window_days: int, as_of_us: int) -> np.ndarray:
    """Of each rated contact, NaN else."""
    left = np.full(len(quiet), np.nan)
    rated = standing.rated
    if standing.left_us is not None and rated.any():
        returned_us = _first_return(inside[inside["accepted"]], len(quiet))
        left[rated] = left_probability(
            standing.end_us[rated], returned_us[rated], standing.left_us[rated], quiet[rated], window_days, as_of_us
        )
    return left


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


def _first_return(inside: pd.DataFrame, size: int) -> np.ndarray:
    """When the first contact in the window began that may be a return; −1: none."""
    latest = np.iinfo(np.int64).max
    first = np.full(size, latest, dtype=np.int64)
    np.minimum.at(first, inside["earlier"].to_numpy(dtype=np.int64), inside["start_us"].to_numpy(dtype=np.int64))
    return np.where(first == latest, -1, first)
