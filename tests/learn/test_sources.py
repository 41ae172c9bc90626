from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.errors import UsageError
from analyzer.learn.corpus import LABEL_INDEX
from analyzer.learn.sources import STAR_LABELS, TASK_LABELS, labelled_star_ids, read_labelled, star_rows, task_rows

from .dialogues import row
from .training_data import STAR_ROW, TASK_ROW, write_rows, write_training_data

ROWS = [row("de", "de1-1"), row("en", "jr-2"), row("de", "de6-3")]


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    train, own = tmp_path / "train", tmp_path / "own"
    write_training_data(train, own, ROWS)
    return train, own


def test_all_labelled_talk_is_read(folders: tuple[Path, Path]) -> None:
    found = read_labelled(*folders)
    assert [(d.interaction_id, d.group) for d in found] == [
        ("de1-1", "de1"), ("jr-2", "jr"), ("de6-3", "de6"), ("star-0", "star"), ("task-001", "task")
    ]  # fmt: skip


def test_our_labels_are_laid_over_public_text(folders: tuple[Path, Path]) -> None:
    *_, star, task = read_labelled(*folders)
    assert star.texts == ["I need a table.", "Booked for two."] and star.satisfaction == 4
    assert task.texts == ["Guten Tag.", "Ich buche einen Tisch."] and task.resolution is None
    assert star.labels == task.labels == [[], [LABEL_INDEX["svc.solution"]]]
    assert labelled_star_ids(folders[1]) == {"star-0"}


@pytest.mark.parametrize(
    ("name", "labelled", "message"),
    [
        (STAR_LABELS, {**STAR_ROW, "interaction_id": "star-99"}, "star.jsonl.gz lacks 1 labelled"),
        (STAR_LABELS, {**STAR_ROW, "turns": []}, "star-0 has other turns than were labelled"),
        (TASK_LABELS, {**TASK_ROW, "turns": [{"line": 77, "speaker": "agent"}]}, "parallel_en_de.tsv.gz lacks 1"),
    ],
)
def test_labels_without_their_text_are_refused(
    name: str, labelled: dict[str, object], message: str, folders: tuple[Path, Path]
) -> None:
    write_rows(folders[1] / name, [labelled])
    with pytest.raises(UsageError, match=message):
        list(star_rows(*folders) if name == STAR_LABELS else task_rows(*folders))
