import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analyzer.score.control import LIMIT, control_points
from analyzer.tables import STORED
from tests.score import worlds


def chart(facts, values, agents):
    table = control_points(
        facts, worlds.experience(facts, values), worlds.sole_agents(facts, agents), worlds.score_settings()
    )
    assert table.schema == STORED["control_chart_points"].schema
    return table.to_pandas()


def world(seed, agents=40, days=60, per_day=6, drop=0.0, from_day=40):
    """Agents in control with a weekday pattern; agent 0 falls by ``drop`` from ``from_day`` on."""
    rng = np.random.default_rng(seed)
    n = agents * days * per_day
    agent, day = np.arange(n) % agents, np.arange(n) // (agents * per_day)
    weekday = np.array([0, -6, 0, 3, 0, 5, 8])[day % 7]
    y = 50 + agent % 5 + weekday - drop * ((agent == 0) & (day >= from_day)) + rng.normal(0, 12, n)
    facts = worlds.contacts(n, day=np.array(worlds.MONDAY, dtype="datetime64[D]") + day)
    return chart(facts, y, [f"a-{a:02d}" for a in agent]).query(
        "unit_kind == 'agent' and measure == 'experience_contact'"
    )


def test_false_signals_are_as_many_as_stated():
    points = pd.concat([world(seed) for seed in range(3)])
    expected = 2 * stats.norm.sf(LIMIT)
    # 7,000 unit-days; signals come in runs, so the tolerance is wide.
    assert 0.3 * expected < points["signal"].mean() < 2.5 * expected
    assert points["method"].str.contains("0.27 per 100 unit-days").all()


def test_lasting_fall_is_signalled():
    points = world(9, drop=8.0).set_index("unit_id").loc["a-00"]
    assert not points["signal"].iloc[:40].any() and points["signal"].iloc[40:55].any()


def test_signal_is_exactly_a_value_outside_the_limits():
    points = world(9, drop=8.0)
    outside = (points["value"] < points["lower_limit"]) | (points["value"] > points["upper_limit"])
    assert (outside == points["signal"]).all() and outside.any()


def test_weekdays_move_the_center():
    points = world(4, agents=20)
    center = points.groupby(pd.to_datetime(points["day"]).dt.day_of_week)["center"].mean()
    assert center[6] - center[1] == pytest.approx(14, abs=1)


def test_charts_start_after_enough_contacts():
    facts = worlds.contacts(30, day=worlds.day_range(30, 10))
    points = chart(facts, np.linspace(40, 60, 30), "a-1").query("unit_kind == 'agent'")
    points = points[points["measure"] == "experience_contact"]
    assert points["center"].isna().tolist() == [True] * 4 + [False] * 6  # three a day, min_n 10


def test_no_contacts_have_no_chart():
    assert chart(worlds.contacts(0), [], []).empty
