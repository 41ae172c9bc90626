"""The audit log, for leads and admins: filtered, a page at a time, and as CSV."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from analyzer.review import audit_log
from analyzer.review.state import note, page, signed_in, state_of

router: Final = APIRouter()


@router.get("/log")
def show(request: Request) -> Response:
    session, state = signed_in(request, "see_log"), state_of(request)
    wanted = audit_log.wanted_of(request.query_params, state.zone)
    with state.database.read() as connection:
        rows, total = audit_log.lines(connection, session.user, wanted)
        names, actions = audit_log.names(connection, session.user), audit_log.actions(connection)
    with state.database.write() as connection:
        note(connection, request, session.user.name, "read the audit log", wanted.query(wanted.number))
    wanted, pages = audit_log.on_page(wanted, total)
    return page(
        request, "log.html.j2", session=session, wanted=wanted, rows=rows, total=total, pages=pages, names=names,
        actions=actions,
    )  # fmt: skip


@router.get("/log.csv")
def export(request: Request) -> Response:
    """The lines that the filters leave, all of them."""
    session, state = signed_in(request, "see_log"), state_of(request)
    wanted, now = audit_log.wanted_of(request.query_params, state.zone), state.clock()
    with state.database.write() as connection:
        note(connection, request, session.user.name, "exported the audit log", wanted.query())
    return StreamingResponse(
        audit_log.as_csv(state.database, session.user, wanted, now), media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="audit-log-{now.astimezone(state.zone):%Y-%m-%d}.csv"'},
    )  # fmt: skip
