from __future__ import annotations

import numpy as np
import pytest

from analyzer.journey.nowcast import MIN_MATURE, learn_return_curve


def test_return_curve_is_the_share_still_quiet() -> None:
    returns = np.concatenate([np.full(10, 1.5), np.full(10, 4.0), np.full(80, np.inf)])
    curve = learn_return_curve(returns, 7.0)
    assert curve.method == "kaplan_meier"
    assert curve.at(np.array([-1, 0, 1.4, 1.5, 3.9, 4.0, 7.0, 99.0])) == pytest.approx(
        [1, 1, 1, 0.9, 0.9, 0.8, 0.8, 0.8]
    )
    assert curve.stays_quiet(np.array([0.0, 2.0, 5.0])) == pytest.approx([0.8, 0.8 / 0.9, 1.0])


def test_return_curve_ignores_returns_after_the_window() -> None:
    assert learn_return_curve(np.full(50, 9.0), 7.0).at(np.array([7.0]))[0] == 1.0


def test_return_curve_with_few_contacts_is_a_cautious_line() -> None:
    curve = learn_return_curve(np.full(MIN_MATURE - 1, np.inf), 7.0)
    assert curve.method == "prior_line"
    assert curve.at(np.array([0.0, 7.0])) == pytest.approx([1.0, 1 - 1 / (MIN_MATURE - 1 + 8)])
    assert learn_return_curve(np.zeros(0), 7.0).at(np.array([3.5]))[0] == pytest.approx(1 - 1 / 16)


def test_return_curve_where_nobody_stayed_away() -> None:
    curve = learn_return_curve(np.full(40, 2.0), 7.0)
    assert curve.at(np.array([7.0]))[0] == 0.0
    assert np.isfinite(curve.stays_quiet(np.array([1.0, 3.0]))).all()


def test_nowcast_of_open_contacts_is_unbiased() -> None:
    """Contacts of steady days: those read early get, on average, the probability that the full window shows."""
    draw = np.random.default_rng(5)
    returns = np.where(draw.random(20_000) < 0.25, draw.exponential(3.0, 20_000), np.inf)
    truth = (returns > 7).mean()
    curve = learn_return_curve(returns[:10_000], 7.0)
    ages = draw.uniform(0, 7, 10_000)
    quiet = returns[10_000:] > ages
    nowcast = np.where(quiet, curve.stays_quiet(ages), 0.0).mean()
    assert nowcast == pytest.approx(truth, abs=0.01)
    assert quiet.mean() > truth + 0.05  # counting the quiet as solved would not be


def test_nowcast_knows_that_the_unsolved_come_back() -> None:
    """Each contact counts p · quiet once its window is over; read early, it must count the same on average."""
    draw = np.random.default_rng(6)
    solved = np.where(draw.random(20_000) < 0.6, 0.9, 0.2)
    back = np.where(solved > 0.5, 0.05, 0.5)
    returns = np.where(draw.random(20_000) < back, draw.exponential(2.0, 20_000), np.inf)
    quiet = np.where(returns <= 7, 0.1, 1.0)  # one return in ten is none
    past, now = slice(0, 10_000), slice(10_000, None)
    ages = draw.uniform(0, 7, 10_000)
    waiting = returns[now] > ages

    def nowcast(*weights: np.ndarray) -> float:
        curve = learn_return_curve(returns[past], 7.0, *weights)
        return float((solved[now] * np.where(waiting, curve.stays_quiet(ages), quiet[now])).mean())

    truth = float((solved * quiet)[now].mean())
    assert nowcast(solved[past], quiet[past]) == pytest.approx(truth, abs=0.01)
    assert nowcast() < truth - 0.02


def test_return_curve_ignores_contacts_whose_text_tells_nothing() -> None:
    curve = learn_return_curve(np.full(50, 2.0), 7.0, np.full(50, np.nan), np.zeros(50))
    assert (curve.method, curve.mature) == ("prior_line", 0)
