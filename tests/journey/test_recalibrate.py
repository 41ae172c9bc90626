from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, logit

from analyzer.journey.recalibrate import pending_share, recalibrated

SHARES = {"easy": 0.9, "usual": 0.7, "hard": 0.3}
DAYS = np.arange(3000) // 50


def heard(seed: int, distance: float = 2.5) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Reason, truth and a probability that is right over all but knows nothing of reasons."""
    random = np.random.default_rng(seed)
    reason = random.choice(list(SHARES), 3000)
    solved = random.random(3000) < np.array([SHARES[name] for name in reason])
    score = distance * (solved - 0.5) + random.normal(size=3000)
    return reason, solved, expit(logit(solved.mean()) + distance * score)


def test_recalibrated_finds_the_share_of_each_reason() -> None:
    off, before = [], []
    for seed in range(20):
        reason, solved, p = heard(seed)
        found = recalibrated(p, np.ones(3000, dtype=bool), reason, DAYS)
        for name in SHARES:
            mine = (reason == name) & (DAYS > 20)
            off.append(found[mine].mean() - solved[mine].mean())
            before.append(abs(p[mine].mean() - solved[mine].mean()))
    assert abs(np.mean(off)) < 0.005 and np.abs(off).mean() < 0.02 < np.mean(before)


def test_recalibrated_tells_first_contacts_from_all() -> None:
    _, solved, p = heard(3)
    first = solved | (np.arange(3000) % 2 == 0)
    found = recalibrated(p, first, np.full(3000, "any"), DAYS)
    late = first & (DAYS > 20)
    assert found[late].mean() == pytest.approx(solved[late].mean(), abs=0.02)
    np.testing.assert_array_equal(found[~first], p[~first])


def test_recalibrated_leaves_few_and_what_tells_little_as_they_are() -> None:
    few = np.array([0.9, 0.2, np.nan, 0.6])
    found = recalibrated(few, np.array([True, True, True, False]), np.array(["a", "b", "a", "b"]), np.zeros(4))
    np.testing.assert_allclose(found, few, atol=0.02)
    reason, _, p = heard(5, distance=0.01)
    assert np.abs(recalibrated(p, np.ones(3000, dtype=bool), reason, DAYS) - p).max() < 0.02


def test_recalibrated_of_a_day_stays_when_later_days_come() -> None:
    reason, _, p = heard(7)
    rated, upto = np.ones(3000, dtype=bool), DAYS <= 30
    early = recalibrated(p[upto], rated[upto], reason[upto], DAYS[upto])
    np.testing.assert_allclose(recalibrated(p, rated, reason, DAYS)[upto], early)


def test_pending_share_counts_failures_up_to_the_day() -> None:
    resolution = np.array(["pending"] * 30 + ["unresolved"] * 50 + ["resolved"] * 40 + ["pending"] * 9)
    day = np.repeat([3, 4], [120, 9])
    share = pending_share(resolution, np.ones(129, dtype=bool), day)
    assert share[0] == pytest.approx(30 / 100) and share[-1] == pytest.approx(39 / 109)
