"""Weights learned from surveys: what the parts of a contact say of the answer that its customer gave.

    answer (0–100) = base + Σ w_k · (value_k − reference_k) + rest,   w_k of the configured sign or 0

by non-negative least squares (Lawson and Hanson 1974), each part held to its weight in force as if by a few answers
more, so that a part that was rarely observed stays where it was. Parts of the journey are not learned: customers are
asked before it ends. Learned weights are adopted only if they foretell the answers of customers they were not learned
from better than those in force, which are drawn to the answers' level and spread in the same folds: the squared errors
of each customer are compared, and the 95 % interval of the gain must lie above 0. Assumes that those who answer are
like the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
from scipy import stats
from scipy.optimize import nnls

from analyzer.config import ScoreSettings
from analyzer.score.clustered import sum_variance
from analyzer.score.contact import OWN_PARTS
from analyzer.score.frames import Floats, Ints, in_order, linked, numbers, texts
from analyzer.score.weights import Weighting, next_beginning

FOLDS: Final = 10
HELD: Final = 20.0  # answers that a part's weight in force counts for
MIN_CUSTOMERS: Final = 50


@dataclass(frozen=True, slots=True)
class Answers:
    """Contacts whose customer answered: ``answer`` 0–100, ``parts`` value − reference × sign (0: not observed)."""

    answer: Floats
    score: Floats
    parts: Floats
    names: tuple[str, ...]
    signs: Floats
    customer: Ints


@dataclass(frozen=True, slots=True)
class Trial:
    """Whether learned weights foretell answers better; numbers are NaN and ``learned`` None where too few answered."""

    n: int
    customers: int
    error: float
    learned_error: float
    gain: float
    low: float
    high: float
    learned: Weighting | None
    method: str

    @property
    def better(self) -> bool:
        """Whether the gain is surely above 0."""
        return self.low > 0


def answers(
    facts: pd.DataFrame, experience: pd.DataFrame, surveys: pa.Table, in_force: Weighting, item: str
) -> Answers:
    """The answers to ``item`` that are linked to a scored contact; a contact asked twice counts with the mean."""
    told = surveys.select(["interaction_id", "item", "good"]).to_pandas()
    told = told[(told["item"] == item) & told["good"].notna() & told["interaction_id"].notna()]
    good = told.groupby("interaction_id")["good"].mean()
    facts = in_order(facts)
    score = numbers(linked(experience, facts), "experience_contact")
    answer = 100.0 * good.reindex(pd.Index(texts(facts, "interaction_id"))).to_numpy(dtype=np.float64)
    kept = ~np.isnan(score) & ~np.isnan(answer)
    facts = facts[kept]
    names = tuple(name for name in OWN_PARTS if name in in_force.weights)
    signs = np.array([-1.0 if in_force.weights[name] < 0 else 1.0 for name in names])
    columns = [np.nan_to_num(OWN_PARTS[name](facts) - in_force.references[name]) for name in names]
    parts = np.stack(columns, axis=1) if names else np.empty((len(facts), 0))
    codes = np.asarray(pd.factorize(texts(facts, "customer_key"), sort=False)[0], dtype=np.int64)
    alone = codes.max(initial=-1) + 1 + np.arange(len(codes))
    return Answers(answer[kept], score[kept], parts * signs, names, signs, np.where(codes < 0, alone, codes))


def try_weights(told: Answers, in_force: Weighting, settings: ScoreSettings) -> Trial:
    """Learned weights against those in force on answers that neither was fitted to."""
    n, customers = len(told.answer), len(np.unique(told.customer))
    if n < settings.min_surveys or customers < MIN_CUSTOMERS:
        nan = float("nan")
        why = f"{n} linked answers of {customers} customers; {settings.min_surveys} of at least {MIN_CUSTOMERS} needed"
        return Trial(n, customers, nan, nan, nan, nan, nan, None, f"not tried: {why}")
    old, new = _foretold(told, in_force)
    gain = (told.answer - old) ** 2 - (told.answer - new) ** 2
    mean, low, high = _clustered(gain, told.customer)
    error, learned_error = (float(np.mean((told.answer - said) ** 2)) for said in (old, new))
    note = f"learned from {n} answers of {customers} customers; error {learned_error:.0f}, before {error:.0f}"
    learned = replace(_learned(told, in_force), note=note)
    return Trial(n, customers, error, learned_error, mean, low, high, learned, f"{FOLDS}-fold by customer")


def adopted(trial: Trial, weightings: Sequence[Weighting], today: date, settings: ScoreSettings) -> Weighting | None:
    """The learned weights, from the day they serve; None where they are not better, or others wait for that day."""
    if not settings.learn_weights or trial.learned is None or not trial.better:
        return None
    waiting = [w for w in weightings if w.since is not None and w.since > today]
    if waiting:
        return None if waiting[-1].version != trial.learned.version else waiting[-1]
    return replace(trial.learned, since=next_beginning(today, settings))


def _foretold(told: Answers, in_force: Weighting) -> tuple[Floats, Floats]:
    """Each answer as the weights in force and the learned ones foretell it, fitted without its customer's fold."""
    fold = np.unique(told.customer, return_inverse=True)[1] % FOLDS
    old, new = np.empty(len(fold)), np.empty(len(fold))
    for part in range(FOLDS):
        out = fold == part
        known = _some(told, ~out)
        slope, level = _line(known, in_force)
        old[out] = level + slope * _points(told, in_force)[out]
        base, weights = _fit(known, in_force)
        new[out] = np.clip(base + told.parts[out] @ weights, 0, 100)
    return np.clip(old, 0, 100), new


