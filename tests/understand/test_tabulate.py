from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from analyzer.records import Interaction, Turn, Understood
from analyzer.tables import STORED
from analyzer.understand.tabulate import FACT_TABLES, agents_in_order, tabulate

from .talk import EVERY_KIND, contact


def test_tabulate_gives_every_table_its_schema(understood: dict[str, Understood]) -> None:
    for contacts in (list(understood.values()), []):
        tables = tabulate(contacts)
        assert tuple(tables) == FACT_TABLES
        assert all(tables[name].schema == STORED[name].schema for name in FACT_TABLES)
        for name in FACT_TABLES:
            for column in STORED[name].columns:
                assert column.nullable or tables[name][column.name].null_count == 0, (name, column.name)


def test_tabulate_keeps_order_and_counts(understood: dict[str, Understood]) -> None:
    tables = tabulate(list(understood.values()))
    assert tables["interaction_facts"]["interaction_id"].to_pylist() == [i.interaction_id for i in EVERY_KIND[:10]]
    assert tables["interaction_facts"]["turn_count"].to_pylist() == [len(i.turns) for i in EVERY_KIND[:10]]
    assert tables["turns"].num_rows == sum(len(i.turns) for i in EVERY_KIND[:10])
    assert tables["cues"].num_rows == sum(len(u.cues) for u in understood.values())


def test_tabulate_gives_rows_keys_that_differ(understood: dict[str, Understood]) -> None:
    tables = tabulate(list(understood.values()))
    for name in FACT_TABLES:
        keys = list(zip(*(tables[name][column].to_pylist() for column in STORED[name].key), strict=True))
        assert len(keys) == len(set(keys)), name


def test_tabulate_repeats_what_was_understood(understood: dict[str, Understood]) -> None:
    u = understood["de-unsolved"]
    tables = {name: table.to_pylist() for name, table in tabulate([u]).items()}
    (facts,) = tables["interaction_facts"]
    assert (facts["resolution"], facts["sentiment_shift"], facts["empathy"]) == (
        u.resolution,
        u.sentiment_shift,
        u.empathy,
    )
    assert [row["sentiment"] for row in tables["turns"] if row["turn"] in u.feelings] == [
        u.feelings[turn].sentiment for turn in sorted(u.feelings)
    ]
    assert all(row["sentiment"] is None for row in tables["turns"] if row["speaker"] != "customer")
    texts = {row["turn"]: row["text"] for row in tables["turns"]}
    assert all(row["reason"] == texts[row["turn"]][row["start_char"] : row["end_char"]] for row in tables["cues"])


def handed_over(*agents: str | None, closing: str | None = None, **facts: float) -> Interaction:
    """A contact in which these agents speak one after another, 10 s each."""
    turns = tuple(
        Turn(
            "customer" if who is None else "agent", "Ja.", agent_id=who, start_ms=i * 10_000, end_ms=i * 10_000 + 5_000
        )
        for i, who in enumerate(agents)
    )
    return msgspec.structs.replace(contact(), turns=turns, agent_id=closing, **facts)


def legs(understood: dict[str, Understood], interaction: Interaction) -> list[tuple[object, ...]]:
    table = tabulate([replace(understood["de-solved"], interaction=interaction, feelings={}, cues=(), findings=())])
    columns = ("agent_id", "leg", "first_turn", "last_turn", "agent_turns", "role", "seconds")
    rows = table["interaction_agents"].to_pylist()
    assert not rows or sum(row["share"] for row in rows) == pytest.approx(1)
    return [tuple(row[column] for column in columns) for row in rows]


def test_agents_legs_are_their_stretches(understood: dict[str, Understood]) -> None:
    found = legs(understood, handed_over("a", None, "a", "b", "c", None, "a"))
    assert found == [
        ("a", 0, 0, 2, 2, "opener", 25.0), ("b", 1, 3, 3, 1, "middle", 5.0), ("c", 2, 4, 4, 1, "middle", 5.0),
        ("a", 3, 6, 6, 1, "closer", 5.0),
    ]  # fmt: skip


def test_a_sole_agent_has_the_handle_time(understood: dict[str, Understood]) -> None:
    assert legs(understood, handed_over("a", None, "a", handle_s=99.0)) == [("a", 0, 0, 2, 2, "sole", 99.0)]
    assert legs(understood, handed_over("a", None, "a")) == [("a", 0, 0, 2, 2, "sole", 25.0)]


def test_turns_without_an_agent_are_the_closing_agents(understood: dict[str, Understood]) -> None:
    interaction = contact("c:Hallo.", "a:Guten Tag.")
    assert legs(understood, msgspec.structs.replace(interaction, agent_id="z")) == [("z", 0, 1, 1, 1, "sole", None)]
    assert legs(understood, interaction) == [] and agents_in_order(interaction) == []


def test_agents_in_order_names_each_once(understood: dict[str, Understood]) -> None:
    assert agents_in_order(handed_over("b", None, "a", "b")) == ["b", "a"]
    assert agents_in_order(handed_over(None, closing="z")) == ["z"]
