"""Cheap worlds of detectors that err by language and channel, with a random audit: what is true is known."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import stats

from analyzer.score.correction import Sample
from analyzer.score.correction_strata import thirds

ENDS = {"mean": (-1.0, 1.0), "feeling": (-1.0, 1.0), "grade": (1.0, 5.0)}
ANSWERS = {"feeling": (-1.0, -0.5, 0.0, 0.5, 1.0), "grade": (1.0, 2.0, 3.0, 4.0, 5.0)}
# What lies between neighbouring answers, on the scale of a normal: most feelings are neutral, most empathy is plain.
CUTS = {"feeling": (-1.4, -0.7, 0.5, 1.3), "grade": (-1.9, -1.0, 0.6, 1.8)}


@dataclass(frozen=True, slots=True)
class Spec:
    """``truth`` is set by ``make``: the long-run mean of the world's verdicts. ``two_shares``: the audit's share was
    raised threefold for part of the contacts."""

    kind: str  # common, rare, mean; feeling and grade: means of the answers that reviewers choose from
    audited: int
    contacts: int = 3000
    hearing: float = 0.8  # 0: the machine guesses, 1: hears all
    agents: int = 0  # 0: clusters are customers
    two_shares: bool = False


def make(spec: Spec, rng: np.random.Generator) -> tuple[Sample, float]:
    """A population with its audit, and the true mean of the world that it was drawn from."""
    n = spec.contacts
    language = (rng.random(n) < 0.3).astype(np.int64)
    channel = rng.choice(3, n, p=[0.5, 0.3, 0.2])
    cluster = _clusters(spec, n, rng)
    own = rng.normal(0, 1, cluster.max() + 1)[cluster]
    say = {"mean": _mean, "feeling": _chosen, "grade": _chosen}.get(spec.kind, _rate)
    y, f, truth = say(spec, language, channel, own, rng)
    share = np.full(n, spec.audited / n)
    if spec.two_shares:
        share *= np.where(channel == 0, 0.5, 1.5)
    seen = rng.random(n) < share
    lowest, highest = ENDS.get(spec.kind, (0.0, 1.0))
    sample = Sample(
        f, np.where(seen, y, np.nan), share, np.ones(n), (thirds(f, lowest, highest), language, channel), cluster,
        lowest, highest, spec.kind not in ENDS,
    )  # fmt: skip
    return sample, truth


def _clusters(spec: Spec, n: int, rng: np.random.Generator) -> np.ndarray:
    if spec.agents:
        return rng.integers(0, spec.agents, n)
    return rng.integers(0, int(n / 1.6), n)


def _rate(
    spec: Spec, language: np.ndarray, channel: np.ndarray, own: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, float]:
    """Things that happen or not; the machine's probability is too low in English and too high in chats."""
    base = np.array([0.62, 0.55, 0.7]) if spec.kind == "common" else np.array([0.03, 0.02, 0.05])
    base = base[channel] * np.where(language, 1.1, 1.0)
    spread = 0.1 if not spec.agents else 0.05
    p = np.clip(base * (1 + spread * own), 0, 1)
    truth = _expected(np.array([0.62, 0.55, 0.7]) if spec.kind == "common" else np.array([0.03, 0.02, 0.05]))
    y = (rng.random(len(p)) < p).astype(np.float64)
    tilt = np.where(language, -0.8, 0.0) + np.where(channel == 1, 0.7, 0.0)
    strength = 4.0 * spec.hearing
    center = 0.0 if spec.kind == "common" else -3.0 + 2.0 * spec.hearing
    score = center + tilt + strength * (y - 0.5) + rng.normal(0, 1.2, len(p))
    return y, 1 / (1 + np.exp(-score)), truth


def _expected(base: np.ndarray) -> float:
    return float(base @ [0.5, 0.3, 0.2]) * (1 + 0.3 * 0.1)


def _mean(
    spec: Spec, language: np.ndarray, channel: np.ndarray, own: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, float]:
    """Feelings on −1…1, heard flatter than they are, too dark in English and too bright in chats."""
    center = np.array([-0.1, 0.1, 0.0])[channel]
    spread = 0.15 if not spec.agents else 0.05
    y = np.tanh(center + spread * own + rng.normal(0, 0.5, len(center)))
    truth = _feeling(float(np.sqrt(spread**2 + 0.25)))
    noise = rng.normal(0, 0.35, len(y))
    f = np.clip(0.7 * spec.hearing * y + noise - 0.2 * language + 0.15 * (channel == 1), -1, 1)
    return y, f, truth


def _chosen(
    spec: Spec, language: np.ndarray, channel: np.ndarray, own: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, float]:
    """One of five answers a contact; heard as a number that is too flat, too low in English and too high in chats."""
    center, spread = np.array([-0.2, 0.2, 0.0]), 0.3 if not spec.agents else 0.1
    answers, (lowest, highest) = np.array(ANSWERS[spec.kind]), ENDS[spec.kind]
    y = answers[np.searchsorted(CUTS[spec.kind], center[channel] + spread * own + rng.normal(0, 1, len(own)))]
    below = stats.norm.cdf((np.array(CUTS[spec.kind])[:, None] - center) / np.hypot(1, spread))
    truth = float(answers @ np.diff(below, axis=0, prepend=0, append=1) @ [0.5, 0.3, 0.2])
    middle, half = (lowest + highest) / 2, (highest - lowest) / 2
    noise = rng.normal(0, 0.3, len(y)) - 0.2 * language + 0.15 * (channel == 1)
    return y, np.clip(middle + 0.7 * spec.hearing * (y - middle) + half * noise, lowest, highest), truth


@lru_cache
def _feeling(spread: float) -> float:
    """The mean of tanh of three normals, by Gauss and Hermite."""
    at, weight = np.polynomial.hermite_e.hermegauss(60)
    means = [weight @ np.tanh(center + spread * at) / weight.sum() for center in (-0.1, 0.1, 0.0)]
    return float(np.dot(means, [0.5, 0.3, 0.2]))
