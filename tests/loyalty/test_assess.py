from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from analyzer.loyalty.assess import LoyaltyTables, assess_loyalty
from analyzer.tables import STORED
from tests.loyalty.worlds import (
    AS_OF,
    NO_CUES,
    NO_LINKS,
    contacts,
    days_ago,
    leaving_world,
    records,
    settings,
    shuffled,
    surveys,
)

BERLIN = ZoneInfo("Europe/Berlin")


def assess(
    facts: pd.DataFrame,
    known: pa.Table | None = None,
    *,
    links: pd.DataFrame = NO_LINKS,
    cues: pd.DataFrame = NO_CUES,
    answers: pa.Table | None = None,
    zone: tzinfo = UTC,
    **changes: Any,
) -> LoyaltyTables:
    found = assess_loyalty(
        facts,
        links,
        NO_LINKS,
        cues,
        records() if known is None else known,
        surveys() if answers is None else answers,
        settings(**changes),
        AS_OF,
        zone=zone,
    )
    for field in fields(found):
        assert getattr(found, field.name).schema == STORED[field.name].schema
    return found


def customers(found: LoyaltyTables) -> dict[str, dict[str, Any]]:
    return {row["customer_key"]: row for row in found.customers.to_pylist()}


def listed(found: LoyaltyTables, name: str) -> list[str]:
    return [row["customer_key"] for row in found.action_lists.to_pylist() if row["list"] == name]


def matrix(found: LoyaltyTables, segment: str = "all", days: int = 90) -> dict[str, dict[str, Any]]:
    rows = [row for row in found.loyalty_matrix.to_pylist() if (row["segment"], row["horizon_days"]) == (segment, days)]
    return {row["measure"]: row for row in rows}


def test_nothing_gives_empty_tables_of_the_right_schema() -> None:
    found = assess(contacts())
    assert all(getattr(found, field.name).num_rows == 0 for field in fields(found))


def test_contacts_alone_give_satisfaction_and_no_claims() -> None:
    found = assess(contacts({"customer_key": "a", "days": 3, "satisfaction": 4.0}, {"days": 2, "satisfaction": 1.0}))
    row = customers(found)["a"]
    assert (
        row["satisfaction_index"] == pytest.approx(75)
        and row["loyalty_index"] is row["quadrant"] is row["at_risk_probability"] is None
    )
    assert found.action_lists.num_rows == 0 and matrix(found)["leaves_given_satisfied"]["n"] == 0


def test_reasons_are_said_in_plain_words() -> None:
    facts = contacts(
        {
            "customer_key": "a",
            "days": 9,
            "churn_talk_probability": 0.9,
            "resolution": "unresolved",
            "sentiment_end": -0.8,
        },
        {"customer_key": "b", "days": 200, "churn_talk_probability": 0.9},
    )
    links = pd.DataFrame(
        {"promises_broken": [1], "prior_contacts": [2]}, index=pd.Index(["c-0"], name="interaction_id")
    )
    known = records(
        {"customer_key": "a", "nps": 2, "contract_end": AS_OF + timedelta(days=30)},
        {"customer_key": "b", "nps": 10, "tenure_months": 90, "referrals": 1},
    )
    found = customers(assess(facts, known, links=links))
    assert found["a"]["reasons"] == [
        "spoke of leaving on 2026-10-23",
        "a promise was broken (contact of 2026-10-23)",
        "had to come back about one matter: 3 contacts",
        "last matter was not resolved (2026-10-23)",
        "left the last contact in a bad mood (2026-10-23)",
        "would not recommend us (NPS 2)",
        "contract ends on 2026-12-01",
    ]
    assert found["b"]["reasons"] == ["recommends us (NPS 10)", "a customer for 7 years", "brought 1 new customer"]
    assert found["a"]["at_risk_probability"] is None


def test_reasons_name_the_days_of_the_business() -> None:
    """Dates without a time are midnights of Berlin, hours before they are those of UTC; so may contacts be."""
    end, night = (datetime(2026, month, day, tzinfo=BERLIN) for month, day in ((12, 1), (10, 25)))
    facts = contacts({"customer_key": "a", "days": (AS_OF - night) / timedelta(days=1), "churn_talk_probability": 0.9})
    known = records({"customer_key": "a", "contract_end": end.astimezone(UTC)})
    told = customers(assess(facts, known, zone=BERLIN))["a"]["reasons"]
    assert told == ["spoke of leaving on 2026-10-25", "contract ends on 2026-12-01"]


