"""One's own account: changing the password, and choosing the first one by a code that an admin handed over."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import Response

from analyzer.errors import UsageError
from analyzer.review import account_changes, accounts, throttle
from analyzer.review.accounts import authenticated
from analyzer.review.database import Connection
from analyzer.review.state import COOKIE, address_of, check_token, note, page, signed_in, state_of, to

router: Final = APIRouter()
Text = Annotated[str, Form(max_length=accounts.LONGEST)]


@router.get("/account")
def show(request: Request, done: str = "") -> Response:
    session = signed_in(request, "read")
    return page(request, "account.html.j2", session=session, failed="", done=done == "password")


@router.post("/account/password")
def change(request: Request, token: Text, current: Text, new: Text, again: Text) -> Response:
    """A new password for who knows the current one; every other session of theirs ends."""
    session = signed_in(request, "read")
    check_token(session, token)
    state, name, address = state_of(request), session.user.name, address_of(request)
    now = state.clock()
    with state.database.read() as connection:
        waits = throttle.must_wait(connection, name, address, now)
        knows = not waits and authenticated(connection, name, current) is not None
    failed = "sign_in_wait" if waits else "" if knows else "current_wrong"
    with state.database.write() as connection:
        if not knows and not waits:
            throttle.failed(connection, name, address, now)
            note(connection, request, name, "password change refused", "")
        failed = failed or _set(connection, name, new, again, but=request.cookies[COOKIE])
        if not failed:
            note(connection, request, name, "changed the own password", "")
    if failed:
        return page(request, "account.html.j2", status_code=422, session=session, failed=failed, done=False)
    return to("/account?done=password")


@router.get("/choose-password")
def choose(request: Request) -> Response:
    return page(request, "choose_password.html.j2", failed="", name="")


@router.post("/choose-password")
def chosen(request: Request, name: Text, code: Text, new: Text, again: Text) -> Response:
    """The password for who has the code; the code is then spent. One answer to every wrong name or code."""
    state, address = state_of(request), address_of(request)
    now = state.clock()
    with state.database.write() as connection:
        waits = throttle.must_wait(connection, name, address, now)
        fits = not waits and account_changes.fits_code(connection, name, code, now)
        failed = "sign_in_wait" if waits else "" if fits else "code_wrong"
        if not fits and not waits:
            throttle.failed(connection, name, address, now)
            note(connection, request, "", "code refused", "")
        failed = failed or _set(connection, name, new, again)
        if not failed:
            throttle.succeeded(connection, name, address)
            note(connection, request, name, "chose a password", "")
    if failed:
        return page(request, "choose_password.html.j2", status_code=422, failed=failed, name=name)
    return to("/sign-in")


def _set(connection: Connection, name: str, new: str, again: str, *, but: str = "") -> str:
    """Sets the password; what to tell where it cannot be: a key of the words, or why it is weak."""
    if new != again:
        return "again_differs"
    try:
        account_changes.set_password(connection, name, new, but=but)
    except UsageError as error:
        return str(error)
    return ""
