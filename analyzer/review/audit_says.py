"""All that the page of the audit says: measures as heard and as corrected, what is heard well, which flags hold up.

The program's own tables hold the corrected measures as of the last run; everything else follows from the answers as
they stand now.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import pyarrow.dataset as ds

from analyzer.review import audit_answers, detector_rates, flag_precision
from analyzer.review.coefficients import Estimate
from analyzer.review.database import Connection, Row
from analyzer.review.desk import Snapshot, rows_of, visible
from analyzer.review.detector_rates import OPPORTUNITIES, Detector
from analyzer.review.flag_precision import FlagLine
from analyzer.review.reach import FACTS, may_read
from analyzer.review.roles import User
from analyzer.review.second_review import completed_by
from analyzer.store.store import Store

ASKED: Final = frozenset({"resolved_rate", "fcr_rate", "sentiment_end", "empathy", "effort"})  # by review.questions
HEADLINE: Final = (  # measure, ends of its scale
    ("resolved_rate", 0.0, 1.0), ("fcr_rate", 0.0, 1.0), ("experience_score", 0.0, 100.0),
    ("experience_contact", 0.0, 100.0), ("sentiment_end", -1.0, 1.0), ("sentiment_shift", -2.0, 2.0),
    ("empathy", 1.0, 5.0), ("effort", 1.0, 5.0), ("satisfaction", 1.0, 5.0), ("churn_talk_rate", 0.0, 1.0),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Measured:
    """A headline measure of all contacts, of a language or of a channel, as of the last run. ``corrected`` is None
    where the audit was too small; ``lowest`` and ``highest`` are the ends of the scale."""

    measure: str
    group_kind: str
    group: str
    machine: float
    corrected: Estimate | None
    n: int
    audited: int
    lowest: float
    highest: float

    @property
    def is_asked(self) -> bool:
        """Whether people are asked about it, or have been."""
        return self.measure in ASKED or self.audited > 0


@dataclass(frozen=True, slots=True)
class AuditSays:
    """``drawn`` contacts, of which ``answered`` were answered in full by somebody who had seen no finding."""

    drawn: int
    answered: int
    measured: list[Measured]
    as_of: datetime | None
    contacts: list[Detector]
    passages: list[Detector]
    flags: list[FlagLine]
    left_out: Mapping[str, int]


def audit_says(
    connection: Connection, store: Store, snapshot: Snapshot, user: User, labels: Mapping[str, str]
) -> AuditSays:
    """All of it, from contacts that ``user`` may see; ``labels``: of rules whose flags rest on a passage."""
    rows = audit_answers.audit_rows(connection)
    facts = _facts(store, user, {row["interaction_id"] for row in rows})
    told = audit_answers.counted(rows, facts, _heard_by(store, facts))
    draws = {contact: row for contact, row in snapshot.draws.items() if _is_theirs(snapshot, user, contact)}
    finished = {contact for contact in completed_by(connection, draws) if contact in facts}
    weights = _weights(told.answers, draws)
    measured, as_of = _measured(store)
    return AuditSays(
        len(draws), len(finished), measured, as_of,
        detector_rates.of_contacts(told.answers, facts, weights),
        detector_rates.of_passages(
            told.answers, _found(store, finished), facts, {c: w for c, w in weights.items() if c in finished}
        ),
        flag_precision.flag_lines(visible(snapshot.flags, user), told.answers, labels), told.left_out,
    )  # fmt: skip


def _is_theirs(snapshot: Snapshot, user: User, contact: str) -> bool:
    team, agents = snapshot.roster[contact]
    return user.may_see(team, agents)


def _facts(store: Store, user: User, ids: Collection[str]) -> dict[str, Row]:
    """The facts of the contacts ``ids`` that are there and theirs to read."""
    rows = _of(store, "interaction_facts", ids, (*FACTS, *OPPORTUNITIES))
    return {row["interaction_id"]: row for row in rows if may_read(user, row)}


def _heard_by(store: Store, ids: Collection[str]) -> dict[str, str]:
    rows = _of(store, "findings", ids, ("interaction_id", "model_version"))
    return {row["interaction_id"]: row["model_version"] for row in rows}


def _found(store: Store, ids: Collection[str]) -> list[Row]:
    """The passages that the program found in the contacts."""
    names = ("interaction_id", "turn", "label", "start_char", "end_char", "found")
    return [row for row in _of(store, "cues", ids, names) if row["found"]]


def _of(store: Store, table: str, ids: Collection[str], columns: tuple[str, ...]) -> list[Row]:
    if not ids:
        return []
    where = ds.field("interaction_id").isin(sorted(ids))
    return rows_of(store, table, where, columns)


def _weights(answers: Collection[Row], draws: Collection[str]) -> dict[str, float]:
    """By drawn contact that was answered blind, how many contacts it stands for."""
    return {
        row["interaction_id"]: 1 / row["sampling_probability"] for row in answers
        if row["blind"] and row["interaction_id"] in draws and 0 < row["sampling_probability"] <= 1
    }  # fmt: skip


def _measured(store: Store) -> tuple[list[Measured], datetime | None]:
    rows = store.read("audit_corrections").to_pylist()
    ends = {measure: (lowest, highest) for measure, lowest, highest in HEADLINE}
    place = {measure: at for at, (measure, _, _) in enumerate(HEADLINE)}
    own = [row for row in rows if row["measure"] in ends and row["machine"] is not None]
    order = ("all", "language", "channel")
    own.sort(key=lambda row: (place[row["measure"]], order.index(row["group_kind"]), row["group_id"]))
    return [_line(row, *ends[row["measure"]]) for row in own], max((row["as_of"] for row in own), default=None)


def _line(row: Row, lowest: float, highest: float) -> Measured:
    is_corrected = row["error_basis"] == "audit_corrected" and row["low"] is not None
    corrected = Estimate(row["value"], row["low"], row["high"]) if is_corrected else None
    return Measured(
        row["measure"], row["group_kind"], row["group_id"], row["machine"], corrected, row["n"], row["n_audited"],
        lowest, highest,
    )  # fmt: skip
