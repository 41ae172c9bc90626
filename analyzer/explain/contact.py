"""What stands behind the numbers of one contact: score, first-contact resolution, and the units it counts for."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass
from typing import Any, Final

import pyarrow.compute as pc

from analyzer.config import PublishSettings
from analyzer.publish.agents import AgentPolicy
from analyzer.publish.blind import refuse_awaiting
from analyzer.publish.reading import Tables
from analyzer.publish.show import gather
from analyzer.records import opening_length

Row = dict[str, Any]
UNIT_COLUMNS: Final = ("team", "channel", "queue", "product_line", "segment")
SHOWN_CUES: Final = 12


@dataclass(frozen=True, slots=True)
class ContactExplained:
    """One contact. ``heard`` are the cues found, with the words that carried them unless ``publish.quotes`` forbids it.

    ``counts_for`` are the units whose estimates it is part of, with its share in them. ``openings`` are the
    customer's first words in the contacts that ``promises`` are judged by: whether all of it was kept, they alone tell.
    ``called`` is what people read of the agents of all these, by what the rows say.
    """

    contact: Row
    contributions: tuple[Row, ...]
    fcr: tuple[Row, ...]
    next_contact: Row | None
    heard: tuple[Row, ...]
    findings: tuple[Row, ...]
    promises: tuple[Row, ...]
    openings: dict[str, str]
    flags: tuple[Row, ...]
    counts_for: tuple[Row, ...]
    called: dict[str, str]

    def as_json(self) -> Row:
        return {"explained": "contact", **asdict(self)}


def explain_contact(
    tables: Tables, interaction_id: str, policy: AgentPolicy, settings: PublishSettings
) -> ContactExplained:
    """All rows behind the contact's numbers, agents as the policy shows them.

    Raises UsageError for a contact drawn for the audit that nobody has answered.
    """
    refuse_awaiting(tables, interaction_id)
    shown = gather(tables, interaction_id, policy)
    contact, rows = shown.contact, shown.rows
    following = next((row for row in shown.others if row["interaction_id"] == contact["next_contact_id"]), None)
    cues = sorted((row for row in rows["cues"] if row["found"]), key=lambda row: (row["turn"], row["label"]))
    if not settings.quotes:
        cues = [row | {"reason": ""} for row in cues]
    promises = [row if settings.quotes else row | {"text": ""} for row in rows["commitments"]]
    counts_for = _counts_for(tables, contact, policy)
    units = (unit["unit_id"] for unit in counts_for if unit["kind"] == "agent")
    agents = [agent for agent in (*contact["agent_ids"], contact["agent_id"], *units) if agent is not None]
    return ContactExplained(
        contact=contact,
        contributions=tuple(sorted(rows["contributions"], key=_by_weight)),
        fcr=tuple(sorted(rows["fcr"], key=lambda row: (row["matter"] != "same", row["window_days"]))),
        next_contact=following,
        heard=tuple(cues),
        findings=tuple(row for row in rows["findings"] if row["abstained"] or row["number"] is not None),
        promises=tuple(sorted(promises, key=lambda row: row["turn"])),
        openings=_openings(tables, promises) if settings.quotes else {},
        flags=tuple(sorted(rows["flags"], key=lambda row: (-row["severity"], row["rule"]))),
        counts_for=tuple(counts_for),
        called={agent: policy.called(agent) or agent for agent in agents},
    )


def _openings(tables: Tables, promises: list[Row]) -> dict[str, str]:
    """By the contact that is evidence, with which words the customer opened it, masked as they are stored."""
    ids = {row["evidence_interaction_id"] for row in promises} - {None}
    if not ids:
        return {}
    facts = tables.read("interaction_facts", columns=["interaction_id", "day", "channel"]).to_pylist()
    known = {row["interaction_id"]: row for row in facts if row["interaction_id"] in ids}
    turns = tables.read("turns", days=sorted({row["day"] for row in known.values()})).to_pylist()
    said: defaultdict[str, list[str]] = defaultdict(list)
    for row in sorted(turns, key=lambda row: (row["interaction_id"], row["turn"])):
        if row["interaction_id"] in known and row["speaker"] == "customer":
            said[row["interaction_id"]].append(row["text"])
    return {one: " / ".join(texts[: opening_length(known[one]["channel"])]) for one, texts in said.items()}


def _by_weight(row: Row) -> tuple[bool, float, str]:
    """The base first, then what moves the score most."""
    return row["component"] != "base", -abs(row["points"]), row["component"]


def _counts_for(tables: Tables, contact: Row, policy: AgentPolicy) -> list[Row]:
    legs = policy.apply("interaction_agents", tables.read("interaction_agents", days=[contact["day"]]))
    mine = legs.filter(pc.equal(legs["interaction_id"], contact["interaction_id"])).to_pylist()
    shares: dict[str, float] = {}
    for leg in mine:
        shares[leg["agent_id"]] = shares.get(leg["agent_id"], 0.0) + leg["share"]
    units = [{"kind": "agent", "unit_id": agent, "share": share} for agent, share in sorted(shares.items())]
    others = ((kind, contact[kind]) for kind in UNIT_COLUMNS)
    return units + [{"kind": kind, "unit_id": unit, "share": 1.0} for kind, unit in others if unit is not None]
