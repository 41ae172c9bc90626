"""The queue: contacts that need a look, and the random audit; filtered, counted, a page at a time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pandas as pd
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from analyzer.review import verdicts
from analyzer.review.desk import AUDIT, FILTERS, contacts_of, filtered, visible
from analyzer.review.state import note, page, signed_in, state_of, to

router: Final = APIRouter()
A_PAGE: Final = 50
VIEWS: Final = ("concern", "praise", "audit")
ORDERS: Final[Mapping[str, tuple[list[str], list[bool]]]] = {
    "severity": (["severity", "started_at"], [False, False]),
    "newest": (["started_at"], [False]),
    "oldest": (["started_at"], [True]),
}


class Asked(NamedTuple):
    """What the address asks for, with what is not known left out."""

    view: str
    state: str
    order: str
    number: int
    chosen: dict[str, str]

    def link(self, **changes: str | int | None) -> str:
        """The address with some of it changed; ``None`` leaves one out."""
        told: dict[str, Any] = {"view": self.view, "state": self.state, "order": self.order, **self.chosen, **changes}
        return "/queue?" + urlencode({name: value for name, value in told.items() if value is not None})


@router.get("/")
def start(request: Request) -> Response:
    return to("/queue")


@router.get("/queue")
def show(request: Request) -> Response:
    session = signed_in(request, "read")
    state, asked = state_of(request), _asked(request)
    seen = visible(state.desk.snapshot().flags, session.user)
    today = datetime.combine(state.clock().astimezone().date(), time(), ZoneInfo("UTC"))
    with state.database.read() as connection:
        done = verdicts.decided(connection)
        mine = verdicts.answered_since(connection, session.user.name, today)
    of_view = _of_view(seen, asked.view, done)
    rows = _in_state(filtered(of_view, asked.chosen), asked.state, done)
    contacts = contacts_of(rows)
    order, ascending = ORDERS[asked.order]
    if asked.order != "severity":
        contacts = contacts.sort_values(order, ascending=ascending, kind="stable")
    pages = max(1, -(-len(contacts) // A_PAGE))
    number = min(asked.number, pages)
    part = contacts.iloc[(number - 1) * A_PAGE : number * A_PAGE]
    with state.database.write() as connection:
        note(connection, request, session.user.name, "read the queue", asked.view)
    return page(
        request, "queue.html.j2", session=session, asked=asked, total=len(contacts), number=number, pages=pages,
        rows=part.to_dict("records"), done=done, mine=mine, open=len(set(seen["interaction_id"]) - done),
        choices={name: _choices(_in_state(of_view, asked.state, done), name) for name in FILTERS},
    )  # fmt: skip


def _asked(request: Request) -> Asked:
    told = request.query_params
    number = told.get("page", "1")
    view, state, order = told.get("view", "concern"), told.get("state", "open"), told.get("order", "severity")
    return Asked(
        view if view in VIEWS else "concern", state if state in ("open", "done", "all") else "open",
        order if order in ORDERS else "severity", int(number) if number.isdecimal() and int(number[:6]) > 0 else 1,
        {name: told[name][:200] for name in FILTERS if told.get(name)},
    )  # fmt: skip


def _of_view(flags: pd.DataFrame, view: str, done: set[str]) -> pd.DataFrame:
    """Rules of one kind, or the draw. A drawn contact waits in the draw alone until it is answered, so that nobody
    reads beforehand what the machine found in it."""
    if view == "audit":
        return flags[flags["rule"] == AUDIT]
    hidden = flags["drawn"] & ~flags["interaction_id"].isin(done)
    return flags[(flags["polarity"] == view) & (flags["rule"] != AUDIT) & ~hidden]


def _in_state(flags: pd.DataFrame, state: str, done: set[str]) -> pd.DataFrame:
    if state == "all":
        return flags
    answered = flags["interaction_id"].isin(done)
    return flags[answered if state == "done" else ~answered]


def _choices(flags: pd.DataFrame, name: str) -> list[tuple[str, int]]:
    """The values there are with the number of contacts, most first; days latest first."""
    counts = flags.drop_duplicates(["interaction_id", name])[name].dropna().astype(str).value_counts()
    pairs = [(str(value), int(count)) for value, count in counts.items()]
    return sorted(pairs, reverse=True) if name == "day" else sorted(pairs, key=lambda pair: (-pair[1], pair[0]))
