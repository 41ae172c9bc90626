from __future__ import annotations

import math
import statistics

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score, f1_score, roc_auc_score

from analyzer.learn.measures import (
    Measure,
    auc,
    bootstrap,
    calibration_error,
    kappa,
    macro_f1,
    micro_f1,
    spearman,
)

DRAW = np.random.default_rng(1)
TRUE = DRAW.integers(0, 3, 60).tolist()
SAID = [int(DRAW.integers(0, 3)) if DRAW.random() < 0.4 else true for true in TRUE]
SCORES = [0.3 * true + float(DRAW.random()) for true in TRUE]


def pairs(text: str) -> set[tuple[int, str]]:
    return {(i, label) for i, label in enumerate(text) if label != "-"}


@pytest.mark.parametrize(
    ("dialogues", "expected"),
    [
        ([("ab", "ab")], 1.0),
        ([("ab", "cd")], 0.0),
        ([("ab-", "a-c")], 0.5),
        ([("a", "a"), ("b", "-")], 2 / 3),
        ([("---", "---")], math.nan),
        ([], math.nan),
    ],
)
def test_micro_f1_by_hand(dialogues: list[tuple[str, str]], expected: float) -> None:
    found = micro_f1([(pairs(said), pairs(true)) for said, true in dialogues])
    assert found == pytest.approx(expected, nan_ok=True)


def test_macro_f1_is_scikit_learns() -> None:
    assert macro_f1(TRUE, SAID) == pytest.approx(f1_score(TRUE, SAID, average="macro"))
    assert macro_f1([0, 0], [0, 0]) == pytest.approx(1 / 3), "a class that never occurs earns nothing"
    assert math.isnan(macro_f1([], []))


def test_kappa_by_hand() -> None:
    assert kappa([0, 0, 1, 1], [0, 1, 1, 1]) == pytest.approx((0.75 - 0.5) / 0.5)
    assert kappa(TRUE, SAID) == pytest.approx(cohen_kappa_score(TRUE, SAID))
    assert kappa([0, 1, 0], [1, 1, 1]) == 0
    assert math.isnan(kappa([1, 1], [1, 1]))


def test_auc_is_the_share_of_pairs_in_order() -> None:
    truth = [true == 2 for true in TRUE]
    assert auc(truth, SCORES) == pytest.approx(roc_auc_score(truth, SCORES))
    won = [(a > b) + 0.5 * (a == b) for a, t in zip(SAID, truth, strict=True) if t
           for b, u in zip(SAID, truth, strict=True) if not u]  # fmt: skip
    assert auc(truth, SAID) == pytest.approx(statistics.fmean(won)), "ties count half"
    assert math.isnan(auc([True, True], [0.1, 0.2])) and math.isnan(auc([], []))


def test_spearman_is_the_correlation_of_ranks() -> None:
    true, said = [1.0, 2.0, 3.0, 4.0, 5.0], [2.0, 1.0, 4.0, 30.0, 5.0]
    assert spearman(true, said) == pytest.approx(statistics.correlation([1, 2, 3, 4, 5], [2, 1, 3, 5, 4]))
    assert math.isnan(spearman([1, 1], [1, 2])) and math.isnan(spearman([], []))


def test_calibration_error_by_hand() -> None:
    assert calibration_error([True, False], [1.0, 0.0], bins=2) == 0
    assert calibration_error([True, True, False, False], [0.5] * 4, bins=1) == 0
    assert calibration_error([True, True, True, False], [0.9, 0.6, 0.3, 0.2], bins=2) == pytest.approx(
        (0.25 + 0.25) / 2
    )


def test_bootstrap_interval_is_that_of_the_mean() -> None:
    """On many values the percentile interval comes near mean ± 1.96 standard errors."""
    values = np.random.default_rng(7).normal(10, 3, 400).tolist()
    found = bootstrap(values, statistics.fmean, draws=2000)
    half = 1.96 * statistics.stdev(values) / 20
    assert found.value == statistics.fmean(values) and found.n == 400
    assert (found.low, found.high) == pytest.approx((found.value - half, found.value + half), abs=0.06)


def test_bootstrap_is_seeded_and_passes_over_draws_that_cannot_tell() -> None:
    items = [(True, 0.9), (False, 0.2), (True, 0.6), (False, 0.7)]

    def measure(drawn: object) -> float:
        return auc(*zip(*drawn, strict=True))  # type: ignore[call-overload, misc]

    one = bootstrap(items, measure)
    assert one == bootstrap(items, measure) != bootstrap(items, measure, seed=6, draws=50)
    assert one.value == 0.75 and 0 <= one.low <= one.value <= one.high <= 1


def test_bootstrap_of_nothing_cannot_tell() -> None:
    found = bootstrap([], lambda items: spearman(items, items))
    assert found.n == 0 and math.isnan(found.value) and math.isnan(found.low)
    only = bootstrap([1.0], lambda items: spearman(items, items), draws=5)
    assert only.n == 1 and math.isnan(only.high)


@pytest.mark.parametrize(
    ("measure", "text"),
    [
        (Measure(0.453, 0.4, 0.5, 9), ".45 (.40–.50)"),
        (Measure(1.0, 0.996, 1.0, 9), "1.00 (1.00–1.00)"),
        (Measure(-0.104, -0.2, 10.05, 9), "-.10 (-.20–10.05)"),
        (Measure(math.nan, math.nan, math.nan, 0), "– (–––)"),
    ],
)
def test_measure_as_text(measure: Measure, text: str) -> None:
    assert str(measure) == text
