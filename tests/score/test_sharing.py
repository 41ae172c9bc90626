import numpy as np
import pytest
from scipy import sparse

from analyzer.score.sharing import alone, shared_pairs, told_apart


def memberships(seed, agents=8, contacts=200, shared=0.3):
    """Shares Z (contacts, agents)."""
    rng = np.random.default_rng(seed)
    z = np.zeros((contacts, agents))
    for row in z:
        first, second = rng.choice(agents, 2, replace=False)
        row[first] = share = rng.choice([0.25, 0.5, 0.75]) if rng.random() < shared else 1.0
        row[second] += 1 - share
    return z, rng


def off_diagonal(z):
    links = z.T @ z
    np.fill_diagonal(links, 0)
    return sparse.csr_array(links)


def test_means_of_shared_contacts_equal_least_squares():
    z, rng = memberships(1)
    y = z @ rng.normal(50, 5, 8) + rng.normal(0, 3, 200)
    expected = np.linalg.lstsq(z, y, rcond=None)[0]
    ours = told_apart((z.T @ y)[:, None], z.sum(axis=0), (z**2).sum(axis=0), off_diagonal(z))
    np.testing.assert_allclose(ours.mean[:, 0], expected, atol=1e-6)
    np.testing.assert_allclose(ours.noise, np.diag(np.linalg.inv(z.T @ z)), rtol=0.02)
    assert not ours.mixed.any()


def test_partners_who_are_always_together_are_not_told_apart():
    z = np.zeros((40, 3))
    z[:20, :2] = 0.5
    z[20:, 2] = 1.0
    y = np.r_[np.full(20, 10.0), np.full(20, 30.0)]
    ours = told_apart((z.T @ y)[:, None], z.sum(axis=0), (z**2).sum(axis=0), off_diagonal(z))
    assert ours.mixed.tolist() == [True, True, False]
    assert ours.mean[:, 0].tolist() == [10, 10, 30]


def test_without_shared_contacts_means_are_plain():
    z, rng = memberships(2, shared=0.0)
    y = rng.normal(0, 1, 200)
    n = z.sum(axis=0)
    ours = told_apart((z.T @ y)[:, None], n, n, off_diagonal(z))
    plain = alone((z.T @ y)[:, None], n, n)
    np.testing.assert_allclose(ours.mean, plain.mean)
    np.testing.assert_allclose(ours.noise, 1 / n)


def test_pairs_are_rows_of_one_contact_in_both_directions():
    pairs = shared_pairs(np.array([3, 1, 3, 2, 3]))
    assert sorted(zip(pairs.row.tolist(), pairs.partner.tolist(), strict=True)) == [
        (0, 2), (0, 4), (2, 0), (2, 4), (4, 0), (4, 2),
    ]  # fmt: skip
    assert len(shared_pairs(np.arange(5)).row) == 0


@pytest.mark.parametrize("factor", [1.0, 4.0])
def test_weights_count_as_often_as_they_say(factor):
    z, rng = memberships(3)
    q = np.where(np.arange(200) % 2, factor, 1.0)
    y = z @ rng.normal(50, 5, 8) + rng.normal(0, 3, 200)
    root = np.sqrt(q)[:, None]
    expected = np.linalg.lstsq(root * z, root[:, 0] * y, rcond=None)[0]
    links = (z * q[:, None]).T @ z
    np.fill_diagonal(links, 0)
    weighted = z * q[:, None]
    ours = told_apart((weighted.T @ y)[:, None], weighted.sum(axis=0), (weighted**2).sum(axis=0),
                      sparse.csr_array(links))  # fmt: skip
    np.testing.assert_allclose(ours.mean[:, 0], expected, atol=1e-6)
