"""Contacts from tables: a row a turn, or a row a contact with its turns in one cell.

Rows of one contact usually follow each other, but chats sorted by time are interleaved. So a first pass over the ids
notes the last row of each contact, and the second hands a contact on when that row has come: only contacts that are
open at the same time are held.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from analyzer.config import IngestSettings
from analyzer.ingest.formats.base import Read
from analyzer.ingest.formats.native_jsonl import decode_turns, refusal_of
from analyzer.ingest.formats.plain_text import dialogue
from analyzer.ingest.formats.row_order import in_time
from analyzer.ingest.raw import FACT_NAMES, Facts, RawContact, RawTurn, ReadContext, Value
from analyzer.ingest.reject_codes import Refused
from analyzer.ingest.values import number_or_none, role_of, word_or_none
from analyzer.records import Skipped

ID_COLUMNS: Final = ("interaction_id", "source_id")
TURNS_COLUMNS: Final = ("turns", "transcript")
_TURN_FIELDS: Final = ("speaker", "text", "start_ms", "end_ms")
KNOWN_COLUMNS: Final = frozenset((*ID_COLUMNS, *TURNS_COLUMNS, *_TURN_FIELDS, *FACT_NAMES))
_SAME_IN_ALL_ROWS: Final = ("customer_id", "channel", "chain_id", "direction")
_OPEN_LIMIT: Final = 4  # × max_line_bytes of rows held at a time


@dataclass(frozen=True, slots=True)
class Row:
    """One row by column name. ``problem`` is a reject code where the row cannot be read."""

    position: int
    values: Mapping[str, Any]
    raw: bytes = b""
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class RowTable:
    """A table that can be read more than once."""

    columns: Sequence[str]
    rows: Callable[[], Iterator[Row]]


@dataclass(frozen=True, slots=True)
class _Plan:
    """Which column serves which of our fields, and what is the same in all rows."""

    columns: Mapping[str, str]
    constants: Mapping[str, Value]

    def value(self, row: Row, name: str) -> Any:
        column = self.columns.get(name)
        if column is not None and (value := row.values.get(column)) is not None and value != "":
            return value
        return self.constants.get(name)

    def has(self, *names: str) -> str | None:
        return next((name for name in names if name in self.columns or name in self.constants), None)


def plan(columns: Sequence[str], settings: IngestSettings) -> _Plan:
    """Columns by ``ingest.mapping``, else by our own names whatever their case."""
    by_name = {column.strip().casefold(): column for column in columns}
    chosen: dict[str, str] = {}
    for name in KNOWN_COLUMNS:
        mapped = settings.mapping.get(name)
        if mapped is not None and mapped.strip().casefold() in by_name:
            chosen[name] = by_name[mapped.strip().casefold()]
        elif name in by_name:
            chosen[name] = by_name[name]
    return _Plan(chosen, {name: value for name, value in settings.constants.items() if name in KNOWN_COLUMNS})


def contacts(table: RowTable, context: ReadContext) -> Read:
    """The contacts of ``table``; Skipped where no column holds what was said."""
    chosen = plan(table.columns, context.settings)
    if turns := next((name for name in TURNS_COLUMNS if name in chosen.columns), None):
        _count_unknown(table, chosen, context)
        yield from _row_a_contact(table, chosen, turns, context)
    elif "text" not in chosen.columns:
        yield Skipped(
            context.uri, "a table without a column for text; name it in ingest.mapping if it holds transcripts"
        )
    elif missing := [name for name in ("interaction_id", "speaker") if not chosen.has(*_names(name))]:
        yield context.reject(0, "missing_column", f"Missing: {', '.join(missing)}.")
    else:
        _count_unknown(table, chosen, context)
        yield from _row_a_turn(table, chosen, context)


def _count_unknown(table: RowTable, chosen: _Plan, context: ReadContext) -> None:
    for column in set(table.columns) - set(chosen.columns.values()):
        context.stats.count_unknown(column)


def _names(name: str) -> tuple[str, ...]:
    return ID_COLUMNS if name == "interaction_id" else (name,)


def _source_id(row: Row, chosen: _Plan) -> str | None:
    return word_or_none(chosen.value(row, "interaction_id")) or word_or_none(chosen.value(row, "source_id"))


# A row a contact


def _row_a_contact(table: RowTable, chosen: _Plan, column: str, context: ReadContext) -> Read:
    has_id = chosen.has(*ID_COLUMNS) is not None
    for row in table.rows():
        try:
            if row.problem:
                raise Refused(row.problem)
            source_id = _source_id(row, chosen)
            if has_id and source_id is None:
                raise Refused("no_id")
            turns = _turns_of(chosen.value(row, column))
            facts = Facts(**{name: chosen.value(row, name) for name in FACT_NAMES})
            yield RawContact(position=row.position, turns=turns, facts=facts, source_id=source_id, raw=row.raw)
        except Refused as refusal:
            yield context.refused(row.position, refusal, row.raw)


def _turns_of(cell: Any) -> list[RawTurn]:
    """Turns from JSON, from a nested column, or from lines such as ``Agent: …``."""
    if cell is None or cell == "":
        raise Refused("no_turns")
    if isinstance(cell, str):
        return decode_turns(cell) if cell.lstrip()[:1] in ("[", "{") else dialogue(cell)
    try:
        return msgspec.convert(cell, list[RawTurn])
    except (msgspec.ValidationError, RecursionError) as error:
        raise refusal_of(error) from error


# A row a turn


@dataclass(slots=True)
class _Open:
    """A contact whose last row has not come yet."""

    position: int
    rows: list[Row] = field(default_factory=list)
    size: int = 0
    problem: str | None = None


def _row_a_turn(table: RowTable, chosen: _Plan, context: ReadContext) -> Read:
    last = _last_rows(table, chosen)
    limit = context.settings.max_line_bytes
    waiting: dict[str, _Open] = {}
    held = position = 0
    try:
        for row in table.rows():
            position = row.position
            source_id = _id_of_row(row, chosen)
            if source_id is None:
                yield context.reject(position, row.problem or "no_id", raw=row.raw)
                continue
            contact = waiting.setdefault(source_id, _Open(position))
            held += _add(contact, row, limit)
            if held > _OPEN_LIMIT * limit:
                held -= _give_up(max(waiting.values(), key=lambda open_: open_.size), "rows_scattered")
            if position >= last.get(hash(source_id), position):
                del waiting[source_id]
                held -= contact.size
                yield _contact(source_id, contact, chosen, context)
    except Refused as refusal:
        # What broke off may lack rows: each contact that was still open is one reject.
        for contact in waiting.values() or (_Open(position + 1),):
            yield context.refused(contact.position, refusal, b"".join(row.raw for row in contact.rows))


def _last_rows(table: RowTable, chosen: _Plan) -> dict[int, float]:
    """The last row of each id; never for one at which the stream breaks off.

    Two ids with one hash only make the first of them wait longer.
    """
    last: dict[int, float] = {}
    key = 0
    try:
        for row in table.rows():
            if (source_id := _id_of_row(row, chosen)) is not None:
                key = hash(source_id)
                last[key] = row.position
    except Refused:
        last[key] = math.inf
    return last


def _id_of_row(row: Row, chosen: _Plan) -> str | None:
    try:
        return _source_id(row, chosen)
    except Refused:  # a nested value where an id should be
        return None


def _add(contact: _Open, row: Row, limit: int) -> int:
    if contact.problem is None and row.problem:
        contact.problem = row.problem
    if contact.problem in ("line_too_long", "rows_scattered"):
        return 0
    # A Python object a cell costs more than its bytes; counted so that many tiny rows are bounded too.
    size = len(row.raw) + 500
    contact.rows.append(row)
    contact.size += size
    if contact.size > limit + 500 * 50_000:
        return size - _give_up(contact, "line_too_long")
    return size


def _give_up(contact: _Open, code: str) -> int:
    freed, contact.size = contact.size, 0
    del contact.rows[1:]
    contact.problem = code
    return freed


def _contact(source_id: str, contact: _Open, chosen: _Plan, context: ReadContext) -> Any:
    raw = b"".join(row.raw for row in contact.rows)
    try:
        if contact.problem:
            raise Refused(contact.problem, "One of its rows." if len(contact.rows) > 1 else "")
        rows = [contact.rows[place] for place in _order(contact.rows, chosen, context)]
        turns = [_turn(row, chosen) for row in rows]
        facts, turn_times = _facts(rows, chosen)
        return RawContact(
            position=contact.position, turns=turns, facts=facts, source_id=source_id, turn_times=turn_times, raw=raw
        )
    except Refused as refusal:
        return context.refused(contact.position, refusal, raw)


def _order(rows: Sequence[Row], chosen: _Plan, context: ReadContext) -> Sequence[int]:
    names = [name for name in ("start_ms", "started_at") if name in chosen.columns]
    return in_time({name: [chosen.value(row, name) for row in rows] for name in names}, context) or range(len(rows))


def _turn(row: Row, chosen: _Plan) -> RawTurn:
    return RawTurn(
        speaker=word_or_none(chosen.value(row, "speaker")) or "",
        text=word_or_none(chosen.value(row, "text")) or "",
        agent_id=word_or_none(chosen.value(row, "agent_id")),
        start_ms=number_or_none(chosen.value(row, "start_ms"), "start_ms", -1e15, 1e15),
        end_ms=number_or_none(chosen.value(row, "end_ms"), "end_ms", -1e15, 1e15),
    )


def _facts(rows: Sequence[Row], chosen: _Plan) -> tuple[Facts, list[Value] | None]:
    """Each fact as its first row that has it tells it; ``started_at`` that differs by row is the turns' own time."""
    told: dict[str, Value] = {}
    turn_times: list[Value] | None = None
    for name in FACT_NAMES:
        if name not in chosen.columns:
            told[name] = chosen.constants.get(name)
            continue
        values = [value for row in rows if (value := chosen.value(row, name)) is not None]
        if name in _SAME_IN_ALL_ROWS and len({word_or_none(value) for value in values}) > 1:
            raise Refused("conflicting_rows", f"{name}.")
        if name == "started_at" and len(set(map(str, values))) > 1:
            turn_times = [chosen.value(row, name) for row in rows]
        elif values and name != "agent_id":
            told[name] = values[0]
    if not any(word_or_none(chosen.value(row, "agent_id")) for row in rows if _is_agent(row, chosen)):
        told["agent_id"] = next((v for row in rows if (v := chosen.value(row, "agent_id"))), None)
    return Facts(**told), turn_times


def _is_agent(row: Row, chosen: _Plan) -> bool:
    return role_of(word_or_none(chosen.value(row, "speaker")) or "") == "agent"
