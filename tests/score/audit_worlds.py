"""Cheap worlds of detectors that err by language and channel, with a random audit: what is true is known."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from analyzer.score.correction import Sample
from analyzer.score.correction_strata import thirds


@dataclass(frozen=True, slots=True)
class Spec:
    """``truth`` is set by ``make``: the long-run mean of the world's verdicts. ``two_shares``: the audit's share was
    raised threefold for part of the contacts."""

    kind: str  # common, rare, mean
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
    y, f, truth = (_mean if spec.kind == "mean" else _rate)(spec, language, channel, own, rng)
    share = np.full(n, spec.audited / n)
    if spec.two_shares:
        share *= np.where(channel == 0, 0.5, 1.5)
    seen = rng.random(n) < share
    lowest = -1.0 if spec.kind == "mean" else 0.0
    sample = Sample(
        f, np.where(seen, y, np.nan), share, np.ones(n), (thirds(f, lowest, 1.0), language, channel), cluster,
        lowest, 1.0, spec.kind != "mean",
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


@lru_cache
def _feeling(spread: float) -> float:
    """The mean of tanh of three normals, by Gauss and Hermite."""
    at, weight = np.polynomial.hermite_e.hermegauss(60)
    means = [weight @ np.tanh(center + spread * at) / weight.sum() for center in (-0.1, 0.1, 0.0)]
    return float(np.dot(means, [0.5, 0.3, 0.2]))
