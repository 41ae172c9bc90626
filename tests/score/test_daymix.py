from datetime import date, timedelta

import numpy as np

from analyzer.score.cells import day_cells, period_cells, sorted_rows
from analyzer.score.daymix import day_of_period, with_days
from tests.score import worlds
from tests.score.test_units import of, score
from tests.score.unit_worlds import UnitWorlds, published


def test_days_are_numbered_within_their_period():
    assert day_of_period(np.array([0, 0, 1, 1, 1, 2])).tolist() == [0, 1, 0, 1, 2, 0]


def test_sums_with_days_are_those_of_dummies():
    rng = np.random.default_rng(1)
    n, of_day = 300, np.array([0, 0, 0, 1, 1])
    order = np.lexsort((unit := rng.integers(0, 4, n), day := rng.integers(0, 5, n)))
    day, unit = day[order], unit[order]
    x, y, w = rng.normal(size=(n, 2)), rng.normal(size=n), rng.choice([0.5, 1.0], n)
    days = day_cells(sorted_rows(day, unit, x, 5), y, w > 0, w)
    ours = with_days(period_cells(days, of_day, 2), days, of_day)
    full = np.column_stack([x, *(day_of_period(of_day)[day] == number for number in (1, 2))]).astype(float)
    for period in (0, 1):
        at = of_day[day] == period
        np.testing.assert_allclose(ours.xx[period], (full[at] * w[at, None]).T @ full[at], atol=1e-9)
        np.testing.assert_allclose(ours.xy[period], (full[at] * w[at, None]).T @ y[at], atol=1e-9)
        cells = [(full * w[:, None])[at & (unit == u)].sum(axis=0) for u in range(4)]
        np.testing.assert_allclose(ours.x[ours.period == period], cells, atol=1e-9)


def outage(contacts=60):
    """Ten agents over a week whose first day is an outage; only five of them work on it."""
    rng = np.random.default_rng(2)
    agent = np.repeat(np.arange(10), contacts)
    first = np.where(agent < 5, 0, 2)
    day = first + rng.integers(0, 5, len(agent))
    y = 60 - 20.0 * (day == 0) + rng.normal(0, 8, len(agent))
    facts = worlds.contacts(len(agent), day=[date(2026, 11, 2) + timedelta(days=int(d)) for d in day])
    return facts, [f"a-{a}" for a in agent], y


def test_nobody_is_blamed_for_an_outage_on_their_day():
    rows = of(score(*outage(), "score.weekly=true", "score.monthly=false"), "agent", "experience_contact")
    assert rows["raw_mean"][:5].mean() < rows["raw_mean"][5:].mean() - 3
    assert abs(rows["adjusted"][:5].mean() - rows["adjusted"][5:].mean()) < 1.5
    assert (rows["compared_units"] == 9).all() and rows["method"].str.contains("day where contacts suffice").all()


def test_crews_of_different_days_are_still_compared():
    facts, agents, y = outage()
    day = [date(2026, 11, 2) if int(a[2:]) < 5 else date(2026, 11, 3) for a in agents]
    rows = of(score(facts.assign(day=day), agents, y, "score.weekly=true", "score.monthly=false"), "agent",
              "experience_contact")  # fmt: skip
    assert (rows["compared_units"] == 9).all()


def test_few_contacts_are_not_spent_on_days():
    facts, agents, y = outage(contacts=4)
    rows = of(score(facts, agents, y, "score.weekly=true", "score.monthly=false"), "agent", "experience_contact")
    np.testing.assert_allclose(rows["adjusted"], rows["raw_mean"])


def test_intervals_hold_where_days_differ_and_agents_work_few_of_them():
    rows = published(UnitWorlds(60, length="week", day=0.1, roster=0.5), 3).query("unit_kind == 'agent'")
    held = (rows["low"] <= rows["truth"]) & (rows["truth"] <= rows["high"])
    assert 0.92 < held.mean() < 0.975
    assert ((rows["adjusted"] - rows["truth"]) ** 2).mean() < 0.8 * ((rows["raw_mean"] - rows["truth"]) ** 2).mean()
