"""Fits calibration.json from out-of-fold logits: curves a label, classes, grade lines, thresholds.

Most sets hold rare labels more often than talk does. They say how a score bends into a probability; how high it stands
is told by the sets that were written at natural rates (``NATURAL``), by a shift of the log odds that a prior keeps
near zero where examples are few.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression

from analyzer import codebook
from analyzer.learn.corpus import Dialogue
from analyzer.learn.heads import Prediction
from analyzer.understand.calibration import (
    Calibration,
    ClassCurve,
    GradeLine,
    LabelCurve,
    expected_grade,
    sigmoid,
    softmax,
)
from analyzer.understand.hear import SIDE

Array = NDArray[np.float64]
OVERREPRESENTED = ("de2", "en2")
ENOUGH_POSITIVES = 20
TRAINED_SWAP_SHARE = 0.15
SWAP_PRIOR = 0.01  # exports with interchanged speakers are rare; the training share would cry wolf
NATURAL = ("de6", "en6", "helpde", "alltagde", "dayen")  # sets whose labels occur about as often as in real contacts
SHIFT_SPREAD = 1.0  # standard deviation of the prior of a shift, in log odds
THRESHOLDS = np.arange(0.10, 0.81, 0.02)
# Positives a label needs for its own threshold to weigh as much as the common one. With calibrated probabilities one
# threshold for all labels is the best for micro-F1 (Lipton et al. 2014), so own thresholds must be well founded.
THRESHOLD_STRENGTH = 100.0


@dataclass(frozen=True)
class LabelSample:
    """Out-of-fold logits of one label over the turns whose speaker can carry it."""

    logits: Array
    truth: NDArray[np.bool_]
    english: NDArray[np.bool_]


def calibrate(dialogues: Sequence[Dialogue], predictions: Sequence[Prediction], reason: ClassCurve) -> Calibration:
    """The calibration of ``predictions`` (out of fold, in the order of ``dialogues``); ``reason`` has a head and a
    curve of its own."""
    samples = {label: label_sample(dialogues, predictions, label) for label in codebook.LABELS}
    natural = natural_samples(dialogues, predictions)
    plain = {label: _platt(sample) for label, sample in samples.items()}
    if natural:
        plain = {label: moved(natural[label], curve) for label, curve in plain.items()}
    thresholds = _thresholds(natural or samples, plain)
    labels = {
        label: LabelCurve(slope, {"de": de, "en": en}, thresholds[label]) for label, (slope, de, en) in plain.items()
    }
    classes = {
        "feelings": class_curve(*_feeling_sample(dialogues, predictions)),
        "resolution": class_curve(*_contact_sample(dialogues, predictions, "resolution")),
        "reason": reason,
        "swapped": _swap_curve(),
    }
    grades = {name: _grade_line(dialogues, predictions, name) for name in ("satisfaction", "effort", "empathy")}
    return Calibration(labels, classes, grades)


def label_sample(dialogues: Sequence[Dialogue], predictions: Sequence[Prediction], label: str) -> LabelSample:
    """Turns of the natural sets, or of all sets where those hold fewer than 20 examples."""
    index = codebook.LABELS.index(label)
    speaker = 0 if SIDE["customer"][index] else 1
    natural = [(d, p) for d, p in zip(dialogues, predictions, strict=True) if d.group not in OVERREPRESENTED]
    sample = _collect(natural, index, speaker)
    if sample.truth.sum() < ENOUGH_POSITIVES:
        sample = _collect(list(zip(dialogues, predictions, strict=True)), index, speaker)
    return sample


def natural_samples(dialogues: Sequence[Dialogue], predictions: Sequence[Prediction]) -> dict[str, LabelSample]:
    """Each label's turns in the sets of natural rates; empty without such sets."""
    pairs = [(d, p) for d, p in zip(dialogues, predictions, strict=True) if d.group in NATURAL]
    if not pairs:
        return {}
    sides = {label: 0 if SIDE["customer"][index] else 1 for index, label in enumerate(codebook.LABELS)}
    return {label: _collect(pairs, codebook.LABELS.index(label), side) for label, side in sides.items()}


def _collect(pairs: Sequence[tuple[Dialogue, Prediction]], index: int, speaker: int) -> LabelSample:
    rows = [
        (float(p.labels[turn, index]), index in labels, d.language == "en")
        for d, p in pairs
        for turn, (who, labels) in enumerate(zip(d.turn_speakers, d.labels, strict=True))
        if who == speaker and labels is not None and not np.isnan(p.labels[turn, index])
    ]
    logits, truth, english = zip(*rows, strict=True)
    return LabelSample(np.array(logits), np.array(truth), np.array(english))


def _platt(sample: LabelSample) -> tuple[float, float, float]:
    """(slope, German intercept, English intercept); ridge keeps the languages together where examples are few."""
    if not 0 < sample.truth.sum() < len(sample.truth):
        return 1.0, 0.0, 0.0
    features = np.column_stack([sample.logits, np.where(sample.english, 0.5, -0.5)])
    fitted = LogisticRegression(C=1.0, max_iter=500).fit(features, sample.truth)
    slope, shift = (float(value) for value in fitted.coef_[0])
    middle = float(fitted.intercept_[0])
    return max(slope, 0.05), middle - shift / 2, middle + shift / 2


