"""From logits to probabilities: fitted out of fold, per language, kept as plain numbers in calibration.json.

Labels: Platt scaling, p = σ(slope·z + intercept[language]). Feelings and contact classes: one temperature and a bias a
class, p = softmax(slope·z + bias[language]). Grades 1–5: the expected grade, then a line fitted to the readers' grades;
``spread`` is the standard deviation of what remains, so low and high are value ± 1.96·spread, cut to 1–5.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from analyzer import codebook
from analyzer.errors import ModelError

Array = NDArray[np.float64]
Known = Literal["de", "en"]
LANGUAGES = frozenset({"de", "en"})
CLASS_SIZES = {"feelings": len(codebook.FEELINGS), "resolution": len(codebook.RESOLUTIONS),
               "reason": len(codebook.REASONS), "swapped": 2}  # fmt: skip
GRADES = ("satisfaction", "effort", "empathy")


class LabelCurve(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``threshold`` is the probability from which the label counts as found."""

    slope: float
    intercept: dict[str, float]
    threshold: float


class ClassCurve(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    slope: float
    bias: dict[str, list[float]]


class GradeLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    intercept: float
    slope: float
    spread: float


class Calibration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    labels: dict[str, LabelCurve]
    classes: dict[str, ClassCurve]
    grades: dict[str, GradeLine]

    @classmethod
    def load(cls, path: Path) -> Calibration:
        try:
            calibration = msgspec.json.decode(path.read_bytes(), type=cls)
        except (OSError, msgspec.MsgspecError) as error:
            raise ModelError(f"{path.name} is missing or damaged.", hint="Run `analyzer learn calibrate`.") from error
        if lacking := next(_lacking(calibration), None):
            raise ModelError(f"{path.name} lacks {lacking}.", hint="Run `analyzer learn calibrate`.")
        return calibration

    def save(self, path: Path) -> None:
        path.write_bytes(msgspec.json.format(msgspec.json.encode(self, order="deterministic"), indent=1) + b"\n")


def _lacking(calibration: Calibration) -> Iterator[str]:
    """What a run would miss: a label, a class or a grade, one of the two languages."""
    for label in codebook.LABELS:
        if label not in calibration.labels or not calibration.labels[label].intercept.keys() >= LANGUAGES:
            yield label
    for name, size in CLASS_SIZES.items():
        bias = calibration.classes[name].bias if name in calibration.classes else {}
        if not bias.keys() >= LANGUAGES or any(len(values) != size for values in bias.values()):
            yield name
    yield from (name for name in GRADES if name not in calibration.grades)


@dataclass(frozen=True)
class Curves:
    """The calibration as arrays for one language."""

    label_slope: Array
    label_intercept: Array
    thresholds: Array
    calibration: Calibration
    language: Known

    @classmethod
    def of(cls, calibration: Calibration, language: Known) -> Curves:
        curves = [calibration.labels[label] for label in codebook.LABELS]
        return cls(
            np.array([c.slope for c in curves]),
            np.array([c.intercept[language] for c in curves]),
            np.array([c.threshold for c in curves]),
            calibration,
            language,
        )

    def labels(self, logits: Array) -> Array:
        """(…, L) logits → probabilities."""
        return sigmoid(self.label_slope * logits + self.label_intercept)

    def classes(self, name: str, logits: Array) -> Array:
        """(…, C) logits → probabilities that sum to 1."""
        curve = self.calibration.classes[name]
        return softmax(curve.slope * logits + np.array(curve.bias[self.language]))

    def grade(self, name: str, logits: Array) -> tuple[float, float, float]:
        """(5,) logits → grade 1–5 with its 95 % interval."""
        line = self.calibration.grades[name]
        value = line.intercept + line.slope * expected_grade(logits)
        low, high = value - 1.96 * line.spread, value + 1.96 * line.spread
        clipped = np.clip([value, low, high], 1.0, 5.0)
        return float(clipped[0]), float(clipped[1]), float(clipped[2])


def sigmoid(values: Array) -> Array:
    result: Array = 1.0 / (1.0 + np.exp(-np.clip(values, -50, 50)))
    return result


def softmax(values: Array) -> Array:
    shifted = np.exp(values - values.max(axis=-1, keepdims=True))
    result: Array = shifted / shifted.sum(axis=-1, keepdims=True)
    return result


def expected_grade(logits: Array) -> float:
    """Σ grade · p over the five grades."""
    return float(softmax(logits) @ np.arange(1.0, 6.0))
