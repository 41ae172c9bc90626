"""Shrinkage against statsmodels' mixed model, and intervals against truth."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from analyzer.score.shrinkage import UnitMeans, alone, shrink


def simulate(seed, units=40, tau=3.0, sigma=10.0, low=4, high=60):
    rng = np.random.default_rng(seed)
    n = rng.integers(low, high, units)
    unit = np.repeat(np.arange(units), n)
    truth = rng.normal(50, tau, units)
    return unit, truth[unit] + rng.normal(0, sigma, len(unit)), truth


def sums(unit, y):
    n = np.bincount(unit)
    mean = np.bincount(unit, weights=y) / n
    squares = float(np.sum((y - mean[unit]) ** 2))
    return UnitMeans(mean, n.astype(float), np.zeros(len(n)), squares, float(len(y) - len(n)))


@pytest.mark.parametrize("seed", range(4))
def test_shrink_equals_reml_of_statsmodels(seed):
    unit, y, _ = simulate(seed)
    fit = sm.MixedLM(y, np.ones((len(y), 1)), groups=unit).fit(reml=True)
    ours = shrink(sums(unit, y))
    blup = fit.fe_params[0] + np.array([np.asarray(fit.random_effects[u])[0] for u in range(len(ours.value))])
    assert ours.within_variance == pytest.approx(fit.scale, rel=1e-3)
    assert ours.between_variance == pytest.approx(float(np.asarray(fit.cov_re)[0, 0]), rel=1e-3)
    assert ours.center == pytest.approx(fit.fe_params[0], abs=1e-3)
    np.testing.assert_allclose(ours.value, blup, atol=2e-3)


def test_units_that_do_not_differ_are_drawn_together():
    mean = np.array([50.0, 50.1, 49.9])
    ours = shrink(UnitMeans(mean, np.full(3, 10.0), np.zeros(3), 2700.0, 27.0))
    assert ours.between_variance == 0 and ours.value == pytest.approx([50, 50, 50])
    # … but the interval does not believe that they are all the same: it is wider than that of the common mean.
    assert np.all(ours.variance > 1.2 * 100 / 30)


def test_more_contacts_are_shrunken_less():
    mean = np.array([60.0, 60.0, 40.0, 45.0, 55.0])
    ours = shrink(UnitMeans(mean, np.array([5.0, 500.0, 50.0, 50.0, 50.0]), np.zeros(5), 6e4, 600.0))
    assert ours.center < ours.value[0] < ours.value[1] < 60
    assert ours.variance[0] > ours.variance[1]


def test_equal_contacts_have_no_variance():
    ours = shrink(UnitMeans(np.full(3, 0.5), np.full(3, 4.0), np.zeros(3), 0.0, 9.0))
    assert ours.value.tolist() == [0.5] * 3 and ours.variance == pytest.approx(np.zeros(3))


def test_a_single_unit_keeps_its_mean():
    ours = alone(UnitMeans(np.array([61.0]), np.array([25.0]), np.zeros(1), 2400.0, 24.0))
    assert ours.value.tolist() == [61.0] and ours.variance == pytest.approx([4.0])


@pytest.mark.parametrize(
    ("units", "tau", "low", "high"),
    [(40, 4.0, 0.935, 0.96), (40, 1.5, 0.92, 0.95), (5, 3.0, 0.91, 0.95), (5, 0.0, 0.97, 1.0)],
)
def test_intervals_cover_the_truth(units, tau, low, high):
    # Bounds are about the coverage of 1,500 worlds (.946, .934, .928, .990). Intervals that take the REML variance for
    # the truth reach .904 for (40, 1.5), .876 for (5, 3.0), and would fail here.
    worlds = 6000 // units
    hit = 0
    for seed in range(worlds):
        unit, y, truth = simulate(1000 + seed, units, tau)
        ours = shrink(sums(unit, y))
        half = stats.t.ppf(0.975, ours.degrees) * np.sqrt(ours.variance)
        hit += int(np.sum(np.abs(ours.value - truth) <= half))
    assert low <= hit / (worlds * units) <= high


def test_values_are_closer_to_the_truth_than_means():
    raw = shrunken = 0.0
    for seed in range(60):
        unit, y, truth = simulate(seed, tau=2.0)
        mean = sums(unit, y).mean
        raw += float(np.mean((mean - truth) ** 2))
        shrunken += float(np.mean((shrink(sums(unit, y)).value - truth) ** 2))
    assert shrunken < 0.7 * raw
