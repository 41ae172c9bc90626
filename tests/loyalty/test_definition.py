from __future__ import annotations

from datetime import timedelta

import pandas as pd
import pytest

from analyzer.errors import ConfigError
from analyzer.loyalty.asof import known_facts, notices, records_frame
from analyzer.loyalty.contacts import contacts_as_of
from analyzer.loyalty.definition import locked_in, loyalty_indices, on_scale, value_tier
from analyzer.loyalty.satisfaction import satisfaction_index, satisfaction_readings
from tests.loyalty.worlds import AS_OF, NO_LINKS, contacts, days_ago, records, settings, surveys


def indices(*rows: dict[str, object], **changes: object) -> pd.DataFrame:
    frame = records_frame(records(*rows), surveys(), settings(**changes))
    return loyalty_indices(known_facts(frame, AS_OF), notices(frame, AS_OF)["left"], settings(**changes))


@pytest.mark.parametrize(
    ("scale", "value", "index"),
    [
        ((0, 10), 5, 50),
        ((0, 10), -2, 0),
        ((0, 10), 99, 100),
        ((4, 0), 4, 0),
        ((4, 0), 1, 75),
        ((4, 0), 9, 0),
        ((3, 3), 3, 100),
        ((3, 3), 2.9, 0),
    ],
)
def test_scale_is_linear_and_clipped_in_both_directions(scale: tuple[float, float], value: float, index: float) -> None:
    assert on_scale(pd.Series([value, None]), scale).tolist()[0] == index
    assert on_scale(pd.Series([value, None]), scale).isna().tolist() == [False, True]


def test_indices_are_means_of_what_is_observed() -> None:
    found = indices(
        {"customer_key": "a", "nps": 9, "tenure_months": 30, "referrals": 3}, {"customer_key": "b", "tier": "gold"}
    )
    assert found.loc["a", ["attitudinal_index", "behavioural_index", "loyalty_index"]].tolist() == [90, 75, 82.5]
    assert found.loc["b"].isna().all()


def test_error_is_null_where_the_definition_is_complete_and_grows_with_what_is_missing() -> None:
    narrow = {"attitudinal": ["nps"], "behavioural": ["tenure_months", "referrals"]}
    found = indices(
        {"customer_key": "a", "nps": 9, "tenure_months": 60, "referrals": 3},
        {"customer_key": "b", "nps": 9, "tenure_months": 60},
        {"customer_key": "c", "nps": 9},
        **narrow,
    )
    assert found.loc["a", "loyalty_error"] == 0 < found.loc["b", "loyalty_error"] < found.loc["c", "loyalty_error"]


def test_item_without_a_scale_is_a_config_error() -> None:
    with pytest.raises(ConfigError, match="trust"):
        indices({"customer_key": "a", "trust": 3}, attitudinal=["trust"])


def test_newest_fact_known_by_the_date_counts_and_a_future_one_moves_nothing() -> None:
    old = {"customer_key": "a", "days": 100, "nps": 8}
    newer = {"customer_key": "a", "days": 10, "nps": 6}
    future = {"customer_key": "a", "days": -1, "nps": 0, "cancel_received_at": AS_OF, "segment": "x"}
    late = {"customer_key": "a", "days": 5, "known_days": -3, "nps": 1, "churned": True}
    assert indices(old, newer, future, late).equals(indices(newer))
    assert indices(old)["attitudinal_index"].tolist() == [80.0]


def test_survey_answers_join_the_facts_as_of_their_date() -> None:
    answers = surveys(
        {"customer_key": "a", "days": 5, "item": "nps", "good": 0.3},
        {"customer_key": "a", "days": -5, "item": "nps", "good": 1.0},
    )
    frame = records_frame(records({"customer_key": "a", "days": 50, "nps": 9}), answers, settings())
    assert known_facts(frame, AS_OF).number("nps").tolist() == [3.0]
    assert known_facts(frame, days_ago(20)).number("nps").tolist() == [9.0]


def test_notice_is_the_event_and_never_later_than_it_was_known() -> None:
    frame = records_frame(
        records(
            {"customer_key": "a", "cancel_received_at": days_ago(40), "churned_at": days_ago(3)},
            {"customer_key": "b", "days": 20, "churned_at": AS_OF + timedelta(days=60)},
            {"customer_key": "c", "churned": True},
            {"customer_key": "d", "days": 60, "churned": False},
            {"customer_key": "d", "days": 30, "churned": True},
            {"customer_key": "e", "churned": False},
        ),
        surveys(),
        settings(),
    )
    found = notices(frame, AS_OF)
    assert found["left"].to_dict() == {"a": True, "b": True, "c": True, "d": True, "e": False}
    assert found["notice_at"].dropna().to_dict() == {"a": days_ago(40), "b": days_ago(20), "d": days_ago(30)}


