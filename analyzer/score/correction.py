"""The error of the ears, corrected by an audit: what a mean or a rate would be if people had judged every contact.

A random sample of contacts is judged by people who do not see the machine's findings. With the machine's reading f of
all contacts and the verdict y of the audited ones, in strata h (predicted class, language, channel) of weight W,

    θ̂ = Σ_h W_h · [ λ · f̄_h + mean over the audited of (y − λ · f) ]

which is right however badly the machine hears, since the second part takes out what the first gets wrong; a machine
that hears well makes it narrow. λ is tuned for the least variance (λ = 0: the audit alone; λ = 1: plain
prediction-powered inference), so that a useless machine costs nothing. The audit's mean is weighted by inverse sampling
probability within the stratum. Where the audit alone would be as narrow, it is what is published.

    mean   t interval; variance by strata, clusters (customer or agent) not independent, Satterthwaite's degrees
    rate   Wilson's interval at the number of contacts that the same variance is worth: it stays inside 0–1 and does not
           collapse where a rare thing was not seen by chance

Assumes that audited contacts were drawn at random with the stated probability, and that those of the drawn that nobody
has answered yet are like the others of their stratum. Angelopoulos, Bates, Fannjiang, Jordan, Zrnic (2023),
Prediction-powered inference; Angelopoulos, Duchi, Zrnic (2023), PPI++; Särndal, Swensson, Wretman (1992), Model
Assisted Survey Sampling, ch. 7 (post-strata, g-weights); Korn, Graubard (1998), on intervals of rare proportions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from scipy import stats

from analyzer.score.correction_strata import strata_of
from analyzer.score.frames import Bools, Floats, Ints

MIN_AUDITED: Final = 20  # audited contacts; with fewer neither a variance nor an error is known
MIN_CLUSTERS: Final = 10  # customers or agents among them
LEAST_IN_STRATUM: Final = 8

ErrorBasis = Literal["model_only", "audit_corrected"]


@dataclass(frozen=True, slots=True)
class Sample:
    """One measure of all contacts of a population, one entry a contact.

    ``verdict`` is NaN where nobody judged. ``strata`` are codes, coarsest first; ``cluster`` tells who may be alike.
    """

    reading: Floats
    verdict: Floats
    sampling_probability: Floats
    weight: Floats
    strata: tuple[Ints, ...]
    cluster: Ints
    lowest: float
    highest: float
    is_rate: bool


@dataclass(frozen=True, slots=True)
class Corrected:
    """``value`` in [``low``, ``high``]; ``machine`` is the plain mean of the readings, ``tuning`` is λ.

    ``model_only`` where the audit is too small: then ``value`` is the machine's and has no interval, and ``method``
    says why.
    """

    value: float
    low: float
    high: float
    machine: float
    n: int
    n_audited: int
    tuning: float
    strata: int
    error_basis: ErrorBasis
    method: str


def correct(sample: Sample, level: float = 0.95) -> Corrected:
    """The population's mean as people would judge it, with its interval; see the module for formula and assumptions."""
    audited = ~np.isnan(sample.verdict)
    machine = float(np.average(sample.reading, weights=sample.weight)) if len(audited) else np.nan
    n, n_audited = len(audited), int(audited.sum())
    if why := too_small(n_audited, len(np.unique(sample.cluster[audited]))):
        return Corrected(machine, np.nan, np.nan, machine, n, n_audited, np.nan, 0, "model_only", f"model only: {why}")
    alone = _fit(sample, audited, np.zeros(n, dtype=np.int64), level, tuned=False)
    stratum = strata_of(sample.strata, audited, LEAST_IN_STRATUM)
    powered = _fit(sample, audited, stratum, level, tuned=True)
    best = powered if powered.high - powered.low < alone.high - alone.low else alone
    strata = best.strata
    how = f"prediction-powered, λ = {best.tuning:.2f}, {strata} strata" if best is powered else "audit alone"
    method = f"corrected by {n_audited} audited contacts: {how}"
    return Corrected(
        best.value, best.low, best.high, machine, n, n_audited, best.tuning, strata, "audit_corrected", method
    )


def too_small(audited: int, clusters: int) -> str:
    """Why an audit of so many contacts of so many clusters corrects nothing; empty where it does."""
    if audited < MIN_AUDITED:
        return f"{audited} audited contacts of {MIN_AUDITED} needed"
    return f"audited contacts of {clusters} clusters, {MIN_CLUSTERS} needed" if clusters < MIN_CLUSTERS else ""


@dataclass(frozen=True, slots=True)
class _Fit:
    value: float
    low: float
    high: float
    tuning: float
    strata: int


@dataclass(frozen=True, slots=True)
class _Judged:
    """The audited contacts of one stratification; ``own`` adds up to 1 in each stratum, as ``share`` does over all."""

    stratum: Ints
    cluster: Ints
    own: Floats
    y: Floats
    f: Floats
    share: Floats
    n: Floats  # effective number by stratum

    def mean(self, values: Floats) -> Floats:
        return np.bincount(self.stratum, weights=self.own * values).astype(np.float64)

    def deviation(self, values: Floats) -> Floats:
        return np.asarray(values - self.mean(values)[self.stratum], dtype=np.float64)


