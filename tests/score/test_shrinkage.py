"""Shrinkage against statsmodels' mixed model, and intervals against truth."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from analyzer.score.shrinkage import UnitMeans, posterior_draws, shrink


def simulate(seed, units=40, tau=3.0, sigma=10.0, low=4, high=60):
    rng = np.random.default_rng(seed)
    n = rng.integers(low, high, units)
    unit = np.repeat(np.arange(units), n)
    truth = rng.normal(50, tau, units)
    return unit, truth[unit] + rng.normal(0, sigma, len(unit)), truth


def one_period(mean, noise, squares, degrees, group=None):
    n = len(mean)
    group = np.zeros(n, dtype=np.int64) if group is None else np.asarray(group)
    return UnitMeans(
        np.asarray(mean, float), np.asarray(noise, float), np.zeros(n, dtype=np.int64), group,
        np.array([squares]), np.array([degrees]),
    )  # fmt: skip


def sums(unit, y):
    n = np.bincount(unit)
    mean = np.bincount(unit, weights=y) / n
    return one_period(mean, 1.0 / n, float(np.sum((y - mean[unit]) ** 2)), float(len(y) - len(n)))


def together(periods):
    """Several periods as one call."""
    first = np.cumsum([0] + [p.group[-1] + 1 for p in periods])
    return UnitMeans(
        np.concatenate([p.mean for p in periods]),
        np.concatenate([p.noise for p in periods]),
        np.repeat(np.arange(len(periods)), [len(p.mean) for p in periods]),
        np.concatenate([p.group + shift for p, shift in zip(periods, first[:-1], strict=True)]),
        np.concatenate([p.within_squares for p in periods]),
        np.concatenate([p.within_degrees for p in periods]),
    )


@pytest.mark.parametrize("seed", range(4))
def test_shrink_equals_reml_of_statsmodels(seed):
    unit, y, _ = simulate(seed)
    fit = sm.MixedLM(y, np.ones((len(y), 1)), groups=unit).fit(reml=True)
    ours = shrink(sums(unit, y))
    blup = fit.fe_params[0] + np.array([np.asarray(fit.random_effects[u])[0] for u in range(len(ours.value))])
    assert ours.within_variance[0] == pytest.approx(fit.scale, rel=1e-3)
    assert ours.between_variance[0] == pytest.approx(float(np.asarray(fit.cov_re)[0, 0]), rel=1e-3)
    np.testing.assert_allclose(ours.value, blup, atol=1e-3)


def test_groups_of_one_period_have_means_of_their_own_and_share_the_variances():
    unit, y, _ = simulate(7)
    hard = unit >= 20
    y = y - 30 * hard
    fit = sm.MixedLM(y, np.column_stack([~hard, hard]).astype(float), groups=unit).fit(reml=True)
    whole = sums(unit, y)
    ours = shrink(one_period(whole.mean, whole.noise, *whole.within_squares, *whole.within_degrees,
                             group=np.repeat([0, 1], 20)))  # fmt: skip
    assert ours.between_variance[0] == pytest.approx(float(np.asarray(fit.cov_re)[0, 0]), rel=1e-3)
    blup = np.repeat(fit.fe_params, 20) + np.array([np.asarray(fit.random_effects[u])[0] for u in range(40)])
    np.testing.assert_allclose(ours.value, blup, atol=1e-3)


def test_periods_do_not_depend_on_each_other():
    worlds = [sums(*simulate(seed, units=5 + seed)[:2]) for seed in range(3)]
    at_once = shrink(together(worlds))
    for period, world in enumerate(worlds):
        here = together(worlds).period == period
        alone = shrink(world)
        np.testing.assert_allclose(at_once.value[here], alone.value, rtol=1e-9)
        np.testing.assert_allclose(at_once.variance[here], alone.variance, rtol=1e-9)


def test_units_that_do_not_differ_are_drawn_together():
    ours = shrink(one_period([50.0, 50.1, 49.9], np.full(3, 0.1), 2700.0, 27.0))
    assert ours.between_variance[0] == 0 and ours.value == pytest.approx([50, 50, 50])
    # … but the interval does not believe that they are all the same: it is wider than that of the common mean.
    assert np.all(ours.variance > 1.2 * 100 / 30)


def test_more_contacts_are_shrunken_less():
    ours = shrink(one_period([60.0, 60.0, 40.0, 45.0, 55.0], [1 / 5, 1 / 500, 1 / 50, 1 / 50, 1 / 50], 6e4, 600.0))
    assert 50 < ours.value[0] < ours.value[1] < 60
    assert ours.variance[0] > ours.variance[1]


def test_equal_contacts_have_no_variance():
    ours = shrink(one_period(np.full(3, 0.5), np.full(3, 0.25), 0.0, 9.0))
    assert ours.value.tolist() == [0.5] * 3 and ours.variance == pytest.approx(np.zeros(3))


def test_a_unit_without_others_keeps_its_mean():
    ours = shrink(one_period([61.0], [1 / 25], 2400.0, 24.0))
    assert ours.value.tolist() == [61.0] and ours.variance == pytest.approx([4.0])


@pytest.mark.parametrize(("units", "tau"), [(40, 4.0), (40, 1.5), (5, 3.0), (5, 1.5)])
def test_intervals_cover_the_truth(units, tau):
    # Intervals that take the REML variance for the truth cover .904 for (40, 1.5) and .876 for (5, 3.0).
    count = 6000 // units
    drawn = [simulate(1000 + seed, units, tau) for seed in range(count)]
    ours = shrink(together([sums(unit, y) for unit, y, _ in drawn]))
    truth = np.concatenate([t for *_, t in drawn])
    half = np.repeat(stats.t.ppf(0.975, ours.degrees), units) * np.sqrt(ours.variance)
    assert 0.93 <= np.mean(np.abs(ours.mean - truth) <= half) <= 0.97


def test_draws_have_the_mean_and_spread_of_the_posterior():
    unit, y, _ = simulate(3, units=12, tau=2.0)
    units = sums(unit, y)
    ours = shrink(units)
    rng = np.random.default_rng(5)
    draws = posterior_draws(units, ours, slice(0, 12), rng.standard_normal((20_000, 14), dtype=np.float32),
                            rng.random(20_000))  # fmt: skip
    np.testing.assert_allclose(draws.mean(axis=0), ours.mean, atol=0.06)
    np.testing.assert_allclose(draws.std(axis=0), np.sqrt(ours.variance), rtol=0.04)


def test_values_are_closer_to_the_truth_than_means():
    raw = shrunken = 0.0
    for seed in range(60):
        unit, y, truth = simulate(seed, tau=2.0)
        mean = sums(unit, y).mean
        raw += float(np.mean((mean - truth) ** 2))
        shrunken += float(np.mean((shrink(sums(unit, y)).value - truth) ** 2))
    assert shrunken < 0.7 * raw
