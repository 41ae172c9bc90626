from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from analyzer.journey.chains import DAY_US
from analyzer.journey.nowcast import BINS, EDGES, MIN_MATURE, Waits, learn_curves, shrunken_ratio
from tests.bench.honesty.journey import read_on_sunday
from tests.journey.casting import judged
from tests.journey.worlds import Spec, make


def waits(p: np.ndarray, returned_at: np.ndarray, reason: str | np.ndarray = "billing") -> Waits:
    size = len(p)
    quiet = np.where(np.isfinite(returned_at), 0.0, 1.0)
    kind = np.full(size, reason) if isinstance(reason, str) else reason
    return Waits(p, returned_at, quiet, kind, np.full(size, "voice"), np.zeros(size, dtype=int))


def test_curves_with_few_contacts_are_a_cautious_line() -> None:
    curves = learn_curves(waits(np.full(MIN_MATURE - 1, 0.9), np.full(MIN_MATURE - 1, np.inf)))
    assert curves.method == "prior_line"
    assert curves.returns[0, 1].sum() == pytest.approx(1 / (MIN_MATURE - 1 + 8))
    assert np.cumsum(curves.returns[0, 1])[BINS // 2 - 1] == pytest.approx(
        EDGES[BINS // 2] * curves.returns[0, 1].sum()
    )


def test_curves_tell_solved_from_unsolved_by_how_returns_go_with_p() -> None:
    draw = np.random.default_rng(1)
    solved = draw.random(20_000) < 0.7
    p = np.clip(np.where(solved, 0.8, 0.3) + draw.normal(0, 0.1, 20_000), 0.01, 0.99)
    p = np.array([solved[np.abs(p - at) < 0.02].mean() for at in np.linspace(0, 1, 101)])[(p * 100).astype(int)]
    back = np.where(draw.random(20_000) < np.where(solved, 0.05, 0.5), draw.random(20_000), np.inf)
    totals = learn_curves(waits(p, back)).returns[-1].sum(axis=1)
    assert totals == pytest.approx([0.5, 0.05], abs=0.02)


def test_curves_are_one_where_p_tells_no_difference() -> None:
    draw = np.random.default_rng(2)
    back = np.where(draw.random(5000) < 0.2, draw.random(5000), np.inf)
    unsolved, solved = learn_curves(waits(np.full(5000, 0.8), back)).returns[-1].sum(axis=1)
    assert unsolved == pytest.approx(solved, abs=1e-9) == pytest.approx(0.2, abs=0.02)


def test_curves_of_a_reason_are_its_own_and_of_a_rare_one_like_all() -> None:
    draw = np.random.default_rng(3)
    reason = np.array(["often"] * 3000 + ["seldom"] * 3000 + ["rare"] * 6)
    share = np.array([0.4] * 3000 + [0.1] * 3000 + [1.0] * 6)
    back = np.where(draw.random(6006) < share, draw.random(6006), np.inf)
    curves = learn_curves(waits(np.full(6006, 0.9), back, reason))
    totals = dict(zip(curves.reasons, curves.returns[:, 1].sum(axis=1), strict=False))
    assert totals["often"] == pytest.approx(0.4, abs=0.03) and totals["seldom"] == pytest.approx(0.1, abs=0.03)
    assert totals["rare"] < 0.5


def test_shrunken_ratio_believes_many_and_doubts_few() -> None:
    many, few = shrunken_ratio(np.array([400.0, 100.0, 4.0, 0.0]), np.array([200.0, 200.0, 2.0, 2.0]))[[0, 2]]
    assert many > 1.9 and 1.0 < few < 1.8


def test_silence_raises_the_probability_and_never_lowers_it() -> None:
    world = make(Spec(weeks=6, sharpness=1.5), seed=3)
    part, seen = judged(world, world.sunday_us + 8 * DAY_US)
    rows, p = part.rows, world.p[seen]
    quiet = ~rows["returned"].to_numpy() & (world.week[seen] > 0)
    told = rows["probability"].to_numpy()
    assert (told[quiet] >= p[quiet] - 1e-9).all() and (told - p)[quiet].mean() > 0.02
    assert (told[~quiet & (world.week[seen] > 0)] == 0.0).all()


def test_final_rows_stay_whatever_comes_later() -> None:
    world = make(Spec(weeks=8, outage=True), seed=4)
    early, seen = judged(world, world.sunday_us - 21 * DAY_US)
    late, _ = judged(world, world.sunday_us + 30 * DAY_US)
    final = early.rows["is_final"].to_numpy()
    position = np.searchsorted(np.arange(len(world.end_us)), seen)
    assert final.sum() > 500
    np.testing.assert_allclose(
        early.rows["probability"][final], late.rows["probability"].to_numpy()[position][final], atol=1e-12
    )


@pytest.mark.parametrize("spec", [Spec(per_day=90), Spec(per_day=90, outage=True, outage_before=True)])
def test_nowcast_of_a_week_on_its_sunday_is_unbiased_and_its_interval_holds(spec: Spec) -> None:
    read = np.array([read_on_sunday(make(replace(spec, sharpness=(1.5, 3.0)[seed % 2]), seed)) for seed in range(14)])
    ours, naive, _, held = read.T
    error = ours.std(ddof=1) / np.sqrt(len(ours))
    assert abs(ours.mean()) <= 0.01 + 2 * error and abs(ours.mean()) < 0.02
    assert np.square(ours).mean() < np.square(naive).mean()
    assert held.sum() >= 11  # of 14; fewer come once in a thousand tries where 95 % hold
