"""The published tables without a person: the days and tables that change, in the shape in which a store takes them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc

from analyzer.progress import Progress
from analyzer.store.rows import Change
from analyzer.tables import STORED
from analyzer.trust.given import within
from analyzer.trust.periods import without_old_agents
from analyzer.trust.register import NOTES, STORE
from analyzer.trust.unnamed import unnamed_in

if TYPE_CHECKING:
    from analyzer.store.store import Store

GONE: Final = "forgotten"  # stands where a file's name held an id


@dataclass(frozen=True)
class Removal:
    """What is taken out: rows of ``contacts`` and ``customers``, the names of ``agents`` and their figures.

    ``places``: ids that may stand in files' names. ``rejects``: records that left quarantine. ``accounts``: people of
    the review app by the name that they have from now on. ``agents_until``: agents are unnamed in all contacts before.
    ``notes_of``: contacts about which nobody's free words stay. ``given_from``: the first day of which given facts
    are kept.
    """

    contacts: frozenset[str] = frozenset()
    customers: frozenset[str] = frozenset()
    agents: frozenset[str] = frozenset()
    places: re.Pattern[str] | None = None
    rejects: Collection[tuple[str, int]] = ()
    accounts: Mapping[str, str] = field(default_factory=dict)
    agents_until: date | None = None
    notes_of: frozenset[str] = frozenset()
    given_from: date | None = None


@dataclass(frozen=True, slots=True)
class Removed:
    """The changes of a removal, and how many rows each table loses or sees changed."""

    changes: list[Change]
    rows: dict[str, int]


def removed(store: Store, removal: Removal, progress: Progress) -> Removed:
    """What must be published so that the store holds nothing of it; nothing where that is so already."""
    episodes, agents = _episodes(store, removal), removal.agents | _agents_over(store, removal)
    found = Removed([], {})
    progress.begin("looking through the tables", len(STORE), "")
    for name in STORE:
        edit = _Edit(name, removal, episodes, agents)
        changed, rows = _by_day(store, edit) if STORED[name].by_day else _whole(store, edit)
        found.changes.extend(changed)
        if rows:
            found.rows[name] = rows
        progress.advance(1)
    return found


def _episodes(store: Store, removal: Removal) -> frozenset[str]:
    """Matters that are not shown any more until the next run has followed what is left of them."""
    table = store.read("episodes", ["episode_id", "customer_key", "first_interaction_id", "last_interaction_id"])
    gone = pc.is_in(table["customer_key"], _strings(removal.customers))
    for column in ("first_interaction_id", "last_interaction_id"):
        gone = pc.or_(gone, pc.is_in(table[column], _strings(removal.contacts)))
    return frozenset(table.filter(gone)["episode_id"].to_pylist())


def _agents_over(store: Store, removal: Removal) -> frozenset[str]:
    """Agents whom no contact names any more once those before ``agents_until`` do not."""
    if removal.agents_until is None:
        return frozenset()
    parts = store.read("interaction_agents", ["interaction_id", "agent_id", "day"])
    gone = pc.is_in(parts["interaction_id"], _strings(removal.contacts))
    stays = pc.and_not(pc.greater_equal(parts["day"], pa.scalar(removal.agents_until, pa.date32())), gone)
    known = store.read("agent_names", ["agent_id"])["agent_id"].to_pylist()
    return frozenset(known) - frozenset(parts.filter(stays)["agent_id"].to_pylist())


class _Edit:
    """A table's rows as they are after the removal. ``named``: agents whose own rows go."""

    def __init__(self, name: str, removal: Removal, episodes: frozenset[str], named: frozenset[str]) -> None:
        self.name, self.removal, self.held = name, removal, STORE[name]
        self._contacts, self._customers = _strings(removal.contacts), _strings(removal.customers)
        self._agents, self._links = _strings(removal.agents), _strings(removal.contacts | episodes)
        self._named = _strings(named)

    @property
    def columns(self) -> list[str]:
        """The columns by which it can be told whether a row changes."""
        held = self.held
        by = {*held.owners, *held.agent, *held.own_agent, *held.unit, *held.account, *held.place, *self._nullable_links}
        extra = {"unit_kind", "period", "position", "day", "as_of", "fact", "answered_at", "invited_at", "done_at"}
        return [name for name in STORED[self.name].column_names if name in by or (name in extra and by)]

    def __call__(self, table: pa.Table) -> pa.Table:
        table = self._kept(table)
        for column in self.held.agent:
            table = _set(table, column, self._without_agents(table, column))
        for column in self._nullable_links:
            linked = pc.is_in(table[column], value_set=self._links)
            table = _set(table, column, pc.if_else(linked, pa.scalar(None, pa.string()), table[column]))
        for column in self.held.place if self.removal.places else ():
            table = _set(table, column, _cut(table[column], self.removal.places))
        for column in self.held.account if self.removal.accounts else ():
            table = _set(table, column, _renamed(table[column], self.removal.accounts))
        return table

    @property
    def _nullable_links(self) -> list[str]:
        nullable = {column.name for column in STORED[self.name].columns if column.nullable}
        return [column for column in self.held.link if column in nullable]

    def _kept(self, table: pa.Table) -> pa.Table:
        gone = pa.chunked_array([pa.array([False] * table.num_rows, pa.bool_())])
        owners = (
            (self.held.contact, self._contacts), (self.held.customer, self._customers),
            (self.held.own_agent, self._named),
        )  # fmt: skip
        for columns, values in owners:
            for column in columns if len(values) else ():
                gone = pc.or_(gone, pc.is_in(table[column], value_set=values))
        for column in self.held.unit if len(self._agents) else ():
            of_agent = pc.equal(table["unit_kind"], "agent")
            gone = pc.or_(gone, pc.and_(of_agent, pc.is_in(table[column], value_set=self._agents)))
        kept = table.filter(pc.invert(gone))
        if self.name == "rejects" and self.removal.rejects:
            places = zip(kept["source_uri"].to_pylist(), kept["position"].to_pylist(), strict=True)
            kept = kept.filter(pa.array([place not in self.removal.rejects for place in places], pa.bool_()))
        if self.name == "verdicts" and self.removal.notes_of:
            noted = pc.is_in(kept["interaction_id"], value_set=_strings(self.removal.notes_of))
            kept = kept.filter(pc.invert(pc.and_(noted, pc.is_in(kept["finding"], value_set=_strings(NOTES)))))
        if self.held.unit and self.removal.agents_until:
            kept = without_old_agents(kept, self.removal.agents_until)
        return within(self.name, kept, self.removal.given_from)

    def _without_agents(self, table: pa.Table, column: str) -> pa.ChunkedArray:
        until, values = self.removal.agents_until, table[column]
        if until is not None and table.num_rows:
            flat = pc.list_flatten(values) if pa.types.is_list(values.type) else values
            everybody = pc.unique(flat).drop_null()
            unnamed = unnamed_in(values, everybody)
            old = pc.less(table["day"], pa.scalar(until, pa.date32()))
            values = _where(old, unnamed, values)
        return unnamed_in(values, self._agents) if len(self._agents) else values


