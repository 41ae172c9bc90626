"""Rows of a table have no order of their own."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from analyzer.records import Interaction
from tests.ingest.conftest import Item

Read = Callable[..., list[Item]]


def _texts(items: list[Item]) -> dict[str, list[str]]:
    return {item.interaction_id: [t.text for t in item.turns] for item in items if isinstance(item, Interaction)}


@pytest.mark.parametrize(
    ("column", "first", "second"),
    [("start_ms", "0", "4000"), ("started_at", "2026-01-05T10:30:00Z", "05.01.2026 12:00")],
)
def test_row_order_is_that_of_the_times_where_each_row_tells_one(
    read: Read, column: str, first: str, second: str
) -> None:
    table = (
        f"interaction_id,speaker,text,{column}\nc,customer,Later,{{}}\nd,agent,Alone,{second}\nc,agent,First,{first}\n"
    )
    assert _texts(read(table.format(second), name="x.csv")) == {"c": ["First", "Later"], "d": ["Alone"]}
    assert _texts(read(table.format(""), name="y.csv"))["c"] == ["Later", "First"]
