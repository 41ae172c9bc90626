"""Intervals of scores and of agreement hold what they promise, by simulation."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from analyzer.review.scorecard.agreement import FEWEST, _kappas, agreement
from analyzer.review.scorecard.forms import shipped_form
from analyzer.review.scorecard.interval import mean_interval
from analyzer.review.scorecard.summary import _share

Scores = NDArray[np.float64]
Draw = Callable[[np.random.Generator, int], Scores]


def rarely_failed(draw: np.random.Generator, n: int) -> Scores:
    """Good cards, one in twenty failed by a fatal item; mean 85.5."""
    return np.where(draw.random(n) < 0.05, 0.0, draw.choice([85.0, 90.0, 95.0], n))


def spread(draw: np.random.Generator, n: int) -> Scores:
    """Cards between 40 and 100; mean 80."""
    return draw.choice([40.0, 70.0, 90.0, 100.0], n, p=[0.1, 0.3, 0.5, 0.1]) + 0.0


@pytest.mark.parametrize(("cards", "mean"), [(rarely_failed, 85.5), (spread, 80.0)])
@pytest.mark.parametrize("n", [3, 12, 60])
def test_interval_of_a_mean_score_holds_for_any_number_of_cards(cards: Draw, mean: float, n: int) -> None:
    draw = np.random.default_rng(n)
    held = [low <= mean <= high for low, high in (mean_interval(list(cards(draw, n))) for _ in range(400))]  # type: ignore[misc]
    assert np.mean(held) >= 0.95


def test_interval_of_a_mean_score_narrows_and_stays_in_bounds() -> None:
    draw = np.random.default_rng(1)
    widths = []
    for n in (1, 10, 100, 1000):
        scores = list(spread(draw, n))
        low, high = mean_interval(scores) or (0.0, 0.0)
        assert 0 <= low <= np.mean(scores) <= high <= 100
        widths.append(high - low)
    assert widths == sorted(widths, reverse=True) and widths[-1] < 5
    assert mean_interval([]) is None


@pytest.mark.parametrize("table", [(0.4, 0.1, 0.1, 0.4), (0.06, 0.03, 0.03, 0.88), (0.04, 0.16, 0.16, 0.64)])
@pytest.mark.parametrize("n", [12, 60])
def test_interval_of_kappa_holds(table: tuple[float, ...], n: int) -> None:
    true = float(_kappas(np.array(table).reshape(1, 2, 2))[0])
    draw, held = np.random.default_rng(n), []
    for _ in range(150):
        cells = draw.choice(4, n, p=table)
        found = agreement((cells // 2).tolist(), (cells % 2).tolist())
        if found.low is not None and found.high is not None:
            held.append(found.low <= true <= found.high)
    assert len(held) > 75 and np.mean(held) >= 0.93


def test_kappa_is_that_of_the_table() -> None:
    human, machine = [1] * 20 + [0] * 10, [1] * 18 + [0] * 2 + [0] * 7 + [1] * 3
    found = agreement(human, machine)
    assert found.same == pytest.approx(25 / 30) and found.human == pytest.approx(2 / 3)
    chance = (20 / 30) * (21 / 30) + (10 / 30) * (9 / 30)
    assert found.kappa == pytest.approx((25 / 30 - chance) / (1 - chance))
    assert found.low is not None and found.high is not None and found.low < found.kappa < found.high


def test_steps_that_lie_apart_disagree_more() -> None:
    human = [0.0, 0.25, 0.5, 0.75, 1.0] * 4
    near, far = ([min(1.0, step + by) for step in human] for by in (0.25, 0.75))
    assert (agreement(human, near, 5).kappa or 0) > (agreement(human, far, 5).kappa or 0)


def test_few_pairs_and_constant_answers_have_no_kappa() -> None:
    assert agreement([1.0] * (FEWEST - 1), [0.0] * (FEWEST - 1)).kappa is None
    assert agreement([1.0] * 50, [1.0] * 50).kappa is None
    assert agreement([], []).n == 0


def test_two_cards_of_a_contact_are_one_contact() -> None:
    item = next(each for each in shipped_form().items if each.answered_by("human"))
    once = pd.DataFrame({item.id: [0.0, 1.0, 1.0, 1.0]}, index=["a", "b", "c", "d"])
    twice = pd.concat([once, once])
    found = [_share(frame, item, True) for frame in (once, twice)]
    assert found[0] == found[1] and found[0] is not None and (found[0].n, found[0].value) == (4, 0.25)
    apart = _share(pd.concat([once, once.head(1) + 1]), item, True)
    assert apart is not None and (apart.n, apart.value) == (4, 0.125), "two who differ over one contact count half each"
