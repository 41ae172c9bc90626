"""Contacts drawn for the audit whose answer is still awaited: what the machine found must not be seen before.

A person who has seen the machine's finding adopts its mistakes, and the audit would only confirm them.
"""

from __future__ import annotations

from typing import Final

import pyarrow.compute as pc

from analyzer.publish.reading import Tables

AUDIT_RULE: Final = "random_audit"


def awaits_audit(tables: Tables, interaction_id: str) -> bool:
    """Whether the contact was drawn for the audit and nobody has answered it yet."""
    flags = tables.read("flags", columns=["interaction_id", "rule"])
    drawn = pc.and_(pc.equal(flags["interaction_id"], interaction_id), pc.equal(flags["rule"], AUDIT_RULE))
    if not pc.any(drawn).as_py():
        return False
    verdicts = tables.read("verdicts", columns=["interaction_id", "use"])
    answered = pc.and_(pc.equal(verdicts["interaction_id"], interaction_id), pc.equal(verdicts["use"], "audit"))
    return not pc.any(answered).as_py()
