"""What BI tools join to: days, agents, channels, queues, reasons and customers, one row each.

Made of what is published, so that agents stand in them as the other tables show them. Every key that a table of
``relations.FOREIGN_KEYS`` refers to has its row here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from analyzer import codebook
from analyzer.publish.agents import AgentPolicy
from analyzer.publish.reading import Tables
from analyzer.publish.wording import wording
from analyzer.records import CHANNELS
from analyzer.tables import BOOL, DATE, INT, INTERACTIONS, LONG, STORED, STRING, Column, Table

_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_LIVE: Final = frozenset({"voice", "chat"})
_OF_CUSTOMERS: Final = (
    "episodes", "customers", "loyalty_records", "surveys", "action_lists", "initiatives",
)  # fmt: skip


def _required(name: str, type_: pa.DataType, meaning: str) -> Column:
    return Column(name, type_, meaning)


def _optional(name: str, type_: pa.DataType, meaning: str) -> Column:
    return Column(name, type_, meaning, nullable=True)


_CONTACTS: Final = _required("contacts", LONG, "contacts in the store")
_FIRST: Final = _optional("first_day", DATE, "day of the first contact")
_LAST: Final = _optional("last_day", DATE, "day of the latest contact")

DIMENSIONS: Final[Mapping[str, Table]] = {
    table.name: table
    for table in (
        Table("dim_date", "one row a day from the first contact to the last", ("day",), (
            _required("day", DATE, "business day"), _required("year", INT, "calendar year"),
            _required("quarter", INT, "1–4"), _required("month", STRING, "2026-11, as in unit_scores.period"),
            _required("iso_year", INT, "year of the ISO week"),
            _required("week", STRING, "2026-W47, as in unit_scores.period"),
            _required("weekday", INT, "1 Monday … 7 Sunday"), _required("weekday_name", STRING, "English name"),
            _required("is_weekend", BOOL, "Saturday or Sunday"))),
        Table("dim_agent", "one row an agent, shown as the settings let agents be shown", ("agent_id",), (
            _required("agent_id", STRING, "the agent, a pseudonym or a team, as publish.agents says"),
            _optional("team", STRING, "team of the latest contact closed"), _CONTACTS, _FIRST, _LAST,
            _required("name", STRING, "the roster's name with publish.agents = named, if known; else agent_id"))),
        Table("dim_channel", "one row a channel", ("channel",), (
            _required("channel", STRING, "channel"), _required("name_en", STRING, "English name"),
            _required("name_de", STRING, "German name"), _required("is_spoken", BOOL, "spoken, not written"),
            _required("is_live", BOOL, "both sides are there at the same time"), _CONTACTS)),
        Table("dim_queue", "one row a queue", ("queue",), (
            _required("queue", STRING, "queue as given"), _CONTACTS, _FIRST, _LAST)),
        Table("dim_reason", "one row a reason of contact", ("reason",), (
            _required("reason", STRING, "reason as in the codebook"), _required("name_en", STRING, "English name"),
            _required("name_de", STRING, "German name"), _CONTACTS)),
        Table("dim_customer", "one row a customer", ("customer_key",), (
            _required("customer_key", STRING, "the customer, clear or hashed as configured"),
            _optional("segment", STRING, "segment of the latest contact"),
            _optional("product_line", STRING, "product line of the latest contact"), _CONTACTS, _FIRST, _LAST)),
    )
}  # fmt: skip


def dimensions(tables: Tables, policy: AgentPolicy) -> dict[str, pa.Table]:
    """Every table of ``DIMENSIONS`` over the whole store, in order of its key."""
    facts = _facts(tables, policy)
    made: dict[str, Callable[[], list[dict[str, Any]]]] = {
        "dim_date": lambda: list(_dates(facts["day"].drop_null().unique().to_pylist())),
        "dim_agent": lambda: _agents(tables, policy, facts),
        "dim_channel": lambda: _named(CHANNELS, "channel", facts, _channel),
        "dim_queue": lambda: _seen(facts, "queue"),
        "dim_reason": lambda: _named(codebook.REASONS, "reason", facts, lambda reason: {}),
        "dim_customer": lambda: _customers(tables, facts),
    }
    return {name: _table(table, made[name]()) for name, table in DIMENSIONS.items()}


def _table(table: Table, rows: list[dict[str, Any]]) -> pa.Table:
    return table.from_rows(rows).sort_by([(name, "ascending") for name in table.key])


def _facts(tables: Tables, policy: AgentPolicy) -> pa.Table:
    wanted = (
        "day", "started_at", "interaction_id", "channel", "queue", "reason", "customer_key", "agent_id", "agent_ids",
        "team", "segment", "product_line",
    )  # fmt: skip
    read = tables.read("interaction_facts", columns=wanted)
    schema = pa.schema([INTERACTIONS.schema.field(name) for name in wanted])
    shown = policy.apply(INTERACTIONS.name, read.select(list(wanted)).cast(schema))
    return shown.sort_by([("started_at", "ascending"), ("interaction_id", "ascending")])


def _dates(days: Sequence[date]) -> Iterator[dict[str, Any]]:
    if not days:
        return
    day, last = min(days), max(days)
    while day <= last:
        iso = day.isocalendar()
        yield {
            "day": day, "year": day.year, "quarter": (day.month + 2) // 3, "month": f"{day:%Y-%m}",
            "iso_year": iso.year, "week": f"{iso.year}-W{iso.week:02}", "weekday": iso.weekday,
            "weekday_name": _WEEKDAYS[iso.weekday - 1], "is_weekend": iso.weekday > 5,
        }  # fmt: skip
        day += timedelta(days=1)


def _seen(facts: pa.Table, key: str, latest: Sequence[str] = ()) -> list[dict[str, Any]]:
    """A row for each value of ``key``: how often, from when to when, and the ``latest`` of what else is known."""
    known = facts.filter(pc.is_valid(facts[key]))
    grouped = known.group_by(key, use_threads=False).aggregate(
        [("interaction_id", "count"), ("day", "min"), ("day", "max"), *((name, "last") for name in latest)]
    )
    renamed = {"interaction_id_count": "contacts", "day_min": "first_day", "day_max": "last_day"}
    renamed |= {f"{name}_last": name for name in latest}
    rows: list[dict[str, Any]] = grouped.rename_columns([renamed.get(n, n) for n in grouped.column_names]).to_pylist()
    return rows


def _agents(tables: Tables, policy: AgentPolicy, facts: pa.Table) -> list[dict[str, Any]]:
    rows = {row["agent_id"]: row for row in _seen(facts, "agent_id", ["team"])}
    elsewhere = [pc.list_flatten(facts["agent_ids"])]
    for name in ("interaction_agents", "turns"):
        elsewhere.append(policy.apply(name, tables.read(name, columns=["agent_id"]))["agent_id"])
    return [{**row, "name": policy.called(row["agent_id"])} for row in _with_others(rows, "agent_id", elsewhere)]


def _customers(tables: Tables, facts: pa.Table) -> list[dict[str, Any]]:
    rows = {row["customer_key"]: row for row in _seen(facts, "customer_key", ["segment", "product_line"])}
    elsewhere = [
        tables.read(name, columns=["customer_key"])["customer_key"] for name in _OF_CUSTOMERS if name in STORED
    ]
    return _with_others(rows, "customer_key", elsewhere)


def _with_others(
    rows: dict[str, dict[str, Any]], key: str, columns: Iterable[pa.ChunkedArray | pa.Array]
) -> list[dict[str, Any]]:
    """``rows`` and one without contacts for each key that stands in other tables alone."""
    for column in columns:
        for value in column.unique().to_pylist():
            if value is not None:
                rows.setdefault(value, {key: value, "contacts": 0})
    return list(rows.values())


def _named(
    values: Sequence[str], key: str, facts: pa.Table, more: Callable[[str], dict[str, Any]]
) -> list[dict[str, Any]]:
    counts = {row[key]: row["contacts"] for row in _seen(facts, key)}
    english, german = wording("en"), wording("de")
    return [
        {key: value, "name_en": english.name(key, value), "name_de": german.name(key, value),
         "contacts": counts.get(value, 0), **more(value)}
        for value in values
    ]  # fmt: skip


def _channel(channel: str) -> dict[str, Any]:
    return {"is_spoken": channel == "voice", "is_live": channel in _LIVE}
