"""How many customers come back, and when: the curves that complete windows still running.

    P(solved at the first contact | text, quiet to age a)  =  p(a) · S₁(window) / S₁(a)
    p(a)  =  p · S₁(a) / (p · S₁(a) + (1 − p) · S₀(a))

``p`` is the probability from the text. S₁ is the share of solved contacts that stay quiet, S₀ that of unsolved ones;
who was left unsolved comes back more often, so silence is evidence. Both are learned on contacts whose window is over,
by regression of the returns on ``p``: among contacts of probability p a share p · F₁ + (1 − p) · F₀ has returned.
Where ``p`` tells no two sorts apart, S₁ = S₀ and p(a) = p.

Each reason has its own two curves, shrunken towards those of all (ridge). Channel, weekday, and reason × channel ×
weekday multiply them by (O + a) / (E + a): O returns seen, E expected, ``a`` from how much kinds differ beyond chance
(empirical Bayes, gamma). Days that are unlike their kind: unlike.py. Age is calling time (rhythm.py).

Below ``MIN_MATURE`` contacts the curve is a straight line to 1 − (r + 1) / (n + 8), r returns among n.
Reference: Lawless (2003), Statistical Models and Methods for Lifetime Data, 2.4 (delayed reporting).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd

MIN_MATURE: Final = 30
PRIOR_RETURNS, PRIOR_CONTACTS = 1.0, 8.0
MOST_RETURN: Final = 0.98
LEARN_DAYS: Final = 91  # a quarter: enough contacts, and no memory of how things were a year ago
EVEN_CONTACTS: Final = 30.0  # contacts that it takes to believe half of what sets a reason apart
EVEN_SPREAD: Final = 4.0  # n · Var(p) that it takes to believe half of what sets solved and unsolved apart
BINS: Final = 28
EDGES: Final = np.linspace(0.0, 1.0, BINS + 1) ** 1.5
P_LEVELS: Final = 25
_LEVEL: Final = (np.arange(P_LEVELS) + 0.5) / P_LEVELS
PARTS: Final = (0.15, 0.3, 0.45, 0.65)  # three were too few: contacts left pending return when their promise is due
_PART: Final = np.searchsorted(PARTS, EDGES[:-1], side="right")
Rng = np.random.Generator


@dataclass(frozen=True, slots=True)
class Waits:
    """One entry a contact: text probability, share of the window over when it returned (inf: none), the probability
    that none of its later contacts was a return, and its kind."""

    p: np.ndarray
    returned_at: np.ndarray
    quiet: np.ndarray
    reason: np.ndarray
    channel: np.ndarray
    weekday: np.ndarray

    @property
    def came(self) -> np.ndarray:
        """Probability that a return was seen."""
        return np.asarray(np.where(np.isfinite(self.returned_at), 1.0 - self.quiet, 0.0))

    def some(self, where: np.ndarray) -> Waits:
        return Waits(*(getattr(self, name)[where] for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class Curves:
    """``returns[r, c, k]``: share of unsolved (c = 0) or solved (1) contacts of reason r that return in bin k of EDGES;
    the last r stands for reasons not seen. ``factors``: names of kinds → factor of each kind seen."""

    reasons: pd.Index
    returns: np.ndarray
    factors: Mapping[tuple[str, ...], pd.Series]
    mature: int
    method: str

    def factor(self, waits: Waits) -> np.ndarray:
        """Factor of each contact on the curves of its reason."""
        factor = np.ones(len(waits.p))
        for names, table in self.factors.items():
            factor *= table.reindex(_kinds(waits, names)).fillna(1.0).to_numpy()
        return factor

    def row(self, waits: Waits) -> np.ndarray:
        """Row of ``returns`` of each contact."""
        return np.asarray(self.reasons.get_indexer(pd.Index(waits.reason)) % len(self.returns))


def learn_curves(mature: Waits) -> Curves:
    """The curves of contacts whose window is over."""
    told = mature.some(~np.isnan(mature.p))
    if len(told.p) < MIN_MATURE:
        share = (told.came.sum() + PRIOR_RETURNS) / (len(told.p) + PRIOR_CONTACTS)
        return Curves(pd.Index([]), straight(np.array([share])), {}, len(told.p), "prior_line")
    reasons = pd.Index(np.unique(told.reason.astype(str)))
    counts = histograms(told, reasons)
    curves = Curves(reasons, returns_by_reason(counts), {}, len(told.p), "by_kind")
    for names in (("channel",), ("weekday",), ("reason", "channel", "weekday")):
        curves = _with_kind(curves, told, names)
    return curves


def straight(share: np.ndarray) -> np.ndarray:
    """Curves of one reason, evenly over the window, solved or not."""
    return np.asarray(share[:, None, None] * np.diff(EDGES)[None, None, :].repeat(2, axis=1))


def histograms(waits: Waits, reasons: pd.Index) -> np.ndarray:
    """Contacts by reason, level of p and bin of their return, the last bin those that stayed quiet."""
    reason = reasons.get_indexer(pd.Index(waits.reason.astype(str)))
    level = levels_of(waits.p)
    counts = np.zeros((len(reasons), P_LEVELS, BINS + 1))
    np.add.at(counts, (reason, level, bins_of(waits.returned_at)), waits.came)
    np.add.at(counts, (reason, level, np.full(len(level), BINS)), 1.0 - waits.came)
    return counts


def levels_of(p: np.ndarray) -> np.ndarray:
    """Level of each probability, 0 to P_LEVELS − 1."""
    return np.asarray(np.minimum((p * P_LEVELS).astype(np.int64), P_LEVELS - 1))


def bins_of(share: np.ndarray) -> np.ndarray:
    """Bin of EDGES that holds each share of the window; BINS for inf."""
    inside = np.clip(np.searchsorted(EDGES, share, side="right") - 1, 0, BINS - 1)
    return np.asarray(np.where(np.isfinite(share), inside, BINS))


def returns_by_reason(counts: np.ndarray) -> np.ndarray:
    """``Curves.returns`` from ``histograms``, or shares returned in all from histograms of one bin and the quiet.

    What sets a reason apart is fitted for five parts of the window, not bin by bin, to keep the noise out.
    Leading axes are histograms of their own.
    """
    bins = counts.shape[-1] - 1
    parts = (_PART[:, None] == np.arange(len(PARTS) + 1)).astype(float) if bins == BINS else np.eye(bins)
    together = counts.sum(axis=-3, keepdims=True)
    everyone = _ordered(_fitted(together, np.zeros((1, 2, bins)), 0.0))
    within = everyone @ parts
    share = np.divide(everyone, within @ parts.T, out=np.zeros_like(everyone), where=everyone > 0)
    change = _fitted(counts, everyone, EVEN_CONTACTS) @ parts
    return np.concatenate([_ordered(np.maximum(within + change, 0.0) @ parts.T * share), everyone], axis=-3)


def _fitted(counts: np.ndarray, prior: np.ndarray, weight: float) -> np.ndarray:
    """What is to be added to ``prior`` by class and bin: ridge regression on p of the returns it leaves unexplained."""
    here = counts.sum(axis=-1)
    n = np.maximum(here.sum(axis=-1, keepdims=True), 1e-9)
    mean_p = (here @ _LEVEL)[..., None] / n
    off = _LEVEL - mean_p
    mix = np.stack([1.0 - _LEVEL, _LEVEL], axis=1) @ prior
    left = counts[..., :-1] - here[..., None] * mix
    common = left.sum(axis=-2) / (n + weight)
    spread = (here * off**2).sum(axis=-1, keepdims=True)
    slope = (off[..., None] * left).sum(axis=-2) / (spread + EVEN_SPREAD)
    return np.stack([common - slope * mean_p, common + slope * (1.0 - mean_p)], axis=-2)


def _ordered(returns: np.ndarray) -> np.ndarray:
    """With shares of 0 to MOST_RETURN in all, the unsolved returning at least as often as the solved."""
    totals = np.clip(returns.sum(axis=-1), 0.0, MOST_RETURN)
    wrong = totals[..., :1] < totals[..., 1:]
    totals = np.where(wrong, totals.mean(axis=-1, keepdims=True), totals)
    shape = np.maximum(returns, 0.0) + 1e-12
    return np.asarray(shape / shape.sum(axis=-1, keepdims=True) * totals[..., None])


def _with_kind(curves: Curves, told: Waits, names: tuple[str, ...]) -> Curves:
    """The curves with the factors of one more sort of kind."""
    totals = curves.returns.sum(axis=2)[curves.row(told)]
    expected = (totals[:, 0] * (1 - told.p) + totals[:, 1] * told.p) * curves.factor(told)
    sums = pd.DataFrame({"seen": told.came, "expected": expected}).groupby(_kinds(told, names)).sum()
    ratio = shrunken_ratio(sums["seen"].to_numpy(), sums["expected"].to_numpy())
    return replace(curves, factors={**curves.factors, names: pd.Series(ratio, index=sums.index)})


def shrunken_ratio(seen: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """(O + a) / (E + a), ``a`` the inverse of the variance of ratios beyond chance (method of moments)."""
    surprise = (seen - expected) ** 2 - expected
    variance = float(np.clip(surprise.sum() / max((expected**2).sum(), 1e-9), 1e-3, 0.5))
    return np.asarray((seen + 1.0 / variance) / (expected + 1.0 / variance))


def _kinds(waits: Waits, names: Sequence[str]) -> pd.Index:
    first, *rest = (pd.Series(getattr(waits, name)).astype(str) for name in names)
    for column in rest:
        first = first + "|" + column
    return pd.Index(first)


def over_by(share: np.ndarray) -> np.ndarray:
    """Part of each bin that is over when ``share`` of the window is, contacts × BINS."""
    return np.asarray(np.clip((share[:, None] - EDGES[:-1]) / np.diff(EDGES), 0.0, 1.0))
