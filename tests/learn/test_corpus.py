from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path

import pytest

from analyzer import codebook
from analyzer.errors import UsageError
from analyzer.learn.corpus import LABEL_INDEX, Dialogue, folds_by_group, load, read_dialogues, save, to_dialogue

from .dialogues import dialogues, row


def test_dialogue_is_what_the_row_says() -> None:
    found = to_dialogue(row("en", "en3-017"))
    assert (found.group, found.language, found.turn_speakers) == ("en3", "en", [0, 1, 0, 1, 0])
    assert found.texts[:2] == ["Hello, my order has not arrived yet again.", "I am really disappointed."]
    assert found.turns == [0, 0, 1, 1, 2, 3, 4] and found.speakers == [0, 0, 1, 1, 0, 1, 0]
    assert found.labels[0] == [LABEL_INDEX["expect.unmet"], LABEL_INDEX["topic.time"]]
    assert found.feelings == [0, None, 1, None, 2]
    assert (
        codebook.RESOLUTIONS[found.resolution or 0] == "resolved"
        and codebook.REASONS[found.reason or 0] == "delivery_late"
    )
    assert (found.satisfaction, found.effort, found.empathy) == (5, 2, 4)


def test_dialogue_hides_the_closing_turns_from_empathy() -> None:
    found = to_dialogue(row("de", "de1-1"))
    assert {turn for turn, hidden in zip(found.turns, found.closing, strict=True) if hidden} == {4}


def test_dialogue_is_masked_as_in_a_run() -> None:
    text = " ".join(to_dialogue(row("de", "de1-1")).texts)
    assert "anna@example.org" not in text and "[EMAIL_1]" in text


def test_dialogue_without_judgements_has_none() -> None:
    bare = row("de", "de1-1") | {"resolution": None, "reason": None, "satisfaction": None}
    for name in ("effort", "empathy"):
        del bare[name]
    found = to_dialogue(bare)
    assert [found.resolution, found.reason, found.satisfaction, found.effort, found.empathy] == [None] * 5


def test_labels_unknown_to_the_codebook_are_refused() -> None:
    wrong = row("de", "de1-1")
    wrong["turns"][0]["labels"] = ["loyal.chrun"]
    with pytest.raises(KeyError):
        to_dialogue(wrong)


def test_read_dialogues_reads_all_files_in_order(tmp_path: Path) -> None:
    for name in ("a", "b"):
        with gzip.open(tmp_path / f"{name}.jsonl.gz", "wt", encoding="utf-8") as out:
            out.writelines(json.dumps(row("de", f"{name}-{i}")) + "\n" for i in range(2))
    found = read_dialogues([tmp_path / "a.jsonl.gz", tmp_path / "b.jsonl.gz"])
    assert [d.interaction_id for d in found] == ["a-0", "a-1", "b-0", "b-1"]


def test_missing_data_is_the_users_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"No labelled data at nowhere\.jsonl\.gz"):
        read_dialogues([tmp_path / "nowhere.jsonl.gz"])


def test_dialogues_survive_the_disk(tmp_path: Path) -> None:
    ours = dialogues()
    save(ours, tmp_path / "d.jsonl.gz")
    assert load(tmp_path / "d.jsonl.gz") == ours


def of_sets(language: str, *names: str) -> list[Dialogue]:
    one = to_dialogue(row("de", "x-1"))
    return [replace(one, language=language, group=name, interaction_id=f"{name}-{i}") for i, name in enumerate(names)]


def test_folds_keep_a_set_together_and_spread_the_sets() -> None:
    ours = of_sets("de", "de3", "de1", "de2", "de1", "de4") + of_sets("en", "en2", "en1", "en1")
    folds = folds_by_group(ours, 3)
    by_set = {d.group: {f for e, f in zip(ours, folds, strict=True) if e.group == d.group} for d in ours}
    assert by_set == {"de1": {0}, "de2": {1}, "de3": {2}, "de4": {0}, "en1": {0}, "en2": {1}}


def test_folds_do_not_depend_on_the_order_of_dialogues() -> None:
    ours = of_sets("de", "b", "a", "c", "a", "b") + of_sets("en", "e", "d")
    there = dict(zip([d.interaction_id for d in ours], folds_by_group(ours, 2), strict=True))
    back = dict(zip([d.interaction_id for d in ours[::-1]], folds_by_group(ours[::-1], 2), strict=True))
    assert there == back
