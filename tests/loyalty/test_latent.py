from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.loyalty.jackknife import figure
from analyzer.loyalty.latent import axis, cell_likelihood, density, fit, posterior, scores, shape


@given(st.floats(-20, 120))
def test_threshold_is_an_edge_so_that_no_cell_is_half_above(threshold: float) -> None:
    of = axis(threshold)
    assert (of.edges[0], of.edges[-1]) == (0, 100) and (np.diff(of.edges) > 0).all()
    assert (of.above == (of.edges[:-1] >= threshold)).all() and (of.edges[1:][~of.above] <= max(threshold, 100)).all()


def test_reading_without_error_lies_in_its_own_cell() -> None:
    of = axis(60.0)
    found = cell_likelihood(np.asarray([60.0, 59.9, 0.0, 100.0]), np.zeros((4, 1)), of)
    assert found.sum(axis=1).tolist() == [1, 1, 1, 1]
    assert (found @ of.above).tolist() == [1, 0, 0, 1]


def test_likelihood_far_out_stays_a_number() -> None:
    found = cell_likelihood(np.asarray([-400.0, 900.0]), np.full((2, 1), 3.0), axis(60.0))
    assert np.isfinite(found).all() and found.argmax(axis=1).tolist() == [0, found.shape[1] - 1]


@pytest.mark.parametrize("humps", [1, 2])
def test_share_is_free_of_the_errors_that_counting_keeps(humps: int) -> None:
    rng, n, of = np.random.default_rng(8), 6000, axis(60.0)
    low = rng.uniform(size=n) < (0.3 if humps == 2 else 0.0)
    true = np.clip(np.where(low, rng.normal(38, 9, n), rng.normal(74, 9, n)), 0, 100)
    error = 25 / np.sqrt(rng.integers(1, 5, n))
    read = true + error * rng.normal(size=n)
    likelihood, terms = cell_likelihood(read, error[:, None], of), shape(of)
    share = float(density(terms, fit(terms, likelihood))[of.above].sum())
    assert abs(share - (true >= 60).mean()) < 0.03 < abs((read >= 60).mean() - (true >= 60).mean())


def test_scores_are_the_slope_of_the_likelihood_and_vanish_at_its_maximum() -> None:
    rng, of = np.random.default_rng(9), axis(60.0)
    likelihood, terms = cell_likelihood(rng.normal(60, 25, 300), np.full((300, 1), 15.0), of), shape(of)
    at = fit(terms, likelihood)
    own, curvature = scores(terms, at, likelihood)
    assert own.sum(axis=0) - terms.precision * at == pytest.approx(np.zeros(len(at)), abs=0.01)
    step = np.zeros(len(at))
    step[2] = 1e-4
    bent = (scores(terms, at + step, likelihood)[0].sum(axis=0) - own.sum(axis=0)) / 1e-4
    assert bent - terms.precision * (step > 0) == pytest.approx(curvature[2], rel=0.01, abs=0.5)


def test_two_levels_are_told_apart_together() -> None:
    rng, n = np.random.default_rng(10), 4000
    s = rng.normal(60, 15, n)
    loyal = 60 + 0.8 * (s - 60) + rng.normal(0, 9, n)
    axes, errors = (axis(60.0), axis(60.0)), np.full((n, 1), 12.0)
    sides = [
        cell_likelihood(true + 12 * rng.normal(size=n), errors, of) for true, of in zip((s, loyal), axes, strict=True)
    ]
    both = (sides[0][:, :, None] * sides[1][:, None, :]).reshape(n, -1)
    terms = shape(*axes)
    cells = density(terms, fit(terms, both)).reshape(len(axes[0].above), -1)
    found = cells[np.ix_(axes[0].above, axes[1].above)].sum()
    assert found == pytest.approx(((s >= 60) & (loyal >= 60)).mean(), abs=0.03)
    assert posterior(both, cells.ravel()).sum(axis=1) == pytest.approx(np.ones(n))


@given(st.floats(0, 1), st.floats(0, 0.05), st.integers(30, 5000))
def test_interval_holds_its_share_and_never_leaves_the_unit(share: float, spread: float, n: int) -> None:
    found = figure(share, spread, n)
    assert 0 <= found.low <= found.value <= found.high <= 1 and found.high - found.low > 0
