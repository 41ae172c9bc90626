"""The coaching list: what reviewers noted for each agent, and what has been read and talked through."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Annotated, Final

import pyarrow.dataset as ds
from fastapi import APIRouter, Form
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from analyzer.review import coaching
from analyzer.review.coaching import CoachingNote
from analyzer.review.database import Connection, Row
from analyzer.review.reach import sealed, within_reach
from analyzer.review.sessions import Session
from analyzer.review.state import State, check_token, note, page, signed_in, state_of, to
from analyzer.store.store import Store

router: Final = APIRouter()
STATES: Final = ("waiting", "open", "read", "done", "all")
MOST: Final = 200
Text = Annotated[str, Form(max_length=200)]


@dataclass(frozen=True, slots=True)
class Listed:
    """A note with the facts of its contact; ``agent``: whom it is for, as they may be shown."""

    note: CoachingNote
    facts: Row
    agent: str | None


@router.get("/coaching")
def show(request: Request, progress: str = "waiting", agent: str = "") -> Response:
    """Notes for the reader if they are an agent, else of the contacts that they may see."""
    session, state = signed_in(request, "read"), state_of(request)
    with state.database.read() as connection:
        listed = _listed(state, connection, session)
    chosen = progress if progress in STATES else "waiting"
    in_state = [each for each in listed if _is_in(each.note, chosen)]
    shown = [each for each in in_state if agent in ("", each.agent)]
    with state.database.write() as connection:
        note(connection, request, session.user.name, "read the coaching list", chosen)
    return page(
        request, "coaching.html.j2", session=session, listed=shown[:MOST], total=len(shown), progress=chosen,
        agent=agent, counts={each: sum(_is_in(one.note, each) for one in listed) for each in STATES},
        agents=sorted(Counter(each.agent for each in in_state if each.agent).items()),
        called=state.desk.snapshot().policy.called,
    )  # fmt: skip


@router.post("/coaching/{verdict_id}")
def step(request: Request, verdict_id: str, token: Text, step: Text, back: Text = "") -> Response:
    """Notes that a note was read or talked through; 404 where the note is not theirs to see."""
    session, state = signed_in(request, "read"), state_of(request)
    check_token(session, token)
    with state.database.write() as connection:
        found = next((each for each in _listed(state, connection, session) if each.note.verdict_id == verdict_id), None)
        if found is None:
            raise HTTPException(404)
        coaching.take_step(connection, found.note, step, session.user, state.clock())
        note(connection, request, session.user.name, f"coaching: {step}", verdict_id)
    return to(f"/coaching?progress={back if back in STATES else 'waiting'}")


def _is_in(told: CoachingNote, progress: str) -> bool:
    return progress == "all" or told.progress == progress or (progress == "waiting" and told.progress != "done")


def _listed(state: State, connection: Connection, session: Session) -> list[Listed]:
    """All notes that the reader may see, latest first."""
    rows, steps = coaching.coaching_rows(connection), coaching.steps_taken(connection)
    snapshot = state.desk.snapshot()
    ids = {row["interaction_id"] for row in rows} - sealed(connection, snapshot, session.user)
    with state.desk.reading() as store:
        facts = within_reach(store, session.user, ids)
        speakers = _speakers(store, facts)
    told = [
        coaching.coaching_note(row, _whose(row, facts, speakers), steps.get(row["verdict_id"], {}))
        for row in rows if row["interaction_id"] in facts
    ]  # fmt: skip
    if session.user.role == "agent":
        told = [each for each in told if each.agent_id == session.user.agent_id]
    return [Listed(each, facts[each.interaction_id], snapshot.policy.name(each.agent_id)) for each in told]


def _whose(row: Row, facts: Mapping[str, Row], speakers: Mapping[tuple[str, int], str]) -> str | None:
    """Whom a note is for: who spoke the turn, else who closed the contact."""
    spoke = speakers.get((row["interaction_id"], row["turn"]))
    closed: str | None = facts[row["interaction_id"]]["agent_id"]
    return spoke or closed


def _speakers(store: Store, ids: Collection[str]) -> Mapping[tuple[str, int], str]:
    """By contact and turn, the agent who spoke it."""
    if not ids:
        return {}
    where = ds.field("interaction_id").isin(sorted(ids)) & ds.field("agent_id").is_valid()
    table = store.dataset("turns").to_table(columns=["interaction_id", "turn", "agent_id"], filter=where)
    return {(row["interaction_id"], row["turn"]): row["agent_id"] for row in table.to_pylist()}
