"""Dimensions hold every key that the other tables refer to, once, as agents may be shown."""

from __future__ import annotations

from datetime import date, timedelta

import pyarrow as pa
import pytest

from analyzer import codebook
from analyzer.publish.agents import Mode
from analyzer.publish.dimensions import DIMENSIONS
from analyzer.publish.outgoing import outgoing
from analyzer.publish.relations import FOREIGN_KEYS, PUBLISHED
from analyzer.records import CHANNELS

from .test_agents import publish
from .world import EMPTY, FIRST_DAY, MemoryTables, world


def whole(tables: MemoryTables, agents: Mode = "pseudonym", since: date | None = None) -> dict[str, pa.Table]:
    parts = outgoing(tables, publish(agents=agents), since)
    return {name: pa.concat_tables([out.table.schema.empty_table(), *out.parts()]) for name, out in parts.items()}


@pytest.mark.parametrize("agents", ["off", "team", "pseudonym", "named"])
@pytest.mark.parametrize("since", [None, date(2026, 11, 16)])
def test_every_foreign_key_has_its_row(agents: Mode, since: date | None) -> None:
    tables = whole(world(), agents, since)
    for key in FOREIGN_KEYS:
        there = set(tables[key.parent][key.key].to_pylist())
        assert set(tables[key.table][key.column].to_pylist()) - {None} <= there, key


@pytest.mark.parametrize("tables", [world(), EMPTY], ids=["world", "empty"])
def test_keys_of_all_tables_are_unique_and_never_empty(tables: MemoryTables) -> None:
    for name, table in whole(tables).items():
        keys = list(zip(*(table[column].to_pylist() for column in PUBLISHED[name].key), strict=True))
        assert len(set(keys)) == len(keys) and not any(None in key for key in keys), name


def test_dates_have_no_gaps_and_the_periods_of_the_scores() -> None:
    rows = whole(world())["dim_date"].to_pylist()
    assert [row["day"] for row in rows] == [FIRST_DAY + timedelta(days=n) for n in range(len(rows))]
    assert (rows[0]["week"], rows[0]["month"], rows[0]["weekday"]) == ("2026-W45", "2026-11", 1)
    scored = set(whole(world())["unit_scores"]["period"].to_pylist())
    assert scored <= {row["week"] for row in rows} | {row["month"] for row in rows} | {str(row["day"]) for row in rows}


def test_agents_stand_in_their_dimension_as_they_may_be_shown() -> None:
    named = whole(world(), "named")["dim_agent"].to_pylist()
    hidden = whole(world(), "pseudonym")["dim_agent"].to_pylist()
    assert {row["agent_id"] for row in named} >= {"a-01", "a-08"}
    assert not {row["agent_id"] for row in hidden} & {row["agent_id"] for row in named}
    assert sum(row["contacts"] for row in hidden) == sum(row["contacts"] for row in named)
    assert whole(world(), "off")["dim_agent"].num_rows == 0


def test_classes_are_all_there_with_names_in_both_languages() -> None:
    tables = whole(EMPTY)
    assert tables["dim_channel"]["channel"].to_pylist() == sorted(CHANNELS)
    assert tables["dim_reason"]["reason"].to_pylist() == sorted(codebook.REASONS)
    for name in ("dim_channel", "dim_reason"):
        english, german = (tables[name][column].to_pylist() for column in ("name_en", "name_de"))
        assert all(english) and all(german) and sum(e != g for e, g in zip(english, german, strict=True)) > 2
    assert set(DIMENSIONS) == {"dim_date", "dim_agent", "dim_channel", "dim_queue", "dim_reason", "dim_customer"}


@pytest.mark.parametrize("mode", ["off", "team", "pseudonym", "named"])
def test_names_stand_beside_the_keys_of_agents_where_they_are_named(mode: Mode) -> None:
    tables = whole(world().having(agent_names=[{"agent_id": "a-01", "name": "Miriam Sander"}]), mode)
    names = {row["agent_id"]: row["name"] for row in tables["dim_agent"].to_pylist()}
    assert names == dict.fromkeys(names) | {key: key for key in names} | (
        {"a-01": "Miriam Sander"} if mode == "named" else {}
    )
    assert "agent_names" not in tables
    assert ("Miriam Sander" in str([table.to_pydict() for table in tables.values()])) == (mode == "named")
