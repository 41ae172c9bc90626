"""What was done with a list is recorded, kept over later runs, and told anew where it is given anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.terminal import summary_lines

from .dumps import contact
from .nights import Nights

HEAD = "customer_id,list,done_at,kind,held_out\n"


@pytest.fixture
def deeds(tmp_path: Path) -> Path:
    path = tmp_path / "initiatives.csv"
    path.write_text(HEAD + "k-7,at_risk,2026-10-02,call,no\nk-8,at_risk,2026-10-02,,yes\nk-9,at_risk,soon,call,no\n")
    return path


def test_initiatives_are_kept_when_a_later_run_brings_none(intakes: Nights, deeds: Path) -> None:
    summary = intakes.run({"a.jsonl": [contact("a1")]}, initiatives=deeds)
    assert summary.side_file_problems == {"initiatives.csv": 1}
    assert "    initiatives.csv line 4: done_at is no date; row left out." in summary_lines(
        summary, intakes.store, 0.05
    )
    kept = intakes.rows("initiatives")
    assert [(row["customer_key"], row["kind"], row["held_out"]) for row in kept] == [
        ("k-7", "call", False),
        ("k-8", "", True),
    ]
    intakes.run({"b.jsonl": [contact("b1")]})
    assert intakes.rows("initiatives") == kept


def test_the_same_initiatives_change_nothing_and_new_ones_do(intakes: Nights, deeds: Path) -> None:
    night = {"a.jsonl": [contact("a1")]}
    intakes.run(night, initiatives=deeds)
    assert intakes.run(night, initiatives=deeds).unchanged
    deeds.write_text(HEAD + "k-7,at_risk,2026-10-02,call,yes\n")
    assert not intakes.run(night, initiatives=deeds).unchanged
    assert [row["held_out"] for row in intakes.rows("initiatives")] == [True, True]
