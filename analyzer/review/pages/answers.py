"""What a person answers about a contact, a turn or a cue: saved at once, only ever added, taken back on record."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import Response

from analyzer.errors import UsageError
from analyzer.ingest.masking import Masker, mask
from analyzer.review import questions, verdicts
from analyzer.review.assignments import assigned_at
from analyzer.review.conversation import place_of, selected
from analyzer.review.desk import Contact
from analyzer.review.pages.contact import Opened, open_contact, own_contact
from analyzer.review.sessions import Session
from analyzer.review.state import check_token, note, signed_in, state_of, to
from analyzer.review.verdicts import Answer, Judged

router: Final = APIRouter()
Text = Annotated[str, Form(max_length=verdicts.LONGEST_NOTE)]
Number = Annotated[int | None, Form()]


@router.post("/answers/{interaction_id:path}")
def answer(
    request: Request, interaction_id: str, token: Text, finding: Text, content_hash: Text, answer: Text = "",
    turn: Number = None, start_char: Number = None, end_char: Number = None, words: Text = "",
) -> Response:  # fmt: skip
    """Saves one answer, and shows the contact again where the reader was."""
    session, state = signed_in(request, "decide"), state_of(request)
    check_token(session, token)
    contact = own_contact(state, session, interaction_id)
    given = Answer(finding, mask(answer, Masker(answer)), turn, start_char, end_char)
    given = verdicts.checked(_placed(given, words, contact, content_hash), contact.turns)
    with state.database.write() as connection:
        opened = open_contact(connection, contact, session)
        assigned = assigned_at(connection, interaction_id, session.user.name)
        judged = _judged(opened, content_hash, assigned)
        verdicts.add(connection, judged, given, session.user.name, state.clock())
        note(connection, request, session.user.name, "answered", f"{interaction_id} {finding}")
        after = open_contact(connection, contact, session)
    return to(f"/contacts/{contact.facts['interaction_id']}{_place(given, after, session)}")


@router.post("/undo/{verdict_id}")
def undo(request: Request, verdict_id: str, token: Text) -> Response:
    session, state = signed_in(request, "decide"), state_of(request)
    check_token(session, token)
    with state.database.write() as connection:
        row = verdicts.undo(connection, verdict_id, session.user.name, state.clock())
        note(connection, request, session.user.name, "took an answer back", verdict_id)
    place = "answers" if row["turn"] is None else f"t{row['turn']}"
    return to(f"/contacts/{row['interaction_id']}#{place}")


def _placed(given: Answer, words: str, contact: Contact, content_hash: str) -> Answer:
    """``given`` with the place of ``words``. Raises UsageError where they do not stand in the turn that was read."""
    if not words.strip():
        return given
    if content_hash != contact.facts["content_hash"]:
        raise UsageError("The transcript has changed since.", hint="Reload the page and mark the words again.")
    text = next((row["text"] for row in contact.turns if row["turn"] == given.turn), "")
    start, end = given.start_char, given.end_char
    found = place_of(words, text) if start is None or end is None else selected(words, text, start, end)
    if found is None:
        raise UsageError("These words do not stand there in the turn.", hint="Copy or mark them again.")
    return Answer(given.finding, given.answer, given.turn, *found)


def _judged(opened: Opened, content_hash: str, assigned: datetime | None) -> Judged:
    """What was judged: the version the page showed, which may no longer be the one that stands."""
    contact, audit = opened.contact, opened.contact.audit
    version = next((row["model_version"] for row in contact.findings), "")
    probability = float(audit["sampling_probability"]) if audit else 1.0
    return Judged(
        contact.facts["interaction_id"], content_hash[:64], version, opened.hidden, probability, assigned,
        "audit" if opened.hidden else "training",
    )  # fmt: skip


def _place(given: Answer, opened: Opened, session: Session) -> str:
    """Where on the page to go on: the next open question, or where the answer was given."""
    if given.turn is not None:
        return f"#t{given.turn}"
    told = questions.answered(opened.answers, session.user.name)
    following = next((each for each in questions.asked(opened.contact.facts) if each.finding not in told), None)
    return f"#q-{following.finding}" if opened.hidden and following else "#answers"
