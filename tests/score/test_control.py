import numpy as np
import pandas as pd
import pytest

from analyzer.errors import ConfigError
from analyzer.score.control import control_points
from analyzer.tables import STORED
from tests.score import worlds


def chart(facts, values, agents, *assignments, versions=None):
    table = control_points(
        facts, worlds.links(facts), worlds.experience(facts, values), worlds.sole_agents(facts, agents),
        worlds.score_settings("score.charted=['experience_contact', 'resolved_rate']", *assignments), versions,
    )  # fmt: skip
    assert table.schema == STORED["control_chart_points"].schema
    return table.to_pandas()


def world(seed, agents=20, days=60, per_day=6, drop=0.0, from_day=40):
    """Contacts of agents in control with a weekday pattern; agent 0 falls by ``drop`` from ``from_day`` on."""
    rng = np.random.default_rng(seed)
    n = agents * days * per_day
    agent, day = np.arange(n) % agents, np.arange(n) // (agents * per_day)
    weekday = np.array([0, -6, 0, 3, 0, 5, 8])[day % 7]
    y = 50 + agent % 5 + weekday - drop * ((agent == 0) & (day >= from_day)) + rng.normal(0, 12, n)
    names = np.array([f"a-{a:02d}" for a in agent])
    facts = worlds.contacts(
        n, day=np.array(worlds.MONDAY, dtype="datetime64[D]") + day, agent_id=names,
        started_at=pd.Timestamp("2026-11-02", tz="UTC"), team=np.where(agent < 5, "north", "south"),
        resolved_probability=rng.beta(2, 1, n),
    )  # fmt: skip
    return facts, y, names


def agents_of(points, measure="experience_contact"):
    return points[(points["unit_kind"] == "agent") & (points["measure"] == measure)]


@pytest.fixture(scope="module")
def fallen():
    return chart(*world(9, drop=8.0))


def test_lasting_fall_is_signalled(fallen):
    points = agents_of(fallen).set_index("unit_id").loc["a-00"]
    assert not points["signal"].iloc[:40].any() and points["signal"].iloc[40:52].any()


def test_signal_is_exactly_a_value_outside_the_limits(fallen):
    points = fallen.dropna(subset=["lower_limit"])
    outside = (points["value"] < points["lower_limit"]) | (points["value"] > points["upper_limit"])
    assert (outside == points["signal"]).all() and outside.any()


def test_weekdays_move_the_center(fallen):
    points = agents_of(fallen)
    center = points.groupby(pd.to_datetime(points["day"]).dt.day_of_week)["center"].mean()
    assert center[6] - center[1] == pytest.approx(14, abs=2)


def test_limits_never_change_when_days_are_added(fallen):
    facts, y, names = world(9, drop=8.0)
    before = np.asarray(facts["day"]) < np.datetime64("2026-12-20")
    shorter = chart(facts[before], y[before], names[before])
    key = ["unit_kind", "unit_id", "measure", "day"]
    both = shorter.merge(fallen, on=key, suffixes=("", "_later"))
    assert len(both) > 1000
    for column in ("center", "lower_limit", "upper_limit", "false_alarms_per_week"):
        np.testing.assert_allclose(both[column], both[f"{column}_later"], rtol=1e-9)


def test_false_alarms_of_a_lead_add_up_to_what_is_stated_and_no_more_than_asked(fallen):
    points = fallen.dropna(subset=["false_alarms_per_week"])
    assert set(points["lead"]) == {"north", "south", "center"}
    assert points["false_alarms_per_week"].max() <= 1.0 + 1e-9
    # The last four weeks, when every chart has run for a while.
    late = points[pd.to_datetime(points["day"]) >= "2026-12-07"]
    per_week = late.groupby("lead")["false_alarm_probability"].sum() / 25 * 7
    stated = late.groupby("lead")["false_alarms_per_week"].mean()
    np.testing.assert_allclose(per_week, stated, rtol=0.1)
    assert late.groupby("lead")["charts"].max().to_dict() == {"center": 2, "north": 10, "south": 30}


def test_fewer_false_alarms_asked_for_make_wider_limits(fallen):
    strict = chart(*world(9, drop=8.0), "score.false_alarms_per_week=0.1")
    rates = [points[points["measure"] == "resolved_rate"] for points in (fallen, strict)]
    assert rates[1]["upper_limit"].mean() > rates[0]["upper_limit"].mean() + 0.01
    assert strict["false_alarms_per_week"].max() <= 0.1 + 1e-9


def test_charts_begin_anew_when_the_models_change():
    facts, y, names = world(3, agents=6)
    new = np.asarray(facts["day"]) >= np.datetime64("2026-12-03")
    y = y + 15 * new  # the new models hear everything better
    versions = pd.Series(np.where(new, "m2", "m1"), index=facts["interaction_id"])
    rare = "score.false_alarms_per_week=0.2"
    restarted = agents_of(chart(facts, y, names, rare, versions=versions))
    assert sorted({str(day) for day in restarted["restarted_on"]}) == ["2026-11-02", "2026-12-03"]
    silent = restarted[pd.to_datetime(restarted["day"]).between("2026-12-03", "2026-12-12")]
    assert len(silent) == 60 and silent["center"].isna().all()
    alarms = (restarted["signal"].sum(), agents_of(chart(facts, y, names, rare))["signal"].sum())
    assert 4 * alarms[0] <= alarms[1], alarms


def test_charts_start_after_enough_contacts_and_days():
    facts = worlds.contacts(45, day=worlds.day_range(45, 15), started_at=pd.Timestamp("2026-11-02", tz="UTC"))
    facts["agent_id"] = "a-1"
    values = np.random.default_rng(0).normal(50, 10, 45)
    points = agents_of(chart(facts, values, "a-1"))
    assert points["center"].isna().tolist() == [True] * 10 + [False] * 5  # three a day, chart_min_days 10
    points = agents_of(chart(facts, values, "a-1", "score.min_n=37"))
    assert points["center"].isna().tolist() == [True] * 13 + [False] * 2


def test_rates_gather_days_until_there_are_events_enough(fallen):
    points = agents_of(fallen, "resolved_rate").dropna(subset=["center"])
    length = (pd.to_datetime(points["day"]) - pd.to_datetime(points["from_day"])).dt.days + 1
    assert length.between(3, 4).all() and (points["n"] == 6 * length).all()  # 6 a day, 4 / (2/3 · 1/3) = 18


def test_measure_that_later_contacts_move_cannot_be_charted():
    facts, y, names = world(1, agents=2, days=3)
    with pytest.raises(ConfigError, match="fcr_rate"):
        chart(facts, y, names, "score.charted=['fcr_rate']")


def test_no_contacts_have_no_chart():
    assert chart(worlds.contacts(0), [], []).empty
