from __future__ import annotations

import numpy as np
import pytest
from statsmodels.duration.survfunc import CumIncidenceRight

from analyzer.loyalty.incidence import Spells, incidence, pseudo_values


def spells(n: int, seed: int, *, late: bool) -> Spells:
    rng = np.random.default_rng(seed)
    entry = np.where(rng.uniform(size=n) < 0.4, rng.uniform(0, 40, n), 0.0) if late else np.zeros(n)
    exit_ = np.ceil(rng.exponential(120, n))
    end = np.ceil(rng.uniform(60, 200, n))
    cause = np.where(exit_ <= end, rng.integers(1, 3, n), 0)
    whole = Spells(entry, np.minimum(exit_, end), cause.astype(np.int64))
    return whole.of(whole.exit > whole.entry)


@pytest.mark.parametrize("cause", [1, 2])
def test_incidence_equals_statsmodels_where_all_enter_at_once(cause: int) -> None:
    watched = spells(300, 1, late=False)
    theirs = CumIncidenceRight(watched.exit, watched.cause)
    expected = theirs.cinc[cause - 1][np.searchsorted(theirs.times, 90, side="right") - 1]
    assert incidence(watched, cause, 90.0) == pytest.approx(expected, abs=1e-12)


def test_late_entry_takes_nobody_to_be_at_risk_before() -> None:
    watched = spells(80, 2, late=True)
    survival, found = 1.0, 0.0
    for time in sorted(set(watched.exit[watched.cause > 0])):
        if time > 90:
            break
        at_risk = ((watched.entry < time) & (watched.exit >= time)).sum()
        here = watched.exit == time
        found += survival * (here & (watched.cause == 1)).sum() / at_risk
        survival *= 1 - (here & (watched.cause > 0)).sum() / at_risk
    assert incidence(watched, 1, 90.0) == pytest.approx(found, abs=1e-12)


def test_late_entry_does_not_dilute_the_share_of_leavers() -> None:
    rng = np.random.default_rng(3)
    exit_, entry = rng.exponential(100, 20_000), rng.uniform(0, 90, 20_000)
    cause = np.where(rng.uniform(size=20_000) < 0.7, 1, 2)
    seen = Spells(entry, exit_, cause.astype(np.int64)).of(exit_ > entry)
    truth = 0.7 * (1 - np.exp(-0.9))
    assert incidence(seen, 1, 90.0) == pytest.approx(truth, abs=0.03)
    assert abs(float(((seen.exit <= 90) & (seen.cause == 1)).mean()) - truth) > 0.1


def test_pseudo_values_are_what_leaving_one_out_tells() -> None:
    watched = spells(250, 4, late=True)
    n, whole = len(watched.exit), incidence(watched, 1, 90.0)
    found = pseudo_values(watched, 1, 90.0)
    assert whole is not None and found.mean() == pytest.approx(whole, abs=1e-12)
    for one in range(0, n, 25):
        without = incidence(watched.of(np.arange(n) != one), 1, 90.0)
        assert without is not None and found[one] == pytest.approx(n * whole - (n - 1) * without, abs=0.03)


def test_pseudo_values_of_the_fully_watched_are_what_happened() -> None:
    rng = np.random.default_rng(5)
    exit_ = np.minimum(np.ceil(rng.exponential(150, 200)), 90.0)
    cause = np.where(exit_ < 90, rng.integers(1, 3, 200), 0).astype(np.int64)
    found = pseudo_values(Spells(np.zeros(200), exit_, cause), 1, 90.0)
    assert found == pytest.approx((cause == 1).astype(float), abs=1e-9)


def test_incidence_is_unknown_where_nobody_was_watched_to_the_horizon() -> None:
    short = Spells(np.zeros(50), np.full(50, 60.0), np.zeros(50, dtype=np.int64))
    assert incidence(short, 1, 90.0) is None and incidence(short, 1, 30.0) == 0.0
