"""Saved views: a list's filters under a name, opened again by a link; shared by leads."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Form
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from analyzer.review import views
from analyzer.review.asked import asked_in
from analyzer.review.database import Connection
from analyzer.review.pages.queue import back_to
from analyzer.review.sessions import Session
from analyzer.review.state import check_token, note, page, signed_in, state_of, to

router: Final = APIRouter()
Text = Annotated[str, Form(max_length=4000)]
DOINGS: Final = ("open", "not_open", "share", "not_share", "delete")


@router.get("/views")
def show(request: Request) -> Response:
    session, state = signed_in(request, "read"), state_of(request)
    with state.database.read() as connection:
        rows = views.views_of(connection, session.user)
    shown = [{**row, "asked": asked_in(row["query"])} for row in rows]
    return page(request, "queue_views.html.j2", session=session, views=shown)


@router.post("/views")
def save(request: Request, token: Text, name: Text, query: Text, shared: Text = "", opens: Text = "") -> Response:
    """Saves the list's filters, and shows the list again."""
    session = signed_in(request, "read")
    check_token(session, token)
    if shared and not session.user.may("settle"):
        raise HTTPException(403)
    state = state_of(request)
    with state.database.write() as connection:
        view_id = views.save(connection, session.user, name, query, state.clock(), shared=bool(shared))
        if opens:
            views.open_with(connection, session.user, view_id)
        note(connection, request, session.user.name, "saved a view", view_id)
    return back_to(query, "saved", 1, 0)


@router.post("/views/{view_id}")
def change(request: Request, view_id: str, token: Text, do: Text) -> Response:
    """Makes it the one the queue opens with, shares it, or deletes it; only the owner's, but for opening with it."""
    session = signed_in(request, "read")
    check_token(session, token)
    if do not in DOINGS:
        raise HTTPException(404)
    if do in ("share", "not_share") and not session.user.may("settle"):
        raise HTTPException(403)
    with state_of(request).database.write() as connection:
        usable = {row["view_id"]: row["own"] for row in views.views_of(connection, session.user)}
        if view_id not in usable or not (usable[view_id] or do in ("open", "not_open")):
            raise HTTPException(404)
        _do(connection, session, view_id, do)
        note(connection, request, session.user.name, "changed a view", view_id)
    return to("/views")


def _do(connection: Connection, session: Session, view_id: str, do: str) -> None:
    if do in ("open", "not_open"):
        views.open_with(connection, session.user, view_id if do == "open" else None)
    elif do == "delete":
        views.delete(connection, view_id)
    else:
        views.share(connection, view_id, shared=do == "share")
