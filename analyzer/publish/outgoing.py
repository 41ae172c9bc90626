"""What leaves the store, table by table: agents shown as settings say, rows in the order of their keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from analyzer.config import PublishSettings
from analyzer.publish.agents import agent_policy
from analyzer.publish.dimensions import DIMENSIONS, dimensions
from analyzer.publish.reading import Tables, batches, day_spans
from analyzer.publish.relations import PUBLISHED
from analyzer.tables import Table


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A table and its rows, in parts that fit into memory; ``by_day``: whether ``since`` left earlier days out."""

    table: Table
    parts: Callable[[], Iterator[pa.Table]]
    by_day: bool


def outgoing(tables: Tables, settings: PublishSettings, since: date | None = None) -> dict[str, Outgoing]:
    """Every table of ``relations.PUBLISHED``, parents before those that hang on them.

    With ``since``, tables that are kept by day hold only the days from then on; all others are whole.
    """
    policy = agent_policy(tables, settings)
    spans = [days for days in (_from(span, since) for span in day_spans(tables)) if days]
    made = dimensions(tables, policy)

    def rows(table: Table) -> Iterator[pa.Table]:
        if table.name in DIMENSIONS:
            yield made[table.name]
            return
        for part in batches(tables, table, spans):
            yield _ordered(table, policy.apply(table.name, part))

    return {name: Outgoing(table, _later(rows, table), is_by_day(table)) for name, table in PUBLISHED.items()}


def is_by_day(table: Table) -> bool:
    """Whether the table's rows belong to days of contacts, so that the latest days can be exported alone."""
    return table.by_day or table.name == "interactions"


def _later(rows: Callable[[Table], Iterator[pa.Table]], table: Table) -> Callable[[], Iterator[pa.Table]]:
    return lambda: rows(table)


def _from(days: tuple[date, ...], since: date | None) -> tuple[date, ...]:
    return days if since is None else tuple(day for day in days if day >= since)


def _ordered(table: Table, part: pa.Table) -> pa.Table:
    """Rows by day and key after names were changed, so that their order tells nothing of the names."""
    by = [name for name in ("day", *table.key) if name in part.column_names]
    shaped = part.select(list(table.column_names)).cast(table.schema)
    return shaped.take(pc.sort_indices(shaped, sort_keys=[(name, "ascending") for name in by]))
