"""Every row of the first-contact resolution table in TABLES.md, windows, and what the probability holds."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from tests.journey.store import Store, at, row, status

CLAIM = {"effort.repeat_contact": 0.9}
UNMET = {"expect.unmet": 0.9}
LATE = at(60)


def first(**facts: Any) -> Store:
    return Store().contact("a", at(0), **facts)


# (row of the table, store, as_of, status of contact a, same matter, 7 days)
TABLE: list[tuple[str, Store, Any, str]] = [
    ("resolved, nobody came back", first(), LATE, "confirmed"),
    ("resolved, same matter in the window", first().contact("b", at(3), cues=CLAIM), LATE, "refuted"),
    ("resolved, same matter after the window", first().contact("b", at(9), cues=CLAIM), LATE, "confirmed"),
    ("resolved, other matter in the window", first().contact("b", at(3), reason="setup"), LATE, "confirmed"),
    ("resolved, 'I called before' without a likely link", first().contact("b", at(5), reason="setup",
        product_line="tv", cues={**CLAIM, "res.confirmed": 0.9}), LATE, "refuted"),
    ("resolved, window running", first(), at(4), "open"),
    ("resolved with a promise due later than the window", first(promise="Das Geld kommt in 12 Tagen."), at(9), "open"),
    ("resolved with a promise, all over", first(promise="Das Geld kommt in 12 Tagen."), at(20), "confirmed"),
    ("pending, window running", first(resolution="pending"), at(4), "open"),
    ("pending, promise past due, grace running", first(resolution="pending", promise="Das kommt in 6 Tagen."),
        at(7.5), "open"),
    ("pending, nobody chased", first(resolution="pending", promise="Ich rufe Sie morgen an."), LATE, "confirmed"),
    ("pending, promise kept", first(resolution="pending", promise="Ich rufe Sie morgen an.").contact(
        "b", at(20), reason="setup", cues={"res.confirmed": 0.9}), LATE, "confirmed"),
    ("pending, promise broken in the window", first(resolution="pending", promise="Ich rufe Sie morgen an.").contact(
        "b", at(3), cues=UNMET), LATE, "refuted"),
    ("pending, promise broken after the window", first(resolution="pending", promise="Das kommt in 10 Tagen.").contact(
        "b", at(11.5), cues=UNMET), LATE, "refuted"),
    ("pending, chased past the window, not yet due", first(resolution="pending", promise="Das kommt in 12 Tagen.")
        .contact("b", at(9), cues=CLAIM), LATE, "refuted"),
    ("pending, chased when all was over", first(resolution="pending", promise="Ich rufe Sie morgen an.").contact(
        "b", at(15), cues=CLAIM), LATE, "confirmed"),
    ("unresolved", first(resolution="unresolved", resolved_probability=0.1), LATE, "refuted"),
    ("unresolved, window running", first(resolution="unresolved", resolved_probability=0.1), at(1), "refuted"),
    ("partial", first(resolution="partial", resolved_probability=0.3), LATE, "refuted"),
    ("unclear, quiet", first(resolution="unclear", resolved_probability=0.4), LATE, "silent"),
    ("unclear, window running", first(resolution="unclear", resolved_probability=0.4), at(2), "open"),
    ("unclear, came back", first(resolution="unclear").contact("b", at(2), cues=CLAIM), LATE, "refuted"),
    ("abandoned: no agent, nothing understood", first(resolution=None, agent_turns=0, resolved_probability=None),
        LATE, "silent"),
    ("bot only, content", first(resolution="resolved", agent_turns=0), LATE, "silent"),
    ("bot only, failed", first(resolution="unresolved", agent_turns=0), LATE, "refuted"),
    ("not the first we know", Store().contact("z", at(-3)).contact("a", at(0), cues=CLAIM), LATE, "not_first"),
    ("not the first by the customer's word", first(cues=CLAIM), LATE, "not_first"),
    ("praise", first(reason="feedback"), LATE, "not_applicable"),
    ("wrong number", first(disposition="Wrong_Number"), LATE, "not_applicable"),
    ("outbound", first(direction="outbound"), LATE, "not_applicable"),
    ("internal", first(direction="internal"), LATE, "not_applicable"),
    ("no customer key", first(customer_key=None), LATE, "open"),
    ("no customer key, unresolved", first(customer_key=None, resolution="unresolved"), LATE, "open"),
]  # fmt: skip


@pytest.mark.parametrize(("store", "as_of", "expected"), [case[1:] for case in TABLE], ids=[case[0] for case in TABLE])
def test_fcr_follows_the_table(store: Store, as_of: Any, expected: str) -> None:
    journeys = store.trace(as_of)
    assert status(journeys, "a") == expected
    assert journeys.links.loc["a", "fcr_status"] == expected


# Any contact counts: where a row differs from the same matter.
ANY = {"resolved, other matter in the window": "refuted"}
IDS = [case[0] for case in TABLE]


@pytest.mark.parametrize(("name", "store", "as_of", "expected"), TABLE, ids=IDS)
def test_fcr_of_any_matter_follows_the_table(name: str, store: Store, as_of: Any, expected: str) -> None:
    assert status(store.trace(as_of), "a", "any") == ANY.get(name, expected)


@pytest.mark.parametrize(("name", "store", "as_of", "expected"), TABLE, ids=IDS)
def test_fcr_of_several_windows_agree_with_each_other(name: str, store: Store, as_of: Any, expected: str) -> None:
    """What refutes within a window refutes in every longer one; any matter is refuted where the same is."""
    windows = (1, 2, 7, 14, 30)
    journeys = store.trace(as_of, window_days=str(list(windows)))
    found = {matter: [status(journeys, "a", matter, window) for window in windows] for matter in ("same", "any")}
    assert found["same"][windows.index(7)] == expected
    for statuses in found.values():
        refuted = [window == "refuted" for window in statuses]
        assert refuted == sorted(refuted)
    for same, any_ in zip(found["same"], found["any"], strict=True):
        assert any_ == same or (same, any_) == ("confirmed", "refuted")


@pytest.mark.parametrize(
    ("days", "expected"),
    [(0.5, ("refuted", "refuted", "refuted")), (3, ("confirmed", "refuted", "refuted")),
     (20, ("confirmed", "confirmed", "refuted"))],
)  # fmt: skip
def test_fcr_each_window_sees_its_own_returns(days: float, expected: tuple[str, ...]) -> None:
    journeys = first().contact("b", at(days), cues=CLAIM).trace(LATE)
    assert tuple(status(journeys, "a", window=window) for window in (1, 7, 30)) == expected


def test_fcr_any_matter_counts_every_contact_of_the_customer() -> None:
    journeys = first().contact("b", at(3), reason="setup").trace(LATE)
    assert status(journeys, "a", "same") == "confirmed"
    assert status(journeys, "a", "any") == "refuted"
    assert status(journeys, "b", "any") == "confirmed"  # first of its own matter, so both rates count it
    assert row(journeys, "a", "any")["probability"] == 0.0


@pytest.mark.parametrize("direction", ["outbound", "internal"])
def test_fcr_company_callbacks_never_refute(direction: str) -> None:
    journeys = first().contact("b", at(2), direction=direction, cues=CLAIM).trace(LATE)
    assert status(journeys, "a", "same") == status(journeys, "a", "any") == "confirmed"
    assert status(journeys, "b") == "not_applicable"
    assert journeys.links.loc["b", "repeat_of"] is None
    assert journeys.links.loc["a", "next_contact_id"] is None


def test_fcr_message_opened_by_the_agent_is_a_callback() -> None:
    store = first().contact("b", at(2), direction=None, channel="email", cues=CLAIM)
    store.turns[2]["speaker"], store.turns[3]["speaker"] = "agent", "customer"
    assert status(store.trace(LATE), "a") == "confirmed"
    assert (
        status(first().contact("b", at(2), direction=None, channel="email", cues=CLAIM).trace(LATE), "a") == "refuted"
    )


def test_fcr_thanks_in_the_same_matter_does_not_refute() -> None:
    journeys = first().contact("b", at(2), reason="feedback", cues=CLAIM).trace(LATE)
    assert status(journeys, "a", "same") == "confirmed"
    assert status(journeys, "a", "any") == "refuted"


def test_fcr_window_is_elapsed_time_from_the_end_of_the_contact() -> None:
    end = at(0, minutes=5)
    inside = first().contact("b", end + timedelta(days=7), cues=CLAIM)
    outside = first().contact("b", end + timedelta(days=7, seconds=1), cues=CLAIM)
    assert status(inside.trace(LATE), "a") == "refuted"
    assert status(outside.trace(LATE), "a") == "confirmed"
    assert status(first().trace(end + timedelta(days=7)), "a") == "confirmed"
    assert status(first().trace(end + timedelta(days=7, microseconds=-1)), "a") == "open"


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Pacific/Auckland"])
def test_fcr_does_not_depend_on_clock_changes_or_zone(zone: str) -> None:
    before_change = at(26)  # 28 March 2026, a day before summer time in Berlin
    store = Store().contact("a", before_change).contact("b", before_change + timedelta(days=7, minutes=6), cues=CLAIM)
    assert status(store.trace(LATE, zone), "a") == "confirmed"


def test_fcr_probability_keeps_the_doubt_of_model_and_links() -> None:
    alone = row(first().trace(LATE), "a")["probability"]
    doubted = row(first().contact("b", at(5), reason="setup").trace(LATE), "a")["probability"]
    refuted = row(first().contact("b", at(3), cues=CLAIM).trace(LATE), "a")["probability"]
    assert alone == pytest.approx(0.9)
    assert 0.45 < doubted < 0.9
    assert 0 < refuted < 0.45


def test_fcr_probability_of_a_pending_contact_rests_on_its_promise() -> None:
    pending = first(resolution="pending", resolved_probability=0.2, promise="Ich rufe Sie morgen an.").trace(LATE)
    assert row(pending, "a")["probability"] == pytest.approx(1 - 0.8 * 0.2)
    bare = first(resolution="pending", resolved_probability=0.2).trace(LATE)
    assert row(bare, "a")["probability"] == pytest.approx(1 - 0.8 * 0.4)


def test_fcr_open_probability_rises_with_quiet_days_to_its_final_value() -> None:
    seen = [row(first().trace(at(day)), "a")["probability"] for day in (1, 3, 6, 8)]
    assert seen == sorted(seen) and seen[0] < seen[-1] == pytest.approx(0.9)


def test_fcr_maturity_and_final_follow_the_promise() -> None:
    store = first(promise="Das Geld kommt in 12 Tagen.")
    early, late = row(store.trace(at(9)), "a"), row(store.trace(at(20)), "a")
    assert (early["maturity"], early["is_final"]) == ("open", False)
    assert (late["maturity"], late["is_final"]) == ("mature", True)


def test_fcr_refuted_by_a_return_is_final_at_once() -> None:
    refuted = row(first().contact("b", at(1), cues=CLAIM).trace(at(2)), "a")
    assert (refuted["status"], refuted["maturity"], refuted["is_final"]) == ("refuted", "open", True)


def test_fcr_unidentified_has_the_probability_of_its_text() -> None:
    open_row = row(first(customer_key=None, resolved_probability=0.7).trace(LATE), "a")
    assert open_row["probability"] == pytest.approx(0.7)
    silent = row(first(customer_key=None, resolution=None, resolved_probability=None).trace(LATE), "a")
    assert silent["probability"] is None


def test_repeat_probability_is_nan_where_not_observable() -> None:
    def repeat(store: Store, as_of: Any) -> float:
        return float(store.trace(as_of).links.loc["a", "repeat_probability"])

    assert np.isnan(repeat(first(), at(3)))
    assert np.isnan(repeat(first(customer_key=None), LATE))
    assert np.isnan(repeat(first(direction="outbound"), LATE))
    assert repeat(first(), LATE) == 0.0
    assert repeat(first().contact("b", at(2), cues=CLAIM), at(3)) > 0.5