def test_notice_ends_behavioural_loyalty() -> None:
    found = indices({"customer_key": "a", "tenure_months": 60, "cancel_received_at": days_ago(1)})
    assert found["behavioural_index"].tolist() == [0.0]


def test_locked_in_comes_from_the_contract_or_as_given() -> None:
    def end(days: int) -> object:
        return AS_OF + timedelta(days=days)

    frame = records_frame(
        records(
            {"customer_key": "a", "contract_end": end(91)},
            {"customer_key": "b", "contract_end": end(90)},
            {"customer_key": "c", "nps": 3},
            {"customer_key": "d", "contract_end": end(9), "locked_in": True},
        ),
        surveys(),
        settings(),
    )
    assert locked_in(known_facts(frame, AS_OF), AS_OF, settings()).tolist() == [True, False, None, True]


def test_value_tier_is_as_given_or_by_revenue() -> None:
    frame = records_frame(
        records(
            {"customer_key": "a", "revenue_12m": 800},
            {"customer_key": "b", "revenue_12m": 799},
            {"customer_key": "c", "revenue_12m": 1},
            {"customer_key": "d", "revenue_12m": 1, "tier": "gold"},
            {"customer_key": "e", "nps": 1},
        ),
        surveys(),
        settings(),
    )
    assert value_tier(known_facts(frame, AS_OF), settings()).tolist() == ["high", "medium", "low", "gold", None]


def readings_of(facts: pd.DataFrame, *answers: dict[str, object]) -> pd.DataFrame:
    return satisfaction_readings(contacts_as_of(facts, NO_LINKS, NO_LINKS, AS_OF), surveys(*answers))


def test_older_readings_weigh_half_after_a_half_life_and_are_less_sure() -> None:
    readings = readings_of(
        contacts(
            {"customer_key": "a", "days": 60.0, "satisfaction": 1.0},
            {"customer_key": "a", "days": 0.004, "satisfaction": 5.0},
            {"customer_key": "b", "days": 60.0, "satisfaction": 5.0},
        )
    )
    found = satisfaction_index(readings, AS_OF, 60)
    assert found.loc["a", "satisfaction_index"] == pytest.approx(200 / 3, abs=0.1)
    assert found.loc["b", "satisfaction_error"] > 1.4 * found.loc["a", "satisfaction_error"]


def test_the_customers_own_answer_replaces_our_reading_of_the_contact() -> None:
    facts = contacts(
        {"customer_key": "a", "days": 3, "satisfaction": 5.0},
        {"customer_key": "a", "days": 2, "satisfaction": 5.0, "csat": 2.0},
        {"customer_key": "a", "days": 1, "satisfaction": 4.0},
    )
    answer = {"customer_key": "a", "interaction_id": "c-0", "days": 2, "item": "csat", "good": 0.0}
    promoter = {"customer_key": "a", "days": 2, "item": "nps", "good": 1.0}
    found = satisfaction_index(readings_of(facts, answer, promoter), AS_OF, 1e9)
    assert found["readings"].tolist() == [3] and found["satisfaction_index"].iloc[0] == pytest.approx(100 / 3)
    before = satisfaction_index(readings_of(facts, answer), days_ago(2.5), 1e9)
    assert before["satisfaction_index"].tolist() == [100.0], "nobody had answered yet"


def test_very_old_readings_keep_a_mean() -> None:
    found = satisfaction_index(
        readings_of(contacts({"customer_key": "a", "days": 9000, "satisfaction": 4.0})), AS_OF, 1
    )
    assert found["satisfaction_index"].tolist() == [75.0] and found["satisfaction_error"].iloc[0] > 1000


def test_legs_of_a_chain_are_one_contact_and_later_ones_are_not_known_yet() -> None:
    facts = contacts(
        {"customer_key": "a", "days": 3, "chain_id": "x"},
        {"customer_key": "a", "days": 2.99, "chain_id": "x"},
        {"customer_key": "a", "days": -1},
        {"customer_key": "a", "days": 1, "direction": "internal"},
    )
    assert contacts_as_of(facts, NO_LINKS, NO_LINKS, AS_OF)["interaction_id"].tolist() == ["c-1"]
