"""A reduced set of tests/bench/honesty/loyalty.py: intervals hold, and counting is beaten, in worlds of known truth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.bench.honesty.loyalty import RISKS, SHARES, measured, publish, risk_errors
from tests.loyalty.level_worlds import FLAWED, LevelWorld, truth


@pytest.mark.parametrize("name", ["one hump, flawed ears", "two humps, flawed ears, late entry"])
def test_published_intervals_hold_where_the_detector_errs(name: str) -> None:
    _, hits, called = measured(name, replace(SHARES[name], customers=500), 5, seed=70)
    assert hits.mean() >= 0.85
    assert called[:, 1].mean() >= 0.85, "quadrants that are called are right"


def test_corrected_shares_are_nearer_to_the_truth_than_counted_ones() -> None:
    world = replace(SHARES["one hump, flawed ears"], customers=1500)
    true, off, counted = truth(world), [], []
    for seed in range(3):
        rows = publish(world, 40 + seed).rows
        off.append([rows[measure]["corrected"] - value for measure, value in true.items()])
        counted.append([rows[measure]["raw"] - value for measure, value in true.items()])
    assert np.abs(np.mean(off, axis=0)).sum() < 0.5 * np.abs(np.mean(counted, axis=0)).sum()


def test_table_says_on_what_its_numbers_rest() -> None:
    audited = publish(LevelWorld(notice="slope", customers=400, detector=FLAWED, answers=0.6), 1).rows
    deaf = publish(LevelWorld(notice="slope", customers=400, answers=0.0), 1).rows
    few = publish(LevelWorld(notice="slope", customers=20), 1).rows
    assert {row["error_basis"] for row in audited.values()} == {"audit_corrected"}
    assert {row["error_basis"] for row in deaf.values()} == {"model_only"}
    assert all(row["corrected"] is None and "20 customers" in row["method"] for name, row in few.items()
               if name == "loyalist_share")  # fmt: skip
    assert {name: row["claimed"] for name, row in audited.items() if row["claimed"]} == {
        "leaves_given_satisfied": 0.2, "unhappy_given_loyal": 0.3,
    }  # fmt: skip


def test_risk_said_is_near_the_risk_there_is() -> None:
    off, apart, true = risk_errors(replace(RISKS["flawed ears"], customers=800), 5)
    assert abs(off) < 0.04 and apart < 0.05 and true > 0.1
