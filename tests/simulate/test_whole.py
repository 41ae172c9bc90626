"""A few worlds through the stages; the honesty benchmark takes more (part ``whole``)."""

from __future__ import annotations

import pandas as pd
import pytest

from .whole import a_month, scored_agents


@pytest.fixture(scope="module")
def unfair() -> pd.DataFrame:
    return pd.concat(scored_agents(a_month("confounded", seed)) for seed in range(4))


def test_adjusted_does_not_blame_agents_for_hard_queues(unfair: pd.DataFrame) -> None:
    hard = unfair[unfair["hard"]]
    assert abs((hard["adjusted"] - hard["truth"]).mean()) <= 0.5
    assert (hard["raw_mean"] - hard["truth"]).mean() < -1.0


def test_intervals_of_agents_hold_the_truth(unfair: pd.DataFrame) -> None:
    held = (unfair["low"] <= unfair["truth"]) & (unfair["truth"] <= unfair["high"])
    assert 0.88 <= held.mean() <= 0.99
