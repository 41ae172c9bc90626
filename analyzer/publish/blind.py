"""Contacts drawn for the audit whose answer is still awaited: what the machine found must not be seen before.

A person who has seen the machine's finding adopts its mistakes, and the audit would only confirm them.
"""

from __future__ import annotations

from typing import Final

import pyarrow.compute as pc

from analyzer.errors import UsageError
from analyzer.publish.reading import Tables

AUDIT_RULE: Final = "random_audit"


def awaiting_audit(tables: Tables) -> set[str]:
    """The contacts that were drawn for the audit and that nobody has answered yet."""
    flags = tables.read("flags", columns=["interaction_id", "rule"])
    drawn = flags.filter(pc.equal(flags["rule"], AUDIT_RULE))["interaction_id"].to_pylist()
    verdicts = tables.read("verdicts", columns=["interaction_id", "use"])
    answered = verdicts.filter(pc.equal(verdicts["use"], "audit"))["interaction_id"].to_pylist()
    return set(drawn) - set(answered)


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
