"""The application: who may enter, what every answer carries, and the pages, registered in one table.

Nothing here trusts a cookie alone: a changing request must come from our own page (Sec-Fetch-Site, Origin) and carry
the token of its session. OWASP ASVS 5.0 item by item in tests/review/test_asvs.py.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.staticfiles import StaticFiles

from analyzer.config import FlagRule, PublishSettings, ReviewSettings, load_settings
from analyzer.errors import UsageError
from analyzer.review.database import Database
from analyzer.review.desk import Desk
from analyzer.review.hosts import KnownHosts
from analyzer.review.pages import (
    account,
    agreement,
    answers,
    assignment,
    audit,
    coaching,
    contact,
    disputes,
    log,
    people,
    praise,
    progress,
    queue,
    scorecards,
    sign_in,
    views,
)
from analyzer.review.scorecard.cards import refuse_changed
from analyzer.review.scorecard.in_force import forms_in_force
from analyzer.review.state import FORM_TOO_OLD, State, page, session_of

MOST_BODY: Final = 64 * 1024
REFUSED: Final = "refused.html.j2"
CSP: Final = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; "
    "form-action 'self'"
)
HEADERS: Final = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # with none, browsers call the origin of our own forms null
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
PAGES: Final = (
    sign_in.router, queue.router, views.router, assignment.router, progress.router, contact.router, answers.router,
    scorecards.router, coaching.router, praise.router, disputes.router, agreement.router, audit.router,
    account.router, people.router, log.router,
)  # fmt: skip
Next = Callable[[Request], Awaitable[Response]]


def create_app(
    store: Path, database: Database, settings: PublishSettings, hosts: Sequence[str],
    clock: Callable[[], datetime] = lambda: datetime.now(UTC), review: ReviewSettings | None = None,
    swap_below: float | None = None, rules: Sequence[FlagRule] | None = None, zone: str | None = None,
) -> FastAPI:  # fmt: skip
    """The app over ``store``. ``hosts``: the names under which it may be asked for; others are refused.

    ``review``, ``swap_below`` (of understanding), ``rules`` (of flags), ``zone`` (of business days): None for what
    ships. Raises ConfigError for a wrong scorecard form.
    """
    shipped = load_settings()
    review = review or shipped.review
    rules = tuple(shipped.flags.rules if rules is None else rules)
    cards = forms_in_force(review, shipped.understand.swap_below if swap_below is None else swap_below)
    with database.read() as connection:
        refuse_changed(connection, cards.forms)
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    local = ZoneInfo(zone or shipped.ingest.business_timezone)
    app.state.review = State(Desk(store, settings), database, settings, review, cards, clock, rules, local)
    app.middleware("http")(_guarded)
    app.add_middleware(KnownHosts, hosts=list(hosts))
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(UsageError, _cannot)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(Exception, _failed)
    for router in PAGES:
        app.include_router(router)
    with resources.as_file(resources.files("analyzer.review").joinpath("static")) as static:
        app.mount("/static", StaticFiles(directory=static), name="static")
    return app


async def _guarded(request: Request, call_next: Next) -> Response:
    if request.method not in ("GET", "HEAD", "POST"):
        response: Response = PlainTextResponse("Method not allowed.", 405)
    elif request.method == "POST" and not _is_from_here(request):
        response = page(request, REFUSED, status_code=403, status="form", said="form_from_elsewhere")
    elif request.method == "POST" and not _is_small(request):
        response = page(request, REFUSED, status_code=413, status="form", said="form_too_long")
    else:
        response = await call_next(request)
    return _with_headers(request, response)


def _with_headers(request: Request, response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers[name] = value
    if not request.url.path.startswith("/static/"):
        response.headers["Cache-Control"] = "no-store"
    return response


def _is_from_here(request: Request) -> bool:
    """Whether the browser says that our own page sent it; one that says nothing is no browser of today."""
    site = request.headers.get("sec-fetch-site")
    if site is not None and site not in ("same-origin", "none"):
        return False
    origin = request.headers.get("origin")
    return (site is not None or origin is not None) and (origin is None or origin == _own_origin(request))


def _own_origin(request: Request) -> str:
    return f"{request.url.scheme}://{request.headers.get('host', '')}"


def _is_small(request: Request) -> bool:
    length = request.headers.get("content-length", "")
    return length.isdecimal() and int(length) <= MOST_BODY


async def _refused(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    if status == 401 and request.headers.get("hx-request") == "true":
        return Response(status_code=401, headers={"HX-Redirect": "/sign-in"})  # the whole page, not a part of one
    if status == 401:
        return Response(status_code=303, headers={"Location": "/sign-in"})
    if isinstance(error, HTTPException) and error.detail == FORM_TOO_OLD:
        return page(request, REFUSED, status_code=status, status="form", said=FORM_TOO_OLD)
    return _refusal(request, status)


async def _failed(request: Request, error: Exception) -> Response:
    """What nobody foresaw. The reader learns nothing of the inside, and goes on; the reason stands in the output.

    Asks nothing of the database, which may be what failed.
    """
    return _with_headers(request, page(request, REFUSED, status_code=500, status=500, said="failed"))


async def _cannot(request: Request, error: Exception) -> Response:
    return _refusal(request, 422, said=str(error))


async def _malformed(request: Request, error: Exception) -> Response:
    """Says nothing of what was sent: it may be a password."""
    return _refusal(request, 422)


def _refusal(request: Request, status: int, **said: str) -> Response:
    """Says why, with the way to all other pages for who is signed in."""
    session = session_of(request)
    return page(request, REFUSED, status_code=status, status=status, session=session, **said)
