"""What the address of a list asks for: kind, state, order, filters, days, person, page; read leniently."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final
from urllib.parse import parse_qsl, urlencode

from analyzer.review.desk import FILTERS

VIEWS: Final = ("concern", "audit", "second", "praise", "mine")
STATES: Final = ("open", "done", "all")
ORDERS: Final = ("severity", "newest", "oldest", "team")
CHOICES: Final = tuple(name for name in FILTERS if name != "day")  # days are chosen as a range
ME: Final = ":me"  # no name of a user holds a colon
NOBODY: Final = ":nobody"


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks for, with what is not known left out. ``whose``: who it is assigned to; "" is all."""

    view: str
    state: str
    order: str
    number: int
    chosen: Mapping[str, str]
    since: date | None
    until: date | None
    whose: str

    @property
    def query(self) -> str:
        """The address's query without the page, by which a view is saved."""
        told = {"view": self.view, "state": self.state, "order": self.order, **self.chosen, "whose": self.whose or None,
                "since": self.since, "until": self.until}  # fmt: skip
        return urlencode({name: str(value) for name, value in told.items() if value is not None})

    @property
    def link(self) -> str:
        return f"/queue?{self.query}"

    @property
    def here(self) -> str:
        """The query with the page."""
        return f"{self.query}&page={self.number}" if self.number > 1 else self.query

    @property
    def narrows(self) -> bool:
        """Whether anything but the kind of list, its state and order was chosen."""
        return bool(self.chosen or self.since or self.until or self.whose)

    def on(self, number: int) -> str:
        """The address of another page of the list."""
        return f"/queue?{replace(self, number=number).here}"


def asked_of(told: Mapping[str, str]) -> Asked:
    """What the parameters of an address ask for."""
    number = told.get("page", "1")[:6]
    view, state, order = told.get("view", "concern"), told.get("state", "open"), told.get("order", "severity")
    return Asked(
        view if view in VIEWS else "concern", state if state in STATES else "open",
        order if order in ORDERS else "severity", int(number) if number.isdecimal() and int(number) > 0 else 1,
        {name: told[name][:200] for name in CHOICES if told.get(name)},
        _day(told.get("since") or told.get("day")), _day(told.get("until") or told.get("day")),
        told.get("whose", "")[:64],
    )  # fmt: skip


def asked_in(query: str) -> Asked:
    """What a saved query asks for."""
    return asked_of(dict(parse_qsl(query)))


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None
