"""What stands behind the numbers of a customer: contacts and matters, promises, facts as of the day, and reasons."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

import pyarrow.compute as pc

from analyzer.publish.agents import AgentPolicy
from analyzer.publish.reading import Tables, interactions

Row = dict[str, Any]
CONTACT_COLUMNS: Final = (
    "interaction_id", "started_at", "channel", "reason", "resolution", "resolved_probability", "fcr_status",
    "fcr_probability", "episode_id", "experience_score", "is_final", "sentiment_start", "sentiment_end", "agent_id",
)  # fmt: skip
FCR_COUNTED: Final = ("confirmed", "refuted", "open", "silent")


@dataclass(frozen=True, slots=True)
class CustomerExplained:
    """All rows of one customer as of the store's ``as_of``. ``facts`` are the newest known then, one a fact.

    ``state`` is the row of the table customers, None where the customer is on no record. ``first_contacts`` is the
    number of contacts that count for first-contact resolution, ``resolved`` the sum of their probabilities.
    """

    customer_key: str
    as_of: datetime | None
    state: Row | None
    facts: tuple[Row, ...]
    answers: tuple[Row, ...]
    contacts: tuple[Row, ...]
    first_contacts: int
    resolved: float
    episodes: tuple[Row, ...]
    promises: tuple[Row, ...]
    lists: tuple[Row, ...]
    initiatives: tuple[Row, ...]

    def as_json(self) -> Row:
        return {"explained": "customer", **asdict(self)}


def explain_customer(tables: Tables, key: str, policy: AgentPolicy) -> CustomerExplained:
    """Everything about ``key``, no words of theirs."""
    contacts = _contacts(tables, key, policy)
    state = max(_rows(tables, "customers", key), key=lambda row: row["as_of"], default=None)
    as_of = state["as_of"] if state else _as_of(tables)
    counted = [row for row in contacts if row["fcr_status"] in FCR_COUNTED and row["fcr_probability"] is not None]
    answers = [row for row in _rows(tables, "surveys", key) if row["answer"] is not None]
    return CustomerExplained(
        customer_key=key,
        as_of=as_of,
        state=state,
        facts=tuple(_facts(tables, key, as_of)),
        answers=tuple(sorted(answers, key=lambda row: (str(row["answered_at"] or ""), row["item"]))),
        contacts=tuple(contacts),
        first_contacts=len(counted),
        resolved=sum(row["fcr_probability"] for row in counted),
        episodes=tuple(sorted(_rows(tables, "episodes", key), key=lambda row: (row["started_at"], row["episode_id"]))),
        promises=tuple(_promises(tables, contacts)),
        lists=tuple(sorted(_rows(tables, "action_lists", key), key=lambda row: row["list"])),
        initiatives=tuple(sorted(_rows(tables, "initiatives", key), key=lambda row: row["done_at"])),
    )


def _rows(tables: Tables, name: str, key: str) -> list[Row]:
    table = tables.read(name)
    rows: list[Row] = table.filter(pc.equal(table["customer_key"], key)).to_pylist()
    return rows


def _contacts(tables: Tables, key: str, policy: AgentPolicy) -> list[Row]:
    facts = tables.read("interaction_facts", columns=["customer_key", "day"])
    days = sorted(set(facts.filter(pc.equal(facts["customer_key"], key))["day"].to_pylist()))
    if not days:
        return []
    table = interactions(tables, days)
    rows = policy.apply("interactions", table.filter(pc.equal(table["customer_key"], key))).to_pylist()
    kept = [{name: row[name] for name in ("day", *CONTACT_COLUMNS)} for row in rows]
    return sorted(kept, key=lambda row: (row["started_at"], row["interaction_id"]))


def _facts(tables: Tables, key: str, as_of: datetime | None) -> list[Row]:
    """Of each fact the newest that held and could be known by ``as_of``."""
    newest: dict[str, Row] = {}
    for row in sorted(_rows(tables, "loyalty_records", key), key=lambda row: (row["as_of"], row["known_at"])):
        if as_of is None or max(row["as_of"], row["known_at"]) <= as_of:
            newest[row["fact"]] = row
    return [newest[fact] for fact in sorted(newest)]


def _promises(tables: Tables, contacts: list[Row]) -> list[Row]:
    """The customer's promises without their words."""
    ids = {row["interaction_id"] for row in contacts}
    if not ids:
        return []
    rows = tables.read("commitments", days=sorted({row["day"] for row in contacts})).to_pylist()
    mine = [
        {name: value for name, value in row.items() if name != "text"} for row in rows if row["interaction_id"] in ids
    ]
    return sorted(mine, key=lambda row: (row["day"], row["interaction_id"], row["turn"]))


def _as_of(tables: Tables) -> datetime | None:
    known = tables.read("outcomes", columns=["as_of"])["as_of"]
    latest: datetime | None = pc.max(known).as_py()
    return latest