def _by_day(store: Store, edit: _Edit) -> tuple[list[Change], int]:
    """One change of all days on which a row changes; days are read one at a time, before and in the publication."""
    if not edit.columns:
        return [], 0
    days, count = [], 0
    for day in sorted(day for day in store.ledger.day_rows(edit.name) if day is not None):
        before = store.read(edit.name, edit.columns, {day})
        if changed := _changed(before, edit(before)):
            days.append(day)
            count += changed
    if not days:
        return [], 0

    def stream() -> Iterator[pa.RecordBatch]:
        for day in days:
            yield from edit(store.read(edit.name, days={day})).to_batches()

    schema = STORED[edit.name].schema
    return [Change(edit.name, pa.RecordBatchReader.from_batches(schema, stream()), frozenset(days))], count


def _whole(store: Store, edit: _Edit) -> tuple[list[Change], int]:
    if not edit.columns:
        return [], 0
    before = store.read(edit.name)
    after = edit(before)
    changed = _changed(before, after)
    return ([Change(edit.name, after)], changed) if changed else ([], 0)


def _changed(before: pa.Table, after: pa.Table) -> int:
    """How many rows are gone, or else differ; 0 where the tables are equal."""
    if before.num_rows != after.num_rows:
        return int(before.num_rows - after.num_rows)
    if before.equals(after):
        return 0
    differs = pa.chunked_array([pa.array([False] * before.num_rows, pa.bool_())])
    for name in before.column_names:
        if not before[name].equals(after[name]):
            told = zip(before[name].to_pylist(), after[name].to_pylist(), strict=True)
            differs = pc.or_(differs, pa.array([one != other for one, other in told], pa.bool_()))
    count: int = pc.sum(differs).as_py()
    return count


def _where(mask: pa.ChunkedArray, one: pa.ChunkedArray, other: pa.ChunkedArray) -> pa.ChunkedArray:
    if not pa.types.is_list(other.type):
        return pc.if_else(mask, one, other)
    chosen = [a if old else b for old, a, b in zip(mask.to_pylist(), one.to_pylist(), other.to_pylist(), strict=True)]
    return pa.chunked_array([pa.array(chosen, other.type)])


def _cut(values: pa.ChunkedArray, ids: re.Pattern[str] | None) -> pa.ChunkedArray:
    assert ids is not None
    distinct = values.unique()
    if not any(ids.search(value) for value in distinct.to_pylist() if value):
        return values
    cut = {value: ids.sub(GONE, value) for value in distinct.to_pylist() if value}
    return pa.chunked_array([pa.array([cut.get(value, value) for value in values.to_pylist()], pa.string())])


def _renamed(values: pa.ChunkedArray, names: Mapping[str, str]) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array([names.get(value, value) for value in values.to_pylist()], pa.string())])


def _set(table: pa.Table, column: str, values: pa.ChunkedArray) -> pa.Table:
    where = table.schema.get_field_index(column)
    return table.set_column(where, table.schema.field(where), values)


def _strings(values: Collection[str]) -> pa.Array:
    return pa.array(sorted(values), pa.string())
