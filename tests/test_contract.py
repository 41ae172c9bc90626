"""Records, tables and codebook say the same as each other and, where it is there, as the shared contract."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import fields

import msgspec
import pytest

from analyzer import codebook, records
from analyzer.records import Cue, Finding, Interaction, Reject, Turn, TurnFeeling, Understood
from analyzer.tables import EXPORTED, FACT_TABLES, STORED, TIME, Table

from .conftest import SHARED

# What a record calls otherwise than its table, or holds in another shape.
NOT_IN_FACTS = {"given", "turns", "updated_at", "declared_language", "interaction", "feelings", "cues", "findings"}
ADDED_TO_FACTS = {"agent_ids", "turn_count", "customer_turns", "agent_turns", "sentiment_shift"}
# Tables that came after the contract: they are only ever added.
ADDED_TABLES = {
    "audit_corrections", "counter_measures", "reveals", "score_calibration",
    "weight_trials", "fcr_rates", "initiatives", "initiative_effects",
    "organisational_gaps", "scorecards", "staff_mood", "survey_checks",
}  # fmt: skip
# Columns that the contract marks as always there in its short form, and that are null where nothing was observed.
NULL_WHERE_UNOBSERVED = {
    "turns.sentiment",
    "commitments.probability",
    "verdicts.assigned_at",
    *(
        f"unit_scores.{name}"
        for name in ("raw_mean", "adjusted", "value", "low", "high", "spread", "worse_probability")
    ),
    *(f"loyalty_matrix.{name}" for name in ("raw", "low", "high")),
    *(f"loyalty_drivers.{name}" for name in ("effect", "low", "high", "p_adjusted")),
    *(f"loyalty_dynamics.{name}" for name in ("effect", "low", "high")),
    *(f"{table}.{name}" for table in ("expectation_gap", "perception_gap") for name in ("value", "low", "high")),
    # outcomes are joined to facts that a later run may judge
    *(f"interactions.{name}" for name in ("fcr_status", "experience_contact", "is_final", "as_of", "run_id")),
}


def _names(kind: type) -> tuple[str, ...]:
    if issubclass(kind, msgspec.Struct):
        return kind.__struct_fields__
    return tuple(field.name for field in fields(kind))


def names_of(*kinds: type) -> set[str]:
    return {name for kind in kinds for name in _names(kind)}


def shared(name: str) -> str:
    """A document of the shared contract; without it the test is skipped, but not on CI beside it."""
    path = SHARED / name
    if not path.is_file():
        if os.environ.get("CI") == "true" and SHARED.is_dir():
            pytest.fail(f"{name} is missing from the shared folder")
        pytest.skip(f"no {name} beside this checkout: the contract was not compared")
    return path.read_text(encoding="utf-8")


def test_facts_hold_what_interaction_and_understood_hold() -> None:
    told = names_of(Interaction, Understood) - NOT_IN_FACTS | ADDED_TO_FACTS
    assert told == set(STORED["interaction_facts"].column_names)


@pytest.mark.parametrize(
    ("name", "kinds", "added"),
    [("turns", (Turn, TurnFeeling), {"interaction_id", "day", "turn", "sentiment"}),
     ("cues", (Cue,), {"cue_id", "interaction_id", "day"}), ("findings", (Finding,), {"interaction_id", "day"}),
     ("rejects", (Reject,), {"run_id"})],
)  # fmt: skip
def test_tables_hold_the_fields_of_their_records(name: str, kinds: tuple[type, ...], added: set[str]) -> None:
    assert names_of(*kinds) - {"raw"} | added == set(STORED[name].column_names)


def test_records_are_frozen_and_slotted() -> None:
    for struct in (Turn, Interaction):
        assert struct.__struct_config__.frozen and struct.__dictoffset__ == 0
    for kind in (Reject, records.Skipped, Cue, Finding, TurnFeeling, Understood):
        assert kind.__dataclass_params__.frozen and "__slots__" in vars(kind)  # type: ignore[attr-defined]


def test_stable_id_tells_parts_apart_and_is_the_same_everywhere() -> None:
    assert records.stable_id("ab", "c") != records.stable_id("a", "bc")
    assert records.stable_id("hb-1001", "turn") == "f251d84b4ff28547"
    assert len(records.stable_id("x", length=32)) == 32


@pytest.mark.parametrize("table", EXPORTED.values(), ids=lambda table: table.name)
def test_table_is_well_formed(table: Table) -> None:
    assert len(set(table.column_names)) == len(table.column_names)
    assert set(table.key) <= set(table.column_names)
    assert all(column.meaning for column in table.columns)
    by_name = {column.name: column for column in table.columns}
    assert not any(by_name[name].nullable for name in table.key)
    assert all(column.type == TIME for column in table.columns if str(column.type).startswith("timestamp"))


def test_fact_tables_are_kept_by_day() -> None:
    assert all(STORED[name].by_day and "day" in STORED[name].column_names for name in FACT_TABLES)


# TABLES.md


_TITLE = r"(?<!customer )\b((?:[a-z_]+, )*[a-z_]+): (?=`)"
_MARK = re.compile(
    r"`(?P<name>[a-z_0-9]+)`(?P<own>\?)?"
    r"|(?P<type>\b(?:string|float64|int32|int64|bool|date32|timestamp|list<string>)|\{[^}]*\})(?P<null>\?)?"
)


def sections() -> dict[str, str]:
    """Each table's own piece of TABLES.md: name → the text that lists its columns."""
    text = shared("TABLES.md").partition("\n# Inputs")[0]
    pieces: dict[str, str] = {}
    for heading, body in re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", text, re.M | re.S):
        listed = re.sub(r"^\|.*\n", "", body, flags=re.M)
        own, *titled = re.split(_TITLE, listed)
        if (name := heading.split()[0]) in EXPORTED and "·" not in heading:
            pieces[name] = listed if name == "interactions" else re.split(r"\. |\nAlso ", own)[0]
        for titles, columns in zip(titled[::2], titled[1::2], strict=True):
            pieces |= {title: columns.split(". ")[0] for title in titles.split(", ") if title in EXPORTED}
    return pieces


def marked(piece: str) -> Iterator[tuple[str, bool]]:
    """(column, marked as null where not observed) of a piece.

    A type alone between two dots stands for all names before it, else for the nearest one.
    """
    for group in re.sub(r"\([^()]*\)", "", piece).split("·"):
        found = list(_MARK.finditer(group))
        alone = sum(bool(mark["type"]) for mark in found) == 1
        for place, mark in enumerate(found):
            if mark["name"]:
                after = found[place + 1 :] if alone else found[place + 1 : place + 2]
                yield mark["name"], bool(mark["own"]) or any(m["type"] and m["null"] for m in after)


def test_every_table_of_the_contract_is_exported() -> None:
    also = re.findall(r"`([a-z_]+)`", " ".join(re.findall(r"^Also .*|views .*? export", shared("TABLES.md"), re.M)))
    assert {"control_chart_points", "score_weights", "bias_watch", "agent_scores", "channel_scores"} <= set(also)
    assert {*also, *sections(), "loyalty_records", "surveys"} == set(EXPORTED) - ADDED_TABLES


@pytest.mark.parametrize("name", ["interactions", "turns", "cues", "findings", "contributions", "interaction_agents",
                                  "episodes", "fcr", "commitments", "flags", "verdicts", "rejects", "unit_scores",
                                  "customers", "loyalty_matrix", "loyalty_drivers", "loyalty_dynamics",
                                  "expectation_gap", "perception_gap", "action_lists", "runs"])  # fmt: skip
def test_table_has_the_columns_and_nulls_of_the_contract(name: str) -> None:
    listed = dict(marked(sections()[name]))
    nullable = {column.name: column.nullable for column in EXPORTED[name].columns}
    assert len(listed) >= 5
    assert not listed.keys() - nullable.keys()
    marked_null = {f"{name}.{column}" for column, null in listed.items() if null}
    ours = {f"{name}.{column}" for column in listed if nullable[column]}
    assert marked_null <= ours
    assert ours - marked_null <= NULL_WHERE_UNOBSERVED


# codebook.md


def test_labels_are_those_of_the_codebook() -> None:
    text = shared("codebook.md").partition("## Derived, not annotated")[0]
    named = set(re.findall(r"`((?:effort|expect|loyal|res|trust|comp|topic|emp|anti|svc)\.[a-z_]+)`", text))
    assert named == set(codebook.LABELS)


def test_reasons_and_resolutions_are_those_of_the_codebook() -> None:
    text = shared("codebook.md")
    body = re.search(r"## Contact reasons[^\n]*\n(.*?)\n## ", text, re.S)
    assert body is not None
    listed = re.sub(r"\([^)]*\)", "", body[1]).partition("Finer topics")[0]
    assert tuple(re.findall(r"[a-z]+(?:_[a-z]+)*", listed)) == codebook.REASONS
    row = next(line for line in text.splitlines() if line.startswith("| `resolution` |"))
    assert set(codebook.RESOLUTIONS) == set(re.findall(r"`([a-z]+)`", row)) - {"resolution"}


def test_codebook_names_are_distinct_and_grouped() -> None:
    assert len(set(codebook.LABELS)) == len(codebook.LABELS)
    assert set(codebook.COMPLAINT_LABELS) <= set(codebook.CUSTOMER_LABELS)
    assert set(codebook.EMPATHY_LABELS) | set(codebook.ANTI_LABELS) <= set(codebook.AGENT_LABELS)
