"""Contacts drawn for the audit whose answer is still awaited: what the machine found must not be seen before.

A person who has seen the machine's finding adopts its mistakes, and the audit would only confirm them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from analyzer.errors import UsageError
from analyzer.publish.reading import Tables

AUDIT_RULE: Final = "random_audit"
# What is asked about a drawn contact, as verdicts call it, and the turns without which it is not asked.
ASKED: Final[Mapping[str, tuple[str, ...]]] = {
    "resolution": (), "sentiment_end": ("customer_turns",), "opportunity": ("customer_turns", "agent_turns"),
    "empathy": ("agent_turns",), "effort": ("customer_turns",),
}  # fmt: skip
_TURNS: Final = ("customer_turns", "agent_turns")


def awaiting_audit(tables: Tables) -> set[str]:
    """The contacts that were drawn for the audit and of which nobody has answered all that is asked yet."""
    flags = tables.read("flags", columns=["interaction_id", "rule"])
    drawn = pc.unique(flags.filter(pc.equal(flags["rule"], AUDIT_RULE))["interaction_id"])
    if not len(drawn):
        return set()
    facts = tables.read("interaction_facts", columns=["interaction_id", *_TURNS])
    told = _told(tables, drawn)
    return {
        row["interaction_id"]
        for row in facts.filter(pc.is_in(facts["interaction_id"], drawn)).to_pylist()
        if not any(said >= asked_of(row) for said in told.get(row["interaction_id"], ()))
    }


def asked_of(facts: Mapping[str, object]) -> set[str]:
    """The questions that make sense for a contact of these facts: no empathy where only a bot spoke."""
    return {finding for finding, needs in ASKED.items() if all(facts.get(column) for column in needs)}


def _told(tables: Tables, drawn: pa.Array) -> dict[str, list[set[str]]]:
    """By contact, what each person has answered of what the audit asks."""
    verdicts = tables.read("verdicts", columns=["interaction_id", "reviewer", "finding", "turn", "use"])
    verdicts = verdicts.filter(pc.and_(pc.equal(verdicts["use"], "audit"), pc.is_null(verdicts["turn"])))
    whole = verdicts.filter(pc.is_in(verdicts["interaction_id"], drawn))
    said: dict[tuple[str, str], set[str]] = {}
    for row in whole.to_pylist():
        said.setdefault((row["interaction_id"], row["reviewer"]), set()).add(row["finding"])
    told: dict[str, list[set[str]]] = {}
    for (contact, _), findings in said.items():
        told.setdefault(contact, []).append(findings)
    return told


def awaits_audit(tables: Tables, interaction_id: str) -> bool:
    """Whether the contact is one of them."""
    return interaction_id in awaiting_audit(tables)


def refuse_awaiting(tables: Tables, interaction_id: str) -> None:
    """Raises UsageError for a contact whose audit is awaited: where only findings are shown, nothing can be."""
    if awaits_audit(tables, interaction_id):
        raise UsageError(
            f"{interaction_id} is drawn for the audit and not answered yet: what the machine found is hidden.",
            hint="`analyzer show` tells what was said; with --reveal all of it, and records that.",
        )
