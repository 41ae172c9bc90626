from __future__ import annotations

import pandas as pd
import pytest

from analyzer.loyalty.riskset import RiskSet, risk_set
from tests.loyalty.worlds import AS_OF, days_ago


def risk(
    contacts: list[tuple[str, float]],
    notices: dict[str, float | None],
    starts: dict[str, float] | None = None,
    *,
    latency_days: int = 7,
) -> RiskSet:
    """Contacts and notices by days ago; everybody in ``notices`` is on record."""
    rows = pd.DataFrame(contacts, columns=["customer_key", "days"])
    rows["known_at"] = [days_ago(days) for days in rows["days"]]
    rows["reason"], rows["interaction_id"] = "billing", [f"c-{i}" for i in range(len(rows))]
    gone = {key: days is not None for key, days in notices.items()}
    customers = pd.DataFrame({"on_record": True, "left": pd.Series(gone)})
    when = {key: None if days is None else pd.Timestamp(days_ago(days)) for key, days in notices.items()}
    customers["notice_at"] = pd.to_datetime(pd.Series(when), utc=True)
    began = pd.to_datetime(pd.Series({key: days_ago(days) for key, days in (starts or {}).items()}), utc=True)
    return risk_set(rows, customers, began, AS_OF, 90, latency_days)


def stretches(found: RiskSet) -> list[tuple[str, int, float, float, float]]:
    rows = found.rows.sort_values(["customer_key", "entry"])
    return [(key, int(at), round(entry, 1), round(stop, 1), event) for key, at, entry, stop, event in
            rows[["customer_key", "contact", "entry", "exit", "event"]].itertuples(index=False)]  # fmt: skip


def test_everybody_on_record_is_at_risk_from_the_first_day_observed_or_their_start() -> None:
    found = risk([("a", 100)], {"a": None, "quiet": None, "new": None, "gone": 50},
                 {"a": 400, "quiet": 300, "new": 20, "gone": 200})  # fmt: skip
    assert found.clock == "tenure"
    assert stretches(found) == [
        ("a", 0, 307, 390, 0), ("a", -1, 390, 400, 0), ("gone", -1, 100, 150, 1), ("new", -1, 0, 20, 0),
        ("quiet", -1, 200, 300, 0),
    ]  # fmt: skip


def test_days_after_a_contact_are_nobodys_and_a_notice_in_them_does_not_count() -> None:
    found = risk(
        [("early", 100), ("late", 100)], {"early": 96, "late": 60, "b": 1}, {"early": 400, "late": 400, "b": 400}
    )
    rows = found.rows[found.rows["contact"] >= 0]
    assert rows["customer_key"].tolist() == ["late"] and rows["event"].tolist() == [1.0]
    assert (rows["entry"].iloc[0], rows["exit"].iloc[0]) == pytest.approx((307, 340))
    everything = risk([("early", 100)], {"early": 96, "b": 1}, {"early": 400, "b": 400}, latency_days=0)
    assert everything.rows.loc[everything.rows["contact"] >= 0, "event"].tolist() == [1.0]


def test_time_before_the_first_notice_on_record_is_left_out_but_for_one_horizon() -> None:
    found = risk([("a", 500), ("a", 40)], {"a": None, "b": 10}, {"a": 600, "b": 600})
    assert found.rows["entry"].min() == pytest.approx(600 - 100) and found.rows["event"].sum() == 1


def test_clock_is_the_calendar_where_many_contract_starts_are_unknown() -> None:
    found = risk([("a", 100), ("b", 50)], {"a": None, "b": 20}, {"a": 400})
    assert found.clock == "calendar"
    assert stretches(found)[0] == ("a", 0, 7, 90, 0)
    assert found.rows.loc[found.rows["event"] == 1, "exit"].tolist() == pytest.approx([80])


def test_nobody_on_record_gives_no_rows() -> None:
    assert risk([("a", 100)], {}).rows.empty and risk([("a", 100)], {}).contacts.empty
