"""Points of rare events: what they are compared with, and what a point's own days may not teach."""

import numpy as np
import pytest

from analyzer.score.forecast import Forecast
from analyzer.score.gathering import LEAST_EVENTS, Points, gathered

CONTACTS = 20.0


def told_of(events, first=20, center=0.05, n=CONTACTS):
    """Daily points of units by their ``events``; a forecast from day ``first`` on that gathered days do not heed."""
    events = np.atleast_2d(np.asarray(events, dtype=float))
    contacts = np.full(events.shape, n)
    level = np.where(np.arange(events.shape[1]) >= first, center, np.nan) * np.ones_like(events)
    sd = np.sqrt(level * (1 - level) / n)
    days = np.broadcast_to(np.arange(events.shape[1]), events.shape).copy()
    daily = Points(events / n, contacts, contacts, Forecast(level, sd, np.full(events.shape, 99.0)), days, days * 0.0)
    units = len(events)
    return gathered(daily, np.zeros(events.shape), np.zeros(units, dtype=np.int64), np.ones(units, dtype=bool))


def often(per_day, days):
    """Events spread evenly, ``per_day`` on average."""
    return np.diff(np.floor(np.arange(days + 1) * per_day))


def test_point_is_compared_with_what_was_known_before_its_first_day():
    calm = often(1.0, 60)
    wild = calm.copy()
    wild[31:] += 3
    one, other = (told_of([events]) for events in (calm, wild))
    ends = np.flatnonzero(~np.isnan(one.forecast.sd[0]))
    begins = one.since[0, ends]
    straddling = ends[(begins <= 31) & (ends >= 31)]
    assert len(straddling) == 1 and begins[ends == straddling[0]] < 31
    assert one.forecast.center[0, straddling] == pytest.approx(other.forecast.center[0, straddling])
    assert one.value[0, straddling] < other.value[0, straddling]


def test_days_are_gathered_until_events_enough_are_to_be_expected():
    seen = told_of([often(1.0, 80)])
    ends = np.flatnonzero(~np.isnan(seen.forecast.sd[0]))
    assert np.all(seen.contacts[0, ends] == (ends - seen.since[0, ends] + 1) * CONTACTS)
    rate = seen.forecast.center[0, ends]
    expected = seen.contacts[0, ends] * rate * (1 - rate)
    assert np.all(expected >= LEAST_EVENTS * 0.95) and np.all(expected < LEAST_EVENTS + 1.5)


def test_unit_without_an_event_is_drawn_to_the_others_of_its_kind():
    none, some = np.zeros(90), often(1.0, 90)
    among = told_of([none, some, some, some, some])
    ends = np.flatnonzero(~np.isnan(among.forecast.sd[0]))
    assert len(ends) > 0, "what others had makes its events expected"
    assert np.all(among.forecast.center[0, ends] > 0.001) and among.forecast.center[0, ends[-1]] < 0.025
    alone = told_of([none])
    assert np.isnan(alone.forecast.sd).all(), "alone in its kind nothing is known to be rare"


def test_units_that_differ_are_drawn_together_less():
    alike = told_of([often(x, 90) for x in (0.9, 1.0, 1.0, 1.1)])
    apart = told_of([often(x, 90) for x in (0.3, 1.0, 1.6, 2.2)])
    alone = told_of([often(1.6, 90)])
    last = [np.flatnonzero(~np.isnan(seen.forecast.sd[row]))[-1] for seen, row in ((apart, 2), (alone, 0))]
    assert apart.forecast.center[2, last[0]] == pytest.approx(alone.forecast.center[0, last[1]], rel=0.08)
    ends = np.flatnonzero(~np.isnan(alike.forecast.sd[0]))
    assert 0.045 < alike.forecast.center[0, ends[-1]] < 0.055


def test_straying_days_widen_the_error_of_a_point():
    rng = np.random.default_rng(3)
    steady = rng.binomial(40, 0.1, (6, 120))
    straying = rng.binomial(40, rng.beta(1.0, 9.0, (6, 120)))
    wide, narrow = (told_of(events, n=40.0, center=0.1, first=30) for events in (straying, steady))
    errors = []
    for seen in (wide, narrow):
        at = ~np.isnan(seen.forecast.sd) & (seen.since < np.arange(120))
        rate = seen.forecast.center[at]
        errors.append(np.median(seen.forecast.sd[at] ** 2 * seen.contacts[at] / (rate * (1 - rate))))
    assert errors[0] > 1.5 * errors[1] and 0.7 < errors[1] < 1.6


def test_usual_points_end_with_the_first_one():
    seen = told_of([often(1.0, 60)])
    first = np.flatnonzero(~np.isnan(seen.forecast.sd[0]))[0]
    assert np.all(seen.usual[0, first:] == 0.0)
    assert seen.usual[0, first - 1] == pytest.approx(1 / 5, abs=0.05), "a point every five days was to be foreseen"


def test_events_of_one_in_thousands_have_levels_of_their_own():
    rng = np.random.default_rng(5)
    seen = told_of(rng.binomial(1500, 0.0005, (6, 90)), n=1500.0, center=0.002)
    at = ~np.isnan(seen.forecast.sd)
    assert at.sum() > 40
    assert np.median(seen.forecast.center[at]) == pytest.approx(0.0005, rel=0.2)
    never = told_of(np.zeros((3, 120)), n=2000.0, center=0.002)
    assert np.nansum(never.forecast.sd == 0) == 0 and np.all(never.forecast.center[~np.isnan(never.forecast.sd)] < 1e-3)


def test_scatter_of_days_is_that_of_each_unit_at_its_own_level():
    rng = np.random.default_rng(6)
    levels = np.array([0.02, 0.05, 0.1, 0.3, 0.6, 0.9])[:, None]
    seen = told_of(rng.binomial(20, levels, (6, 180)), center=0.1)
    at = ~np.isnan(seen.forecast.sd) & (seen.since < np.arange(180)) & (np.arange(180) > 90)
    z = (seen.value[at] - seen.forecast.center[at]) / seen.forecast.sd[at]
    assert at.sum() > 60 and z.std() == pytest.approx(1.0, abs=0.2)
