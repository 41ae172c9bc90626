"""The honesty benchmark's part on named hypotheses, on two worlds of a kind."""

from __future__ import annotations

import numpy as np

from tests.bench.honesty.hypotheses import EXPECTING, FAILING, _expecting, _failing, _slopes, _with_slopes, holds
from tests.loyalty.leaving import Leaving, leaving


def test_named_hypotheses_hold_what_is_true_of_the_world() -> None:
    found = [pair for seed in (3, 4) for pair in _failing(leaving(FAILING, seed))]
    found += [pair for seed in (5, 6) for pair in _expecting(leaving(EXPECTING, seed))]
    assert sum(holds(row, truth) for row, truth in found) >= 6
    assert {truth > 0 for row, truth in found if row["driver"] == "one bad contact suffices"} == {True}


def test_stated_slopes_take_the_place_of_audits() -> None:
    spec = Leaving(effects={"empathy": -0.4})
    slopes = _slopes(leaving(spec, 8))
    assert slopes["empathy"] < 0.9
    rows = _with_slopes(leaving(spec, 9), {name: (slope, 0.03) for name, slope in slopes.items()})
    assert rows["empathy"]["error_basis"] == "stated_reliability"
    assert abs(np.log(rows["empathy"]["effect"])) > abs(np.log(rows["empathy"]["uncorrected"]))
