"""What surveys are worth: silence, controls, straight lines, scales; counted apart, weighted only where known."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from analyzer.loyalty.survey_checks import invitations, silence_weights, sound_surveys, survey_checks
from analyzer.loyalty.surveys import read_surveys
from tests.loyalty.worlds import AS_OF, days_ago, surveys

READ = ("satisfaction", "sentiment_end", "resolved_probability", "effort")
HEAD = "customer_id,invited_at,answered_at,csat,ces,wait,scale_min,scale_max,ces_direction,wait_direction,"


def read(tmp_path: Path, text: str) -> pa.Table:
    (tmp_path / "s.csv").write_text(text, encoding="utf-8")
    return read_surveys(tmp_path / "s.csv", customer_key=str, timezone="UTC", mask=str).table


def contacts(n: int, **columns: Any) -> pd.DataFrame:
    return pd.DataFrame({"interaction_id": [f"c{i}" for i in range(n)], **dict.fromkeys(READ, np.nan), **columns})


def checks(table: pa.Table, mode: str = "all") -> dict[tuple[str, str], dict[str, Any]]:
    rows = survey_checks(table, None, AS_OF).to_pylist()
    return {(row["item"], row["check"]): row for row in rows if row["mode"] == mode}


def test_controls_are_judged_by_what_was_expected_or_by_the_question_they_repeat(tmp_path: Path) -> None:
    text = (
        "customer_id,answered_at,csat,scale_min,scale_max,control_csat,control_1,control_1_expected\n"
        "a,2026-10-01,5,1,5,4,2,2\nb,2026-10-01,5,1,5,1,2,2\nc,2026-10-01,5,1,5,5,4,2\n"
    )
    table = read(tmp_path, text)
    passed = {(row["customer_key"], row["item"]): row["good"] for row in table.to_pylist()}
    assert (passed["a", "control_csat"], passed["b", "control_csat"], passed["c", "control_1"]) == (1, 0, 0)
    kept = sound_surveys(table)
    assert kept["customer_key"].to_pylist() == ["a"] and kept["item"].to_pylist() == ["csat"]


def test_one_answer_to_items_of_opposite_meaning_is_a_straight_line(tmp_path: Path) -> None:
    rows = [f"{who},,2026-10-01,{said},1,5,easy_high,low_good,\n" for who, said in
            (("line", "5,5,5"), ("middle", "3,3,3"), ("sound", "5,5,1"))]  # fmt: skip
    table = read(tmp_path, HEAD + "mode\n" + "".join(rows))
    assert set(sound_surveys(table)["customer_key"].to_pylist()) == {"middle", "sound"}
    assert checks(table)["", "straight_lined"]["n"] == 2  # the middle cannot tell


def test_invitations_without_an_answer_are_kept_and_give_the_response_rate(tmp_path: Path) -> None:
    rows = [
        f"k{i},2026-10-01,{'2026-10-02' if i < 4 else ''},{'5,,' if i < 4 else ',,'},1,5,,,web\n" for i in range(10)
    ]
    table = read(tmp_path, HEAD + "mode\n" + "".join(rows))
    rate = checks(table, "web")["", "response_rate"]
    assert (rate["value"], rate["n"]) == (0.4, 10) and rate["low"] < 0.4 < rate["high"]


def test_an_answer_in_a_later_file_ends_the_silence(tmp_path: Path) -> None:
    before = read(tmp_path, HEAD + "mode\nk,2026-10-01,,,,,1,5,,,\n")
    after = read(tmp_path, HEAD + "mode\nk,2026-10-01,2026-10-03,5,,,1,5,,,\n")
    found = invitations(pa.concat_tables([before, after]), AS_OF)
    assert found["answered"].tolist() == [True]


def test_young_invitations_are_no_silence_and_late_facts_move_nothing(tmp_path: Path) -> None:
    table = read(tmp_path, HEAD + "mode\nk,2026-10-30,,,,,1,5,,,\nm,2026-10-01,2026-11-09,4,,,1,5,,,\n")
    found = invitations(table, AS_OF)
    assert found[["customer_key", "answered"]].to_numpy().tolist() == [["m", False]]


def test_answers_without_scale_or_direction_are_counted_apart() -> None:
    def said(i: int, **more: Any) -> dict[str, Any]:
        return {"customer_key": f"k{i}", "days": 5, "item": "speed", "answer": 4.0} | more

    table = surveys(*(said(i) for i in range(5)), *(said(i, scale_min=1.0, scale_max=5.0) for i in range(5, 10)))
    found = checks(table)
    assert found["speed", "no_scale"]["value"] == 0.5 and found["speed", "no_direction"]["value"] == 1.0


def invited(n: int, answers: int) -> pa.Table:
    def row(i: int) -> dict[str, Any]:
        plain = {"customer_key": f"k{i}", "interaction_id": f"c{i}", "invited_at": days_ago(30), "days": 29}
        return plain | ({"item": "csat", "good": 0.5} if i < answers else {"item": "invitation"})

    return surveys(*(row(i) for i in range(n)))


def test_weights_let_who_answers_stand_for_the_silent_like_them() -> None:
    frame = contacts(200, satisfaction=np.where(np.arange(200) % 2, 4.5, 2.0))
    # Of the satisfied (odd) all but 20 answer, of the others only 20 do.
    table = invited(200, 200).to_pandas()
    number = table["interaction_id"].str[1:].astype(int)
    silent = np.where(number % 2, number < 40, number >= 40)
    table["item"] = np.where(silent, "invitation", "csat")
    weights = silence_weights(invitations(pa.Table.from_pandas(table, preserve_index=False), AS_OF), frame)
    assert (
        weights is not None
        and weights["c0"] == pytest.approx(5, rel=0.1)
        and weights["c1"] == pytest.approx(1.25, rel=0.1)
    )


def test_nothing_is_weighted_where_nobody_is_known_to_be_silent() -> None:
    table = invited(100, 100)
    assert silence_weights(invitations(table, AS_OF), contacts(100)) is None
    assert ("", "response_rate") not in checks(table)


def test_answers_after_the_date_do_not_count() -> None:
    table = surveys({"customer_key": "a", "days": -1, "item": "csat", "good": 1.0, "answer": 5.0})
    assert survey_checks(table, None, AS_OF - timedelta(days=1)).num_rows == 0
