"""Disputes: agents object to answers about their own contacts, leads decide, everybody who may read sees how."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter, Form
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from analyzer.ingest.masking import Masker, mask
from analyzer.review import disputes, objections, questions, verdicts
from analyzer.review.database import Connection, Row
from analyzer.review.desk import Contact
from analyzer.review.disputes import Dispute
from analyzer.review.pages.contact import own_contact
from analyzer.review.reach import sealed, within_reach
from analyzer.review.sessions import Session
from analyzer.review.state import State, check_token, note, page, signed_in, state_of, to
from analyzer.review.verdicts import Answer, Judged

router: Final = APIRouter()
Text = Annotated[str, Form(max_length=disputes.LONGEST_REASON)]
REPLACED: Final = ("sentiment", *questions.ANSWERS)  # findings of which a lead can give the right answer


@dataclass(frozen=True, slots=True)
class Listed:
    """A dispute with what it is about. ``answer`` is the verdict disputed, None for a scorecard; ``agent`` who objects,
    as they may be shown; ``mine``: the reader objects."""

    dispute: Dispute
    facts: Row
    answer: Row | None
    agent: str | None
    mine: bool
    may_settle: bool

    @property
    def choices(self) -> tuple[str, ...]:
        """The answers that a lead can put in the place of this one."""
        if self.answer is None or self.answer["finding"] not in REPLACED:
            return ()
        return tuple(each for each in verdicts.ALLOWED[self.answer["finding"]] if each != self.answer["answer"])


@router.get("/disputes")
def show(request: Request) -> Response:
    """The disputes of the contacts that the reader may see: those that wait, then those decided.

    Who decides is shown them of drawn contacts too that they have not answered; what they answer later is not blind.
    """
    session, state = signed_in(request, "read"), state_of(request)
    with state.database.write() as connection:
        hidden = sealed(connection, state.desk.snapshot(), session.user)
        listed = _listed(state, connection, session, frozenset() if session.user.may("settle") else hidden)
        for contact in {each.dispute.about.interaction_id for each in listed} & hidden:
            questions.look(connection, contact, session.user.name, state.clock())
        note(connection, request, session.user.name, "read the disputes", "")
    return page(
        request, "disputes.html.j2", session=session, waiting=[each for each in listed if not each.dispute.settled],
        settled=[each for each in listed if each.dispute.settled],
    )  # fmt: skip


@router.post("/disputes")
def object_to(request: Request, token: Text, kind: Text, subject_id: Text, reason: Text) -> Response:
    """Objects to an answer or a card about a contact of one's own; 404 for any other, and where there is none."""
    session, state = signed_in(request, "read"), state_of(request)
    check_token(session, token)
    with state.database.read() as connection:
        about = (disputes.disputed_card if kind == "card" else disputes.disputed_answer)(connection, subject_id)
    if about is None:
        raise HTTPException(404)
    contact = own_contact(state, session, about.interaction_id)
    with state.database.write() as connection:
        hidden = about.interaction_id in sealed(connection, state.desk.snapshot(), session.user)
        if hidden or not disputes.may_raise(session.user, contact.facts["agent_ids"]):
            raise HTTPException(404)
        told = mask(reason, Masker(reason))
        dispute_id = disputes.raise_dispute(connection, about, told, session.user.name, state.clock())
        note(connection, request, session.user.name, "objected to an answer", dispute_id)
    return to(f"/contacts/{about.interaction_id}#disputes")


@router.post("/disputes/{dispute_id}/decision")
def decide(request: Request, dispute_id: str, token: Text, decision: Text, reason: Text, answer: Text = "") -> Response:
    """A lead's decision; with ``answer``, what takes the place of the answer that no longer counts."""
    session, state = signed_in(request, "settle"), state_of(request)
    check_token(session, token)
    with state.database.read() as connection:
        dispute = disputes.find_dispute(connection, dispute_id)
    if dispute is None:
        raise HTTPException(404)
    contact = own_contact(state, session, dispute.about.interaction_id)
    with state.database.write() as connection:
        told = mask(reason, Masker(reason))
        settled = disputes.settle(connection, dispute, session.user, decision, told, state.clock())
        if settled.decision == "changed" and answer:
            _replace(state, connection, session, contact, dispute, answer)
        note(connection, request, session.user.name, f"decided a dispute: {settled.decision}", dispute_id)
    return to("/disputes#settled")


def _replace(
    state: State, connection: Connection, session: Session, contact: Contact, dispute: Dispute, answer: str
) -> None:
    """Puts the lead's answer beside the one that lost. It was not given blind, so it trains and never corrects."""
    (lost,) = connection.rows("SELECT finding, turn FROM verdicts WHERE verdict_id = ?", dispute.about.subject_id)
    given = verdicts.checked(Answer(lost["finding"], answer, lost["turn"]), contact.turns)
    version = next((row["model_version"] for row in contact.findings), "")
    judged = Judged(
        contact.facts["interaction_id"], contact.facts["content_hash"], version, False, 1.0, None, "training"
    )
    verdicts.add(connection, judged, given, session.user.name, state.clock())


def _listed(state: State, connection: Connection, session: Session, hidden: frozenset[str]) -> list[Listed]:
    user, told = session.user, disputes.all_disputes(connection)
    ids = {each.about.interaction_id for each in told} - hidden
    with state.desk.reading() as store:
        facts = within_reach(store, user, ids)
    told = [each for each in told if each.about.interaction_id in facts]
    answers = objections.disputed_answers(connection, told)
    agents = objections.objectors(connection, state.desk.snapshot().policy)
    return [
        Listed(each, facts[each.about.interaction_id], answers.get(each.about.subject_id), agents.get(each.raised_by),
               each.raised_by == user.name, each.may_settle(user))
        for each in told if objections.is_told(each, answers.get(each.about.subject_id), user)
    ]  # fmt: skip