def test_may_contact_gates_both_lists_and_value_comes_first() -> None:
    talk = [{"customer_key": key, "days": 3, "churn_talk_probability": 0.9, "satisfaction": 2.0} for key in "abcd"]
    calm = [{"customer_key": key, "days": 3, "satisfaction": 4.6} for key in "xy"]
    known = records(
        {"customer_key": "a", "may_contact": True, "revenue_12m": 10},
        {"customer_key": "b", "may_contact": True, "tier": "high"},
        {"customer_key": "c", "may_contact": False},
        {"customer_key": "d", "nps": 1},
        {"customer_key": "x", "may_contact": True, "nps": 10, "tenure_months": 60},
        {"customer_key": "y", "nps": 10, "tenure_months": 60},
    )
    found = assess(contacts(*talk, *calm), known)
    assert listed(found, "at_risk") == ["b", "a"] and listed(found, "thank") == ["x"]
    assert set(found.action_lists.column("may_contact").to_pylist()) == {True}


def test_withdrawn_or_future_consent_admits_nobody() -> None:
    facts = contacts(*({"customer_key": key, "days": 3, "churn_talk_probability": 0.9} for key in "ab"))
    known = records(
        {"customer_key": "a", "days": 9, "may_contact": True},
        {"customer_key": "a", "days": 1, "may_contact": False},
        {"customer_key": "b", "days": -1, "may_contact": True},
    )
    assert listed(assess(facts, known), "at_risk") == []


def test_who_gave_notice_is_on_no_list() -> None:
    facts = contacts({"customer_key": "a", "days": 3, "churn_talk_probability": 0.9})
    known = records({"customer_key": "a", "may_contact": True, "cancel_received_at": days_ago(1)})
    found = assess(facts, known)
    assert found.action_lists.num_rows == 0 and customers(found)["a"]["reasons"][0] == "gave notice on 2026-10-31"


def test_matrix_counts_who_leaves_of_the_satisfied_as_known_one_horizon_ago() -> None:
    rows, known = [], []
    for number in range(20):
        key = f"k{number:02d}"
        rows += [
            {"customer_key": key, "days": 120, "satisfaction": 5.0 if number < 10 else 1.0},
            {"customer_key": key, "days": 10, "satisfaction": 1.0},
        ]
        left = (
            {"cancel_received_at": days_ago(30)}
            if number in (0, 1, 10, 11, 12, 13)
            else {"nps": 9, "tenure_months": 60}
        )
        known.append({"customer_key": key, "segment": "north" if number % 2 else "south"} | left)
    gone_before = {"customer_key": "old", "cancel_received_at": days_ago(200)}
    found = assess(
        contacts(*rows, {"customer_key": "old", "days": 300, "satisfaction": 5.0}), records(*known, gone_before)
    )
    shares = matrix(found)
    assert (shares["leaves_given_satisfied"]["raw"], shares["leaves_given_satisfied"]["n"]) == (0.2, 10)
    assert shares["leaves_given_unhappy"]["raw"] == 0.4 and shares["unhappy_given_loyal"]["n"] == 14
    assert shares["leaves_given_satisfied"]["low"] == pytest.approx(0.0567, abs=1e-3)
    assert all(row["corrected"] is None for row in shares.values())
    assert sum(matrix(found, s)["leaves_given_satisfied"]["n"] for s in ("north", "south")) == 10


def test_matrix_shares_sum_to_one_and_say_how_many_are_undecided() -> None:
    facts = contacts(*({"customer_key": f"k{i}", "days": 1, "satisfaction": 1 + i * 0.4} for i in range(11)))
    known = records(*({"customer_key": f"k{i}", "nps": float(i % 11), "tenure_months": 6.0 * i} for i in range(11)))
    found = assess(facts, known)
    shares = matrix(found)
    assert sum(shares[f"{q}_share"]["raw"] for q in ("loyalist", "hostage", "mercenary", "defector")) == pytest.approx(
        1
    )
    undecided = sum(row["quadrant"] is None for row in customers(found).values())
    assert shares["undecided_share"]["raw"] == pytest.approx(undecided / 11)


def test_companies_that_record_no_notices_get_no_share_of_leaving() -> None:
    found = assess(
        contacts({"customer_key": "a", "days": 120, "satisfaction": 5.0}), records({"customer_key": "a", "nps": 9})
    )
    assert matrix(found)["leaves_given_satisfied"]["n"] == 0 and matrix(found)["leaves_given_satisfied"]["raw"] is None
    assert found.loyalty_drivers.num_rows == 0


def test_risk_is_learned_from_past_notices_and_holds_what_it_says() -> None:
    facts, known = leaving_world(400, effect=0.0, seed=11)
    found = customers(assess(facts, known))
    risks = np.array([row["at_risk_probability"] for row in found.values() if row["at_risk_probability"] is not None])
    left = {row["customer_key"] for row in known.to_pylist() if row["fact"] == "cancel_received_at"}
    assert len(risks) == 400 - len(left) and (risks > 0).all() and (risks < 1).all()
    assert all(found[key]["at_risk_probability"] is None for key in left)
    # The hazard after a contact is 0.15 per 90 days in this world, and the calibrated mean must be near it.
    assert 0.05 < risks.mean() < 0.2


