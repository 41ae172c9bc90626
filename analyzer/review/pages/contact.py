"""One contact: what was said, what the machine found in it and why, and what a person answers."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Form
from markupsafe import Markup, escape
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from analyzer import codebook
from analyzer.ingest.masking import Masker, mask
from analyzer.review import verdicts
from analyzer.review.database import Row
from analyzer.review.desk import Contact
from analyzer.review.sessions import Session
from analyzer.review.state import State, check_token, note, page, signed_in, state_of, to
from analyzer.review.verdicts import Answer, Judged

router: Final = APIRouter()
Text = Annotated[str, Form(max_length=verdicts.LONGEST_NOTE)]


@router.get("/contacts/{interaction_id:path}")
def show(request: Request, interaction_id: str) -> Response:
    session = signed_in(request, "read")
    state = state_of(request)
    contact = _own(state, session, interaction_id)
    with state.database.read() as connection:
        answers = verdicts.standing(connection, interaction_id)
    hidden = is_hidden(contact, answers, session)
    with state.database.write() as connection:
        note(connection, request, session.user.name, "read a contact", interaction_id)
    return page(
        request, "contact.html.j2", session=session, contact=contact, hidden=hidden, answers=answers,
        turns=[_turn(turn, contact, answers, hidden) for turn in contact.turns],
        agent=state.desk.snapshot().policy.name(contact.facts["agent_id"]),
        probability=_probability(contact), resolutions=verdicts.RESOLUTIONS, feelings=verdicts.FEELINGS,
        labels=codebook.LABELS, points=_points(contact),
    )  # fmt: skip


@router.post("/answers/{interaction_id:path}")
def answer(
    request: Request, interaction_id: str, token: Text, finding: Text, content_hash: Text, answer: Text = "",
    turn: Annotated[int | None, Form()] = None,
) -> Response:  # fmt: skip
    """Saves one answer at once, and shows the contact again."""
    session = signed_in(request, "decide")
    check_token(session, token)
    state = state_of(request)
    contact = _own(state, session, interaction_id)
    given = verdicts.checked(Answer(finding, mask(answer, Masker(answer)), turn), len(contact.turns))
    with state.database.write() as connection:
        before = verdicts.standing(connection, interaction_id)
        judged = _judged(contact, content_hash, blind=is_hidden(contact, before, session))
        verdicts.add(connection, judged, given, session.user.name, state.clock())
        note(connection, request, session.user.name, "answered", f"{interaction_id} {finding}")
    return to(f"/contacts/{interaction_id}#{'answers' if turn is None else f't{turn}'}")


@router.post("/undo/{verdict_id}")
def undo(request: Request, verdict_id: str, token: Text) -> Response:
    session = signed_in(request, "decide")
    check_token(session, token)
    state = state_of(request)
    with state.database.write() as connection:
        row = verdicts.undo(connection, verdict_id, session.user.name, state.clock())
        note(connection, request, session.user.name, "took an answer back", verdict_id)
    return to(f"/contacts/{row['interaction_id']}#answers")


def is_hidden(contact: Contact, answers: list[Row], session: Session) -> bool:
    """Whether the machine's findings stay hidden: a drawn contact whose ending this reviewer has not yet judged.

    Shown first, they would be agreed with, mistakes included. Who may not decide sees them after anybody has.
    """
    if contact.audit is None:
        return False
    judges = session.user.may("decide")
    return not any(
        row["finding"] == "resolution" and (not judges or row["reviewer"] == session.user.name) for row in answers
    )


def _own(state: State, session: Session, interaction_id: str) -> Contact:
    """The contact, if it is there and theirs to read; else 404 in both cases, so that nobody learns which ids exist."""
    contact = state.desk.contact(interaction_id)
    if contact is None or not session.user.may_see(contact.facts["team"], frozenset(contact.facts["agent_ids"])):
        raise HTTPException(404)
    return contact


def _judged(contact: Contact, content_hash: str, *, blind: bool) -> Judged:
    """What was judged: the version the page showed, which may no longer be the one that stands."""
    audit = contact.audit
    version = next((row["model_version"] for row in contact.findings), "")
    probability = float(audit["sampling_probability"]) if audit else 1.0
    return Judged(
        contact.facts["interaction_id"], content_hash[:64], version, blind, probability, None, len(contact.turns),
        "audit" if blind else "training",
    )  # fmt: skip


def _turn(turn: Row, contact: Contact, answers: list[Row], hidden: bool) -> dict[str, Any]:
    found = [] if hidden else [c for c in contact.cues if c["turn"] == turn["turn"] and c["found"]]
    own = [row for row in answers if row["turn"] == turn["turn"]]
    return {
        **turn, "marked": marked(turn["text"], found), "cues": sorted(found, key=lambda cue: -cue["probability"]),
        "answers": own, "feeling": None if hidden else turn.get("sentiment"),
    }  # fmt: skip


def marked(text: str, cues: list[Row]) -> Markup:
    """``text`` escaped, with the words of each cue in <mark>; of words that overlap the more probable cue's."""
    taken: list[tuple[int, int, str]] = []
    for cue in sorted(cues, key=lambda cue: -cue["probability"]):
        start, end = cue["start_char"], cue["end_char"]
        if 0 <= start < end <= len(text) and all(end <= a or start >= b for a, b, _ in taken):
            taken.append((start, end, cue["label"]))
    shown, at = Markup(), 0
    for start, end, label in sorted(taken):
        shown += escape(text[at:start]) + Markup('<mark title="{}">{}</mark>').format(label, text[start:end])
        at = end
    return shown + escape(text[at:])


def _probability(contact: Contact) -> float | None:
    value: float | None = contact.facts.get("resolved_probability")
    return value


def _points(contact: Contact) -> list[Row]:
    """What made the score, the largest part first."""
    return sorted(contact.contributions, key=lambda row: (row["component"] != "base", -abs(row["points"])))
