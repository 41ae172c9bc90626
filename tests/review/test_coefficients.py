"""Agreement beyond chance: equal to other programs, and intervals that hold the truth as often as they say."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from analyzer.review import coefficients
from analyzer.review.coefficients import (
    LEAST,
    accord_of_people,
    accord_of_two,
    alpha,
    coincidences,
    crossed,
    distances,
    kappa,
    rates,
)

# Krippendorff, Computing Krippendorff's Alpha-Reliability (2011), section C: four observers, twelve units, "." missing.
PUBLISHED = ("123321412...", "1233224125.3", ".3332342251.", "12332441251.")


def published_units() -> list[list[int]]:
    told = [[int(row[unit]) - 1 for row in PUBLISHED if row[unit] != "."] for unit in range(12)]
    return [unit for unit in told if len(unit) > 1]


def test_alpha_is_the_published_one() -> None:
    """krippendorff 0.9.0 says "nominal" 0.743421052631579 and "interval" 0.8491071428571428."""
    pairs = np.sum([coincidences([unit], 5) for unit in published_units()], axis=0)
    assert alpha(pairs, distances(5, ordered=False)) == pytest.approx(0.743421052631579, abs=1e-12)
    assert alpha(pairs, distances(5, ordered=True)) == pytest.approx(0.8491071428571428, abs=1e-12)


@pytest.mark.parametrize(("ordered", "weights"), [(False, None), (True, "quadratic")])
def test_kappa_equals_that_of_scikit_learn(ordered: bool, weights: str | None) -> None:
    draw = np.random.default_rng(3)
    for size in (2, 3, 5):
        first = draw.integers(0, size, 60)
        second = np.where(draw.random(60) < 0.5, first, draw.integers(0, size, 60))
        told = kappa(crossed(list(zip(first, second, strict=True)), size), distances(size, ordered=ordered))
        assert told == pytest.approx(cohen_kappa_score(first, second, weights=weights), abs=1e-12)


def contacts(draw: np.random.Generator, n: int, rates_: list[float], kept: float, turns: int) -> list[list[list[int]]]:
    """Two people who each say what is true with probability ``kept``, else guess by the rates: alpha is its square."""
    size = len(rates_)
    truth = draw.choice(size, (n, turns), p=rates_)
    said = [
        np.where(draw.random((n, 1)) < kept, truth, draw.choice(size, (n, turns), p=rates_)) for _ in range(2)
    ]  # one who guesses does so in the whole contact
    return [[[int(a), int(b)] for a, b in zip(*rows, strict=True)] for rows in zip(*said, strict=True)]


@pytest.mark.parametrize(
    ("n", "rates_", "beyond", "turns"),
    [(20, [0.85, 0.15], 0.3, 1), (20, [0.95, 0.05], 0.95, 1), (40, [0.5, 0.15, 0.15, 0.1, 0.1], 0.8, 1),
     (30, [0.85, 0.15], 0.8, 6)],
)  # fmt: skip
def test_intervals_hold_the_truth(
    n: int, rates_: list[float], beyond: float, turns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where percentiles of the plain bootstrap hold it in 0.43 to 0.93 of the worlds (150 worlds each)."""
    monkeypatch.setattr(coefficients, "DRAWS", 400)
    draw, worlds = np.random.default_rng(11), 120
    raw_truth = beyond + (1 - beyond) * float(np.square(rates_).sum())
    held, told = {"raw": 0, "beyond": 0, "rate": 0}, 0
    for _ in range(worlds):
        world = contacts(draw, n, rates_, beyond**0.5, turns)
        accord = accord_of_people(world, len(rates_), ordered=False)
        shares = rates([[unit[0] for unit in contact] for contact in world], len(rates_))
        assert accord.raw is not None and shares is not None
        held["raw"] += accord.raw.low <= raw_truth <= accord.raw.high
        held["rate"] += shares[-1].low <= rates_[-1] <= shares[-1].high
        told += accord.beyond is not None
        held["beyond"] += accord.beyond is not None and accord.beyond.low <= beyond <= accord.beyond.high
    assert min(held["raw"] / worlds, held["rate"] / worlds, held["beyond"] / told) >= 0.88, held  # 3 errors below 0.95


def test_too_few_contacts_are_not_estimated() -> None:
    few = accord_of_two([[(0, 1)]] * (LEAST - 1), 2, ordered=False)
    assert (few.contacts, few.compared, few.raw, few.beyond) == (LEAST - 1, LEAST - 1, None, None)
    assert rates([[0]] * (LEAST - 1), 2) is None
    assert accord_of_two([[(0, 1)]] * LEAST, 2, ordered=False).raw is not None


def test_accord_in_one_answer_alone_tells_nothing_beyond_chance() -> None:
    told = accord_of_people([[[1, 1]]] * 30, 3, ordered=False)
    assert told.beyond is None and told.raw is not None and told.raw.value == 1
    assert 0.8 < told.raw.low < 0.99 and told.raw.high == 1


def test_perfect_accord_of_few_is_not_certain() -> None:
    told = accord_of_people([[[n % 2, n % 2]] for n in range(20)], 2, ordered=False)
    assert told.beyond is not None and (told.beyond.value, told.beyond.high) == (1, 1) and told.beyond.low < 0.85


def test_estimates_are_the_same_again() -> None:
    world = contacts(np.random.default_rng(2), 30, [0.5, 0.5], 0.8, 1)
    assert accord_of_people(world, 2, ordered=False) == accord_of_people(world, 2, ordered=False)
