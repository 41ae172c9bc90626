"""How often flags hold up where people looked, rule by rule: it says something of flags, nothing of all contacts.

A concern holds up with whoever judged the contact after seeing it, unless they said that nothing is wrong there or that
the passage it rests on is heard wrongly; praise holds up with whoever praised. A comment alone decides nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from analyzer import codebook
from analyzer.config import FlagRule
from analyzer.review.database import Row
from analyzer.review.desk import AUDIT
from analyzer.review.weighted_share import Share, weighted_share

_SAYS_NOTHING: Final = "comment"


@dataclass(frozen=True, slots=True)
class FlagLine:
    """``flagged``: contacts with the flag; ``held``: the share of those looked at in which it holds up."""

    rule: str
    praises: bool
    flagged: int
    held: Share


def labels_of_rules(rules: Iterable[FlagRule]) -> Mapping[str, str]:
    """By rule, the label on whose passage its flags rest; rules that rest on none are left out."""
    told = ((rule.name, next((c.measure for c in rule.when if c.measure in codebook.LABELS), None)) for rule in rules)
    return {name: label for name, label in told if label is not None}


def flag_lines(flags: pd.DataFrame, answers: Iterable[Row], labels: Mapping[str, str]) -> list[FlagLine]:
    """A line a rule, those looked at most often first; ``flags`` and ``answers`` of contacts that may be seen."""
    by_person: defaultdict[str, defaultdict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in answers:
        if not row["blind"] and row["finding"] != _SAYS_NOTHING:
            by_person[row["interaction_id"]][row["reviewer"]].append(row)
    rules = flags[flags["rule"].astype(str) != AUDIT]
    lines = [_line(str(rule), own, by_person, labels.get(str(rule)))
             for rule, own in rules.groupby(rules["rule"].astype(str), sort=True)]  # fmt: skip
    return sorted(lines, key=lambda line: (-line.held.contacts, -line.flagged, line.rule))


def _line(
    rule: str, flags: pd.DataFrame, by_person: Mapping[str, Mapping[str, list[Row]]], label: str | None
) -> FlagLine:
    praises = bool((flags["polarity"].astype(str) == "praise").any())
    held = []
    for contact, turn in zip(flags["interaction_id"], flags["turn"], strict=True):
        if people := by_person.get(contact):
            opinions = [_holds(rows, praises, label, turn) for rows in people.values()]
            held.append(sum(opinions) / len(opinions))
    one = np.ones(len(held))
    return FlagLine(rule, praises, int(flags["interaction_id"].nunique()), weighted_share(np.array(held), one, one))


def _holds(rows: Sequence[Row], praises: bool, label: str | None, turn: float | None) -> bool:
    said = {row["finding"] for row in rows}
    if praises:
        return "praise" in said
    passage = [row["answer"] for row in rows if row["finding"] == label and row["turn"] == turn]
    return "no_issue" not in said and not (passage and set(passage) == {"wrong"})
