"""The lists of errors: whose talk, which errors, in what order, and that they stay out of a repository."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from analyzer.errors import UsageError
from analyzer.learn.evaluation import errors
from analyzer.learn.evaluation.errors import Judged, as_counts, judged, talk_never_learned, write_lists
from analyzer.learn.sources import NEW
from analyzer.understand.understand import Understanding

from .dialogues import row
from .training_data import write_rows


class Ears:
    """Hears a threat to leave in the first turn and nothing else."""

    def understand(self, contacts: list[object]) -> list[SimpleNamespace]:
        cue = SimpleNamespace(turn=0, label="loyal.churn", probability=0.9, found=True)
        return [SimpleNamespace(cues=(cue,)) for _ in contacts]


def heard() -> list[Judged]:
    return judged({"real": [row("en", "r-1", happy=False)]}, cast(Understanding, Ears()))


def test_errors_are_what_was_missed_and_what_was_falsely_heard() -> None:
    kinds = {(one.label, one.place): one.kind for one in heard()}
    assert kinds["loyal.churn", "r-1 turn 0"] == "false" and kinds["loyal.churn", "r-1 turn 4"] == "missed"
    assert "| loyal.churn | 0/1/1 .00 |" in as_counts(heard())


def test_lists_take_real_talk_first_and_the_rest_by_turns(tmp_path: Path) -> None:
    (one,) = (e for e in heard() if e.label == "loyal.churn" and e.kind == "false")
    other = [Judged(s, "de", one.label, "missed", f"{s} {n}", 0, "") for s in errors.SOURCES[1:] for n in range(9)]
    write_lists([*other, one], tmp_path / "lists", 5)
    told = (tmp_path / "lists" / "loyal.churn.txt").read_text(encoding="utf-8")
    assert told.startswith("[false, real, en, r-1 turn 0, p = 0.90]") and "labelled: expect.unmet" in told
    assert told.count("[missed, histories") == told.count("[missed, left out") == 2


def test_lists_never_enter_a_repository(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    with pytest.raises(UsageError, match="lies in a repository"):
        write_lists(heard(), tmp_path / "models" / "errors", 50)
    assert not (tmp_path / "models").exists()


def test_talk_is_what_no_training_saw(tmp_path: Path) -> None:
    write_rows(tmp_path / "eval" / "gold.jsonl.gz", [row("en", "r-1")])
    write_rows(tmp_path / "histories_x.jsonl.gz", [row("de", "h-1")])
    for name in NEW:
        write_rows(tmp_path / name, [row("de", f"helpde-{n}") for n in range(40)] if name == NEW[0] else [])
    talk = talk_never_learned(tmp_path, tmp_path)
    assert [len(talk["real"]), len(talk["histories"])] == [1, 1] and 10 < len(talk["left out"]) < 30
