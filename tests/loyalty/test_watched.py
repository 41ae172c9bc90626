"""Who is at risk, since when, and what counts as leaving."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from analyzer.loyalty.asof import notices, records_frame, register_of
from analyzer.loyalty.riskset import risk_set
from analyzer.loyalty.watched import spells_from
from tests.loyalty.worlds import AS_OF, days_ago, records, settings, surveys


def spells(*rows: dict[str, object], days: int = 90) -> pd.DataFrame:
    """Entry, exit and cause of each customer at risk, ``days`` before the register ends."""
    frame = records_frame(records(*rows), surveys(), settings())
    state = notices(frame, AS_OF, settings().other_exits).assign(on_record=True)
    register = register_of(frame, AS_OF, state["exit_at"])
    assert register is not None
    found, at_risk = spells_from(state, register, register.until - timedelta(days=days), days)
    table = pd.DataFrame({"entry": found.entry, "exit": found.exit, "cause": found.cause}, state.index)
    return table[at_risk].round(6)


def test_notice_is_the_event_and_the_contracts_end_is_not() -> None:
    found = spells(
        {"customer_key": "a", "cancel_received_at": days_ago(60), "churned_at": days_ago(2)},
        {"customer_key": "b", "contract_end": days_ago(50)},
        {"customer_key": "c", "cancel_received_at": days_ago(95), "contract_end": days_ago(5)},
    )
    assert list(found.loc["a"]) == [0, 30, 1] and list(found.loc["b"]) == [0, 90, 0]
    assert "c" not in found.index, "the notice came before"


def test_moves_and_deaths_compete() -> None:
    found = spells(
        {"customer_key": "a", "churned_at": days_ago(60), "exit_reason": "Umzug"},
        {"customer_key": "b", "churned_at": days_ago(60), "exit_reason": " Deceased"},
        {"customer_key": "c", "churned_at": days_ago(60), "exit_reason": "price"},
    )
    assert found["cause"].tolist() == [2, 2, 1]


def test_who_came_onto_the_record_later_is_at_risk_only_from_then() -> None:
    rows = [{"customer_key": f"k{i}", "days": 200, "nps": 5} for i in range(4)]
    late = {"customer_key": "late", "days": 70, "nps": 5}
    notice = {"customer_key": "late", "days": 20, "cancel_received_at": days_ago(30)}
    today = {"customer_key": "k0", "nps": 6}
    found = spells(*rows, late, notice, today)
    assert list(found.loc["late"]) == [20, 60, 1] and list(found.loc["k1"]) == [0, 90, 0]


def test_register_that_looks_back_watched_everybody_from_the_start() -> None:
    found = spells({"customer_key": "a", "cancel_received_at": days_ago(30)}, {"customer_key": "b", "nps": 4})
    assert list(found.loc["a"]) == [0, 60, 1] and list(found.loc["b"]) == [0, 90, 0]


def test_nothing_is_known_after_the_register_ends() -> None:
    found = spells(
        {"customer_key": "a", "days": 40, "cancel_received_at": days_ago(60)},
        {"customer_key": "b", "days": 40, "nps": 4},
    )
    assert list(found.loc["a"]) == [0, 70, 1], "the horizon ends with the register, 40 days ago"


def test_undated_exits_are_left_out() -> None:
    assert spells({"customer_key": "a", "churned": True}, {"customer_key": "b", "nps": 4}).index.tolist() == ["b"]


@pytest.mark.parametrize("days", [90, 365])
def test_spells_are_as_long_as_the_horizon_at_most(days: int) -> None:
    rng = np.random.default_rng(1)
    rows = [{"customer_key": f"k{i}", "cancel_received_at": days_ago(float(rng.uniform(0, 500)))} for i in range(60)]
    found = spells(*rows, {"customer_key": "stays", "nps": 5}, days=days)
    assert (found["exit"] <= days).all() and (found["exit"] > found["entry"]).all()
    assert found.loc["stays", "exit"] == days


def test_who_moved_away_is_at_risk_for_drivers_until_that_day_and_gave_no_notice() -> None:
    gone = pd.to_datetime(pd.Series({"moved": days_ago(50), "stays": None, "left": days_ago(30)}), utc=True)
    customers = pd.DataFrame(
        {"on_record": True, "left": gone.notna(), "exit_at": gone, "notice_at": gone.where(gone.index != "moved")}
    )
    contacts = pd.DataFrame({"customer_key": ["moved", "stays", "left"], "reason": "billing"})
    contacts = contacts.assign(known_at=days_ago(80), interaction_id=["c-0", "c-1", "c-2"])
    starts = pd.Series({key: pd.Timestamp(days_ago(400)) for key in gone.index})
    rows = risk_set(contacts, customers, starts, AS_OF, 90, 0).rows
    ended = rows.groupby("customer_key").agg({"exit": "max", "event": "sum"})
    assert ended["exit"].round().to_dict() == {"moved": 350, "stays": 400, "left": 370}
    assert ended["event"].to_dict() == {"moved": 0, "stays": 0, "left": 1}
