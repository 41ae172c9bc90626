"""Probabilities of being solved, set right for who is asked.

The ears' probability is right over all contacts taken together, not over first contacts, of which more are solved, nor
over a reason of which hardly any is. Where solved talk sounds alike whatever the share of solved, as does unsolved
talk, a group whose share has odds e^δ times those of all contacts gives each of its contacts the odds

    p / (1 − p)  ·  e^δ          δ maximises  Σ ln( (1 − π′) · (1 − p) / (1 − π)  +  π′ · p / π )  −  δ² / 2τ²

with π the share over all contacts, π′ that of the group; δ is found for all first contacts, then anew for each reason
about that, where τ is ``APART`` or ``REASONS_APART``: few contacts, or a p that tells little, move nothing. Where the
assumption does not hold (a reason whose talk is plain and whose shares are right already) δ overstates what sets the
group apart; an audit sample corrects that, as it does all error of the ears.

Of settled days, δ is what the ``LEARN_DAYS`` up to that day have told, so that it stays.
Reference: Saerens, Latinne & Decaestecker (2002), Neural Computation 14, 21–41.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.special import expit, logit

APART: Final = 0.3
REASONS_APART: Final = 0.5
BANDS: Final = 40
LEARN_DAYS: Final = 91
SURE_OF_NONE: Final = 20.0  # failures without a promise that stand for knowing nothing
_STEPS: Final = 12
_MOST: Final = 3.0
_BAND_LOGIT: Final = 6.0
_MIDDLE: Final = (np.arange(BANDS) + 0.5) / BANDS * 2 * _BAND_LOGIT - _BAND_LOGIT


def recalibrated(p: np.ndarray, rated: np.ndarray, reason: np.ndarray, day: np.ndarray) -> np.ndarray:
    """``p`` as it is for rated contacts of its reason and day; NaN stays NaN, contacts not rated keep theirs."""
    told = ~np.isnan(p)
    mine = np.flatnonzero(told & rated)
    if not len(mine):
        return p
    days = np.unique(day[told])
    share = _rolling_share(p[told], np.searchsorted(days, day[told]), days)
    _, reason_at = np.unique(reason[mine].astype(str), return_inverse=True)
    day_at = np.searchsorted(days, day[mine])
    counts = np.zeros((len(days), int(reason_at.max()) + 1, BANDS))
    np.add.at(counts, (day_at, reason_at, _band(p[mine])), 1.0)
    shift = _shifts(_rolling(counts, days), share[:, None])[day_at, reason_at]
    found = p.copy()
    odds = np.exp(shift)
    found[mine] = p[mine] * odds / (p[mine] * odds + 1.0 - p[mine])
    return found


def pending_share(resolution: np.ndarray, rated: np.ndarray, day: np.ndarray) -> np.ndarray:
    """Of each contact, the share of pending ones among the failures heard in the ``LEARN_DAYS`` up to its day."""
    days, at = np.unique(day, return_inverse=True)
    failed = np.isin(resolution, ["pending", "partial", "unresolved"]) & rated
    pending, all_ = (
        _rolling(np.bincount(at, rows, minlength=len(days)), days)
        for rows in (failed & (resolution == "pending"), failed)
    )
    return np.asarray((pending / (all_ + SURE_OF_NONE))[at])


def _shifts(counts: np.ndarray, share: np.ndarray) -> np.ndarray:
    """δ by day and reason."""
    everyone = _shift(counts.sum(axis=1, keepdims=True), share, np.zeros(share.shape), APART)
    return _shift(counts, share, everyone, REASONS_APART)


def _shift(counts: np.ndarray, share: np.ndarray, centre: np.ndarray, apart: float) -> np.ndarray:
    """δ that maximises the penalised likelihood of each histogram (last axis), by Fisher's scoring."""
    odds = np.exp(_MIDDLE - logit(share)[..., None])  # likelihood of solved against unsolved
    shift = np.broadcast_to(centre, counts.shape[:-1]).copy()
    for _ in range(_STEPS):
        own = expit(logit(share) + shift)
        solved = own[..., None] * odds / (own[..., None] * odds + 1.0 - own[..., None])
        slope = (counts * (solved - own[..., None])).sum(axis=-1) - (shift - centre) / apart**2
        curve = (counts * (solved - own[..., None]) ** 2).sum(axis=-1) + 1.0 / apart**2
        shift = np.clip(shift + np.clip(slope / curve, -0.5, 0.5), -_MOST, _MOST)
    return shift


def _rolling_share(p: np.ndarray, day_at: np.ndarray, days: np.ndarray) -> np.ndarray:
    """π up to each day, of probabilities as coarse as the histograms'."""
    coarse = expit(_MIDDLE)[_band(p)]
    solved, told = (_rolling(np.bincount(day_at, weight, minlength=len(days)), days) for weight in (coarse, None))
    return np.asarray(np.clip(solved / np.maximum(told, 1.0), 0.01, 0.99))


def _rolling(counts: np.ndarray, days: np.ndarray) -> np.ndarray:
    """Sums over the ``LEARN_DAYS`` up to each day."""
    upto = np.concatenate([np.zeros((1, *counts.shape[1:])), np.cumsum(counts, axis=0)])
    begin = np.searchsorted(days, days - LEARN_DAYS, side="right")
    return np.asarray(np.maximum(upto[1:] - upto[begin], 0.0))


def _band(p: np.ndarray) -> np.ndarray:
    """Place of each probability in the histograms."""
    off = logit(np.clip(p, 1e-9, 1.0 - 1e-9)) + _BAND_LOGIT
    return np.asarray(np.clip(off / (2 * _BAND_LOGIT) * BANDS, 0, BANDS - 1).astype(np.int64))
