"""A person as the source system knows them, and all ids under which they stand in a store."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import pyarrow as pa
import pyarrow.compute as pc

from analyzer.config import Settings
from analyzer.errors import UsageError
from analyzer.ingest.identity import customer_keys
from analyzer.publish.agents import SECRET_NAME, pseudonym
from analyzer.records import UNNAMED
from analyzer.trust.register import STORE

if TYPE_CHECKING:
    from analyzer.store.store import Store

Kind = Literal["customer", "agent"]
_PSEUDONYM: Final = re.compile(r"agent-[0-9a-f]{8}")


@dataclass(frozen=True, slots=True)
class Person:
    """``names``: under which they stand in the tables. ``contacts``: a customer's, or in which an agent took part.

    ``sought``: every id that must be found nowhere once a customer is forgotten, or an agent.
    """

    kind: Kind
    asked: str
    names: frozenset[str]
    contacts: frozenset[str]
    sought: frozenset[str]

    def as_json(self) -> dict[str, Any]:
        parts = {name: sorted(getattr(self, name)) for name in ("names", "contacts", "sought")}
        return {"kind": self.kind, "asked": self.asked, **parts}


def person_of(told: dict[str, Any]) -> Person:
    """The person that ``as_json`` told of."""
    parts = {name: frozenset(told[name]) for name in ("names", "contacts", "sought")}
    return Person(told["kind"], told["asked"], **parts)


def find_person(store: Store, kind: Kind, asked: str, settings: Settings) -> Person:
    """Whom ``asked`` means: the source's id, or the pseudonym that exports and reports show.

    A person of whom nothing is held has no contacts; that is no error here.
    """
    asked = asked.strip()
    if not asked:
        raise UsageError("No id was given.", hint="Give it as the source system knows it, or the pseudonym.")
    if kind == "agent" and asked == UNNAMED:
        raise UsageError(f"{UNNAMED} is all who were forgotten, and nobody.", hint="Give the id of one agent.")
    return _customer(store, asked, settings) if kind == "customer" else _agent(store, asked)


def _customer(store: Store, asked: str, settings: Settings) -> Person:
    key = customer_keys(settings.ingest).key(asked) or asked
    names = frozenset({asked, key})
    facts = store.read("interaction_facts", ["interaction_id", "source_id", "customer_key"])
    own = facts.filter(pc.is_in(facts["customer_key"], _strings(names)))
    contacts = frozenset(own["interaction_id"].to_pylist())
    return Person("customer", asked, names, contacts, names | contacts | frozenset(own["source_id"].to_pylist()))


def _agent(store: Store, asked: str) -> Person:
    names = frozenset({asked})
    if _PSEUDONYM.fullmatch(asked):
        secret = store.secret(SECRET_NAME)
        names |= {agent for agent in _agents(store) if pseudonym(secret, agent) == asked}
    contacts: set[str] = set()
    for table in ("interaction_agents", "turns", "interaction_facts"):
        for batch in store.batches(table, ["interaction_id", "agent_id"]):
            own = batch.filter(pc.is_in(batch["agent_id"], _strings(names)))
            contacts |= set(own["interaction_id"].to_pylist())
    facts = store.read("interaction_facts", ["interaction_id", "agent_ids"])
    pairs = zip(facts["interaction_id"].to_pylist(), facts["agent_ids"].to_pylist(), strict=True)
    contacts |= {contact for contact, agents in pairs if names & set(agents or ())}
    shown = {pseudonym(store.secret(SECRET_NAME), agent) for agent in names if not _PSEUDONYM.fullmatch(agent)}
    return Person("agent", asked, names, frozenset(contacts), names | shown)


def _agents(store: Store) -> set[str]:
    """Every agent whom a table names."""
    found: set[str] = set()
    for name, held in STORE.items():
        for column in held.agent:
            if column == "agent_id":
                found |= set(store.read(name, [column])[column].unique().drop_null().to_pylist())
        for column in held.own_agent:
            found |= set(store.read(name, [column])[column].to_pylist())
        if held.unit:
            units = store.read(name, ["unit_kind", "unit_id"])
            found |= set(units.filter(pc.equal(units["unit_kind"], "agent"))["unit_id"].to_pylist())
    return found


def mention(ids: Iterable[str]) -> re.Pattern[str] | None:
    """A pattern that finds any of ``ids`` standing by itself in a longer text; None for no ids."""
    alternatives = "|".join(re.escape(each) for each in sorted(ids, key=len, reverse=True) if each)
    return re.compile(rf"(?<![0-9A-Za-z])(?:{alternatives})(?![0-9A-Za-z])") if alternatives else None


def _strings(values: Collection[str]) -> pa.Array:
    return pa.array(sorted(values), pa.string())
