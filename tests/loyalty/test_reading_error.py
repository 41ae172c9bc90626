from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analyzer.loyalty.contacts import contacts_as_of
from analyzer.loyalty.levels import levels_at, measured
from analyzer.loyalty.reading_error import DRIFT, LINES, READ, ReadingError
from analyzer.loyalty.satisfaction import error_of_readings, satisfaction_readings, standing_readings
from tests.loyalty.level_worlds import (
    FLAWED,
    MOMENT,
    LevelWorld,
    contact_days,
    contacts_of,
    draw,
    latent,
    level,
    place_on,
    spoken,
)
from tests.loyalty.worlds import AS_OF, NO_LINKS


def learned(world: LevelWorld, seed: int = 3) -> ReadingError:
    seen = draw(world, seed)
    readings = satisfaction_readings(contacts_as_of(seen.contacts, NO_LINKS, NO_LINKS, AS_OF), seen.surveys)
    return error_of_readings(readings, AS_OF, 60.0)


def test_calibration_finds_what_the_detector_does_in_each_language() -> None:
    found = learned(LevelWorld(customers=4000, detector=FLAWED, answers=0.5))
    assert found.calibrated and found.strata == ("", "de", "en")
    lines = dict(zip(found.strata[1:], found.at[LINES + 2 :].reshape(2, 2), strict=True))
    for language, (intercept, slope, _) in FLAWED.items():
        assert lines[language][1] == pytest.approx(slope, abs=0.08)
        assert lines[language][0] == pytest.approx(intercept, abs=6)


def test_audits_serve_where_nobody_answers_and_their_draw_is_undone() -> None:
    """Drawn by what the machine read: the unsatisfied five times as often, which would bend an unweighted slope."""
    world = LevelWorld(customers=3000, detector={"de": (18.0, 0.7, 9.0), "en": (18.0, 0.7, 9.0)}, answers=0.0)
    rng = np.random.default_rng(6)
    place = latent(world.shape, world.customers, rng)
    who, ago = contact_days(world, rng)
    state = rng.bit_generator.state
    contacts, answers = contacts_of(world, who, ago, place[who], rng)
    rng.bit_generator.state = state
    said = spoken(place[who], rng)
    chance = np.where(contacts["satisfaction"] < 3, 0.4, 0.08)
    drawn = rng.uniform(size=len(said)) < chance
    audited = pd.DataFrame(
        {"interaction_id": contacts["interaction_id"], "answer": 1 + said / 25, "weight": 1 / chance}
    )
    readings = satisfaction_readings(contacts_as_of(contacts, NO_LINKS, NO_LINKS, AS_OF), answers)
    found = error_of_readings(readings, AS_OF, 60.0, audited[drawn])
    assert found.source == "audits"
    assert found.at[LINES + 1] == pytest.approx(0.7, abs=0.08) and found.at[LINES] == pytest.approx(18, abs=6)


def test_without_answers_readings_stay_as_they_are() -> None:
    found = learned(LevelWorld(customers=300, detector=FLAWED, answers=0.0))
    assert not found.calibrated and found.strata == ("",) and found.at[LINES:].tolist() == [0.0, 1.0]


def test_noise_is_that_of_the_moment_where_levels_stay() -> None:
    found = learned(LevelWorld(customers=3000, answers=0.0))
    assert found.at[READ] == pytest.approx(MOMENT**2, rel=0.15) and found.at[DRIFT] < 25


def test_drift_is_found_where_levels_move() -> None:
    found = learned(LevelWorld(customers=4000, answers=0.0, drift=0.6))
    assert found.at[DRIFT] == pytest.approx(0.6 * 15**2, rel=0.4)


def test_few_repeated_readings_leave_the_noise_unknown() -> None:
    assert not learned(LevelWorld(customers=40, contacts=1.0)).known
    assert learned(LevelWorld(customers=400)).known


@pytest.mark.parametrize("drift", [0.0, 0.5])
def test_levels_err_as_much_as_they_say(drift: float) -> None:
    world, rng = LevelWorld(customers=3000, drift=drift, answers=0.0), np.random.default_rng(5)
    place = latent(world.shape, world.customers, rng)
    who, ago = contact_days(world, rng)
    now, then = place_on(place, world, who, ago, rng)
    contacts, answers = contacts_of(world, who, ago, then, rng)
    readings = satisfaction_readings(contacts_as_of(contacts, NO_LINKS, NO_LINKS, AS_OF), answers)
    error = error_of_readings(readings, AS_OF, 60.0)
    seen = measured(levels_at(standing_readings(readings, AS_OF), error, AS_OF, 60.0), error.at)
    off = seen.read - (seen.middle + seen.gain * (level(now) - seen.middle))
    assert (off / np.sqrt(seen.noise + seen.blur)).std() == pytest.approx(1.0, abs=0.08)