def moved(sample: LabelSample, curve: tuple[float, float, float]) -> tuple[float, float, float]:
    """``curve`` with each language's intercept shifted to the rates of ``sample``; the mode under a normal prior."""
    slope, *intercepts = curve
    shifted = []
    for english, intercept in zip((False, True), intercepts, strict=True):
        own = sample.english == english
        scores, truth = slope * sample.logits[own] + intercept, sample.truth[own]

        def cost(shift: Array, scores: Array = scores, truth: NDArray[np.bool_] = truth) -> float:
            moved_scores = scores + shift[0]
            fit = np.logaddexp(0, moved_scores).sum() - moved_scores[truth].sum()
            return float(fit + shift[0] ** 2 / (2 * SHIFT_SPREAD**2))

        shifted.append(intercept + float(minimize(cost, np.zeros(1), method="L-BFGS-B").x[0]))
    return slope, shifted[0], shifted[1]


def probabilities(sample: LabelSample, curve: tuple[float, float, float]) -> Array:
    slope, de, en = curve
    return sigmoid(slope * sample.logits + np.where(sample.english, en, de))


def _thresholds(
    samples: Mapping[str, LabelSample], curves: Mapping[str, tuple[float, float, float]]
) -> dict[str, float]:
    """The threshold of the best F1 a label, drawn towards the one best for all, the more the fewer examples it has."""
    scored = {label: probabilities(samples[label], curves[label]) for label in samples}
    counts = np.array([[_counts(scored[label], samples[label].truth, t) for t in THRESHOLDS] for label in samples])
    common = float(THRESHOLDS[int(np.argmax(_f1(counts.sum(axis=0))))])
    best = {}
    for row, label in enumerate(samples):
        own = float(THRESHOLDS[int(np.argmax(_f1(counts[row])))])
        weight = samples[label].truth.sum() / (samples[label].truth.sum() + THRESHOLD_STRENGTH)
        best[label] = round(float(weight * own + (1 - weight) * common), 3)
    return best


def _counts(scores: Array, truth: NDArray[np.bool_], threshold: float) -> tuple[int, int, int]:
    said = scores >= threshold
    return int((said & truth).sum()), int(said.sum()), int(truth.sum())


def _f1(counts: NDArray[np.int64]) -> Array:
    """2·hits / (said + true) over the last axis of (hits, said, true)."""
    result: Array = 2 * counts[..., 0] / np.maximum(counts[..., 1] + counts[..., 2], 1)
    return result


def _feeling_sample(dialogues: Sequence[Dialogue], predictions: Sequence[Prediction]) -> tuple[Array, Array, list[str]]:
    natural = any(d.group in NATURAL for d in dialogues)
    rows = [
        (p.feelings[turn], feeling, d.language)
        for d, p in zip(dialogues, predictions, strict=True)
        for turn, feeling in enumerate(d.feelings)
        if (d.group in NATURAL or not natural) and d.group not in OVERREPRESENTED and feeling is not None
        and not np.isnan(p.feelings[turn, 0])
    ]  # fmt: skip
    return np.array([r[0] for r in rows], dtype=float), np.array([r[1] for r in rows]), [r[2] for r in rows]


def _contact_sample(
    dialogues: Sequence[Dialogue], predictions: Sequence[Prediction], name: str
) -> tuple[Array, Array, list[str]]:
    rows = [
        (p.contact[name], getattr(d, name), d.language)
        for d, p in zip(dialogues, predictions, strict=True)
        if getattr(d, name) is not None
    ]
    return np.array([r[0] for r in rows], dtype=float), np.array([r[1] for r in rows]), [r[2] for r in rows]


def class_curve(logits: Array, truth: NDArray[Any], languages: Sequence[str]) -> ClassCurve:
    """Slope and a bias a class and language by penalised cross-entropy; the penalty keeps biases near one another."""
    classes = logits.shape[1]
    english = np.array([language == "en" for language in languages])

    def unpack(flat: Array) -> tuple[float, Array, Array]:
        return float(np.exp(flat[0])), flat[1 : classes + 1], flat[classes + 1 :]

    def loss(flat: Array) -> float:
        slope, common, difference = unpack(flat)
        shifted = slope * logits + common + np.where(english[:, None], 0.5, -0.5) * difference
        chosen = softmax(shifted)[np.arange(len(truth)), truth.astype(int)]
        return float(-np.log(np.maximum(chosen, 1e-12)).sum() + (common**2).sum() + 4 * (difference**2).sum())

    fitted = minimize(loss, np.zeros(1 + 2 * classes), method="L-BFGS-B").x
    slope, common, difference = unpack(fitted)
    rounded = {
        name: [round(float(b), 4) for b in common + sign * difference] for name, sign in (("de", -0.5), ("en", 0.5))
    }
    return ClassCurve(round(slope, 4), rounded)


def _swap_curve() -> ClassCurve:
    """Swapped speakers at their real prior: the log odds move from the training share to 1 in 100."""
    shift = _log_odds(SWAP_PRIOR) - _log_odds(TRAINED_SWAP_SHARE)
    return ClassCurve(1.0, {"de": [0.0, round(shift, 4)], "en": [0.0, round(shift, 4)]})


def _log_odds(probability: float) -> float:
    return float(np.log(probability / (1 - probability)))


def _grade_line(dialogues: Sequence[Dialogue], predictions: Sequence[Prediction], name: str) -> GradeLine:
    pairs = np.array(list(_graded(dialogues, predictions, name)))
    slope, intercept = np.polyfit(pairs[:, 0], pairs[:, 1], 1)
    left = pairs[:, 1] - intercept - slope * pairs[:, 0]
    return GradeLine(round(float(intercept), 4), round(float(slope), 4), round(float(left.std(ddof=2)), 4))


def _graded(
    dialogues: Sequence[Dialogue], predictions: Sequence[Prediction], name: str
) -> Iterator[tuple[float, float]]:
    for d, p in zip(dialogues, predictions, strict=True):
        if (grade := getattr(d, name)) is not None:
            yield expected_grade(p.contact[name].astype(float)), float(grade)
