"""What publishing needs of a store: to read tables by the names of ``tables.STORED``, and one secret."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc

from analyzer.tables import INTERACTIONS, STORED, Table

CONTACTS_AT_A_TIME = 20_000


class Tables(Protocol):
    """A store opened for reading; one consistent state for as long as it is held."""

    def read(self, name: str, columns: Sequence[str] | None = None, days: Sequence[date] | None = None) -> pa.Table: ...

    def secret(self, name: str) -> bytes: ...


def interactions(tables: Tables, days: Sequence[date] | None = None) -> pa.Table:
    """Facts joined with outcomes, in the columns of ``tables.INTERACTIONS``; a contact without outcomes keeps nulls."""
    facts = tables.read("interaction_facts", days=days)
    outcomes = tables.read("outcomes", days=days)
    # Arrow's own join cannot carry list columns, so the outcomes are looked up row by row.
    where = pc.index_in(facts["interaction_id"], value_set=outcomes["interaction_id"])
    found = outcomes.take(where)
    columns = [facts[c.name] if c.name in facts.column_names else found[c.name] for c in INTERACTIONS.columns]
    return pa.table(columns, schema=INTERACTIONS.schema)


def day_spans(tables: Tables, contacts: int = CONTACTS_AT_A_TIME) -> list[tuple[date, ...]]:
    """Consecutive days grouped so that each group holds about ``contacts`` contacts; bounds the memory of a pass."""
    counts = pc.value_counts(tables.read("interaction_facts", columns=["day"])["day"].combine_chunks())
    spans: list[tuple[date, ...]] = []
    span: list[date] = []
    held = 0
    for day, count in sorted((item["values"], item["counts"]) for item in counts.to_pylist()):
        if span and held + count > contacts:
            spans.append(tuple(span))
            span, held = [], 0
        span.append(day)
        held += count
    return [*spans, tuple(span)] if span else spans


def batches(tables: Tables, table: Table, spans: Sequence[tuple[date, ...]]) -> Iterator[pa.Table]:
    """The rows of one exported table, a group of days at a time where it is kept by day; at least one, maybe empty."""
    if table.name == INTERACTIONS.name:
        yield from (interactions(tables, days) for days in spans)
    elif table.name in STORED and table.by_day:
        yield from (tables.read(table.name, days=days) for days in spans)
    elif table.name in STORED:
        yield tables.read(table.name)
    else:
        scores = tables.read("unit_scores")
        yield scores.filter(pc.equal(scores["unit_kind"], table.name.removesuffix("_scores")))
