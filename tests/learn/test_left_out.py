"""What a single training leaves out: by the set, by a hash of the id, by the domain."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from analyzer.learn.left_out import TENTHS, left_out, star_left_out

from .dialogues import dialogues
from .training_data import write_rows


def named(group: str, count: int) -> list:
    (one,) = dialogues(1)
    return [replace(one, interaction_id=f"{group}-{n:03}", group=group) for n in range(count)]


@pytest.mark.parametrize(("group", "share"), [("de6", 1.0), ("rareen", 0.2), ("de1", 0.0)])
def test_left_out_takes_a_set_by_its_share(group: str, share: float) -> None:
    folds = left_out(named(group, 500))
    assert folds.count(0) / 500 == pytest.approx(share, abs=0.05)
    assert set(folds) <= {0, -1}


def test_left_out_is_the_same_in_any_company() -> None:
    ours = named("rarede", 60)
    alone = [left_out([one])[0] for one in ours]
    assert left_out([*named("posten", 9), *ours])[9:] == alone


def test_left_out_takes_domains_of_star(tmp_path: Path) -> None:
    kept = {"bank": ["bank"], "eat": ["restaurant", "bank"], "fly": ["plane"], "old": None}
    rows = [
        {"interaction_id": name, "turns": [], **({} if domains is None else {"domains": domains})}
        for name, domains in kept.items()
    ]
    write_rows(tmp_path / "star.jsonl.gz", rows)
    assert star_left_out(tmp_path) == {"eat", "fly"}
    (one,) = dialogues(1)
    assert left_out(
        [replace(one, interaction_id="eat"), replace(one, interaction_id="bank")], star_left_out(tmp_path)
    ) == [0, -1]


def test_tenths_name_no_more_than_whole_sets() -> None:
    assert all(0 < share <= 10 for share in TENTHS.values())
