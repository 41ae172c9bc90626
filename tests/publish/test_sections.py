"""What the page says of units, windows and courses, on cases small enough to reckon by hand."""

from __future__ import annotations

from typing import Any

import pandas as pd

from analyzer.config import load_settings
from analyzer.publish.agents import AgentPolicy
from analyzer.publish.estimates import Rules
from analyzer.publish.report import standings
from analyzer.publish.sections.glance import first_contact, headline_window
from analyzer.publish.sections.look import EMPATHY_RULE, look
from analyzer.publish.sections.topics import _fifths, topics
from analyzer.publish.sections.units import Units, telling_period, units
from analyzer.publish.sections.window import open_window
from analyzer.publish.wording import wording

from .test_agents import publish
from .world import EMPTY, MemoryTables, world

NAMED = AgentPolicy("named", {}, frozenset(), b"")
ENGLISH = wording("en")


def scores(*rows: tuple[str, float, float, float, int]) -> MemoryTables:
    template = world().read("unit_scores").to_pylist()[0] | {"unit_kind": "agent", "measure": "effort", "unit": "1–5"}
    return EMPTY.having(
        unit_scores=[
            template | {"unit_id": unit, "value": value, "low": low, "high": high, "n": n, "n_effective": float(n),
                        "sufficient": n >= 10, "higher_is_better": False, "period": "2026-11"}
            for unit, value, low, high, n in rows
        ]
    )  # fmt: skip


def agents(*rows: tuple[str, float, float, float, int]) -> Units:
    found = units(scores(*rows), NAMED, "agent", ENGLISH, pictured=1)
    assert found is not None
    return found


def test_only_an_interval_beside_the_average_tells_a_difference() -> None:
    found = agents(
        ("low", 1.5, 1.2, 1.8, 50), ("mid", 2.5, 2.2, 2.9, 50), ("high", 3.5, 3.2, 3.8, 50), ("few", 4, 1, 5, 3)
    )
    measured = found.measures[0]
    assert [(unit.name, unit.standing) for unit in measured.units] == [
        ("low", "better"),  # little effort is good
        ("mid", "same"),
        ("high", "worse"),
        ("few", "insufficient"),
    ]
    assert standings(measured, ENGLISH).striptags() == (
        "Effort for the customer. Below the average: high. Above the average: low. "
        "The others cannot be told apart from the average. "
        "Too few contacts to say anything: few."
    )
    assert measured.picture is not None
    assert "too few" in measured.picture.wide


def test_units_too_alike_are_said_to_be() -> None:
    found = agents(("a", 2.4, 2.0, 2.8, 20), ("b", 2.6, 2.2, 3.0, 20))
    assert standings(found.measures[0], ENGLISH).striptags() == (
        "Effort for the customer. No difference can be told: every interval covers the average."
    )


def test_the_period_with_most_to_say_is_taken() -> None:
    def row(period: str, unit: str, sufficient: bool) -> dict[str, Any]:
        return {"period": period, "unit_id": unit, "sufficient": sufficient}

    early = [row("2026-11", "a", True), row("2026-11", "b", True), row("2026-W48", "a", True)]
    fresh_month = [*early, row("2026-12", "a", False), row("2026-12-01", "a", False)]
    assert telling_period(fresh_month) == "2026-11"
    assert telling_period([*fresh_month, row("2026-12", "a", True), row("2026-12", "b", True)]) == "2026-12"
    assert telling_period([]) is None


def rate(period: str, n: int, value: float | None, **changes: Any) -> dict[str, Any]:
    return {"period": period, "matter": "same", "window_days": 7, "n": n, "value": value, "low": 0.6, "high": 0.8,
            "mature_share": 0.5, "silent": 5, "unidentified": 1, "lowest": 0.5, "highest": 0.75, "returned_rate": 0.1,
            "left_rate": 0.02, "quiet_rate": 0.88, "is_final": False} | changes  # fmt: skip


def test_first_contact_resolution_is_what_its_table_says() -> None:
    (found,) = first_contact([rate("2026-11", 80, 0.7)], 7, 10)
    assert (found.estimate.n, found.estimate.value, found.estimate.low, found.estimate.high) == (80, 0.7, 0.6, 0.8)
    assert (found.silent, found.lowest, found.highest, found.unidentified, found.quiet) == (5, 0.5, 0.75, 1, 0.88)


def test_first_contact_resolution_is_of_the_month_with_most_to_tell() -> None:
    rates = [rate("2026-10", 300, 0.7), rate("2026-11", 12, 0.9), rate("2026-09", 900, 0.6), rate("2026-W44", 999, 0.1)]
    assert [row.period for row in first_contact(rates, 7, 10)] == ["2026-10"]
    assert [row.period for row in first_contact([*rates, rate("2026-11", 400, 0.9, matter="any")], 7, 10)] == [
        "2026-10"
    ]
    assert first_contact([], 7, 10) == ()