def _fit(sample: Sample, audited: Bools, stratum: Ints, level: float, *, tuned: bool) -> _Fit:
    judged = _judged(sample, audited, stratum)
    df = judged.deviation(judged.f)
    tuning, pull = _tuned(judged, df) if tuned else (0.0, np.zeros_like(df))
    weight = np.bincount(stratum, weights=sample.weight)
    lack = np.bincount(stratum, weights=sample.weight * sample.reading) / weight - judged.mean(judged.f)
    error = judged.mean(judged.y - tuning * judged.f)
    value = float(judged.share @ (judged.mean(judged.y) + tuning * lack))
    seen = tuning * sample.reading + error[stratum] - value
    between = _cluster_square(sample.weight / sample.weight.sum() * seen, sample.cluster)
    counts = judged.share[judged.stratum] * judged.own + float(judged.share @ lack) * pull
    parts = counts * judged.deviation(judged.y - tuning * judged.f)
    parts /= np.sqrt(np.maximum(1 - judged.own, 0.1)) * np.maximum(1 - pull * df, 0.1)
    bounds = _rate_bounds if sample.is_rate else _mean_bounds
    low, high = bounds(sample, judged, parts, between, value, level, bool(tuning))
    value, low, high = (float(np.clip(x, sample.lowest, sample.highest)) for x in (value, low, high))
    return _Fit(value, low, high, tuning, len(judged.n))


def tuning_of(sample: Sample, audited: Bools, stratum: Ints) -> float:
    """λ of the least variance over all strata together."""
    judged = _judged(sample, audited, stratum)
    return _tuned(judged, judged.deviation(judged.f))[0]


def _tuned(judged: _Judged, df: Floats) -> tuple[float, Floats]:
    """λ, and each audited contact's part in it; strata count by what they add to the variance, W² / n."""
    pull = (judged.share**2 / judged.n)[judged.stratum] * judged.own * df
    spread = float(pull @ df)
    tuning = float(pull @ judged.deviation(judged.y)) / spread if spread > 0 else 0.0
    # A machine that hears the reverse is not used.
    return (tuning, pull / spread) if tuning > 0 else (0.0, np.zeros_like(df))


def _judged(sample: Sample, audited: Bools, stratum: Ints) -> _Judged:
    at = stratum[audited]
    raw = (sample.weight / sample.sampling_probability)[audited]
    own = raw / np.bincount(at, weights=raw)[at]
    share = np.bincount(stratum, weights=sample.weight) / sample.weight.sum()
    n = 1.0 / np.bincount(at, weights=own**2)
    return _Judged(at, sample.cluster[audited], own, sample.verdict[audited], sample.reading[audited], share, n)


def _variance(judged: _Judged, parts: Floats) -> Floats:
    """Of each stratum's part, contacts of one cluster being as alike as they are, and never less than independent."""
    apart = float(np.sum(parts**2))
    alike = max(1.0, _cluster_square(parts, judged.cluster) / apart) if apart > 0 else 1.0
    return np.asarray(np.bincount(judged.stratum, weights=parts**2) * alike, dtype=np.float64)


def _cluster_square(parts: Floats, cluster: Ints) -> float:
    """Σ over clusters of (Σ parts)², with the G/(G − 1) correction."""
    codes = np.unique(cluster, return_inverse=True)[1]
    sums = np.bincount(codes, weights=parts)
    return float(np.sum(sums**2)) * len(sums) / max(len(sums) - 1, 1)


def _quantile(judged: _Judged, variance: Floats, between: float, level: float, tuned: bool) -> float:
    """Of t, with Satterthwaite's degrees of freedom, and never more than clusters − 1."""
    degrees = np.maximum(judged.n - 1 - tuned / len(variance), 1)
    total = float(variance.sum())
    free = (total + between) ** 2 / float(np.sum(variance**2 / degrees))
    return float(stats.t.ppf(0.5 + level / 2, min(free, len(np.unique(judged.cluster)) - 1)))


def _mean_bounds(
    sample: Sample, judged: _Judged, parts: Floats, between: float, value: float, level: float, tuned: bool
) -> tuple[float, float]:
    variance = _variance(judged, parts)
    if variance.sum() <= 0:  # all audited alike
        return _rate_bounds(sample, judged, parts, between, value, level, tuned)
    half = _quantile(judged, variance, between, level, tuned) * np.sqrt(variance.sum() + between)
    return value - half, value + half


def _rate_bounds(
    sample: Sample, judged: _Judged, parts: Floats, between: float, value: float, level: float, _tuned: bool
) -> tuple[float, float]:
    """Wilson's interval at the number of contacts that the variance is worth."""
    scale = sample.highest - sample.lowest
    variance = _variance(judged, parts)
    rate = (value - sample.lowest) / scale
    least = 0.5 / float(judged.n.sum())
    inside = float(np.clip(rate, least, 1 - least))
    # Wilson's own variance is p (1 − p) / n, without the correction for the mean that was estimated too.
    total = float(variance.sum()) * (1 - 1 / float(judged.n.sum())) + _unseen(sample, judged) + between
    worth = inside * (1 - inside) * scale**2 / total if total > 0 else float(judged.n.sum())
    z = float(stats.norm.ppf(0.5 + level / 2))
    low, high = wilson(np.array([np.clip(rate, 0, 1)]), np.array([worth]), z)
    return sample.lowest + scale * float(low[0]), sample.lowest + scale * float(high[0])


def _unseen(sample: Sample, judged: _Judged) -> float:
    """What strata add in which all verdicts say the same end of the scale: half a contact might have said otherwise."""
    scale = sample.highest - sample.lowest
    rate = (judged.mean(judged.y) - sample.lowest) / scale
    silent = (rate < 1e-9) | (rate > 1 - 1e-9)
    return 0.5 * float(judged.share[silent].sum() * scale / max(judged.n[silent].sum(), 1.0)) ** 2


def wilson(rate: Floats, n: Floats, z: float) -> tuple[Floats, Floats]:
    """Wilson's score interval of each rate in n observations; ``n`` may be fractional."""
    center = (rate + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(np.maximum(rate * (1 - rate), 0.0) / n + z * z / (4 * n * n))
    return np.maximum(center - half, 0.0), np.minimum(center + half, 1.0)
