"""What a single training leaves out, so that its curves come from talk it never saw.

Folds take a training each, which is an hour and more on a CPU. Where one must do, the sets written at natural rates
are left out whole or by half, a fifth of the sets that hold rare labels, and two domains of STAR, whose customers'
own "solved" then measures resolution where it was never taught.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from analyzer.learn.corpus import Dialogue, read_rows

TENTHS: Final = {
    "de6": 10, "en6": 10, "helpde": 10, "alltagde": 10, "dayen": 10,
    "rarede": 2, "rareen": 2, "postde": 2, "posten": 2, "postlang": 2, "warmde": 2, "warmen": 2,
    "stimmende": 2, "trostde": 2, "trosten": 2,
}  # fmt: skip
# Of what was written since, where shipped weights are trained further (``learn further``).
FURTHER: Final = {
    "helpde": 5, "alltagde": 5, "dayen": 5, "leisede": 4,
    "rarede": 2, "rareen": 2, "postlang": 2, "warmde": 2, "warmen": 2, "stimmende": 2, "trostde": 2, "trosten": 2,
}  # fmt: skip
STAR_DOMAINS: Final = frozenset({"restaurant", "plane"})


def left_out(dialogues: Sequence[Dialogue], star: frozenset[str] = frozenset()) -> list[int]:
    """0 for a dialogue that is left out, -1 for one that teaches; ``star``: ids left out for their domain."""
    return [0 if _is_left_out(d.interaction_id, d.group, TENTHS) or d.interaction_id in star else -1 for d in dialogues]


def left_out_further(dialogues: Sequence[Dialogue]) -> list[int]:
    """As ``left_out``, of a training that takes shipped weights further: never learned from by those either."""
    return [0 if is_left_out_further(d.interaction_id) else -1 for d in dialogues]


def is_left_out_further(interaction_id: str) -> bool:
    """Whether ``learn further`` never taught this contact; told by its id, whose beginning names its set."""
    return _is_left_out(interaction_id, interaction_id.rsplit("-", 1)[0], FURTHER)


def star_left_out(train: Path) -> frozenset[str]:
    """Ids of the STAR dialogues of ``train`` (data/train) that touch one of ``STAR_DOMAINS``."""
    rows = read_rows(train / "star.jsonl.gz")
    return frozenset(row["interaction_id"] for row in rows if STAR_DOMAINS & set(row.get("domains", ())))


def _is_left_out(name: str, group: str, tenths: Mapping[str, int]) -> bool:
    return int(hashlib.sha256(name.encode()).hexdigest()[:8], 16) % 10 < tenths.get(group, 0)
