"""The day's progress: how far each day's draw is, by team, and what each person answered today."""

from __future__ import annotations

from datetime import date
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from analyzer.review import assignments, progress
from analyzer.review.answered import answered_since
from analyzer.review.board import Board, board_of
from analyzer.review.database import Connection
from analyzer.review.pages.queue import midnight
from analyzer.review.progress_picture import draw_picture
from analyzer.review.state import State, note, page, signed_in, state_of

router: Final = APIRouter()


@router.get("/progress")
def show(request: Request, day: str = "") -> Response:
    """``day``: of which draw; the latest if none or no day."""
    session, state = signed_in(request, "decide"), state_of(request)
    snapshot = state.desk.snapshot()
    with state.database.write() as connection:
        board = board_of(connection, snapshot, session.user)
        people = _people(connection, state, board)
        note(connection, request, session.user.name, "read the progress", day)
    days = progress.by_day(board.flags, board.standing.answered)
    chosen = day if day in {each.whose for each in days} else days[-1].whose if days else ""
    teams = progress.by_team(board.flags, board.standing.answered, date.fromisoformat(chosen)) if chosen else []
    return page(
        request, "queue_progress.html.j2", session=session, days=days, day=chosen, teams=teams, people=people,
        picture=draw_picture(days), today=midnight(state.clock(), state.zone).date(), day_of=date.fromisoformat,
    )  # fmt: skip


def _people(connection: Connection, state: State, board: Board) -> list[progress.Person]:
    """Everybody for who settles; else oneself alone. Who has teams sees the work on these teams' contacts."""
    today = answered_since(connection, midnight(state.clock(), state.zone))
    own, assigned = board.snapshot.roster, board.assigned
    if board.user.teams:
        seen = {contact for contact, whose in own.items() if board.user.may_see(*whose)}
        today = [row for row in today if row["interaction_id"] in seen]
        assigned = {contact: name for contact, name in assigned.items() if contact in seen}
    if not board.user.may("settle"):
        today = [row for row in today if row["reviewer"] == board.user.name]
        assigned = {contact: name for contact, name in assigned.items() if name == board.user.name}
    names = [board.user.name] if not board.user.may("settle") else [
        user.name for user in assignments.readers(connection) if not board.user.teams or user.teams & board.user.teams
    ]  # fmt: skip
    return progress.people(today, assigned, board.done, board.snapshot.draws, names)
