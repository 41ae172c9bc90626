"""Opportunities counted anew where an agent's empathy turned out to be a template said to nearly everybody."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pandas as pd
import pyarrow as pa

from analyzer.config import UnderstandSettings
from analyzer.records import Turn
from analyzer.tables import STORED
from analyzer.understand.opportunities import Opportunity, find_opportunities

Place = tuple[str, int]  # interaction_id, turn


def recount(
    tables: dict[str, pa.Table], boilerplate: Collection[Place], settings: UnderstandSettings
) -> dict[str, pa.Table]:
    """``tables`` (interaction_facts, turns, cues, findings) with the opportunities of contacts in ``boilerplate``
    judged without those turns' empathy. Others are left as they are."""
    affected = {interaction_id for interaction_id, _ in boilerplate}
    counted = _count(tables, boilerplate, affected, settings)
    if not counted:
        return tables
    facts = tables["interaction_facts"].to_pandas(types_mapper=pd.ArrowDtype).set_index("interaction_id", drop=False)
    for key, opportunities in counted.items():
        facts.loc[key, "opportunities_met"] = sum(o.outcome == "met" for o in opportunities)
        facts.loc[key, "opportunities_met_by_action"] = sum(o.outcome == "met_by_action" for o in opportunities)
    back = pa.Table.from_pandas(facts.reset_index(drop=True), schema=STORED["interaction_facts"].schema)
    return {**tables, "interaction_facts": back, "findings": _findings(tables["findings"], counted)}


def _count(
    tables: dict[str, pa.Table], boilerplate: Collection[Place], affected: Collection[str], settings: UnderstandSettings
) -> dict[str, list[Opportunity]]:
    turns = _rows_by_contact(tables["turns"], affected)
    cues = _rows_by_contact(tables["cues"], affected)
    counted = {}
    for key, spoken in turns.items():
        found: dict[int, list[str]] = {}
        for cue in cues.get(key, []):
            if cue["found"]:
                found.setdefault(cue["turn"], []).append(cue["label"])
        negative = {row["turn"]: _is_negative(row) for row in spoken}
        below_zero = {row["turn"]: (row["sentiment"] or 0.0) < 0 for row in spoken}
        counted[key] = find_opportunities(
            [Turn(row["speaker"], row["text"]) for row in spoken], negative, below_zero, found,
            blocks=settings.empathy_blocks, boilerplate={turn for contact, turn in boilerplate if contact == key},
        )  # fmt: skip
    return counted


def _rows_by_contact(table: pa.Table, contacts: Collection[str]) -> dict[str, list[dict[str, Any]]]:
    import pyarrow.compute as pc

    own = table.filter(pc.is_in(table["interaction_id"], pa.array(sorted(contacts), pa.string())))
    grouped: dict[str, list[dict[str, Any]]] = {}
    for row in own.sort_by([("interaction_id", "ascending"), ("turn", "ascending")]).to_pylist():
        grouped.setdefault(row["interaction_id"], []).append(row)
    return grouped


def _is_negative(row: dict[str, Any]) -> bool:
    negative = row["negative_probability"]
    return negative is not None and negative > max(row["neutral_probability"], row["positive_probability"])


def _findings(findings: pa.Table, counted: dict[str, list[Opportunity]]) -> pa.Table:
    rows = []
    for row in findings.to_pylist():
        if row["name"] == "opportunity" and row["interaction_id"] in counted:
            outcomes = {o.first_turn: o.outcome for o in counted[row["interaction_id"]]}
            turn = int(row["number"])
            row["value"] = f"{outcomes[turn]} at turn {turn}"
        rows.append(row)
    return STORED["findings"].from_rows(rows)