def _some(told: Answers, which: np.ndarray) -> Answers:
    return replace(
        told, answer=told.answer[which], score=told.score[which], parts=told.parts[which], customer=told.customer[which]
    )


def _points(told: Answers, in_force: Weighting) -> Floats:
    """What the parts add up to under the weights in force, also for contacts that others served."""
    return np.asarray(told.parts @ _sizes(told, in_force), dtype=np.float64)


def _sizes(told: Answers, in_force: Weighting) -> Floats:
    return np.abs(np.array([in_force.weights[name] for name in told.names], dtype=np.float64))


def _line(told: Answers, in_force: Weighting) -> tuple[float, float]:
    """Slope (never negative) and level of the answer on the points in force."""
    points = _points(told, in_force)
    about = points - points.mean()
    spread = float(about @ about)
    slope = max(float(about @ told.answer) / spread, 0.0) if spread > 0 else 0.0
    return slope, float(told.answer.mean()) - slope * float(points.mean())


def _fit(told: Answers, in_force: Weighting) -> tuple[float, Floats]:
    """Base and weights, without sign."""
    mean = told.parts.mean(axis=0)
    slope, _ = _line(told, in_force)
    before = slope * _sizes(told, in_force)
    hold = np.sqrt(HELD) * np.maximum(told.parts.std(axis=0), 1e-3)
    design = np.vstack([told.parts - mean, np.diag(hold)])
    target = np.concatenate([told.answer - told.answer.mean(), hold * before])
    weights = np.asarray(nnls(design, target)[0], dtype=np.float64)
    return float(told.answer.mean() - mean @ weights), weights


def _learned(told: Answers, in_force: Weighting) -> Weighting:
    base, weights = _fit(told, in_force)
    signed = {name: float(np.round(w, 3)) for name, w in zip(told.names, weights * told.signs, strict=True)}
    return Weighting(float(np.round(base, 3)), {**in_force.weights, **signed}, in_force.references, "learned")


def _clustered(values: Floats, cluster: Ints) -> tuple[float, float, float]:
    """The mean and its 95 % interval, customers being independent."""
    mean = float(values.mean())
    of_sum, groups = sum_variance(values, cluster)
    half = stats.t.ppf(0.975, groups - 1) * np.sqrt(of_sum) / len(values)
    return mean, mean - float(half), mean + float(half)
