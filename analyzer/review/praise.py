"""The praise library: passages that somebody praised, with what was said before and after, to learn from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pyarrow.dataset as ds

from analyzer import codebook
from analyzer.review.database import Connection, Row
from analyzer.store.store import Store

MOST: Final = 1000  # passages that are looked through, the latest
FILTERS: Final = ("language", "channel", "label")
_SHOWN_SPEAKERS: Final = ("customer", "agent")


@dataclass(frozen=True, slots=True)
class Line:
    """A turn of a passage; ``praised`` is the one it is about, of which ``start`` to ``end`` if words were chosen."""

    turn: int
    speaker: str
    text: str
    praised: bool
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class Passage:
    """``labels``: what the program heard in the praised turn. ``whole``: the contact was praised, not a turn of it."""

    facts: Row
    lines: tuple[Line, ...]
    labels: tuple[str, ...]
    whole: bool
    praised_by: str

    def value(self, name: str) -> tuple[str, ...]:
        """What a filter of that name can choose it by."""
        return self.labels if name == "label" else (str(self.facts[name]),)


def praise_rows(connection: Connection) -> list[Row]:
    """Praise that stands, latest first."""
    return connection.rows(
        "SELECT v.verdict_id, v.interaction_id, v.turn, v.start_char, v.end_char, v.content_hash, v.reviewer "
        "FROM verdicts v LEFT JOIN undone u ON u.verdict_id = v.verdict_id "
        "WHERE v.finding = 'praise' AND u.verdict_id IS NULL "
        "AND v.verdict_id NOT IN (SELECT verdict_id FROM overruled) "
        f"ORDER BY v.answered_at DESC, v.verdict_id LIMIT {MOST}"
    )


def passages(store: Store, rows: Sequence[Row], facts: Mapping[str, Row]) -> list[Passage]:
    """The passages of ``rows`` whose contact is in ``facts``, in their order; one where the same turn was praised
    twice."""
    own = [row for row in rows if row["interaction_id"] in facts]
    ids = {row["interaction_id"] for row in own}
    turns = _by_contact(store, "turns", ids, ("interaction_id", "turn", "speaker", "text"))
    cues = _by_contact(store, "cues", ids, ("interaction_id", "turn", "label", "found"))
    flags = _by_contact(store, "flags", ids, ("interaction_id", "turn", "polarity"))
    found: dict[tuple[str, int], Passage] = {}
    for row in own:
        contact = row["interaction_id"]
        heard = [cue for cue in cues.get(contact, []) if cue["found"]]
        told = sorted(turns.get(contact, []), key=lambda turn: turn["turn"])
        turn = row["turn"] if row["turn"] is not None else _best(told, heard, flags.get(contact, []))
        if turn is not None and (contact, turn) not in found:
            found[contact, turn] = _passage(row, facts[contact], told, turn, heard)
    return list(found.values())


def chosen(told: Iterable[Passage], choices: Mapping[str, str]) -> list[Passage]:
    """The passages that meet every choice."""
    return [each for each in told if all(value in each.value(name) for name, value in choices.items())]


def choices_of(told: Sequence[Passage], name: str, choices: Mapping[str, str]) -> list[tuple[str, int]]:
    """The values of a filter with the passages that the other filters leave of them, most first."""
    others = chosen(told, {other: value for other, value in choices.items() if other != name})
    counts = Counter(value for each in others for value in each.value(name))
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


def _passage(row: Row, facts: Row, turns: Sequence[Row], turn: int, heard: Sequence[Row]) -> Passage:
    spoken = [each for each in turns if each["speaker"] in _SHOWN_SPEAKERS or each["turn"] == turn]
    at = next((place for place, each in enumerate(spoken) if each["turn"] == turn), 0)
    current = row["content_hash"] == facts["content_hash"] and row["turn"] is not None
    place = (row["start_char"] or 0, row["end_char"] or 0) if current else (0, 0)
    lines = tuple(
        Line(
            each["turn"], each["speaker"], each["text"], each["turn"] == turn, *(place if each["turn"] == turn else ())
        )
        for each in spoken[max(0, at - 1) : at + 2]
    )
    labels = dict.fromkeys(cue["label"] for cue in heard if cue["turn"] == turn)
    return Passage(facts, lines, tuple(labels), row["turn"] is None, row["reviewer"])


def _best(turns: Sequence[Row], heard: Sequence[Row], flags: Sequence[Row]) -> int | None:
    """The turn to show of a contact that was praised as a whole: where a rule praised it, else where the agent met a
    feeling, else the agent's first."""
    agents = [each["turn"] for each in turns if each["speaker"] == "agent"]
    flagged = sorted(each["turn"] for each in flags if each["polarity"] == "praise" and each["turn"] is not None)
    warm = sorted(cue["turn"] for cue in heard if cue["label"] in codebook.EMPATHY_LABELS and cue["turn"] in agents)
    return next(iter([*flagged, *warm, *agents]), None)


def _by_contact(store: Store, name: str, ids: Collection[str], columns: Sequence[str]) -> Mapping[str, list[Row]]:
    if not ids:
        return {}
    table = store.dataset(name).to_table(
        columns=list(columns), filter=ds.field("interaction_id").isin(sorted(ids))
    )  # fmt: skip
    found: dict[str, list[Row]] = {}
    for row in table.to_pylist():
        found.setdefault(row["interaction_id"], []).append(row)
    return found
