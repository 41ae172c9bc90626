"""Expectation and perception: what is summed, what is asked, who counts as one, and when nothing is said."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analyzer.loyalty.clusters import bell_mccaffrey, bounds, clustered_balance, clustered_mean, clustered_share
from analyzer.loyalty.gaps import expectation_gap
from analyzer.loyalty.perception import perception_gap
from analyzer.review.questions import QUESTIONS
from analyzer.tables import STORED
from tests.loyalty.worlds import AS_OF, days_ago, surveys

NO_VERDICTS = STORED["verdicts"].empty()
NOTHING = dict.fromkeys(
    ("csat", "satisfaction", "resolved_probability", "effort", "experience_contact", "repeat_probability"), np.nan
)


def contacts(n: int, customers: int | None = None, **columns: Any) -> pd.DataFrame:
    keys = [f"k{i % (customers or n)}" for i in range(n)]
    plain = {"interaction_id": [f"c-{i}" for i in range(n)], "customer_key": keys, "segment_of_customer": "private"}
    known = {"known_at": pd.Timestamp(days_ago(60)), "fcr_status": "silent"}
    return pd.DataFrame(plain | NOTHING | known | columns)


def cue(contact: int, label: str, probability: float, turn: int = 1) -> dict[str, Any]:
    return {"interaction_id": f"c-{contact}", "turn": turn, "label": label, "probability": probability,
            "found": probability >= 0.4}  # fmt: skip


def expectation(n: int, cues: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    table = expectation_gap(contacts(n), pd.DataFrame(cues), surveys())
    return {row["topic"]: row for row in table.to_pylist() if row["segment"] == "all"}


def answered(n: int, good: float, item: str = "csat", customers: int | None = None) -> Any:
    return surveys(*({"customer_key": f"k{i % (customers or n)}", "interaction_id": f"c-{i}", "days": 50, "item": item,
                      "good": good} for i in range(n)))  # fmt: skip


def test_expectation_sums_probabilities_instead_of_counting_labels() -> None:
    doubtful = [cue(i, "expect.unmet", 0.3) for i in range(10)] + [
        cue(i, "expect.exceeded", 0.9) for i in range(10, 20)
    ]
    row = expectation(20, doubtful)["all"]
    assert row["n"] == 10 and row["value"] == pytest.approx((9.0 - 3.0) / (9.0 + 3.0))


def test_expectation_says_that_it_was_not_audited_and_why() -> None:
    rows = expectation(10, [cue(i, "expect.unmet", 0.9) for i in range(10)])
    assert rows["all"]["error_basis"] == "model_only" and "reviewers are not asked" in rows["all"]["method"]


def test_audits_do_not_ask_about_expectations() -> None:
    # Once they do, the gap can be corrected, and must no longer say that it cannot.
    assert not any("expect" in question.finding for question in QUESTIONS)


def test_expectation_shares_a_turn_out_among_its_topics() -> None:
    turn = (("expect.unmet", 0.8, 1), ("topic.time", 0.6, 1), ("topic.price", 0.2, 1), ("topic.access", 0.9, 5))
    heard = [cue(i, *said) for i in range(8) for said in turn]
    rows = expectation(8, heard)
    assert set(rows) == {"all", "time"} and (rows["time"]["value"], rows["time"]["n"]) == (-1.0, 8)


def test_expectation_of_fewer_than_five_customers_is_not_estimable() -> None:
    row = expectation(20, [cue(i, "expect.unmet", 0.9) for i in range(4)])["all"]
    assert (row["value"], row["low"], row["n"], row["customers"]) == (None, None, 4, 4)
    assert row["method"].startswith("not estimable")


def test_expectation_asked_compares_pairs_on_one_scale() -> None:
    def pair(i: int, got: float, scale_max: float) -> list[dict[str, Any]]:
        plain = {"customer_key": f"k{i}", "days": 3, "scale_min": 1.0}
        return [plain | {"item": "wanted_speed", "answer": 4.0, "scale_max": 5.0},
                plain | {"item": "got_speed", "answer": got, "scale_max": scale_max}]  # fmt: skip

    asked = surveys(*(row for i in range(6) for row in pair(i, 2.0, 5.0)), *pair(9, 9.0, 10.0))
    table = expectation_gap(contacts(6), pd.DataFrame(columns=["interaction_id", "turn", "label", "found"]), asked)
    found = {(row["segment"], row["topic"]): row for row in table.to_pylist()}
    assert set(found) == {("all", "asked.speed"), ("private", "asked.speed")}
    assert found["all", "asked.speed"]["value"] == -0.5 and found["private", "asked.speed"]["n"] == 6


def test_perception_is_ours_less_theirs_and_says_what_it_rests_on() -> None:
    frame = contacts(12, satisfaction=4.0, experience_contact=60.0)
    table = perception_gap(frame, answered(12, 0.5), NO_VERDICTS, None, AS_OF)
    rows = {row["topic"]: row for row in table.to_pylist() if row["segment"] == "all"}
    assert rows["satisfaction"]["value"] == pytest.approx(0.25) and rows["experience"]["value"] == pytest.approx(0.1)
    assert "not weighted" in rows["satisfaction"]["method"] and rows["satisfaction"]["error_basis"] == "model_only"


def test_perception_counts_each_customer_as_one() -> None:
    rng = np.random.default_rng(2)
    read = 3 + np.repeat(rng.normal(0, 0.8, 10), 12)
    many = contacts(120, satisfaction=read).assign(customer_key=[f"k{i}" for i in range(120)])
    one = many.assign(customer_key=[f"k{i // 12}" for i in range(120)])
    width = []
    for frame in (many, one):
        row = perception_gap(frame, answered(120, 0.5), NO_VERDICTS, None, AS_OF).to_pylist()[0]
        width.append(row["high"] - row["low"])
    assert width[1] > 2.5 * width[0]


def test_perception_of_reviewers_takes_their_newest_verdict_by_the_day() -> None:
    def verdict(i: int, answer: str, days: float) -> dict[str, Any]:
        return {"verdict_id": f"v{i}{days}", "interaction_id": f"c-{i}", "finding": "resolution", "answer": answer,
                "reviewer": "r", "answered_at": days_ago(days), "blind": True, "sampling_probability": 0.1,
                "content_hash": "h", "model_version": "m", "use": "audit"}  # fmt: skip

    told = [verdict(i, "unresolved", 9) for i in range(8)] + [verdict(i, "resolved", 2) for i in range(8)]
    told += [verdict(0, "unresolved", -1)]
    table = perception_gap(contacts(8), answered(8, 0.0, "resolved"), STORED["verdicts"].from_rows(told), None, AS_OF)
    row = table.to_pylist()[0]
    assert (row["topic"], row["value"], row["error_basis"]) == ("resolution.reviewed", 1.0, None)
    assert row["low"] < 1.0  # eight who all agree do not prove it of everybody


def test_perception_by_returns_waits_until_the_time_to_return_is_over() -> None:
    frame = contacts(10, resolved_probability=0.9, repeat_probability=0.5, fcr_status="confirmed")
    recent = frame.assign(known_at=pd.Timestamp(AS_OF - timedelta(days=3)))
    rows = perception_gap(frame, surveys(), NO_VERDICTS, None, AS_OF).to_pylist()
    assert rows[0]["topic"] == "resolution.returned" and rows[0]["value"] == pytest.approx(0.4)
    assert perception_gap(recent, surveys(), NO_VERDICTS, None, AS_OF).num_rows == 0


def test_mean_by_customer_equals_statsmodels_where_customers_are_alike() -> None:
    rng = np.random.default_rng(1)
    values, codes = rng.normal(0.1, 0.2, 60), np.repeat(np.arange(12), 5)
    import statsmodels.api as sm

    fit = sm.OLS(values, np.ones(60)).fit(cov_type="cluster", cov_kwds={"groups": codes, "df_correction": True})
    low, high = bounds(clustered_mean(values, codes))
    half = float(fit.bse[0]) * np.sqrt(59 / 60) * 2.20099  # statsmodels' factor for one regressor is (n − 1) / (n − 1)
    assert (high - low) / 2 == pytest.approx(half, rel=0.02) and bell_mccaffrey(np.full(12, 5.0)) == pytest.approx(11)


def test_balance_of_customers_who_agree_leaves_room_for_doubt() -> None:
    mean = clustered_balance(np.full(6, -1.0), np.arange(6))
    low, high = bounds(mean)
    assert (mean.value, low) == (-1.0, -1.0) and -0.8 < high < 0.2


@pytest.mark.parametrize("weights", [None, np.ones(40)])
def test_share_is_wilson_where_customers_come_once(weights: Any) -> None:
    low, high = bounds(clustered_share(np.repeat([1.0, 0.0], [8, 32]), np.arange(40), weights))
    assert (round(low, 2), round(high, 2)) == (0.1, 0.35)


def test_verdicts_stand_for_what_their_draw_passed_over() -> None:
    def verdict(i: int, answer: str, drawn: float, **more: Any) -> dict[str, Any]:
        plain = {"verdict_id": f"v{i}{answer}", "interaction_id": f"c-{i}", "finding": "satisfaction", "answer": answer,
                 "reviewer": "r", "answered_at": days_ago(9), "blind": True, "sampling_probability": drawn,
                 "content_hash": "h", "model_version": "m", "use": "audit"}  # fmt: skip
        return plain | more

    # Five bad contacts were flagged and surely drawn, five of fifty others by chance.
    told = [*(verdict(i, "1", 1.0) for i in range(5)), *(verdict(i, "5", 0.1) for i in range(5, 10)),
            verdict(9, "1", 1.0, blind=False), verdict(8, "3", 0.1, reviewer="s")]  # fmt: skip
    table = perception_gap(contacts(10), answered(10, 0.5), STORED["verdicts"].from_rows(told), None, AS_OF)
    row = table.to_pylist()[0]
    expected = (5 * -0.5 + 40 * 0.5 + 10 * (0.75 - 0.5)) / 55
    assert row["topic"] == "satisfaction.reviewed" and row["value"] == pytest.approx(expected)
