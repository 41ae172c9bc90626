"""Whether people judge alike, and the program as they do, by question, language and pair; for leads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pyarrow.dataset as ds
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from analyzer.review import agreement, coefficients, opinions
from analyzer.review.agreement import BaseRates, Compared
from analyzer.review.database import Row
from analyzer.review.opinions import SCALES, Opinion
from analyzer.review.reach import within_reach
from analyzer.review.sessions import Session
from analyzer.review.state import State, note, page, signed_in, state_of
from analyzer.store.store import Store

router: Final = APIRouter()
BASES: Final = ("blind", "all")
GOOD, TENTATIVE = 0.8, 0.667  # Krippendorff 2004, p. 241: reliable; fit for tentative conclusions


@dataclass(frozen=True, slots=True)
class Shown:
    """All that the page compares. ``question``: the one that pairs are compared in; ``questions``: those there are."""

    people: list[Compared]
    pairs: list[Compared]
    program: list[Compared]
    rates: list[BaseRates]
    question: str
    questions: tuple[str, ...]


@router.get("/agreement")
def show(request: Request, answers: str = "blind", question: str = "") -> Response:
    session, state = signed_in(request, "settle"), state_of(request)
    basis = answers if answers in BASES else "blind"
    with state.database.write() as connection:
        rows = opinions.opinion_rows(connection)
        note(connection, request, session.user.name, "read the agreement", basis)
    shown = _shown(state, session, rows, basis, question)
    return page(
        request, "agreement.html.j2", session=session, shown=shown, basis=basis, least=coefficients.LEAST,
        share=state.review.second_review_share, good=GOOD, tentative=TENTATIVE, every=agreement.EVERY,
    )  # fmt: skip


def _shown(state: State, session: Session, rows: list[Row], basis: str, question: str) -> Shown:
    with state.desk.reading() as store:
        facts = within_reach(store, session.user, {row["interaction_id"] for row in rows})
        blind = opinions.opinions(rows, facts, blind_only=True)
        program = opinions.program_answers(blind, facts, _feelings(store, blind))
    told = blind if basis == "blind" else opinions.opinions(rows, facts, blind_only=False)
    people = agreement.among_people(told)
    questions = tuple(dict.fromkeys(line.question for line in people))
    asked = question if question in questions else next(iter(questions), "")
    return Shown(
        people, agreement.by_pair(told, asked) if asked in SCALES else [], agreement.with_program(blind, program),
        agreement.base_rates(blind, program), asked, questions,
    )  # fmt: skip


def _feelings(store: Store, told: list[Opinion]) -> Mapping[tuple[str, int], float | None]:
    """By contact and turn, what the program felt in turns that people judged."""
    ids = {each.contact for each in told if each.question == "sentiment"}
    if not ids:
        return {}
    where = ds.field("interaction_id").isin(sorted(ids)) & ds.field("sentiment").is_valid()
    table = store.dataset("turns").to_table(columns=["interaction_id", "turn", "sentiment"], filter=where)
    return {(row["interaction_id"], row["turn"]): row["sentiment"] for row in table.to_pylist()}
