"""One contact: what was said, what the machine found in it and why, and what people answered about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from analyzer import codebook
from analyzer.publish.wording import wording
from analyzer.review import coaching, objections, questions, verdicts
from analyzer.review.conversation import conversation, labels_of
from analyzer.review.customer_history import CustomerHistory, customer_history
from analyzer.review.database import Connection, Row
from analyzer.review.desk import Contact
from analyzer.review.feeling_path import feeling_path
from analyzer.review.score_steps import score_steps
from analyzer.review.scorecard.cards import standing
from analyzer.review.scorecard.view import card_views
from analyzer.review.sessions import Session
from analyzer.review.state import State, language_of, note, page, signed_in, state_of

router: Final = APIRouter()


@dataclass(frozen=True, slots=True)
class Opened:
    """A contact with what may be shown of it: ``answers`` are one's own alone where the findings are ``hidden``."""

    contact: Contact
    answers: list[Row]
    hidden: bool
    looked: bool


@router.get("/contacts/{interaction_id:path}")
def show(request: Request, interaction_id: str, at: int | None = None) -> Response:
    """The page. ``at``: the turn that is being judged, whose forms are shown."""
    session, state = signed_in(request, "read"), state_of(request)
    contact = own_contact(state, session, interaction_id)
    with state.database.read() as connection:
        opened = open_contact(connection, contact, session)
        filled = standing(connection, interaction_id)
    with state.database.write() as connection:
        note(connection, request, session.user.name, "read a contact", interaction_id)
        if not opened.hidden:
            questions.look(connection, interaction_id, session.user.name, state.clock())
    cards = card_views(
        state.cards, contact, filled, session.user, hidden=opened.hidden, language=language_of(request)
    )  # fmt: skip
    return page(request, "contact.html.j2", session=session, cards=cards, **_shown(request, state, session, opened, at))


def own_contact(state: State, session: Session, interaction_id: str) -> Contact:
    """The contact, if it is there and theirs to read; else 404 in both cases, so that nobody learns which ids exist."""
    contact = state.desk.contact(interaction_id)
    if contact is None or not session.user.may_see(contact.facts["team"], frozenset(contact.facts["agent_ids"])):
        raise HTTPException(404)
    return contact


def open_contact(connection: Connection, contact: Contact, session: Session) -> Opened:
    """The contact as this reader may see it now."""
    interaction_id, name = contact.facts["interaction_id"], session.user.name
    answers = [
        row for row in verdicts.standing(connection, interaction_id)
        if coaching.is_for(row, session.user, contact.turns, contact.facts["agent_id"])
    ]  # fmt: skip
    looked = questions.has_looked(connection, interaction_id, name)
    hidden = questions.is_hidden(contact, answers, session.user, looked)
    return Opened(contact, [row for row in answers if not hidden or row["reviewer"] == name], hidden, looked)


def _shown(request: Request, state: State, session: Session, opened: Opened, at: int | None) -> dict[str, Any]:
    contact, hidden = opened.contact, opened.hidden
    w = wording(language_of(request))
    turns = conversation(contact, opened.answers, hidden, w)
    return {
        "contact": contact, "hidden": hidden, "answers": opened.answers, "turns": turns, "at": at,
        "agent": state.desk.snapshot().policy.label(contact.facts["agent_id"]),
        "asked": questions.asked(contact.facts), "told": questions.answered(opened.answers, session.user.name),
        "others_told": _of_others(opened.answers, session.user.name),
        "cannot_say": questions.CANNOT_SAY, "feelings": codebook.FEELINGS,
        "labels": {speaker: labels_of(speaker) for speaker in ("customer", "agent")},
        "course": feeling_path(turns), "score": None if hidden else score_steps(contact.contributions, w),
        "history": None if hidden else _history(state, session, contact),
        **_objections(state, session, contact),
    }  # fmt: skip


def _of_others(answers: Sequence[Row], name: str) -> list[Row]:
    """What others answered to the questions about the whole contact."""
    return [row for row in answers if row["reviewer"] != name and row["finding"] in questions.ANSWERS]


def _history(state: State, session: Session, contact: Contact) -> CustomerHistory:
    with state.database.read() as connection:
        rows = connection.rows("SELECT interaction_id FROM looks WHERE name = ?", session.user.name)
    with state.desk.reading() as store:
        return customer_history(store, contact.facts, session.user, {row["interaction_id"] for row in rows})


def _objections(state: State, session: Session, contact: Contact) -> dict[str, object]:
    with state.database.read() as connection:
        return objections.on_contact(connection, contact, session.user, state.desk.snapshot().policy)
