"""Measures of agreement with human readers, each with a 95 % interval by bootstrap over dialogues."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from scipy.stats import rankdata, spearmanr
from sklearn.metrics import cohen_kappa_score, f1_score

Item = TypeVar("Item")


@dataclass(frozen=True)
class Measure:
    """``value`` with its interval; NaN where the sample cannot tell."""

    value: float
    low: float
    high: float
    n: int

    def __str__(self) -> str:
        return f"{short(self.value)} ({short(self.low)}–{short(self.high)})"


def bootstrap(
    items: Sequence[Item], measure: Callable[[Sequence[Item]], float], seed: int = 5, draws: int = 400
) -> Measure:
    """``measure`` of the dialogues, and its percentile interval over resampled dialogues; NaN without any."""
    if not items:
        return Measure(float("nan"), float("nan"), float("nan"), 0)
    generator = np.random.default_rng(seed)
    drawn = []
    for _ in range(draws):
        picks = generator.integers(0, len(items), len(items))
        value = measure([items[pick] for pick in picks])
        if not np.isnan(value):
            drawn.append(value)
    low, high = np.quantile(drawn, [0.025, 0.975]) if drawn else (np.nan, np.nan)
    return Measure(measure(items), float(low), float(high), len(items))


def micro_f1(pairs: Sequence[tuple[set[tuple[int, str]], set[tuple[int, str]]]]) -> float:
    """2·hits / (said + true) of (turn, label) pairs over dialogues given as (said, true)."""
    hits = sum(len(said & true) for said, true in pairs)
    total = sum(len(said) + len(true) for said, true in pairs)
    return 2 * hits / total if total else float("nan")


def macro_f1(true: Sequence[int], said: Sequence[int], classes: int = 3) -> float:
    if not true:
        return float("nan")
    return float(f1_score(true, said, labels=list(range(classes)), average="macro", zero_division=0))


def kappa(true: Sequence[int], said: Sequence[int]) -> float:
    """Cohen's kappa; NaN where neither side knows more than one class."""
    if len(set(true)) < 2 and len(set(said)) < 2:
        return float("nan")
    return float(cohen_kappa_score(true, said))


def auc(true: Sequence[bool], scores: Sequence[float]) -> float:
    """Area under the ROC curve by ranks; NaN without both classes."""
    truth = np.array(true, dtype=bool)
    positives, negatives = truth.sum(), (~truth).sum()
    if not positives or not negatives:
        return float("nan")
    ranks = rankdata(scores)
    return float((ranks[truth].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def spearman(true: Sequence[float], said: Sequence[float]) -> float:
    if len(set(true)) < 2 or len(set(said)) < 2:
        return float("nan")
    return float(spearmanr(true, said).statistic)


def calibration_error(true: Sequence[bool], scores: Sequence[float], bins: int = 5) -> float:
    """Expected calibration error over bins of equal size."""
    order = np.argsort(scores)
    truth, said = np.array(true, dtype=float)[order], np.array(scores)[order]
    parts = [part for part in np.array_split(np.arange(len(said)), bins) if len(part)]
    return float(sum(len(p) * abs(truth[p].mean() - said[p].mean()) for p in parts) / len(said))


def short(value: float) -> str:
    """Two places, no zero before the point: .45, -.10, 1.00."""
    return "–" if np.isnan(value) else re.sub(r"^(-?)0\.", r"\1.", f"{value:.2f}")
