"""The praise library: passages that people praised, by language, channel and what the program heard in them."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from fastapi import APIRouter
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from analyzer.review import praise
from analyzer.review.conversation import Mark, marked
from analyzer.review.praise import FILTERS, Line, Passage
from analyzer.review.reach import sealed, within_reach
from analyzer.review.sessions import Session
from analyzer.review.state import State, note, page, signed_in, state_of

router: Final = APIRouter()
A_PAGE: Final = 20


@router.get("/praise")
def show(request: Request) -> Response:
    """Passages of contacts that the reader may see, latest first."""
    session, state = signed_in(request, "read"), state_of(request)
    told = _passages(state, session)
    choices = {name: request.query_params[name][:200] for name in FILTERS if request.query_params.get(name)}
    found = praise.chosen(told, choices)
    asked = request.query_params.get("page", "1")[:4]
    pages = max(1, -(-len(found) // A_PAGE))
    number = min(max(1, int(asked) if asked.isdecimal() else 1), pages)
    with state.database.write() as connection:
        note(connection, request, session.user.name, "read the praise library", "")
    policy = state.desk.snapshot().policy
    return page(
        request, "praise.html.j2", session=session, passages=found[(number - 1) * A_PAGE : number * A_PAGE],
        total=len(found), number=number, pages=pages, chosen=choices, said=_said, query=urlencode(choices),
        choices={name: praise.choices_of(told, name, choices) for name in FILTERS},
        agents={each.facts["agent_id"]: policy.label(each.facts["agent_id"]) for each in found},
    )  # fmt: skip


def _passages(state: State, session: Session) -> list[Passage]:
    with state.database.read() as connection:
        rows = praise.praise_rows(connection)
        hidden = sealed(connection, state.desk.snapshot(), session.user)
    with state.desk.reading() as store:
        facts = within_reach(store, session.user, {row["interaction_id"] for row in rows} - hidden)
        return praise.passages(store, rows, facts)


def _said(line: Line, title: str) -> Markup:
    """The words of a line, those that were praised marked."""
    return marked(line.text, [Mark(line.start, line.end, title, "praised")] if line.end else [])
