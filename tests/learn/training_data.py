"""A training folder as data/train is, and our own labels beside it, with invented sentences."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from analyzer.learn.sources import GIVEN, OWN, POSTS, STAR_LABELS, TASK_LABELS

TALK = [{"speaker": "customer", "text": "I need a table."}, {"speaker": "agent", "text": "Booked for two."}]
STARS = [
    {
        "interaction_id": f"star-{n}",
        "channel": "chat",
        "language": "en",
        "turns": TALK,
        "customer_says_solved": solved,
        "domains": ["restaurant"],
    }
    for n, solved in enumerate((True, False, None))
]
PAIRS = ["Good day.\tGuten Tag.\tinvented", "I book a table.\tIch buche einen Tisch.\tinvented", "broken line"]
STAR_ROW = {
    "interaction_id": "star-0", "resolution": "resolved", "satisfaction": 4,
    "turns": [{"sent": 0, "labels": []}, {"labels": ["svc.solution"]}],
}  # fmt: skip
TASK_ROW = {
    "interaction_id": "task-001", "channel": "chat", "language": "de",
    "turns": [{"line": 0, "speaker": "customer", "sent": 0, "labels": []},
              {"line": 1, "speaker": "agent", "labels": ["svc.solution"]}],
}  # fmt: skip


def write_rows(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt", encoding="utf-8") as out:
        out.writelines(json.dumps(row) + "\n" for row in rows)


def write_training_data(train: Path, own: Path, dialogues: list[dict[str, Any]]) -> None:
    """``dialogues`` are dealt out to the labelled files; every other set holds a few lines."""
    files = [*(train / name for name in GIVEN), *(own / name for name in OWN)]
    for part, path in enumerate(files):
        write_rows(path, dialogues[part :: len(files)])
    write_rows(own / STAR_LABELS, [STAR_ROW])
    write_rows(own / POSTS, [{"id": "p1", "text": "Schon wieder zu spät.", "sent": -1}])
    write_rows(own / TASK_LABELS, [TASK_ROW])
    write_rows(train / "star.jsonl.gz", STARS)
    write_rows(train / "sb10k_de.jsonl.gz", [{"id": "1", "text": "Was für ein Tag!", "sentiment": "positive"}])
    write_rows(
        train / "goemotions.jsonl.gz",
        [{"id": "a", "text": "This is awful.", "emotions": ["anger", "disgust"]},
         {"id": "b", "text": "Why?", "emotions": ["curiosity"]}],
    )  # fmt: skip
    with gzip.open(train / "parallel_en_de.tsv.gz", "wt", encoding="utf-8") as out:
        out.writelines(pair + "\n" for pair in PAIRS)
