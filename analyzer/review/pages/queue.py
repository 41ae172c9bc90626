"""The queue: contacts that need a look, and the random audit; filtered, counted, a page at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

import numpy as np
import pandas as pd
from fastapi import APIRouter
from numpy.typing import NDArray
from starlette.requests import Request
from starlette.responses import Response

from analyzer.review import verdicts
from analyzer.review.desk import AUDIT, FILTERS, Snapshot, contacts_of, counts, filtered, of_contacts, visible
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
    snapshot = state.desk.snapshot()
    seen = visible(snapshot.flags, session.user)
    today = state.clock().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)  # of the server's clock
    with state.database.read() as connection:
        done = verdicts.decided(connection)
        mine = verdicts.answered_since(connection, session.user.name, today)
    answered = of_contacts(seen, snapshot, done)
    waiting = int(np.unique(seen["contact"].to_numpy()[~answered]).size)
    seen = _in_state(_of_view(seen, asked.view, answered), asked.state, done, snapshot)
    every = contacts_of(seen)
    contacts = contacts_of(filtered(seen, asked.chosen)) if asked.chosen else every
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
        rows=part.to_dict("records"), done=done, mine=mine, open=waiting,
        choices={name: counts(seen, every, name) for name in FILTERS},
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


def _of_view(flags: pd.DataFrame, view: str, answered: NDArray[np.bool_]) -> pd.DataFrame:
    """Rules of one kind, or the draw. A drawn contact waits in the draw alone until it is answered, so that nobody
    reads beforehand what the machine found in it."""
    if view == "audit":
        return flags[flags["rule"] == AUDIT]
    hidden = flags["drawn"].to_numpy() & ~answered
    return flags[(flags["polarity"] == view) & (flags["rule"] != AUDIT) & ~hidden]


def _in_state(flags: pd.DataFrame, state: str, done: set[str], snapshot: Snapshot) -> pd.DataFrame:
    if state == "all":
        return flags
    answered = of_contacts(flags, snapshot, done)
    return flags[answered if state == "done" else ~answered]
