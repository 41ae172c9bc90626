"""The queue: contacts that need a look, the random audit, praise, and what is assigned to oneself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, tzinfo
from typing import Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from analyzer.review import assignments, progress, second_review, views
from analyzer.review.answered import answered_since
from analyzer.review.asked import ME, NOBODY, ORDERS, STATES, VIEWS, Asked, asked_in, asked_of
from analyzer.review.board import Board, board_of
from analyzer.review.database import Connection
from analyzer.review.listing import waiting
from analyzer.review.sessions import Session
from analyzer.review.state import State, note, page, signed_in, state_of, to

router: Final = APIRouter()
A_PAGE: Final = 50
TOLD: Final = ("assigned", "released", "saved")


@router.get("/")
def start(request: Request) -> Response:
    return to("/queue")


@router.get("/queue")
def show(request: Request) -> Response:
    """A page of the list. Without parameters: the view that the reader's queue opens with."""
    session, state = signed_in(request, "read"), state_of(request)
    if not request.query_params and (opens := _opens_with(state, session)):
        return to(asked_in(opens).link)
    asked, snapshot = asked_of(request.query_params), state.desk.snapshot()
    with state.database.read() as connection:
        board = board_of(connection, snapshot, session.user, second_of(connection, state, session))
        shown = _shown(connection, state, session, board, asked)
    with state.database.write() as connection:
        views.remember_list(connection, session.user.name, asked.here)
        note(connection, request, session.user.name, "read the queue", asked.view)
    response = page(request, "queue.html.j2", session=session, told=_told(request.query_params), **shown)
    response.headers["HX-Push-Url"] = f"/queue?{asked.here}"
    return response


@router.get("/queue/back")
def back(request: Request) -> Response:
    """The list that the reader came from."""
    session, state = signed_in(request, "read"), state_of(request)
    with state.database.read() as connection:
        query = views.last_list(connection, session.user.name)
    return to(f"/queue?{asked_in(query).here}")


def second_of(connection: Connection, state: State, session: Session) -> set[str]:
    """The contacts that wait for the reader as the second person."""
    if not session.user.may("decide"):
        return set()
    with state.desk.reading() as store:
        key = store.secret(second_review.SECRET_NAME)
    share = state.review.second_review_share
    return second_review.waiting(connection, state.desk.snapshot(), session.user.name, key, share)


def _shown(
    connection: Connection, state: State, session: Session, board: Board, asked: Asked
) -> dict[str, Any]:  # fmt: skip
    found = board.list(asked)
    total = found.total
    pages = max(1, -(-total // A_PAGE))
    number = min(asked.number, pages)
    return {
        "asked": asked, "total": total, "number": number, "pages": pages, "done": board.done,
        "rows": found.rows(board.flags, (number - 1) * A_PAGE, A_PAGE), "assigned": board.assigned,
        "choices": found.choices, "whose": _whose(found.whose, session, asked), "tabs": VIEWS, "states": STATES,
        "orders": ORDERS, "waiting": waiting(board.flags, board.standing, session.user.name),
        "views": views.views_of(connection, session.user), "draw": _draw(board),
        "people": assignments.readers_beside(connection, session.user) if session.user.may("settle") else [],
        "today": _today(connection, state, session), "day_of": date.fromisoformat,
        "called": state.desk.snapshot().policy.called,
    }  # fmt: skip


def _whose(found: list[tuple[str, int]], session: Session, asked: Asked) -> list[tuple[str, int]]:
    """Oneself and nobody; who settles may also look at another's."""
    counted = dict(found)
    own = [(ME, counted.pop(session.user.name, 0)), (NOBODY, counted.pop("", 0))]
    others = sorted(counted.items()) if session.user.may("settle") else []
    known = {name for name, _ in (*own, *others)}
    chosen = [(asked.whose, 0)] if asked.whose and asked.whose not in known else []
    return [*own, *others, *chosen]


def _draw(board: Board) -> progress.Done | None:
    """How far the latest draw is."""
    days = progress.by_day(board.flags, board.standing.answered)
    return days[-1] if days else None


def _today(connection: Connection, state: State, session: Session) -> int:
    """How many contacts the reader has answered about today."""
    rows = answered_since(connection, midnight(state.clock(), state.zone))
    return sum(row["reviewer"] == session.user.name for row in rows)


def midnight(now: datetime, zone: tzinfo) -> datetime:
    """When the day of ``zone`` began."""
    return now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)


def _opens_with(state: State, session: Session) -> str | None:
    with state.database.read() as connection:
        return views.opens_with(connection, session.user)


def _told(query: Mapping[str, str]) -> tuple[str, int, int] | None:
    """What an action of the list came to: which, how many it was, how many it could not be."""
    what, n, left = query.get("told", ""), query.get("n", "0"), query.get("left", "0")
    return (what, int(n), int(left)) if what in TOLD and (n + left).isdecimal() and len(n + left) < 12 else None


def back_to(query: str, what: str, n: int, left: int) -> Response:
    """The list again, with what the action came to."""
    told = urlencode({"told": what, "n": n, "left": left})
    return to(f"/queue?{asked_in(query).here}&{told}")
