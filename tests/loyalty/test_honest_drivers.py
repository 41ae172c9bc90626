"""The honesty benchmark's parts on drivers and dynamics, on so few worlds that it takes seconds."""

from __future__ import annotations

import numpy as np
import pytest

from analyzer.loyalty.covariates import JOINT
from tests.bench.honesty.drivers import ALL, DECIDED, ONLY_EMPATHY, claims, evidence_of, holds, joint
from tests.bench.honesty.dynamics import dynamics
from tests.loyalty.leaving import leaving

WORLDS = 8


def test_intervals_of_drivers_hold_the_truth_with_detector_error_present() -> None:
    found = [joint(evidence_of(leaving(ALL, 40 + seed)))[0] for seed in range(WORLDS)]
    held = [holds(rows[driver], ALL.effects.get(driver, 0.0)) for rows in found for driver in JOINT]
    assert np.mean(held) >= 0.85


def test_empathy_is_not_read_as_speed_and_would_be_without_correction() -> None:
    found = [joint(evidence_of(leaving(ONLY_EMPATHY, 60 + seed))) for seed in range(WORLDS)]
    corrected, read = (
        np.mean([np.log(rows["handle_s"]["effect"]) for rows in side]) for side in zip(*found, strict=True)
    )
    assert abs(corrected) < 0.08 and read < -0.05
    assert sum(claims(rows["handle_s"]) for rows, _ in found) <= 2


def test_calls_of_those_who_have_made_up_their_mind_are_no_cause() -> None:
    worlds = [leaving(DECIDED, 80 + seed) for seed in range(3)]
    late, at_once = ([joint(evidence_of(world, latency))[0]["effort"] for world in worlds] for latency in (7, 0))
    assert not any(claims(row) for row in late) and all(claims(row) for row in at_once)


@pytest.mark.filterwarnings("ignore:Mean of empty slice")
def test_dynamics_part_meets_its_bars_on_few_worlds() -> None:
    lines = dynamics(6, 3)
    assert len(lines) == 20 and all(line.met is not False for line in lines)
