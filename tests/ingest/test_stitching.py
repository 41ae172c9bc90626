from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from analyzer.ingest.raw import Facts, RawContact, RawTurn
from analyzer.ingest.stitching import stitched

START = datetime(2026, 1, 5, 10, 30, tzinfo=UTC)


def part(name: str, minutes: float | None, *said: tuple[str, int | None], **facts: Any) -> RawContact:
    started_at = None if minutes is None else START + timedelta(minutes=minutes)
    turns = [
        RawTurn("customer", text, start_ms=start, end_ms=None if start is None else start + 9) for text, start in said
    ]
    return RawContact(
        position=0, turns=turns, facts=Facts(started_at=started_at, **facts), source_id="c", part_id=name,
        raw=name.encode(),
    )  # fmt: skip


def test_stitched_orders_parts_and_moves_their_turns() -> None:
    whole = stitched([part("b", 2, ("later", 500)), part("a", 0, ("first", 100), ("overlapping", 120_900))])
    assert [(turn.text, turn.start_ms, turn.end_ms) for turn in whole.turns] == [
        ("first", 100, 109), ("later", 120_500, 120_509), ("overlapping", 120_900, 120_909),
    ]  # fmt: skip
    assert whole.facts.started_at == START and whole.part_id is None and whole.raw == b"a\nb"


def test_stitched_takes_the_opening_from_the_first_and_the_closing_from_the_last() -> None:
    late = part("b", 2, ("x", 0), agent_id="second", queue="q-2", language="en", ended_at=START + timedelta(minutes=3))
    early = part(
        "a", 0, ("y", 0), agent_id="first", language="de", customer_id="u", ended_at=START + timedelta(minutes=9)
    )
    facts = stitched([late, early]).facts
    assert (facts.agent_id, facts.queue, facts.language, facts.customer_id) == ("second", "q-2", "de", "u")
    assert facts.ended_at == START + timedelta(minutes=9)


def test_stitched_without_times_keeps_each_part_together() -> None:
    whole = stitched([part("a", None, ("one", None), ("two", None)), part("b", None, ("three", 5))])
    assert [turn.text for turn in whole.turns] == ["one", "two", "three"] and whole.facts.started_at is None


def test_stitched_parts_that_state_one_start_close_with_who_speaks_last() -> None:
    late = part("b", 0, ("later", 30_000), agent_id="second")
    for parts in ([late, part("a", 0, ("first", 100), agent_id="first")],) * 2:
        whole = stitched(parts)
        assert (whole.facts.agent_id, [turn.text for turn in whole.turns]) == ("second", ["first", "later"])
        parts.reverse()


def test_stitched_is_closed_by_whom_a_consultation_came_back_to() -> None:
    call = part("a", 0, ("one", 0), ("two", 300_000), agent_id="first")
    consulted = part("b", 2, ("x", 0), agent_id="second")
    assert stitched([consulted, call]).facts.agent_id == "first"
