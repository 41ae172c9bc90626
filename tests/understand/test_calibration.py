from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit
from scipy.special import softmax as scipy_softmax

from analyzer import codebook
from analyzer.errors import ModelError
from analyzer.understand.calibration import (
    CLASS_SIZES,
    Calibration,
    ClassCurve,
    Curves,
    GradeLine,
    LabelCurve,
    expected_grade,
    sigmoid,
    softmax,
)

LABELS = {
    label: LabelCurve(0.5 + index / 20, {"de": -1.0, "en": index / 10}, 0.3)
    for index, label in enumerate(codebook.LABELS)
}
CLASSES = {
    name: ClassCurve(1.5, {"de": [0.0] * size, "en": [0.1 * i for i in range(size)]})
    for name, size in CLASS_SIZES.items()
}
GRADES = {name: GradeLine(0.5, 0.8, 0.6) for name in ("satisfaction", "effort", "empathy")}
CALIBRATION = Calibration(LABELS, CLASSES, GRADES)
SHIPPED = Path(__file__).parents[2] / "models" / "heads" / "calibration.json"

finite = st.floats(-200, 200)


@given(st.lists(finite, min_size=2, max_size=30).map(sorted))
def test_sigmoid_and_label_curves_rise(logits: list[float]) -> None:
    assert sigmoid(np.array(logits)) == pytest.approx(expit(np.clip(logits, -50, 50)))
    spread = np.repeat(np.array(logits)[:, None], len(codebook.LABELS), axis=1)
    assert (np.diff(Curves.of(CALIBRATION, "de").labels(spread), axis=0) >= 0).all()


@given(st.lists(st.lists(finite, min_size=3, max_size=3), min_size=1, max_size=8))
def test_softmax_and_class_curves_sum_to_one(rows: list[list[float]]) -> None:
    logits = np.array(rows)
    assert softmax(logits) == pytest.approx(scipy_softmax(logits, axis=1))
    assert Curves.of(CALIBRATION, "en").classes("feelings", logits).sum(axis=1) == pytest.approx(np.ones(len(rows)))


def test_label_curve_by_hand() -> None:
    churn = codebook.LABELS.index("loyal.churn")
    logits = np.full(len(codebook.LABELS), 2.0)
    for language, intercept in (("de", -1.0), ("en", churn / 10)):
        expected = 1 / (1 + math.exp(-((0.5 + churn / 20) * 2 + intercept)))
        assert Curves.of(CALIBRATION, language).labels(logits)[churn] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("logits", "expected"),
    [([0, 0, 0, 0, 0], 3.0), ([99, 0, 0, 0, 0], 1.0), ([0, 0, 0, 0, 99], 5.0), ([-99, 0, 0, -99, -99], 2.5)],
)
def test_expected_grade_by_hand(logits: list[float], expected: float) -> None:
    assert expected_grade(np.array(logits, dtype=float)) == pytest.approx(expected)


def test_grade_is_a_line_with_its_interval() -> None:
    curves = Curves.of(CALIBRATION, "de")
    middle = 0.5 + 0.8 * 3
    assert curves.grade("effort", np.zeros(5)) == pytest.approx((middle, middle - 1.96 * 0.6, middle + 1.96 * 0.6))
    assert curves.grade("effort", np.array([0, 0, 0, 0, 99.0])) == pytest.approx((4.5, 4.5 - 1.96 * 0.6, 5.0))


def test_calibration_survives_the_disk_byte_by_byte(tmp_path: Path) -> None:
    CALIBRATION.save(tmp_path / "one.json")
    again = Calibration.load(tmp_path / "one.json")
    again.save(tmp_path / "two.json")
    assert again == CALIBRATION and (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()


def damaged(change: Any) -> str:
    record = json.loads(SHIPPED.read_text(encoding="utf-8"))
    change(record)
    return json.dumps(record)


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "null", "\ufffd", '{"labels": {}, "classes": {}, "grades": {}}',
        damaged(lambda r: r.pop("grades")), damaged(lambda r: r.update(unknown=1)),
        damaged(lambda r: r["labels"].pop("loyal.churn")), damaged(lambda r: r["labels"]["emp.apology"].pop("slope")),
        damaged(lambda r: r["labels"]["emp.apology"].update(slope="steep")),
        damaged(lambda r: r["labels"]["emp.apology"]["intercept"].pop("en")),
        damaged(lambda r: r["classes"].pop("swapped")), damaged(lambda r: r["classes"]["feelings"]["bias"].pop("de")),
        damaged(lambda r: r["classes"]["reason"]["bias"]["de"].pop()), damaged(lambda r: r["grades"].pop("effort")),
        damaged(lambda r: r["grades"]["effort"].update(spread=None)),
    ],
)  # fmt: skip
def test_a_damaged_calibration_is_named(text: str, tmp_path: Path) -> None:
    (tmp_path / "calibration.json").write_text(text, encoding="utf-8")
    with pytest.raises(ModelError, match=r"calibration\.json"):
        Calibration.load(tmp_path / "calibration.json")


def test_a_missing_calibration_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"calibration\.json is missing"):
        Calibration.load(tmp_path / "calibration.json")


def test_the_shipped_calibration_is_whole_and_sane() -> None:
    calibration = Calibration.load(SHIPPED)
    assert calibration.labels.keys() == set(codebook.LABELS)
    assert all(curve.slope > 0 and 0 < curve.threshold < 1 for curve in calibration.labels.values())
    assert all(line.spread > 0 and line.slope > 0 for line in calibration.grades.values())
