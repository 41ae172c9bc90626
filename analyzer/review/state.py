"""What every page needs: the desk, the database, who is signed in, and templates in the reader's language."""

from __future__ import annotations

import secrets
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from importlib import resources
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from analyzer import codebook
from analyzer.config import FlagRule, PublishSettings, ReviewSettings
from analyzer.publish.wording import wording
from analyzer.review import sessions
from analyzer.review.database import Connection, Database, text_of
from analyzer.review.desk import Desk
from analyzer.review.navigation import places
from analyzer.review.roles import Right
from analyzer.review.scorecard.in_force import FormsInForce
from analyzer.review.sessions import Session

COOKIE: Final = "__Host-sid"
LANGUAGE: Final = "__Host-language"
FORM_TOO_OLD: Final = "form_too_old"
Language = Literal["en", "de"]


@dataclass(frozen=True)
class State:
    """``zone``: of the times that pages show, and of what today is."""

    desk: Desk
    database: Database
    settings: PublishSettings
    review: ReviewSettings
    cards: FormsInForce
    clock: Callable[[], datetime]
    rules: tuple[FlagRule, ...]
    zone: ZoneInfo


def state_of(request: Request) -> State:
    state: State = request.app.state.review
    return state


def signed_in(request: Request, right: Right) -> Session:
    """The session of the request. Raises 401 without one, 403 without ``right``."""
    session = session_of(request)
    if session is None:
        raise HTTPException(401)
    if not session.user.may(right):
        raise HTTPException(403)
    return session


def session_of(request: Request) -> Session | None:
    """The session of the request; None where nobody is signed in."""
    state = state_of(request)
    secret = request.cookies.get(COOKIE, "")
    now = state.clock()
    with state.database.read() as connection:
        found = sessions.find(connection, secret, now) if secret else None
    if found is None:
        return None
    session, is_time = found
    if is_time:
        with state.database.write() as connection:
            sessions.seen(connection, secret, now)
    return session


def check_token(session: Session, token: str) -> None:
    """Raises 403 unless the form carries the session's token; one of before the last sign-in carries another."""
    if not secrets.compare_digest(session.csrf.encode(), token.encode("utf-8", "surrogatepass")):
        raise HTTPException(403, FORM_TOO_OLD)


def note(connection: Connection, request: Request, name: str, action: str, what: str) -> None:
    """A line of the audit log: who did what to which object, from where; never a word of a transcript."""
    connection.change(
        "INSERT INTO audit_log (at, name, action, object, address) VALUES (?, ?, ?, ?, ?)",
        text_of(state_of(request).clock()), name, action, what[:200], address_of(request),
    )  # fmt: skip


def address_of(request: Request) -> str:
    return request.client.host if request.client else ""


def language_of(request: Request) -> Language:
    """What the reader chose, else what the browser asks for, else English."""
    chosen = request.cookies.get(LANGUAGE) or request.headers.get("accept-language", "en")[:2]
    return "de" if chosen.lower() == "de" else "en"


def page(
    request: Request, template: str, *, status_code: int = 200, session: Session | None = None, **values: Any
) -> Response:
    """The ``template`` in the reader's language. Everything in it is escaped."""
    language = language_of(request)
    zone = state_of(request).zone
    words = replace(wording(language), zone=zone)
    shown = environment().get_template(template).render(
        t=texts(language), w=words, language=language, session=session, path=request.url.path,
        places=places(session), zone=zone.key, **values
    )  # fmt: skip
    return HTMLResponse(shown, status_code)


def to(path: str) -> Response:
    """After a form was taken: the page again, so that a reload sends nothing twice."""
    return RedirectResponse(path, 303)


class _Environment(Environment):
    """``t.clear`` is the word of that key, not the method of the mapping."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        return obj[attribute] if isinstance(obj, dict) and attribute in obj else super().getattr(obj, attribute)


@lru_cache(maxsize=1)
def environment() -> Environment:
    return _Environment(
        loader=PackageLoader("analyzer.review", "templates"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip


@lru_cache(maxsize=2)
def texts(language: Language) -> Mapping[str, str]:
    """The app's own words, by key: those of every page, and a file a feature beside them."""
    folder = resources.files("analyzer.review").joinpath("templates")
    own = sorted((f for f in folder.joinpath("words").iterdir() if f.name.endswith(f".{language}.toml")), key=str)
    told = {f"label_{label}": wording(language).name("label", label) for label in codebook.LABELS}
    for path in (folder.joinpath(f"{language}.toml"), *own):
        told |= tomllib.loads(path.read_text(encoding="utf-8"))
    return told
