"""Labelled dialogues as the trainer takes them, and the folds they are split into.

A Dialogue holds plain lists, so that it can be written as JSON and trained on a machine without spaCy.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from analyzer import codebook
from analyzer.errors import UsageError
from analyzer.records import Interaction, Turn

LABEL_INDEX = {label: index for index, label in enumerate(codebook.LABELS)}


@dataclass(frozen=True)
class Dialogue:
    """One labelled contact. Parallel lists over sentences (text, speaker code, turn, closing) and over turns.

    ``labels`` and ``feelings`` (0 negative, 1 neutral, 2 positive) are None where a turn is not labelled; class targets
    are indices or None; ``solved`` is the customer's own verdict where only that is known. ``satisfaction``,
    ``effort``, ``empathy`` run 1–5 and may be halves where two annotators differed. ``swapped`` is None where too
    little is said to know who speaks.
    """

    interaction_id: str
    group: str
    language: str
    channel: str
    texts: list[str]
    speakers: list[int]
    turns: list[int]
    closing: list[bool]
    turn_speakers: list[int]
    labels: list[list[int] | None]
    feelings: list[int | None]
    resolution: int | None
    satisfaction: float | None
    effort: float | None
    empathy: float | None
    reason: int | None
    solved: bool | None = None
    swapped: bool | None = False


def read_dialogues(paths: Iterable[Path]) -> list[Dialogue]:
    """The labelled dialogues of native JSONL files, masked as at run time and split into sentences."""
    return [to_dialogue(row) for path in paths for row in read_rows(path)]


def read_rows(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        raise UsageError(f"No labelled data at {path.name}.", hint="--data names the folder that holds it.")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def as_interaction(row: dict[str, Any]) -> Interaction:
    """A native row as an Interaction; its start is a constant where the row has none: nothing is learned from it."""
    started = datetime.fromisoformat(row.get("started_at", "2026-01-01T12:00:00+00:00")).astimezone(UTC)
    return Interaction(
        interaction_id=row["interaction_id"], source_id=row["interaction_id"], source_uri="", source_format="native",
        content_hash="", day=date(started.year, started.month, started.day), channel=row["channel"],
        started_at=started, started_at_source="record", declared_language=row["language"],
        customer_key=row.get("customer_id"), agent_id=row.get("agent_id"),
        turns=tuple(masked_turns(row["turns"])),
    )  # fmt: skip


def masked_turns(turns: Sequence[dict[str, Any]]) -> Iterator[Turn]:
    """The turns as a run would store them, so that the models meet the placeholders they will read."""
    from analyzer.ingest.masking import Masker, mask

    masker = Masker("\n".join(turn["text"] for turn in turns))
    for turn in turns:
        yield Turn(turn["speaker"], mask(turn["text"], masker))


def unlabelled(interaction: Interaction, language: str) -> Dialogue:
    """A masked contact as a dialogue of which nothing is labelled."""
    from analyzer.understand.language import split_turns
    from analyzer.understand.network import SPEAKER_CODES
    from analyzer.understand.parts import closing_turns

    sentences = list(split_turns(interaction, "de" if language == "de" else "en"))
    closing = closing_turns(interaction.turns)
    nothing: list[None] = [None] * len(interaction.turns)
    return Dialogue(
        interaction_id=interaction.interaction_id, group=interaction.interaction_id.rsplit("-", 1)[0],
        language=language, channel=interaction.channel,
        texts=[s.text for s in sentences], speakers=[SPEAKER_CODES[s.speaker] for s in sentences],
        turns=[s.turn for s in sentences], closing=[s.turn in closing for s in sentences],
        turn_speakers=[SPEAKER_CODES[turn.speaker] for turn in interaction.turns],
        labels=[*nothing], feelings=[*nothing], resolution=None, satisfaction=None, effort=None, empathy=None,
        reason=None,
    )  # fmt: skip


def to_dialogue(row: dict[str, Any]) -> Dialogue:
    reason = row.get("reason")
    resolution = row.get("resolution")
    return replace(
        unlabelled(as_interaction(row), row["language"]),
        labels=[_labels(turn.get("labels")) for turn in row["turns"]],
        feelings=[_feeling(turn.get("sent")) for turn in row["turns"]],
        resolution=None if resolution is None else codebook.RESOLUTIONS.index(resolution),
        satisfaction=row.get("satisfaction"), effort=row.get("effort"), empathy=row.get("empathy"),
        reason=None if reason is None else codebook.REASONS.index(reason), solved=row.get("customer_says_solved"),
    )  # fmt: skip


def _labels(named: list[str] | None) -> list[int] | None:
    return None if named is None else [LABEL_INDEX[label] for label in named]


def _feeling(sent: float | None) -> int | None:
    if sent is None:
        return None
    return 0 if sent < 0 else 2 if sent > 0 else 1


def folds_by_group(dialogues: Sequence[Dialogue], folds: int) -> list[int]:
    """The fold of each dialogue; a whole set (one author's style) falls into one fold of its language.

    Leaving out whole sets is harder than leaving out dialogues, and nearer to the talk of a company never seen.
    """
    sets: dict[str, list[str]] = {}
    for dialogue in dialogues:
        known = sets.setdefault(dialogue.language, [])
        if dialogue.group not in known:
            known.append(dialogue.group)
    return [sorted(sets[d.language]).index(d.group) % folds for d in dialogues]


def save(dialogues: Sequence[Dialogue], path: Path) -> None:
    with gzip.open(path, "wt", encoding="utf-8") as out:
        for dialogue in dialogues:
            out.write(json.dumps(asdict(dialogue), ensure_ascii=False) + "\n")


def load(path: Path) -> list[Dialogue]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [Dialogue(**json.loads(line)) for line in lines]
