import numpy as np

from analyzer.score.comparison import comparison_groups


def test_without_blind_directions_all_are_compared():
    assert comparison_groups(np.eye(3), np.zeros((3, 0)), np.ones(3)).tolist() == [0, 0, 0]


def test_units_form_groups_around_the_greatest():
    share = np.array([[1.0], [0.9], [0.0], [0.1], [0.5]])
    groups = comparison_groups(share, np.array([[2.0]]), np.array([10.0, 5.0, 20.0, 5.0, 1.0]))
    assert groups.tolist() == [1, 1, 0, 0, 2]


def test_what_is_not_blind_does_not_part():
    x = np.array([[0.0, 1.0], [5.0, 1.0], [0.0, 0.0]])
    assert comparison_groups(x, np.array([[0.0], [2.0]]), np.ones(3)).tolist() == [0, 0, 1]
