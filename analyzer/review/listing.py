"""Which contacts a list shows, from what its address asks for; pure, over the rows of one snapshot."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analyzer.review.desk import AUDIT, FILTERS, Snapshot, contacts_of, counts, of_contacts

VIEWS: Final = ("concern", "audit", "second", "praise", "mine")
STATES: Final = ("open", "done", "all")
CHOICES: Final = tuple(name for name in FILTERS if name != "day")  # days are chosen as a range
ME: Final = ":me"  # no name of a user holds a colon
NOBODY: Final = ":nobody"
ORDERS: Final[Mapping[str, tuple[list[str], list[bool]]]] = {
    "severity": (["severity", "started_at"], [False, False]),
    "newest": (["started_at"], [False]),
    "oldest": (["started_at"], [True]),
    "team": (["team", "agent", "started_at"], [True, True, False]),
}
Bools = NDArray[np.bool_]


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


@dataclass(frozen=True, slots=True)
class Standing:
    """How the rows of a person stand, by row: answered by anybody, findings to be hidden from them, assigned to whom
    ("" is nobody), waiting for them as the second person."""

    answered: Bools
    hidden: Bools
    assigned: NDArray[np.object_]
    second: Bools


def standing_of(
    flags: pd.DataFrame, snapshot: Snapshot, answered: Iterable[str], told: Iterable[str], assigned: Mapping[str, str],
    second: Iterable[str] = (),
) -> Standing:  # fmt: skip
    """``answered``: contacts that anybody answered about; ``told``: those whose findings this person may know though
    they were drawn; ``assigned``: the person by contact; ``second``: those that wait for a second person."""
    names = np.full(len(snapshot.number), "", dtype=object)
    for contact, name in assigned.items():
        if contact in snapshot.number:
            names[snapshot.number[contact]] = name
    number = flags["contact"].to_numpy()
    drawn = flags["drawn"].to_numpy()
    return Standing(
        of_contacts(flags, snapshot, list(answered)), drawn & ~of_contacts(flags, snapshot, list(told)), names[number],
        of_contacts(flags, snapshot, list(second)),
    )  # fmt: skip


def of_view(flags: pd.DataFrame, view: str, standing: Standing, me: str) -> Bools:
    """Rules of one kind, the draw, what waits for a second person, or what is assigned to oneself.

    A drawn contact waits in the draw alone until one has answered it oneself, so that nobody reads beforehand what the
    machine found in it.
    """
    audit = (flags["rule"] == AUDIT).to_numpy()
    if view == "audit":
        return np.asarray(audit)
    if view == "second":
        return np.asarray(audit & standing.second)
    if view == "mine":
        return np.asarray((standing.assigned == me) & (audit | ~standing.hidden))
    return np.asarray((flags["polarity"] == view).to_numpy() & ~audit & ~standing.hidden)


def waiting(flags: pd.DataFrame, standing: Standing, me: str) -> dict[str, int]:
    """How many contacts wait in each view."""
    contact = flags["contact"].to_numpy()
    size = int(contact.max(initial=-1)) + 1
    kept = {view: of_view(flags, view, standing, me) & _in_state("open", view, standing) for view in VIEWS}
    return {view: int(np.count_nonzero(_marked(contact[rows], size))) for view, rows in kept.items()}


def _marked(contact: NDArray[np.int64], size: int) -> Bools:
    marked = np.zeros(size, dtype=bool)
    marked[contact] = True
    return marked


@dataclass(frozen=True, slots=True)
class Listed:
    """The contacts of a list in its order, a row each, and for every filter what it would leave, with counts."""

    contacts: pd.DataFrame
    choices: Mapping[str, list[tuple[str, int]]]
    whose: list[tuple[str, int]]


def listed(flags: pd.DataFrame, asked: Asked, standing: Standing, me: str) -> Listed:
    """The list that ``asked`` names. Each filter counts what the others leave."""
    kept = (
        of_view(flags, asked.view, standing, me) & _in_state(asked.state, asked.view, standing) & _in_days(flags, asked)
    )
    masks = {name: (flags[name] == value).to_numpy() for name, value in asked.chosen.items()}
    theirs = _of_person(asked.whose, standing, me)
    every = kept & theirs & _all(masks, kept)
    shown = flags[every]
    contacts = contacts_of(shown)
    choices: dict[str, list[tuple[str, int]]] = {}
    for name in CHOICES:
        if name in masks:
            others = flags[kept & theirs & _all({n: m for n, m in masks.items() if n != name}, kept)]
            choices[name] = counts(others, contacts_of(others), name)
        else:
            choices[name] = counts(shown, contacts, name)
    whose = _people(flags["contact"].to_numpy(), standing.assigned, kept & _all(masks, kept))
    return Listed(_ordered(contacts, asked.order), choices, whose)


def _all(masks: Mapping[str, Bools], like: Bools) -> Bools:
    kept = np.ones_like(like)
    for mask in masks.values():
        kept &= mask
    return kept


def _in_state(state: str, view: str, standing: Standing) -> Bools:
    """For the second person a contact is open that another has answered."""
    if state == "all":
        return np.ones_like(standing.answered)
    answered = standing.answered & ~standing.second if view == "second" else standing.answered
    return answered if state == "done" else ~answered


def _in_days(flags: pd.DataFrame, asked: Asked) -> Bools:
    """Days are categories of ISO text, which sort as days do."""
    kept = np.ones(len(flags), dtype=bool)
    codes, days = flags["day"].cat.codes.to_numpy(), np.asarray(flags["day"].cat.categories, dtype=str)
    if asked.since:
        kept &= codes >= np.searchsorted(days, asked.since.isoformat(), side="left")
    if asked.until:
        kept &= codes < np.searchsorted(days, asked.until.isoformat(), side="right")
    return kept


def _of_person(whose: str, standing: Standing, me: str) -> Bools:
    if not whose:
        return np.ones_like(standing.answered)
    name = {ME: me, NOBODY: ""}.get(whose, whose)
    return np.asarray(standing.assigned == name)


def _people(contact: NDArray[np.int64], assigned: NDArray[np.object_], kept: Bools) -> list[tuple[str, int]]:
    """Who has how many of the contacts kept, by name; nobody's as ""."""
    _, first = np.unique(contact[kept], return_index=True)
    names, found = np.unique(assigned[kept][first].astype(str), return_counts=True)
    return [(str(name), int(n)) for name, n in zip(names, found, strict=True)]


def _ordered(contacts: pd.DataFrame, order: str) -> pd.DataFrame:
    if order == "severity":
        return contacts  # as they lie
    by, ascending = ORDERS[order]
    plain = contacts.assign(**{name: contacts[name].astype(object) for name in by if name in CHOICES})
    return contacts.loc[plain.sort_values(by, ascending=ascending, kind="stable").index]


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def rows_of(contacts: pd.DataFrame, first: int, count: int) -> list[Any]:
    """A page of contacts as rows."""
    return contacts.iloc[first : first + count].to_dict("records")
