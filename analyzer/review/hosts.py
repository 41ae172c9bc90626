"""Requests under a host name that is not ours: refused before anything else sees them, with a page that says why.

Who is meant is decided by Starlette's check; nothing that was sent stands in the answer, and the names that are allowed
do not either.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import lru_cache
from importlib import resources
from typing import Final

from markupsafe import Markup
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from analyzer.review.state import environment, language_of, texts

TEMPLATE: Final = "unknown_host.html.j2"
_KNOWN: Final = "analyzer.known_host"


class KnownHosts:
    """Lets requests through that ask under one of ``hosts``."""

    def __init__(self, app: ASGIApp, hosts: Sequence[str]) -> None:
        self.app = app
        self.check = TrustedHostMiddleware(_known, allowed_hosts=hosts, www_redirect=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = {**scope}
        await self.check(asked, receive, _unsent)
        answer = self.app if _KNOWN in asked else _refusal(scope)
        await answer(scope, receive, send)


async def _known(scope: Scope, receive: Receive, send: Send) -> None:
    scope[_KNOWN] = True


async def _unsent(message: Message) -> None:
    """The check's own answer, which ours stands in for."""


def _refusal(scope: Scope) -> Response:
    request = Request(scope)
    language, style = language_of(request), _style()
    t = texts(language)
    if "text/html" in request.headers.get("accept", ""):
        shown = environment().get_template(TEMPLATE).render(t=t, language=language, style=style)
        answer: Response = HTMLResponse(shown, 400)
    else:
        answer = PlainTextResponse(f"{t['unknown_host']}. {t['unknown_host_runner']}\n", 400)
    answer.headers.update(_headers(style))
    return answer


@lru_cache(maxsize=1)
def _style() -> Markup:
    """The look of all pages, to stand in the page itself."""
    return Markup(resources.files("analyzer.review").joinpath("static/app.css").read_text(encoding="utf-8"))


def _headers(style: str) -> dict[str, str]:
    """Nothing but this very style may be used."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; frame-ancestors 'none'"
    return {
        "Content-Security-Policy": f"{policy}; form-action 'none'",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }
