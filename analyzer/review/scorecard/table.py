"""Scorecards as the table that exports carry: a row an item of a card, people's cards and the program's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final

import numpy as np
import pyarrow as pa

from analyzer.publish.reading import Tables
from analyzer.records import stable_id
from analyzer.review.scorecard.cards import Card
from analyzer.review.scorecard.form import NOT_APPLICABLE, Form, Item, Side
from analyzer.review.scorecard.in_force import FormsInForce, of_ids
from analyzer.review.scorecard.machine import STATES, MachineCards, shown_answer
from analyzer.review.scorecard.scoring import score
from analyzer.tables import STORED

TABLE: Final = STORED["scorecards"]


def scorecard_table(
    forms: FormsInForce, cards: Sequence[Card], tables: Tables, days: Sequence[date] | None
) -> pa.Table:
    """The rows of the contacts of ``days`` (None: all). A person's card of a contact that is not in the store is left
    out."""
    facts = tables.read("interaction_facts", columns=["interaction_id", "day"], days=days)
    day_of = dict(zip(facts["interaction_id"].to_pylist(), facts["day"].to_pylist(), strict=True))
    wanted = sorted(set(day_of.values())) if days is None else list(days)
    program = [_of_program(made, known) for made, known in forms.of_days(tables, wanted)]
    people = [row for card in cards if card.judged.interaction_id in day_of for row in _of_person(card, day_of)]
    return pa.concat_tables([TABLE.from_rows(people), *program])


def _of_person(card: Card, day_of: Mapping[str, date]) -> Iterator[dict[str, Any]]:
    found, judged = score(card.form, "human", card.answers), card.judged
    common = {
        "card_id": card.card_id, "interaction_id": judged.interaction_id, "day": day_of[judged.interaction_id],
        **_of_form(card.form), "filled_by": "human", "reviewer": card.reviewer, "card_score": found.value,
        "failed_item": found.failed, "blind": judged.blind, "sampling_probability": judged.sampling_probability,
        "saved_at": card.saved_at, "content_hash": judged.content_hash,
    }  # fmt: skip
    for section, item in _items(card.form, "human"):
        answer = card.answers.get(item.id)
        state = "open" if answer is None else NOT_APPLICABLE if answer == NOT_APPLICABLE else "answered"
        yield common | {
            "section": section, "item": item.id, "answer": answer, "state": state, "weight": item.weight,
            "points": None if answer is None else item.points(answer), "fatal": item.fatal,
        }  # fmt: skip


def _of_program(cards: MachineCards, facts: pa.Table) -> pa.Table:
    """The program's rows, item by item for all contacts at once."""
    form, n = cards.form, len(cards.ids)
    own, found = of_ids(facts, cards.ids), cards.scores
    items = form.items_of("machine")
    failed = [items[place].id if place >= 0 else None for place in found.failed.tolist()]
    common: dict[str, Any] = {
        "card_id": [stable_id(each, form.id, form.version, "machine") for each in cards.ids],
        "interaction_id": own["interaction_id"], "day": own["day"], "content_hash": own["content_hash"],
        **{name: [value] * n for name, value in _of_form(form).items()}, "filled_by": ["machine"] * n,
        "card_score": pa.array(found.value, pa.float64(), from_pandas=True), "failed_item": failed,
    }  # fmt: skip
    parts = [TABLE.empty()]
    for (section, item), told in zip(_items(form, "machine"), cards.answers, strict=True):
        states = [STATES[place] for place in told.state.tolist()]
        columns = common | {
            "section": [section] * n, "item": [item.id] * n, "state": states, "fatal": [item.fatal] * n,
            "answer": [shown_answer(item, points, state) for points, state in zip(told.points, states, strict=True)],
            "weight": [item.weight * item.is_scored("machine")] * n,
            "points": pa.array(told.points, pa.float64(), from_pandas=True),
            "probability": pa.array(told.probability, pa.float64(), from_pandas=True),
            "turn": pa.array(np.nan_to_num(told.turn).astype(np.int32), mask=np.isnan(told.turn)),
        }  # fmt: skip
        parts.append(_table(columns, n))
    return pa.concat_tables(parts)


def _table(columns: Mapping[str, Any], n: int) -> pa.Table:
    fields = TABLE.schema
    arrays = [
        (values.cast(field.type) if isinstance(values, pa.Array | pa.ChunkedArray) else pa.array(values, field.type))
        if (values := columns.get(field.name)) is not None
        else pa.nulls(n, field.type)
        for field in fields
    ]
    return pa.table(arrays, schema=fields)


def _of_form(form: Form) -> dict[str, str]:
    return {"form": form.id, "version": form.version, "form_hash": form.hash}


def _items(form: Form, side: Side) -> list[tuple[str, Item]]:
    return [(section.id, item) for section in form.sections for item in section.items if item.answered_by(side)]
