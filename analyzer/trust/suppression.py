"""The gate of a run: who was forgotten stays out, agents who were forgotten have no name, what is too old stays out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from analyzer.ingest.sessions import is_later_part
from analyzer.records import UNNAMED, Interaction, Reject, Skipped
from analyzer.trust.journal import Journal

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Gate:
    """What a run lets in. ``contacts_from``, ``agents_from``: first days of which anything is kept."""

    journal: Journal
    suppressed: frozenset[str]
    contacts_from: date | None
    agents_from: date | None
    _known: dict[tuple[str, str], bool] = field(default_factory=dict)  # of agents and customers asked about

    def admits(self, record: list[Interaction]) -> bool:
        """Whether the contacts of one record may come in: none is of somebody forgotten, and not all are too old."""
        if self.contacts_from is not None and all(contact.day < self.contacts_from for contact in record):
            return False
        return not self.suppressed or not any(self._is_forgotten(contact) for contact in record)

    def named(self, contact: Interaction) -> Interaction:
        """``contact`` without the names of agents who were forgotten, or of all where their time is over."""
        ids = {turn.agent_id for turn in contact.turns} | {contact.agent_id}
        gone = {agent for agent in ids if agent is not None and (self._is_old(contact) or self.is_agent_gone(agent))}
        if not gone:
            return contact
        turns = tuple(
            msgspec.structs.replace(turn, agent_id=UNNAMED) if turn.agent_id in gone else turn for turn in contact.turns
        )
        closer = UNNAMED if contact.agent_id in gone else contact.agent_id
        return msgspec.structs.replace(contact, agent_id=closer, turns=turns)  # the hash stays: it tells a duplicate

    def is_customer_gone(self, key: str) -> bool:
        return self._is_gone("customer", key)

    def is_contact_gone(self, interaction_id: str) -> bool:
        return self.journal.digest("contact", interaction_id) in self.suppressed

    def is_agent_gone(self, agent_id: str) -> bool:
        return self._is_gone("agent", agent_id)

    def _is_gone(self, kind: str, value: str) -> bool:
        if (kind, value) not in self._known:
            self._known[kind, value] = bool(self.suppressed) and self.journal.digest(kind, value) in self.suppressed
        return self._known[kind, value]

    def _is_forgotten(self, contact: Interaction) -> bool:
        if contact.customer_key is not None and self.is_customer_gone(contact.customer_key):
            return True
        return self.is_contact_gone(contact.interaction_id)

    def _is_old(self, contact: Interaction) -> bool:
        return self.agents_from is not None and contact.day < self.agents_from


def gate_of(store: Path) -> Gate | None:
    """The gate of ``store``; None where nobody was forgotten and nothing has a limit."""
    journal = Journal(store)
    gate = Gate(journal, journal.suppressed(), journal.limit("contacts"), journal.limit("agents"))
    return gate if gate.suppressed or gate.contacts_from or gate.agents_from else None


def admitted(
    items: Iterable[Interaction | Reject | Skipped], gate: Gate | None, turned_away: Callable[[], None]
) -> Iterator[Interaction | Reject | Skipped]:
    """``items`` without records that the gate does not admit; ``turned_away`` is called once for each of those."""
    if gate is None:
        yield from items
        return
    record: list[Interaction] = []
    for item in items:
        if record and not (isinstance(item, Interaction) and is_later_part(item)):
            yield from _through(gate, record, turned_away)
            record = []
        if isinstance(item, Interaction):
            record.append(item)
        else:
            yield item
    if record:
        yield from _through(gate, record, turned_away)


def _through(gate: Gate, record: list[Interaction], turned_away: Callable[[], None]) -> Iterator[Interaction]:
    if gate.admits(record):
        yield from map(gate.named, record)
    else:
        turned_away()


def given_admitted(store: Path, tables: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
    """Loyalty facts, surveys and initiatives without those of people forgotten, and without what is too old."""
    gate = gate_of(store)
    if gate is None:
        return dict(tables)
    from analyzer.trust.given import within

    return {name: within(name, _without_gone(table, gate), gate.contacts_from) for name, table in tables.items()}


def _without_gone(table: pa.Table, gate: Gate) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    for column, is_gone in (("customer_key", gate.is_customer_gone), ("interaction_id", gate.is_contact_gone)):
        if column in table.column_names:
            values = [value for value in table[column].unique().to_pylist() if value is not None and is_gone(value)]
            if values:
                table = table.filter(pc.invert(pc.is_in(table[column], pa.array(values, pa.string()))))
    return table
