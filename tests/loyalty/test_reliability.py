from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analyzer.loyalty.reliability import (
    UNCHECKED,
    Design,
    audit_answers,
    calibrate,
    correct,
    if_unchecked_tell,
    too_weak,
)
from analyzer.loyalty.sandwich import least_squares


def design(n: int, audits: int, seed: int, slope: float = 0.6) -> tuple[Design, np.ndarray]:
    """One true part read with noise, and an exact fact that goes along with it; the truth beside."""
    rng = np.random.default_rng(seed)
    true = rng.normal(size=n)
    fact = 0.5 * true + np.sqrt(0.75) * rng.normal(size=n)
    reading = slope * true + 0.6 * rng.normal(size=n)
    spread = reading.std()
    columns = np.column_stack([reading / spread, fact])
    found = np.column_stack([true / spread, fact])
    weight = np.zeros(n)
    weight[rng.choice(n, audits, replace=False)] = n / audits
    return Design(("part", "fact"), columns, found, weight, (True, False), (True, True)), true


def fitted(made: Design, true: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    outcome = -0.5 * true + 2 * np.random.default_rng(seed).normal(size=len(true))
    return least_squares(made.columns, outcome, np.arange(len(true)))


def test_audits_give_back_the_effect_and_take_it_from_what_goes_along() -> None:
    made, true = design(20_000, 2000, 1)
    slopes, covariance = fitted(made, true, 2)
    told = correct(slopes, covariance, calibrate(made, {}))
    assert slopes[1] < -0.05 and slopes[0] > -0.4
    assert told.effects == pytest.approx([-0.5, 0.0], abs=0.05)


def test_interval_holds_what_audits_are_unsure_of() -> None:
    held = narrow = 0
    for seed in range(120):
        made, true = design(1500, 150, seed)
        slopes, covariance = fitted(made, true, 1000 + seed)
        calibration = calibrate(made, {})
        told = correct(slopes, covariance, calibration)
        sure = replace(calibration, slope_steps=0 * calibration.slope_steps, spread_steps=0 * calibration.spread_steps)
        for corrected, count in ((told, "held"), (correct(slopes, covariance, sure), "narrow")):
            error = np.sqrt(corrected.covariance[0, 0])
            hit = abs(corrected.effects[0] + 0.5) <= 1.96 * error
            held, narrow = held + (hit and count == "held"), narrow + (hit and count == "narrow")
    assert 107 <= held <= 120 and narrow < held


def test_stated_slope_divides_a_lone_effect_and_widens_its_interval() -> None:
    made, _ = design(5000, 1, 3)
    alone = Design(("part",), made.columns[:, :1], made.columns[:, :1], 0 * made.weight, (True,), (True,))
    told = correct(np.array([-0.2]), np.array([[0.01]]), calibrate(alone, {"part": (0.5, 0.1)}))
    assert told.effects[0] == pytest.approx(-0.2 / 0.5 * np.sqrt(0.5), rel=1e-3)
    assert told.covariance[0, 0] > 0.01 / 0.5
    assert calibrate(alone, {"part": (0.5, 0.1)}).basis == ("stated_reliability",)


def test_too_few_audits_correct_nothing() -> None:
    made, _ = design(3000, 60, 4)
    calibration = calibrate(made, {})
    assert calibration.basis == ("model_only", "model_only") and calibration.slopes == pytest.approx(np.eye(2))


def test_reading_that_says_little_is_too_weak_to_divide_by() -> None:
    deaf, _ = design(5000, 300, 5, slope=0.02)
    sound, _ = design(5000, 300, 5, slope=0.6)
    assert too_weak(calibrate(deaf, {}), 0) and not too_weak(calibrate(sound, {}), 0)


def verdict(**told: object) -> dict[str, object]:
    plain = {
        "verdict_id": "v",
        "interaction_id": "c",
        "finding": "empathy",
        "answer": "4",
        "blind": True,
        "reviewer": "r",
    }
    plain |= {"answered_at": pd.Timestamp("2026-01-01", tz="UTC"), "sampling_probability": 0.02, "use": "audit"}
    return plain | told


def test_only_blind_random_audits_count_and_each_reviewer_with_the_last() -> None:
    later = pd.Timestamp("2026-02-01", tz="UTC")
    rows = pd.DataFrame(
        [
            verdict(),
            verdict(answer="2", answered_at=later),
            verdict(answer="3", reviewer="s"),
            verdict(interaction_id="d", blind=False),
            verdict(interaction_id="e", use="training"),
            verdict(interaction_id="f", finding="resolution", answer="partial"),
            verdict(interaction_id="g", finding="resolution", answer="resolved"),
            verdict(interaction_id="h", answer="cannot tell"),
            verdict(interaction_id="i"),
            verdict(interaction_id="i", finding="effort", use="training"),
            verdict(interaction_id="j", sampling_probability=0.0),
        ]
    )
    told = audit_answers(rows).set_index("interaction_id")
    assert told["answer"].to_dict() == {"c": 2.5, "f": 0.0, "g": 1.0}
    assert told["driver"].to_dict() == {"c": "empathy", "f": "resolved", "g": "resolved"}
    assert told["weight"].tolist() == pytest.approx([50.0, 50.0, 50.0])


def test_stated_slope_takes_the_effect_from_what_goes_along_where_the_error_is_independent() -> None:
    rng = np.random.default_rng(8)
    true = rng.normal(size=30_000)
    fact = 0.5 * true + np.sqrt(0.75) * rng.normal(size=len(true))
    reading = true + 0.8 * rng.normal(size=len(true))
    columns = np.column_stack([reading / reading.std(), fact])
    made = Design(("part", "fact"), columns, columns, np.zeros(len(true)), (True, False), (True, True))
    slopes, covariance = fitted(made, true, 9)
    told = correct(slopes, covariance, calibrate(made, {"part": (1 / 1.64, 0.0)}))
    assert slopes[1] < -0.05 and told.effects == pytest.approx([-0.5, 0.0], abs=0.06)


def test_fact_that_goes_along_with_an_unchecked_reading_takes_nothing_for_sure() -> None:
    made, true = design(20_000, 1, 5)
    slopes, covariance = fitted(made, true, 6)
    as_read = correct(slopes, covariance, calibrate(made, {})).effects[1]
    possible = [correct(slopes, covariance, each).effects[1] for each in if_unchecked_tell(made, {}, ["part"]).values()]
    assert as_read < -0.05 and max(possible) > 0 and possible == sorted(possible)


def test_readings_that_go_together_cannot_all_be_far_from_the_truth() -> None:
    rng = np.random.default_rng(7)
    shared = rng.normal(size=(4000, 1))
    columns = np.sqrt(0.75) * shared + 0.5 * rng.normal(size=(4000, 2))
    made = Design(("one", "other"), columns, np.nan * columns, np.zeros(4000), (True, True), (True, True))
    assert set(if_unchecked_tell(made, {}, ["one", "other"])) == {0.85}
    assert set(if_unchecked_tell(made, {}, [])) == set() and set(if_unchecked_tell(made, {}, ["one"])) < set(UNCHECKED)
