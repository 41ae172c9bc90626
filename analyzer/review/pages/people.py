"""Accounts, for admins: who may sign in, as what, with which teams; adding, changing, ending them."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import date, tzinfo
from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from analyzer.errors import UsageError
from analyzer.review import account_changes, accounts
from analyzer.review.database import Connection, Row, time_of
from analyzer.review.roles import ROLES
from analyzer.review.sessions import Session
from analyzer.review.state import State, check_token, note, page, signed_in, state_of, to

router: Final = APIRouter()
Text = Annotated[str, Form(max_length=accounts.LONGEST)]
Teams = Annotated[list[str] | None, Form(max_length=500)]


@router.get("/people")
def show(request: Request) -> Response:
    session, state = signed_in(request, "manage"), state_of(request)
    return _list(request, session, state)


@router.post("/people")
def add(
    request: Request, token: Text, name: Text, role: Text, agent_id: Text = "", password: Text = "", team: Teams = None,
    other_teams: Text = "",
) -> Response:  # fmt: skip
    """A new account; without a password a code by which the person chooses one, shown once."""
    session = signed_in(request, "manage")
    check_token(session, token)
    state, name = state_of(request), name.strip()
    teams, now = _teams(team, other_teams), state.clock()
    try:
        accounts.add_user(
            state.database, name, role, password or secrets.token_urlsafe(32), now, agent_id=agent_id.strip() or None,
            teams=teams,
        )  # fmt: skip
    except UsageError as error:
        return _list(request, session, state, failed=error, filled={"name": name, "role": role, "agent_id": agent_id})
    with state.database.write() as connection:
        code = "" if password else account_changes.make_code(connection, name, now)
        note(connection, request, session.user.name, "added an account", f"{name} {role}")
    return _one(request, session, state, name, code=code) if code else to(f"/people/{name}")


@router.get("/people/{name}")
def one(request: Request, name: str) -> Response:
    session, state = signed_in(request, "manage"), state_of(request)
    return _one(request, session, state, name)


@router.post("/people/{name}/role")
def change_role(
    request: Request, name: str, token: Text, role: Text, agent_id: Text = "", team: Teams = None,
    other_teams: Text = "",
) -> Response:  # fmt: skip
    session = signed_in(request, "manage")
    check_token(session, token)
    teams = _teams(team, other_teams)
    with state_of(request).database.write() as connection:
        account_changes.change_role(connection, name, role, agent_id.strip() or None, teams)
        note(connection, request, session.user.name, "changed a role", f"{name} {role} {' '.join(teams)}".strip())
    return to(f"/people/{name}")


@router.post("/people/{name}/{do}")
def do(request: Request, name: str, do: str, token: Text, password: Text = "") -> Response:
    """Ends or reopens the account, ends its sessions, sets its password, or makes a code, which is shown once."""
    session = signed_in(request, "manage")
    check_token(session, token)
    state, code = state_of(request), ""
    if do not in ("disable", "enable", "end-sessions", "password", "code"):
        raise HTTPException(404)
    with state.database.write() as connection:
        code = _do(connection, state, name, do, password)
        note(connection, request, session.user.name, DONE[do], name)
    return _one(request, session, state, name, code=code) if code else to(f"/people/{name}")


DONE: Final = {
    "disable": "ended an account", "enable": "reopened an account", "end-sessions": "ended sessions",
    "password": "set a password", "code": "made a password code",
}  # fmt: skip


def _do(connection: Connection, state: State, name: str, do: str, password: str) -> str:
    """The code, if one was made."""
    if do == "disable":
        account_changes.disable(connection, name, state.clock())
    elif do == "enable":
        account_changes.enable(connection, name)
    elif do == "end-sessions":
        account_changes.end_sessions(connection, name)
    elif do == "password":
        account_changes.set_password(connection, name, password)
    else:
        return account_changes.make_code(connection, name, state.clock())
    return ""


def _list(
    request: Request, session: Session, state: State, *, failed: UsageError | None = None,
    filled: dict[str, str] | None = None,
) -> Response:  # fmt: skip
    with state.database.write() as connection:
        rows = account_changes.accounts(connection)
        note(connection, request, session.user.name, "read the accounts", "")
    return page(
        request, "people.html.j2", status_code=422 if failed else 200, session=session, rows=rows, roles=ROLES,
        teams=_known_teams(state, rows), day_of=partial(_day_of, state.zone), failed=failed, filled=filled or {},
    )  # fmt: skip


def _one(request: Request, session: Session, state: State, name: str, code: str = "") -> Response:
    with state.database.write() as connection:
        rows = account_changes.accounts(connection)
        note(connection, request, session.user.name, "read the accounts", name)
    found = next((row for row in rows if row["name"] == name), None)
    if found is None:
        raise HTTPException(404)
    return page(
        request, "person.html.j2", session=session, person=found, roles=ROLES, teams=_known_teams(state, rows),
        code=code, day_of=partial(_day_of, state.zone),
        address=f"{request.url.scheme}://{request.headers.get('host', '')}/choose-password",
    )  # fmt: skip


def _known_teams(state: State, rows: Sequence[Row]) -> list[str]:
    """The teams of the published contacts, and those that any account names."""
    published: Any = state.desk.snapshot().flags["of_team"].dropna().unique()
    return sorted({*map(str, published), *(team for row in rows for team in row["teams"])})


def _teams(chosen: list[str] | None, others: str) -> list[str]:
    return sorted({*(chosen or ()), *(team.strip() for team in others.split(",") if team.strip())})


def _day_of(zone: tzinfo, text: str) -> date:
    return time_of(text).astimezone(zone).date()
