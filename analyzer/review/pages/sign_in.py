"""Signing in and out, and the choice of language."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import Response

from analyzer.review import accounts, sessions, throttle
from analyzer.review.accounts import authenticated
from analyzer.review.state import (
    COOKIE,
    LANGUAGE,
    address_of,
    check_token,
    note,
    page,
    signed_in,
    state_of,
    to,
)

router: Final = APIRouter()
Text = Annotated[str, Form(max_length=accounts.LONGEST)]


@router.get("/sign-in")
def show(request: Request) -> Response:
    return page(request, "sign_in.html.j2", failed="", name="")


@router.post("/sign-in")
def enter(request: Request, name: Text, password: Text) -> Response:
    """A new session, under a new secret, for the right password; one answer to every wrong one."""
    state, address = state_of(request), address_of(request)
    now = state.clock()
    with state.database.write() as connection:
        waits = throttle.must_wait(connection, name, address, now)
        if not waits:  # a failure until it has succeeded: guesses that are sent at once count each other
            throttle.failed(connection, name, address, now)
    with state.database.read() as connection:
        user = None if waits else authenticated(connection, name, password)
    if user is None:
        with state.database.write() as connection:
            note(connection, request, "", "sign-in refused", "too many failures" if waits else "")
        why = "sign_in_wait" if waits else "sign_in_failed"
        return page(request, "sign_in.html.j2", status_code=429 if waits else 401, failed=why, name=name)
    with state.database.write() as connection:
        throttle.succeeded(connection, name, address, now)
        if before := request.cookies.get(COOKIE):
            sessions.end(connection, before)
        secret = sessions.begin(connection, user, now)
        note(connection, request, user.name, "signed in", "")
    response = to("/queue")
    response.set_cookie(COOKIE, secret, path="/", secure=True, httponly=True, samesite="strict")
    return response


@router.post("/sign-out")
def leave(request: Request, token: Text) -> Response:
    session = signed_in(request, "read")
    check_token(session, token)
    state = state_of(request)
    with state.database.write() as connection:
        sessions.end(connection, request.cookies[COOKIE])
        note(connection, request, session.user.name, "signed out", "")
    response = to("/sign-in")
    response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="strict")
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


@router.post("/language")
def speak(request: Request, language: Text, back: Text = "/queue") -> Response:
    response = to(back if back.startswith("/") and not back.startswith(("//", "/\\")) else "/queue")
    chosen = "de" if language == "de" else "en"
    response.set_cookie(LANGUAGE, chosen, max_age=365 * 86400, path="/", secure=True, httponly=True, samesite="strict")
    return response
