"""Everything that is held about a person: an answer under Article 15 of the GDPR, complete as JSON.

Of a customer whole contacts with all that was made of them; agents appear in it as the company lets them appear, and
reviewers without a name. Of an agent what they said and did, and their figures; customers' words and keys are left out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from analyzer.config import Settings
from analyzer.ingest.quarantine import kept_until
from analyzer.publish.agents import AgentPolicy, agent_policy
from analyzer.review.database import Database
from analyzer.tables import STORED
from analyzer.trust import reviewed
from analyzer.trust.journal import Deed, Journal
from analyzer.trust.leftovers import quarantined
from analyzer.trust.person import Kind, Person, find_person, mention
from analyzer.trust.register import REVIEW, STORE, Held
from analyzer.trust.review_columns import tables_in

if TYPE_CHECKING:
    from analyzer.store.store import Store

Row = dict[str, Any]
SOMEBODY: Final = "(reviewer)"  # who else is named is a person too
# Tables of which an agent sees the rows of the turns that were theirs; of surveys and matters none: the customer's.
_BY_TURN: Final = ("cues", "commitments")
_CUSTOMERS_OWN: Final = ("surveys", "episodes")


@dataclass(frozen=True)
class Subject:
    """What is held, by table; ``meanings`` say what each table and column is."""

    person: Person
    at: datetime
    tables: Mapping[str, list[Row]]
    review: Mapping[str, list[Row]]
    quarantine: list[Row]
    given_out: list[Deed]
    is_suppressed: bool
    limits: Mapping[str, date | None] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        return not (self.tables or self.review or self.quarantine)

    def as_json(self) -> dict[str, Any]:
        meanings = {
            name: {"meaning": STORED[name].meaning, **{c.name: c.meaning for c in STORED[name].columns}}
            for name in self.tables
        }
        return {
            "asked": self.person.asked, "kind": self.person.kind, "held_under": sorted(self.person.names),
            "at": self.at.isoformat(timespec="seconds"), "tables": dict(self.tables), "review": dict(self.review),
            "quarantine": self.quarantine, "on_suppression_list": self.is_suppressed,
            "kept_from": {name: day.isoformat() for name, day in self.limits.items() if day},
            "copies_given_out": [{"at": d.at.isoformat(), "action": d.action, **d.detail} for d in self.given_out],
            "meanings": meanings,
        }  # fmt: skip


def subject(store: Store, kind: Kind, asked: str, settings: Settings, reviews: Sequence[Database]) -> Subject:
    """What is held about whom ``asked`` means; empty where that is nothing."""
    person = find_person(store, kind, asked, settings)
    journal = Journal(store.path)
    gone = journal.suppressed()
    policy = agent_policy(store, settings.publish)
    tables = {name: rows for name in STORE if (rows := list(_rows(store, name, person, policy)))}
    return Subject(
        person, datetime.now(UTC), tables, _reviewed(reviews, person), _quarantined(store, person, settings),
        [deed for deed in journal.deeds() if deed.action in ("export", "report")],
        any(journal.digest(kind, name) in gone for name in person.names),
        {name: journal.limit(name) for name in ("contacts", "agents")},
    )  # fmt: skip


def _rows(store: Store, name: str, person: Person, policy: AgentPolicy) -> Iterator[Row]:
    held = STORE[name]
    if person.kind == "agent" and name in _CUSTOMERS_OWN:
        return
    own_turns = _own_turns(store, person) if person.kind == "agent" and name in _BY_TURN else set()
    for row in _owned(store, name, held, person):
        if person.kind == "agent":
            if name in _BY_TURN and (row["interaction_id"], row["turn"]) not in own_turns:
                continue
            yield _shown(
                row, held, lambda agent: agent if agent in person.names else policy.name(agent), "customer_key"
            )
        else:
            yield _shown(row, held, policy.name)


def _owned(store: Store, name: str, held: Held, person: Person) -> Iterator[Row]:
    """The rows that name the person, or one of their contacts."""
    names, contacts = _strings(person.names), _strings(person.contacts)
    for batch in store.batches(name):
        table = pa.Table.from_batches([batch])
        mask = pc.fill_null(_mask(table, held, person.kind, names, contacts), False)
        yield from table.filter(mask).to_pylist()


def _mask(table: pa.Table, held: Held, kind: Kind, names: pa.Array, contacts: pa.Array) -> pa.ChunkedArray:
    mask = pa.chunked_array([pa.array([False] * table.num_rows, pa.bool_())])
    if kind == "customer":
        wanted = [(column, contacts) for column in held.contact] + [(column, names) for column in held.customer]
    elif held.own_agent:
        wanted = [(column, names) for column in held.own_agent]
    elif "agent_id" in held.agent and "agent_ids" not in held.agent:
        wanted = [("agent_id", names)]  # their own turns and parts, not those of others in the same contact
    else:
        wanted = [(column, contacts) for column in held.contact]
        if held.unit:
            is_agent = pc.equal(table["unit_kind"], "agent")
            mask = pc.and_(is_agent, pc.is_in(table[held.unit[0]], value_set=names))
    for column, values in wanted:
        mask = pc.or_(mask, pc.fill_null(pc.is_in(table[column], value_set=values), False))
    return mask


def _own_turns(store: Store, person: Person) -> set[tuple[str, int]]:
    turns = store.read("turns", ["interaction_id", "turn", "agent_id"])
    own = turns.filter(pc.is_in(turns["agent_id"], value_set=_strings(person.names)))
    return set(zip(own["interaction_id"].to_pylist(), own["turn"].to_pylist(), strict=True))


def _shown(row: Row, held: Held, agent_name: Any, without: str = "") -> Row:
    shown = {name: value for name, value in row.items() if name != without}
    for column in held.agent:
        value = shown.get(column)
        shown[column] = [agent_name(each) for each in value] if isinstance(value, list) else agent_name(value)
    for column in held.account:
        shown[column] = SOMEBODY if shown.get(column) else shown.get(column)
    return {name: _plain(value) for name, value in shown.items()}


def _reviewed(reviews: Sequence[Database], person: Person) -> dict[str, list[Row]]:
    told: dict[str, list[Row]] = {}
    for review in reviews:
        with review.read() as connection:
            tables = tables_in(review, connection)
            own = set(reviewed.accounts_of(connection, person.names)) if person.kind == "agent" else set[str]()
            found = reviewed.rows_about(connection, tables, person.contacts, person.names)
        for table, rows in found.items():
            told.setdefault(table, []).extend(_reviewed_row(table, row, own) for row in rows)
    return told


def _reviewed_row(table: str, row: Row, own: Collection[str]) -> Row:
    accounts = REVIEW[table].account if table in REVIEW else ()
    hidden = {column: SOMEBODY for column in accounts if row.get(column) and row[column] not in own}
    shown = {**row, **hidden}
    if table == "audit_log" and hidden:
        shown.pop("address", None)
    return shown


def _quarantined(store: Store, person: Person, settings: Settings) -> list[Row]:
    ids = mention(person.sought)
    days = settings.ingest.quarantine_days
    return [
        {"record": entry.record, "code": entry.code, "bytes": entry.length,
         "kept_until": kept_until(store.path, entry.run_id, days).isoformat(timespec="seconds")}
        for entry in quarantined(store.path, ids, unreadable=False)
    ]  # fmt: skip


def _plain(value: object) -> Any:
    """Times and days as ISO writes them; everything else as it is."""
    return value.isoformat() if isinstance(value, date) else value


def _strings(values: Collection[str]) -> pa.Array:
    return pa.array(sorted(values), pa.string())
