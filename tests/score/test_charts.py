"""Charts whose days are in control; `python -m tests.bench.honesty --part charts` has thousands of such worlds."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from analyzer.score.cells import Cells
from analyzer.score.charting import Charted, Layout, points
from analyzer.score.forecast import Forecast, Panel, forecast
from analyzer.score.leads import MOST_PER_POINT, chances, watch
from analyzer.score.signals import (
    ALPHAS,
    EWMA_WEIGHT,
    ewma_limits,
    ewma_signals,
    ladder,
    rate_signals,
    raw_value,
    standardised,
)  # fmt: skip
from tests.score.charted_worlds import RATE, Spec, mean_teams, rate_teams

ROWS = ("period", "unit", "eligible", "n", "w", "w2", "y", "yy", "x")
STRAYING = Spec(20, weekday=True, dispersed=True, days=70)


def watched(make, spec, worlds=60, seed=1, per_week=1.0):
    layout = Layout.of(
        make(spec, worlds, np.random.default_rng(seed)), np.datetime64("2026-01-05") + np.arange(spec.days)
    )
    charted = points(layout, slice(0, spec.days), 10, 10)
    return charted, watch(charted, layout, layout.group, per_week)


@pytest.mark.parametrize("make", [mean_teams, rate_teams])
def test_false_alarms_are_as_many_as_stated(make):
    charted, seen = watched(make, STRAYING)
    begun = np.cumsum(np.add.reduceat(~np.isnan(charted.forecast.sd), np.arange(0, 360, 6)), axis=1) > 0
    stated = (seen.per_week * begun).sum() / 7
    # About 190 alarms of means are expected and 90 of rates, so four standard errors are 30 % to 40 %.
    assert stated > 80 and 0.6 < seen.signals.signal.sum() / stated < 1.4


def test_half_the_false_alarms_asked_for_are_half_as_many():
    few, many = (watched(mean_teams, STRAYING, per_week=week)[1].signals.signal.sum() for week in (0.1, 0.3))
    assert 2.0 < many / few < 4.5


def test_shift_of_one_sd_is_found_sooner_than_by_single_days():
    spec = Spec(20, weekday=True, dispersed=True, days=84, shift=1.0, from_day=56)
    charted, seen = watched(mean_teams, spec)
    single = np.abs(standardised(charted.value, charted.forecast)) > -stats.norm.ppf(seen.signals.chance / 2)
    found, found_by_single = (part[:, 56:66].any(axis=1).mean() for part in (seen.signals.signal, single))
    assert found > 0.45 and found > found_by_single + 0.15


@pytest.mark.filterwarnings("error")
def test_a_day_as_foreseen_of_what_never_varied_is_not_judged_and_warns_nobody():
    seen = Forecast(np.full((1, 3), 0.5), np.zeros((1, 3)), np.full((1, 3), 9.0))
    signals = ewma_signals(np.array([[0.5, 0.5, 0.9]]), seen, np.zeros((1, 3), dtype=np.int64))
    assert signals.signal.tolist() == [[False, False, True]]
    assert np.isnan(signals.chance).tolist() == [[True, True, False]]


def test_ewma_limits_give_each_step_the_same_chance():
    rung = int(ladder(np.array(0.01)))
    limits = ewma_limits(np.array([rung]))[rung]
    rng = np.random.default_rng(0)
    ewma, steps = np.zeros(200_000), 25
    for step in range(steps):
        ewma = (1 - EWMA_WEIGHT) * ewma + EWMA_WEIGHT * rng.normal(size=len(ewma))
        out = np.abs(ewma) > limits[step]
        assert out.mean() == pytest.approx(ALPHAS[rung], rel=0.15)
        ewma = ewma[~out]


def test_first_limit_is_the_normal_quantile():
    rung = int(ladder(np.array(0.01)))
    assert ewma_limits(np.array([rung]))[rung, 0] == pytest.approx(
        EWMA_WEIGHT * stats.norm.isf(ALPHAS[rung] / 2), rel=1e-6
    )


def test_standardised_errors_can_be_turned_back():
    told = Forecast(np.array([50.0, 50.0]), np.array([4.0, 2.0]), np.array([6.0, 300.0]))
    z = standardised(np.array([41.0, 55.0]), told)
    assert z[0] == pytest.approx(stats.norm.ppf(stats.t.cdf(-9 / 4, 6)))
    np.testing.assert_allclose(raw_value(z, told), [41.0, 55.0])


def test_signal_starts_the_ewma_again():
    told = Forecast(np.zeros((1, 4)), np.ones((1, 4)), np.full((1, 4), 1e6))
    seen = ewma_signals(np.array([[5.0, 0.0, 0.0, 0.0]]), told, np.full((1, 4), int(ladder(np.array(0.01)))))
    assert seen.signal.tolist() == [[True, False, False, False]]
    assert seen.ewma[0, 1] == 0.0


@pytest.mark.parametrize("make", [mean_teams, rate_teams])
@pytest.mark.parametrize("agents", [4, 5])
def test_agent_who_joins_later_changes_no_limit_of_before(make, agents):
    spec = Spec(20, weekday=True, days=120, rate=0.05 * (make is rate_teams), agents=agents)
    (team,) = make(spec, 1, np.random.default_rng(2))
    joined = kept(team, (team.cells.unit < agents - 1) | (team.cells.period >= 80))
    without = replace(kept(team, team.cells.unit < agents - 1), unit_ids=team.unit_ids[:-1])
    later, before = (limits([one], spec.days) for one in (joined, without))
    for name, told in before.items():
        np.testing.assert_array_equal(later[name][: agents - 1, :80], told[:, :80], err_msg=name)


@pytest.mark.parametrize("make", [mean_teams, rate_teams])
def test_days_that_follow_change_no_limit_of_before(make):
    spec = Spec(20, weekday=True, dispersed=True, days=110, rate=0.05 * (make is rate_teams))
    (team,) = make(spec, 1, np.random.default_rng(3))
    whole = limits([team], 110)
    for days in (30, 57, 81):
        part = limits([kept(team, team.cells.period < days)], days)
        for name, told in part.items():
            np.testing.assert_array_equal(whole[name][:, :days], told, err_msg=f"{name}, {days} days")


def kept(team, at):
    cells = team.cells
    return replace(
        team, cells=Cells(*(getattr(cells, name)[at] for name in ROWS), cells.xx, cells.xy)
    )  # fmt: skip


def limits(teams, days):
    layout = Layout.of(teams, np.datetime64("2026-01-05") + np.arange(days))
    charted = points(layout, slice(0, days), 10, 10)
    seen = watch(charted, layout, layout.group * 0, 1.0).signals
    return {
        "value": charted.value, "center": charted.forecast.center, "since": charted.since,
        "lower": seen.lower, "upper": seen.upper, "signal": seen.signal, "ewma": seen.ewma,
    }  # fmt: skip


@pytest.mark.parametrize("jump", [0.0, 0.5])
def test_case_mix_that_becomes_harder_does_not_move_what_is_expected_of_a_rate(jump):
    days, agents, rng = 200, 6, np.random.default_rng(4)
    period, unit = (part.ravel() for part in np.meshgrid(np.arange(days), np.arange(agents), indexing="ij"))
    n = np.full(len(period), 20)
    hard = rng.binomial(n, np.where(period < 70, 0.2, 0.2 + jump))
    events = rng.binomial(hard, 0.25) + rng.binomial(n - hard, 0.1)
    # Within a day and unit, contacts' case mix and events are exactly as independent as drawn: by expectation.
    xx, xy = np.zeros((days, 1, 1)), np.zeros((days, 1))
    np.add.at(xx[:, 0, 0], period, hard)
    np.add.at(xy[:, 0], period, hard * 0.25)
    y = n * (events / n)
    cells = Cells(period, unit, n, n, n * 1.0, n * 1.0, y, events * 1.0, hard[:, None] * 1.0, xx, xy)
    team = Charted("agent", RATE, tuple(f"a-{i}" for i in range(agents)), cells)
    charted = points(
        Layout.of([team], np.datetime64("2026-01-05") + np.arange(days)), slice(0, days), 10, 10
    )  # fmt: skip
    late = ~np.isnan(charted.forecast.sd) & (charted.since >= 140) & (charted.since < np.arange(days))
    z = (charted.value[late] - charted.forecast.center[late]) / charted.forecast.sd[late]
    assert late.sum() > 60 and abs(z.mean()) < 0.3


@pytest.mark.parametrize(("rate", "n"), [(0.3, 60), (0.7, 25), (0.04, 400)])
def test_limits_of_a_rate_have_the_binomials_tails(rate, n):
    told = Forecast(np.array([rate]), np.array([np.sqrt(rate * (1 - rate) / n)]), np.array([1e6]))
    alpha = ALPHAS[int(ladder(np.array(0.01)))]
    seen = rate_signals(np.array([rate]), np.array([float(n)]), told, np.array([int(ladder(np.array(0.01)))]))
    low, high = seen.lower[0] * n, seen.upper[0] * n
    below, above = stats.binom.cdf(np.ceil(low) - 1, n, rate), stats.binom.sf(np.floor(high), n, rate)
    # Whole events cannot hit the chance exactly: what is outside is rare enough, one event more would be too much.
    assert below <= alpha and stats.binom.cdf(np.ceil(low), n, rate) > alpha / 2
    assert above <= alpha and stats.binom.sf(np.floor(high) - 1, n, rate) > alpha / 2


@pytest.mark.parametrize(("rate", "n", "sd_more"), [(0.02, 200, 1.0), (0.1, 60, 1.3), (0.7, 25, 1.2)])
def test_chance_of_a_rate_is_the_one_that_whole_events_leave(rate, n, sd_more):
    sd = sd_more * np.sqrt(rate * (1 - rate) / n)
    rung = np.array([int(ladder(np.array(0.01)))])
    seen = rate_signals(
        np.array([rate]), np.array([float(n)]), Forecast(*(np.array([x]) for x in (rate, sd, 1e6))), rung
    )
    alike = (sd_more**2 - 1) / (n - 1)
    size = (1 - alike) / alike if alike > 0 else 1e9
    events = np.arange(n + 1)
    outside = (events / n < seen.lower[0]) | (events / n > seen.upper[0])
    chance = stats.betabinom.pmf(events, n, rate * size, (1 - rate) * size)[outside].sum()
    assert seen.chance[0] == pytest.approx(chance, rel=1e-3) and 0 < chance < ALPHAS[rung[0]]


@pytest.mark.parametrize(("rate", "worlds"), [(0.1, 80), (0.02, 200)])
def test_event_that_comes_every_few_days_has_as_many_false_alarms_as_stated(rate, worlds):
    _, seen = watched(rate_teams, Spec(20, weekday=True, rate=rate, days=70), worlds=worlds)
    stated = np.nansum(seen.signals.chance)
    # About 30 to 50 are expected.
    assert stated > 25 and 0.55 < seen.signals.signal.sum() / stated < 1.45


def test_single_days_are_watched_where_few_units_are_of_a_kind():
    for agents, alone in ((3, True), (4, False)):
        charted, seen = watched(mean_teams, Spec(20, agents=agents, days=40), worlds=3)
        z = standardised(charted.value, charted.forecast)
        assert (np.allclose(seen.signals.ewma, z, equal_nan=True)) == alone


def test_rare_event_cannot_fall_noticeably_and_has_its_whole_chance_above():
    told = Forecast(np.array([0.02]), np.array([np.sqrt(0.02 * 0.98 / 200)]), np.array([1e6]))
    seen = rate_signals(np.array([0.0]), np.array([200.0]), told, np.array([int(ladder(np.array(0.01)))]))
    assert seen.lower[0] == 0.0 and not seen.signal[0]
    assert stats.binom.sf(np.floor(seen.upper[0] * 200), 200, 0.02) > 0.002


def test_more_charts_make_each_rarer_and_few_are_not_made_noisy():
    lead = np.array([0] * 40 + [1])
    rung, charts, stated = chances(np.ones((41, 60), dtype=bool), np.zeros((41, 60)), lead, 1.0)
    assert charts[:, -1].tolist() == [40, 1]
    assert ALPHAS[rung[0, -1]] <= 1 / 280 and 0.8 < stated[0, -1] <= 1.0
    assert ALPHAS[rung[1, -1]] == pytest.approx(MOST_PER_POINT, rel=0.01)
    assert stated[1, -1] == pytest.approx(0.07, rel=0.01)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("units", [1, 3])
def test_contacts_that_all_say_the_same_are_forecast_without_a_fault(units: int) -> None:
    days = 30
    panel = Panel(
        np.zeros(units, dtype=np.int64), np.arange(days) % 7, np.full((units, days), 3.69), np.full((units, days), 4.0),
        np.zeros(units), np.zeros(units, dtype=bool),
    )  # fmt: skip
    told = forecast(panel, days).forecast
    ready = ~np.isnan(told.sd)
    assert ready[:, -1].all() and np.allclose(told.center[ready], 3.69, atol=1e-3)
    assert np.isfinite(told.sd[ready]).all()
