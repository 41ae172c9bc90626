"""Answers put on record without a browser, where a test is about what comes after them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from analyzer.review import verdicts
from analyzer.review.verdicts import Answer, Judged
from analyzer.store.store import open_store

from .conftest import Site

Row = dict[str, Any]
ALL = {"resolution": "unresolved", "sentiment_end": "-0.5", "opportunity": "missed", "empathy": "2", "effort": "4"}


def rows_of(site: Site, table: str) -> list[Row]:
    with open_store(site.store, write=False) as store:
        rows: list[Row] = store.read(table).to_pylist()
    return rows


def drawn(site: Site) -> list[str]:
    """The contacts drawn for the audit."""
    return sorted({flag["interaction_id"] for flag in rows_of(site, "flags") if flag["rule"] == "random_audit"})


def undrawn(site: Site, fits: Callable[[Row], bool]) -> str:
    """The first contact that fits and was not drawn for the audit."""
    out = set(drawn(site))
    facts = sorted(rows_of(site, "interaction_facts"), key=lambda row: str(row["interaction_id"]))
    return next(str(row["interaction_id"]) for row in facts if fits(row) and row["interaction_id"] not in out)


def of_agent(row: Row) -> bool:
    """Whether it is the contact of whom the account `agent` belongs to."""
    return "a-01" in row["agent_ids"]


def given(
    site: Site, contact: str, finding: str, said: str, *, by: str = "reviewer", blind: bool = False, **place: int
) -> str:
    """The id of the answer."""
    facts = next(row for row in rows_of(site, "interaction_facts") if row["interaction_id"] == contact)
    judged = Judged(contact, facts["content_hash"], "m", blind, 0.05 if blind else 1.0, None,
                    "audit" if blind else "training")  # fmt: skip
    with site.database.write() as connection:
        return verdicts.add(connection, judged, Answer(finding, said, **place), by, site.clock())


def all_given(site: Site, contact: str, by: str) -> None:
    """Everything that is asked about a drawn contact, answered blind."""
    for finding, said in ALL.items():
        given(site, contact, finding, said, by=by, blind=True)
