"""Who reads which contact: a lead gives contacts to people, a reviewer takes one; two who take at once, one gets it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Form
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from analyzer.review import assignments
from analyzer.review.asked import asked_in
from analyzer.review.board import Board, board_of
from analyzer.review.database import Connection
from analyzer.review.pages.queue import back_to
from analyzer.review.roles import User
from analyzer.review.sessions import Session
from analyzer.review.state import check_token, note, signed_in, state_of

router: Final = APIRouter()
MOST: Final = 200  # at once
Text = Annotated[str, Form(max_length=4000)]


@router.post("/assignments")
def assign(
    request: Request, token: Text, back: Text = "", do: Text = "chosen", take: Text = "", person: Text = "",
    count: Annotated[int, Form(ge=1, le=MOST)] = 10, contact: Annotated[list[str] | None, Form(max_length=MOST)] = None,
) -> Response:  # fmt: skip
    """``do``: chosen contacts or the next of the list to ``person``, or chosen ones to nobody; ``take``: one, for
    oneself. ``person`` "" is oneself."""
    session = signed_in(request, "decide")
    check_token(session, token)
    state = state_of(request)
    snapshot, do = state.desk.snapshot(), "take" if take else do
    with state.database.write() as connection:
        board = board_of(connection, snapshot, session.user)
        whom = (
            session.user
            if take or not person
            else _person(assignments.readers_beside(connection, session.user), session, person)
        )
        wanted = [take] if take else _next(board, back, whom, count) if do == "next" else list(contact or ())
        _check_theirs(board, wanted)
        changed = _changed(connection, board, wanted, whom, do, state.clock())
        what = "released" if do == "release" else "assigned"
        for each in changed:
            note(connection, request, session.user.name, f"{what} a contact", f"{each} {whom.name}")
    return back_to(back, what, len(changed), len(wanted) - len(changed))


def _changed(
    connection: Connection, board: Board, wanted: list[str], whom: User, do: str, now: datetime
) -> list[str]:  # fmt: skip
    """Assigns or releases; what is another's only who settles may take from them, and only by choosing it."""
    settles = board.user.may("settle")
    if do == "release":
        return assignments.release(connection, wanted, None if settles else board.user.name)
    able = [each for each in wanted if whom.may_see(*board.snapshot.roster[each])]
    return assignments.assign(connection, able, whom.name, board.user.name, now, over=settles and do == "chosen")


def _person(readers: list[User], session: Session, name: str) -> User:
    """The account that contacts are given to; only who settles may give to others."""
    found = next((user for user in readers if user.name == name), None)
    if found is None or (name != session.user.name and not session.user.may("settle")):
        raise HTTPException(403)
    return found


def _next(board: Board, back: str, whom: User, count: int) -> list[str]:
    """The first contacts of the list that wait, are nobody's and may be read by ``whom``."""
    contacts = board.flags["interaction_id"].iloc[board.list(asked_in(back)).first]
    roster, found = board.snapshot.roster, list[str]()
    for each in contacts:
        if each not in board.assigned and each not in board.done and whom.may_see(*roster[each]):
            found.append(each)
            if len(found) == count:
                break
    return found


def _check_theirs(board: Board, contacts: list[str]) -> None:
    """Raises 404 unless all of them are on the board and theirs to read who asks."""
    roster = board.snapshot.roster
    if not all(each in roster and board.user.may_see(*roster[each]) for each in contacts):
        raise HTTPException(404)
