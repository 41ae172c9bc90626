from __future__ import annotations

import pytest

from analyzer.understand.parts import closing_turns, customer_turns, ending_turns, opening_turns

from .talk import contact


@pytest.mark.parametrize(
    ("customers", "opening", "ending", "closing"),
    [
        (0, [], [], []),
        (1, [0], [0], []),
        (2, [0], [1], [1]),
        (3, [0], [2], [2]),
        (4, [0, 1], [2, 3], [3]),
        (5, [0, 1], [3, 4], [4]),
        (6, [0, 1], [4, 5], [4, 5]),
        (7, [0, 1, 2], [4, 5, 6], [5, 6]),
    ],
)
def test_thirds_of_the_customers_turns(
    customers: int, opening: list[int], ending: list[int], closing: list[int]
) -> None:
    """Start and end are rounded up; what empathy must not see is rounded down, but of two the second."""
    turns = contact("b:Willkommen.", *(line for _ in range(customers) for line in ("c:Ja.", "a:Gut.")), "s:Ende.").turns
    own = [2 * i + 1 for i in range(customers)]
    assert customer_turns(turns) == own
    assert sorted(opening_turns(turns)) == [own[i] for i in opening]
    assert sorted(ending_turns(turns)) == [own[i] for i in ending]
    assert sorted(closing_turns(turns)) == [own[i] for i in closing]
