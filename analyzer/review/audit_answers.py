"""The answers from which the audit tells how well the program hears, and those that must not count in it.

An answer counts where it stands, was given to the transcript as it is now, and cannot have taught the weights that
heard the contact: answers given with the findings in view are for training, and later weights may have seen them (as
in ``score.correction_verdicts``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from analyzer.review.database import Connection, Row


@dataclass(frozen=True, slots=True)
class Counted:
    """``answers``: the last of each person to each question about each thing; ``left_out``: how many others, by why."""

    answers: list[Row]
    left_out: Mapping[str, int]


def audit_rows(connection: Connection) -> list[Row]:
    """All answers that stand and lost no dispute, the earlier first."""
    return connection.rows(
        "SELECT v.interaction_id, v.turn, v.start_char, v.end_char, v.finding, v.answer, v.reviewer, v.blind, "
        "v.sampling_probability, v.content_hash, v.model_version, v.use_for FROM verdicts v "
        "LEFT JOIN undone u ON u.verdict_id = v.verdict_id WHERE u.verdict_id IS NULL "
        "AND v.verdict_id NOT IN (SELECT verdict_id FROM overruled) ORDER BY v.answered_at, v.verdict_id"
    )


def counted(rows: Iterable[Row], facts: Mapping[str, Row], heard_by: Mapping[str, str]) -> Counted:
    """Of contacts in ``facts``; ``heard_by``: of each contact, the weights that heard it as it is published."""
    own = [row for row in rows if row["interaction_id"] in facts]
    taught = {row["interaction_id"] for row in own if row["use_for"] == "training"}
    last: dict[tuple[object, ...], Row] = {}
    left_out: Counter[str] = Counter()
    for row in own:
        contact = row["interaction_id"]
        if row["content_hash"] != facts[contact]["content_hash"]:
            left_out["changed"] += 1
        elif contact in taught and row["model_version"] != heard_by.get(contact):
            left_out["taught"] += 1
        else:
            place = (row["turn"], row["start_char"], row["end_char"])
            last[(contact, *place, _question(row), row["reviewer"])] = row
    return Counted(list(last.values()), dict(left_out))


def _question(row: Row) -> str:
    """What was asked: words marked before the findings were seen are another question than a finding's being right."""
    return f"{row['finding']} marked" if row["answer"] == "added" else str(row["finding"])
