from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from analyzer.journey.chains import DAY_US
from analyzer.journey.completion import Windows, complete
from analyzer.journey.nowcast import Waits
from analyzer.journey.unlike import Calm, Grid, calm_of, day_grid, past_factors
from tests.journey.casting import judged
from tests.journey.worlds import Spec, make


def grid_of(counts: dict[str, list[int]]) -> Grid:
    """``counts``: contacts of a reason on each day."""
    days = np.concatenate([np.repeat(np.arange(len(each)), each) for each in counts.values()])
    return day_grid(days, np.repeat(list(counts), [sum(each) for each in counts.values()]))


def calm(grid: Grid) -> Calm:
    return Calm(np.full(len(grid.surge), 30.0), np.full(len(grid.surge), 30.0))


def test_surge_is_measured_by_the_weeks_before_and_never_by_later_ones() -> None:
    usual = [10] * 35
    struck = usual.copy()
    struck[24] = 60
    early = grid_of({"billing": usual[:25], "outage": struck[:25]})
    late = grid_of({"billing": usual, "outage": struck})
    assert early.surge[24].tolist() == late.surge[24].tolist() == [False, True]
    assert late.surge.sum() == 1 and not late.day_surge.any()
    assert not grid_of({"outage": [10] * 9 + [90]}).surge.any()  # a week before is no measure


def test_surging_reason_has_its_own_factor_and_moves_no_other() -> None:
    counts = {"billing": [40] * 24, "outage": [4] * 23 + [90]}
    grid = grid_of(counts)
    due = np.stack([np.full(len(grid.day), 0.3), np.full(len(grid.day), 0.01)], axis=1)
    struck = (grid.day == 23) & (grid.reason == 1)
    came = np.where(struck, 0.9, due.sum(axis=1))
    found = past_factors(due, came, due, grid, calm(grid))[:, 0]
    assert found[struck] == pytest.approx(2.9, abs=0.2)
    assert found[~struck] == pytest.approx(1.0, abs=0.1)


def test_day_that_is_unlike_in_all_reasons_moves_all() -> None:
    grid = grid_of({"billing": [40] * 24, "delivery": [40] * 24})
    due = np.stack([np.full(len(grid.day), 0.2), np.full(len(grid.day), 0.01)], axis=1)
    struck = grid.day == 23
    found = past_factors(due, np.where(struck, 0.5, 0.21), due, grid, calm(grid))[:, 0]
    assert (found[struck] > 1.8).all() and found[~struck] == pytest.approx(1.0, abs=0.1)


def test_calm_of_a_day_is_not_changed_by_later_days() -> None:
    random = np.random.default_rng(1)
    grid = grid_of({"billing": [30] * 40})
    came, due = random.poisson(0.3, len(grid.day)).astype(float), np.full(len(grid.day), 0.3)
    first = grid.day < 30
    early = calm_of(came[first], due[first], grid.some(first))
    np.testing.assert_allclose(early.days[:30], calm_of(came, due, grid).days[:30])


def test_silence_on_a_settled_day_of_many_returns_is_worth_more() -> None:
    random = np.random.default_rng(2)
    day = np.repeat(np.arange(40), 40)
    p = np.where(random.random(len(day)) < 0.6, 0.85, 0.15)
    unsolved = random.random(len(day)) > p
    share = np.where(unsolved, np.where(day == 39, 0.8, 0.3), 0.02)
    at = np.where(random.random(len(day)) < share, 0.5, np.inf)
    waits = Waits(p, at, np.where(np.isfinite(at), 0.0, 1.0), np.full(len(day), "billing"),
                  np.full(len(day), "voice"), day % 7)  # fmt: skip
    done = Windows(waits, day, np.ones(len(day)), np.ones(len(day), dtype=bool))
    solved = complete(done).solved
    quiet = ~np.isfinite(at) & (p < 0.5)
    assert solved[quiet & (day == 39)].mean() > solved[quiet & (day < 39)].mean() + 0.1


def test_who_waits_for_a_promise_is_completed_by_others_who_wait() -> None:
    """Pending contacts are taken up late: their silence is worth nothing yet, and their returns are to come."""
    world = make(Spec(per_day=90, sharpness=3.0), seed=5)
    random = np.random.default_rng(5)
    waiting = random.random(len(world.end_us)) < 0.25
    late = world.end_us + ((4.0 + 2.0 * random.random(len(waiting))) * DAY_US).astype(np.int64)
    returned = np.where(waiting, np.where(random.random(len(waiting)) < 0.4, late, -1), world.returned_us)
    world = replace(world, p=np.where(waiting, 0.65, world.p), returned_us=returned)
    errors = []
    for pending in (waiting, np.zeros(len(waiting), dtype=bool)):
        part, seen = judged(world, world.sunday_us, pending=pending)
        mine = waiting[seen] & (world.week[seen] == world.weeks - 1)
        back = 1.0 - part.rows["quiet"].to_numpy()[mine]
        foretold = part.rows["returned_probability"].to_numpy()[mine] - back
        errors.append(abs((foretold + back).mean() - world.back(7)[seen][mine].mean()))
    assert errors[0] < 0.06 and errors[0] < errors[1]
