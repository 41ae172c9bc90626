"""Signals beside the false alarms to be expected, measures beside counter-measures, groups beside each other."""

from __future__ import annotations

from datetime import date
from typing import Any

from analyzer.config import load_settings
from analyzer.publish.agents import AgentPolicy
from analyzer.publish.report import render_report
from analyzer.publish.sections.watch import watch

from .test_agents import publish
from .world import AS_OF, EMPTY, MemoryTables, world

NAMED = AgentPolicy("named", {}, frozenset(), b"")
LAST = date(2026, 11, 22)


def point(unit: str, day: date, **changes: Any) -> dict[str, Any]:
    return {"unit_kind": "agent", "unit_id": unit, "measure": "experience_contact", "day": day, "n": 8, "value": 31.0,
            "center": 52.0, "lower_limit": 38.2, "upper_limit": 66.0, "signal": False, "method": "m", "from_day": day,
            "false_alarm_probability": 0.004, "lead": "north", "charts": 15,
            "false_alarms_per_week": 0.42} | changes  # fmt: skip


def pair(unit: str, reading: str, **changes: Any) -> dict[str, Any]:
    return {"period": "2026-11", "unit_kind": "agent", "unit_id": unit, "measure": "empathy", "n": 40, "value": 4.4,
            "low": 4.1, "high": 4.7, "counter_measure": "template_share", "counter_n": 33, "counter_value": 0.71,
            "counter_low": 0.6, "counter_high": 0.8, "counter_unit": "0–1", "counter_higher_is_better": False,
            "reading": reading, "is_final": False, "as_of": AS_OF} | changes  # fmt: skip


def gap(group: str, standing: str) -> dict[str, Any]:
    return {"measure": "empathy", "group_kind": "wordiness", "group_id": group, "n": 300, "difference": -0.42,
            "low": -0.6, "high": -0.24, "method": "m", "as_of": AS_OF, "p_adjusted": 0.001,
            "standing": standing}  # fmt: skip


def watched() -> MemoryTables:
    return world().having(
        control_chart_points=[
            point("a-01", date(2026, 11, 20), signal=True), point("a-01", LAST, charts=16, false_alarms_per_week=0.45),
            point("a-02", date(2026, 11, 15), signal=True),  # a week before
            point("voice", LAST, unit_kind="channel", lead="center", charts=6, false_alarms_per_week=0.4),
            point("a-03", LAST, lead="south", false_alarms_per_week=None, lower_limit=None, upper_limit=None),
        ],
        counter_measures=[
            pair("a-01", "look closer"), pair("a-02", "no sign"), pair("a-03", "not compared"),
            pair("a-04", "look closer", period="2026-W47"), pair("voice", "no sign", unit_kind="channel"),
        ],
        bias_watch=[gap("terse", "differs"), gap("wordy", "not distinguishable")],
    )  # fmt: skip


def test_leads_see_their_signals_beside_the_false_alarms_of_a_week() -> None:
    found = watch(watched(), NAMED, LAST)
    assert [(lead.name, lead.charts, lead.false_alarms, lead.signals) for lead in found.leads] == [
        ("center", 6, 0.4, 0), ("north", 16, 0.45, 1),
    ]  # fmt: skip
    assert [(alarm.unit, alarm.day.day, alarm.kind) for alarm in found.alarms] == [("a-01", 20, "points")]


def test_only_pairs_of_the_latest_month_that_look_bought_are_listed() -> None:
    found = watch(watched(), NAMED, LAST)
    assert [one.unit for one in found.pairs] == ["a-01"] and not found.example and found.compared == 3
    calm = watch(watched().having(counter_measures=[pair("voice", "no sign", unit_kind="channel")]), NAMED, LAST)
    assert [one.unit for one in calm.pairs] == ["voice"] and calm.example


def test_only_groups_that_differ_are_listed() -> None:
    found = watch(watched(), NAMED, LAST)
    assert [(one.group, one.difference) for one in found.gaps] == [("terse", -0.42)] and found.groups == 2


def test_agents_stay_as_the_policy_shows_them() -> None:
    found = watch(watched(), AgentPolicy("off", {}, frozenset(), b""), LAST)
    assert found.alarms == () and [lead.name for lead in found.leads] == ["center"]
    assert [one.unit for one in found.pairs] == ["voice"]


def test_page_says_it_in_both_languages() -> None:
    settings = load_settings()
    for language, words in (
        ("en", ("One day of the last week", "False alarms a week", "0.4", "71%", "\u22120.42", "Words a turn: few")),
        ("de", ("Ein Tag der letzten Woche", "Fehlalarme je Woche", "0,4", "71", "\u22120,42", "Wörter je Beitrag")),
    ):
        page = render_report(
            watched(), publish(agents="named", report_language=language), settings.score, settings.journey
        )
        section = page.partition('<section id="watch">')[2].partition("</section>")[0]
        assert all(word in section for word in words), language


def test_nothing_to_watch_is_said() -> None:
    found = watch(EMPTY, NAMED, LAST)
    assert (found.leads, found.alarms, found.pairs, found.gaps, found.groups) == ((), (), (), (), 0)