def test_risk_rises_with_a_sign_that_announced_notices() -> None:
    rng, rows, known = np.random.default_rng(4), [], []
    for number in range(400):
        key, talks = f"k{number:03d}", [bool(rng.uniform() < 0.3) for _ in range(5)]
        notice = None
        for wave, talk in enumerate(talks):
            at = 365.0 - 90 * wave  # five days before each landmark and before today
            rows.append({"customer_key": key, "days": at, "churn_talk_probability": 0.9 if talk else 0.05})
            if rng.uniform() < (0.5 if talk else 0.05) and wave < 4:
                notice = days_ago(at - 40)
                break
        known.append({"customer_key": key, "tenure_months": 12} | ({"cancel_received_at": notice} if notice else {}))
    found = customers(assess(contacts(*rows), records(*known)))
    last = {row["customer_key"]: row["churn_talk_probability"] for row in rows}
    risk = {k: row["at_risk_probability"] for k, row in found.items() if row["at_risk_probability"] is not None}
    talked, calm = (np.mean([p for k, p in risk.items() if (last[k] > 0.5) == talk]) for talk in (True, False))
    assert talked > 0.3 > 0.15 > calm


def test_expectation_gap_counts_contacts_by_topic() -> None:
    facts = contacts(*({"customer_key": f"k{i}", "days": 1 + i} for i in range(8)))
    cues = pd.DataFrame(
        [
            {"interaction_id": f"c-{i}", "turn": 1, "label": label, "found": True}
            for i in range(8)
            for label in ("expect.unmet" if i < 6 else "expect.exceeded", "topic.time")
        ]
        + [
            {"interaction_id": "c-0", "turn": 2, "label": "topic.price", "found": True},
            {"interaction_id": "c-1", "turn": 1, "label": "topic.price", "found": False},
        ]
    )
    rows = {row["topic"]: row for row in assess(facts, cues=cues).expectation_gap.to_pylist()}
    assert set(rows) == {"all", "time"} and rows["time"]["value"] == -0.5 and rows["time"]["n"] == 8
    assert -1 <= rows["time"]["low"] < -0.5 < rows["time"]["high"] <= 1


def test_perception_gap_is_ours_less_theirs_on_the_same_contact() -> None:
    facts = contacts(
        *({"customer_key": f"k{i}", "days": 5, "satisfaction": 4.0, "resolved_probability": 0.9} for i in range(9)),
        {"customer_key": "k9", "days": 5, "satisfaction": 5.0, "csat": 5.0},
    )
    answers = surveys(
        *(
            {"customer_key": f"k{i}", "interaction_id": f"c-{i}", "days": 4, "item": "csat", "good": 0.5}
            for i in range(9)
        ),
        *(
            {"customer_key": f"k{i}", "interaction_id": f"c-{i}", "days": 4, "item": "resolved", "good": 0.0}
            for i in range(5)
        ),
        {"customer_key": "k0", "interaction_id": "c-0", "days": -4, "item": "csat", "good": 1.0},
    )
    rows = {row["topic"]: row for row in assess(facts, answers=answers).perception_gap.to_pylist()}
    assert rows["satisfaction"]["n"] == 10 and rows["satisfaction"]["value"] == pytest.approx(9 * 0.25 / 10)
    assert rows["resolution"]["n"] == 5 and rows["resolution"]["value"] == pytest.approx(0.9)


def test_facts_from_the_future_move_nothing_anywhere() -> None:
    facts, known = leaving_world(150, effect=0.3, seed=12)
    future = records(
        {"customer_key": "k-00001", "days": -1, "nps": 0, "cancel_received_at": days_ago(20), "may_contact": False},
        {"customer_key": "new", "days": -3, "nps": 9},
        {"customer_key": "k-00002", "days": 9, "known_days": -1, "churned_at": days_ago(30)},
    )
    later = surveys({"customer_key": "k-00003", "days": -2, "item": "csat", "good": 0.0, "interaction_id": "c-3"})
    plain = assess(facts, known)
    planted = assess(facts, pa.concat_tables([known, future]), answers=later)
    assert plain == planted


def test_order_of_rows_changes_nothing() -> None:
    facts, known = leaving_world(150, effect=0.3, seed=13)
    mixed = pa.Table.from_pandas(shuffled(known.to_pandas()), schema=known.schema, preserve_index=False)
    first, second = assess(facts, known), assess(shuffled(facts, 2), mixed)
    for field in fields(first):
        name = field.name
        left, right = getattr(first, name).to_pandas(), getattr(second, name).to_pandas()
        pd.testing.assert_frame_equal(left, right, rtol=1e-6, obj=name)
