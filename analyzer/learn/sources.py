"""All labelled talk that the models learn from: the given dialogues, our own, and our labels of public talk.

``models/training`` of the project holds what we added: invented dialogues and posts whole, and for public talk (STAR,
Taskmaster in German) only labels, which are laid over the text of the data folder; no public sentence is kept by us.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from analyzer.errors import UsageError
from analyzer.learn.corpus import Dialogue, read_dialogues, read_rows, to_dialogue
from analyzer.learn.left_out import left_out_further

GIVEN: Final = ("authored.jsonl.gz", "authored_journeys.jsonl.gz")
NEW: Final = (
    "invented_2.jsonl.gz",
    "invented_3.jsonl.gz",
    "invented_4.jsonl.gz",
    "invented_5.jsonl.gz",
)  # written since the encoder was trained whole; ``learn further`` teaches its upper layers all but a part of it
OWN: Final = ("invented.jsonl.gz", *NEW)
POSTS: Final = "posts_de.jsonl.gz"
STAR_LABELS, TASK_LABELS = "star_labels.jsonl.gz", "task_talk_labels.jsonl.gz"
_TURN_KEYS: Final = ("sent", "labels")


def read_labelled(train: Path, own: Path, without: Sequence[str] = ()) -> list[Dialogue]:
    """Every labelled dialogue: of ``train`` (data/train), and of ``own`` (models/training) but ``without`` some."""
    files = [*(train / name for name in GIVEN), *(own / name for name in OWN if name not in without)]
    return [*read_dialogues(files), *(to_dialogue(row) for row in (*star_rows(train, own), *task_rows(train, own)))]


def read_new(own: Path) -> list[Dialogue]:
    """Every labelled dialogue written since the encoder was trained whole."""
    return read_dialogues(own / name for name in NEW)


def read_unlearned(own: Path) -> list[Dialogue]:
    """Those that the shipped weights never learned from: what ``learn further`` left out for its curves."""
    new = read_new(own)
    return [d for d, fold in zip(new, left_out_further(new), strict=True) if fold == 0]


def star_rows(train: Path, own: Path) -> Iterator[dict[str, Any]]:
    """STAR dialogues with our labels: the text is the data set's, the judgements are ours."""
    labelled = {row["interaction_id"]: row for row in read_rows(own / STAR_LABELS)}
    for row in read_rows(train / "star.jsonl.gz"):
        if ours := labelled.pop(row["interaction_id"], None):
            yield {**row, **ours, "turns": _laid_over(row, ours)}
    _all_found(labelled, "star.jsonl.gz")


def labelled_star_ids(own: Path) -> set[str]:
    return {row["interaction_id"] for row in read_rows(own / STAR_LABELS)}


def _laid_over(row: Mapping[str, Any], ours: Mapping[str, Any]) -> list[dict[str, Any]]:
    if len(row["turns"]) != len(ours["turns"]):
        raise UsageError(
            f"{row['interaction_id']} has other turns than were labelled.", hint="Is the data set changed?"
        )
    return [{**turn, **told} for turn, told in zip(row["turns"], ours["turns"], strict=True)]


def task_rows(train: Path, own: Path) -> Iterator[dict[str, Any]]:
    """German task talk as dialogues: ``line`` of a labelled turn is a 0-based line of parallel_en_de.tsv.gz."""
    labelled = read_rows(own / TASK_LABELS)
    wanted = {turn["line"] for row in labelled for turn in row["turns"]}
    with gzip.open(train / "parallel_en_de.tsv.gz", "rt", encoding="utf-8") as lines:
        german = {at: line.split("\t")[1] for at, line in enumerate(lines) if at in wanted}
    _all_found(wanted - german.keys(), "parallel_en_de.tsv.gz")
    for row in labelled:
        yield {**row, "turns": [{**turn, "text": german[turn["line"]]} for turn in row["turns"]]}


def _all_found(left: Any, name: str) -> None:
    if left:
        raise UsageError(f"{name} lacks {len(left)} labelled entries.", hint="Is --data the folder our labels are for?")
