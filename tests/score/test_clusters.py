import numpy as np

from analyzer.score.clusters import repeats, together


def test_repeats_are_the_customers_a_unit_met_again():
    found = repeats(np.array([0, 0, 1, 1, 0, 1]), np.array([7, 7, 7, 3, 5, -1]))
    assert sorted(found.rows.tolist()) == [0, 1] and found.starts.tolist() == [0]


def test_unknown_customers_are_strangers():
    assert len(repeats(np.zeros(4, dtype=np.int64), np.full(4, -1)).rows) == 0


def test_contacts_that_agree_count_and_those_that_do_not_take_off():
    found = repeats(np.zeros(4, dtype=np.int64), np.array([1, 1, 2, 2]))
    left = np.array([2.0, 2.0, 1.0, -1.0])[found.rows]
    assert sorted(together(left, found).tolist()) == [-2.0, 8.0]
