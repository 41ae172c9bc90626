from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from analyzer.errors import UsageError
from analyzer.loyalty.surveys import SurveyFile, read_surveys
from analyzer.tables import STORED


def read(tmp_path: Path, text: str) -> SurveyFile:
    (tmp_path / "s.csv").write_text(text, encoding="utf-8")
    found = read_surveys(
        tmp_path / "s.csv",
        customer_key=str.lower,
        timezone="Europe/Berlin",
        mask=lambda t: t.replace("Meyer", "[NAME]"),
    )
    assert found.table.schema == STORED["surveys"].schema
    return found


def good(found: SurveyFile, item: str) -> list[Any]:
    return [row["good"] for row in found.table.to_pylist() if row["item"] == item]


def test_an_answer_dated_by_a_date_that_stands_for_none_was_not_given(tmp_path: Path) -> None:
    found = read(
        tmp_path, "customer_id,invited_at,answered_at,nps\nA,2026-11-01,0001-01-01,\nB,2026-11-01,2026-11-02,9\n"
    )
    assert [(row["customer_key"], row["item"]) for row in found.table.to_pylist()] == [
        ("a", "invitation"),
        ("b", "nps"),
    ]
    assert found.problems == []


def test_csat_needs_a_declared_scale(tmp_path: Path) -> None:
    found = read(tmp_path, "customer_id,csat,scale_min,scale_max\nA,4,1,5\nB,4,,\nC,4,0,10\n")
    assert good(found, "csat") == [0.75, None, 0.4] and found.problems == []


def test_ces_direction_holds_both_ways_and_is_never_guessed(tmp_path: Path) -> None:
    head = "customer_id,ces,ces_scale_min,ces_scale_max,ces_direction\n"
    found = read(tmp_path, head + "A,7,1,7,easy_high\nB,7,1,7,easy_low\nC,1,1,7,easy_low\nD,7,1,7,\nE,7,1,7,sideways\n")
    assert good(found, "ces") == [1.0, 0.0, 1.0, None, None]


def test_nps_is_always_zero_to_ten(tmp_path: Path) -> None:
    found = read(tmp_path, "customer_id,nps,scale_min,scale_max\nA,9,1,5\nB,0,1,5\nC,11,1,5\n")
    assert good(found, "nps") == [0.9, 0.0]
    assert [p.line for p in found.problems] == [4] and "outside its scale" in found.problems[0].message


def test_named_items_are_kept_and_judged_only_where_their_direction_is_known(tmp_path: Path) -> None:
    found = read(
        tmp_path, "customer_id,resolved,wish_speed,wish_speed_scale_min,wish_speed_scale_max\nA,ja,5,1,5\nB,no,2,1,5\n"
    )
    assert good(found, "resolved") == [1.0, 0.0] and good(found, "wish_speed") == [None, None]


def test_open_text_is_masked_before_it_is_kept(tmp_path: Path) -> None:
    found = read(tmp_path, "customer_id,answered_at,csat,open_text\nA,2026-11-01,,Frau Meyer war nett\n")
    assert [(r["item"], r["text"], r["answer"]) for r in found.table.to_pylist()] == [
        ("open_text", "Frau [NAME] war nett", None)
    ]


def test_bad_rows_are_problems_with_their_line(tmp_path: Path) -> None:
    found = read(
        tmp_path, "customer_id,answered_at,csat\n,2026-11-01,4\nA,gestern,4\nB,2026-11-01,gut\nC,2026-11-01,3\n"
    )
    assert [p.line for p in found.problems] == [2, 3, 4] and found.table.column("customer_key").to_pylist() == ["c"]


def test_survey_ids_are_stable_and_the_later_line_counts(tmp_path: Path) -> None:
    text = "customer_id,interaction_id,answered_at,nps\nA,c-1,2026-11-01,9\nA,c-1,2026-11-01,2\nA,c-2,2026-11-01,9\n"
    found, again = read(tmp_path, text), read(tmp_path, text)
    assert found.table == again.table and found.table.column("answer").to_pylist() == [2.0, 9.0]
    assert [p.line for p in found.problems] == [3] and len(set(found.table.column("survey_id").to_pylist())) == 2


def test_surveys_without_customers_are_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="customer_id"):
        read(tmp_path, "kunde,csat\n1,4\n")