def test_first_contact_resolution_of_few_or_open_windows_is_not_told() -> None:
    few, unripe = (first_contact([one], 7, 10)[0] for one in (rate("2026-11", 9, 0.7), rate("2026-11", 90, None)))
    assert (few.estimate.value, few.lowest, few.quiet, unripe.estimate.value) == (None, None, None, None)
    assert (few.estimate.n, unripe.estimate.n) == (9, 90)


def test_the_headline_window_is_the_one_that_interactions_show() -> None:
    rows = pd.DataFrame(
        [("same", 1, "confirmed", "open"), ("same", 7, "open", "open"), ("same", 30, "open", "open")],
        columns=["matter", "window_days", "status", "fcr_status"],
    )
    assert headline_window(rows, 30) == 30
    assert headline_window(rows, 1) == 7  # the store was written with another setting
    assert headline_window(rows.iloc[:0], 7) is None


def test_fifths_cover_all_turns_and_repeat_where_there_are_few() -> None:
    turns = pd.DataFrame(
        [("long", i, value) for i, value in enumerate([1, 3, 5, 7, 9, 11, 13, 15, 17, 19])]
        + [("short", 0, -1.0), ("short", 4, 1.0)],
        columns=["interaction_id", "turn", "sentiment"],
    )
    found = _fifths(turns).pivot(index="interaction_id", columns="part", values="sentiment")
    assert found.loc["long"].tolist() == [2, 6, 10, 14, 18]
    assert found.loc["short"].tolist() == [-1, -1, -1, 1, 1]


def test_the_most_pressing_contacts_come_first_with_their_words() -> None:
    settings = load_settings()
    window = open_window(world(), NAMED, Rules(settings.score.min_n, settings.score.interval))
    assert window is not None
    found = look(world(), window, quotes=True)
    assert [card.severity for card in found.concerns] == sorted((c.severity for c in found.concerns), reverse=True)
    texts = {(row["interaction_id"], row["text"]) for row in world().read("turns").to_pylist()}
    for card in (*found.concerns, *found.praise):
        assert (card.interaction_id, "".join(piece.text for piece in card.quote)) in texts
        assert any(piece.heard for piece in card.quote)
    assert all(card.quote == () for card in look(world(), window, quotes=False).concerns)


def test_a_long_quote_is_cut_between_words() -> None:
    settings = publish()
    long = "wort " * 200
    turns = [row | {"text": long} for row in world().read("turns").to_pylist()]
    window = open_window(world(), NAMED, Rules(10, 0.95))
    assert window is not None
    card = look(world().having(turns=turns), window, settings.quotes).concerns[0]
    shown = "".join(piece.text for piece in card.quote)
    assert len(shown) <= 261
    assert shown.endswith("wort …")


def test_a_broken_promise_is_shown_with_its_words_and_what_came_of_it() -> None:
    window = open_window(world(), NAMED, Rules(10, 0.95))
    assert window is not None
    flag = next(row for row in world().read("flags").to_pylist() if row["polarity"] == "concern")
    key, day = flag["interaction_id"], flag["day"]
    promise = {"interaction_id": key, "day": day, "turn": 1, "text": "We call you on Friday.", "promised_by": None,
               "status": "broken", "evidence_interaction_id": "c-9", "probability": 0.9}  # fmt: skip
    broken = flag | {"rule": "broken_promise", "severity": 3, "turn": None}
    tables = world().having(flags=[broken], commitments=[promise])
    card = look(tables, window, quotes=True).concerns[0]
    assert card.promised is not None and card.promised.text == "We call you on Friday."
    assert card.promised.evidence_interaction_id == "c-9"
    hidden = look(tables, window, quotes=False).concerns[0].promised
    assert hidden is not None and hidden.text == ""
    angry = world().having(flags=[broken | {"rule": "angry_end"}], commitments=[promise])
    assert look(angry, window, quotes=True).concerns[0].promised is None


def test_praise_of_empathy_quotes_the_agent() -> None:
    window = open_window(world(), NAMED, Rules(10, 0.95))
    assert window is not None
    praised = [card for card in look(world(), window, quotes=True).praise if card.reasons[0].rule == EMPATHY_RULE]
    assert praised and {card.speaker for card in praised} == {"agent"}


def test_rules_are_counted_by_contact_and_explained_once() -> None:
    window = open_window(world(), NAMED, Rules(10, 0.95))
    assert window is not None
    found = look(world(), window, quotes=True)
    assert [rule.contacts for rule in found.rules] == sorted((r.contacts for r in found.rules), reverse=True)
    assert {rule.polarity for rule in found.concern_rules} == {"concern"}
    assert all(rule.explanation for rule in found.rules)


def test_reasons_without_a_rate_are_named_and_not_drawn() -> None:
    window = open_window(world(), NAMED, Rules(10, 0.95))
    scarce = open_window(world(), NAMED, Rules(10_000, 0.95))
    assert window is not None and scarce is not None
    told, untold = topics(window, ENGLISH), topics(scarce, ENGLISH)
    assert told.resolved is not None and told.few
    drawn = {row.reason for row in told.rows if ENGLISH.name("reason", row.reason) in told.resolved.wide}
    assert drawn == {row.reason for row in told.rows} - {row.reason for row in told.few}
    assert untold.resolved is None and untold.few == untold.rows
