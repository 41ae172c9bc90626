"""Which contacts a list shows, in which order, and what each filter would leave; pure, over the rows of one snapshot.

Everything is counted by whole numbers of rows and contacts, so that a hundred thousand flags take a moment.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analyzer.review.asked import CHOICES, ME, NOBODY, VIEWS, Asked
from analyzer.review.desk import AUDIT, OF_FLAGS, Snapshot, of_contacts

Bools = NDArray[np.bool_]
Numbers = NDArray[np.int64]
Counts = list[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Standing:
    """How the rows of a person stand, by row: answered by anybody, findings to be hidden from them, assigned to which
    of ``people`` (the first is nobody), waiting for them as the second person."""

    answered: Bools
    hidden: Bools
    assigned: NDArray[np.int32]
    people: tuple[str, ...]
    second: Bools


def standing_of(
    flags: pd.DataFrame, snapshot: Snapshot, answered: Iterable[str], told: Iterable[str], assigned: Mapping[str, str],
    second: Iterable[str] = (),
) -> Standing:  # fmt: skip
    """``answered``: contacts that anybody answered about; ``told``: those whose findings this person may know though
    they were drawn; ``assigned``: the person by contact; ``second``: those that wait for a second person."""
    people = ("", *sorted(set(assigned.values())))
    code = {name: place for place, name in enumerate(people)}
    whose = np.zeros(len(snapshot.number), dtype=np.int32)
    for contact, name in assigned.items():
        if contact in snapshot.number:
            whose[snapshot.number[contact]] = code[name]
    return Standing(
        of_contacts(flags, snapshot, answered), flags["drawn"].to_numpy() & ~of_contacts(flags, snapshot, told),
        whose[flags["contact"].to_numpy()], people, of_contacts(flags, snapshot, second),
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
        return _of_person(me, standing) & (audit | ~standing.hidden)
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
class Part:
    """Some of the rows: their places, and by contact, in the order of the rows, its first place and how many it has."""

    rows: Numbers
    first: Numbers
    rules: Numbers


def part_of(contact: Numbers, kept: Bools) -> Part:
    """The rows that are kept. ``contact``: the number of each row's."""
    rows = np.flatnonzero(kept)
    own = contact[rows]
    counted = np.bincount(own)
    first = np.empty(counted.size, dtype=np.int64)
    first[own[::-1]] = rows[::-1]  # the last that is written stays: the first row
    found = np.flatnonzero(counted)
    order = np.argsort(first[found], kind="stable")
    return Part(rows, first[found][order], counted[found][order])


def counts(flags: pd.DataFrame, part: Part, name: str) -> Counts:
    """The values of a filter with the number of contacts that have it, most first."""
    values = flags[name].cat
    codes, categories = values.codes.to_numpy(), list(values.categories)
    if name in OF_FLAGS:  # of which a contact may have several
        pairs = flags["contact"].to_numpy()[part.rows] * len(categories) + codes[part.rows]
        codes_found = np.unique(pairs[codes[part.rows] >= 0]) % max(len(categories), 1)
    else:
        codes_found = codes[part.first]
    found = np.bincount(codes_found[codes_found >= 0], minlength=len(categories))
    told = [(str(value), int(n)) for value, n in zip(categories, found, strict=True) if n]
    return sorted(told, key=lambda pair: (-pair[1], pair[0]))


@dataclass(frozen=True, slots=True)
class Listed:
    """The contacts of a list in its order, each by the place of its first row, with how many rules it met; and for
    every filter what the others would leave, with counts."""

    first: Numbers
    rules: Numbers
    choices: Mapping[str, Counts]
    whose: Counts

    @property
    def total(self) -> int:
        return len(self.first)

    def rows(self, flags: pd.DataFrame, start: int, count: int) -> list[Any]:
        """Some contacts as rows, with ``rules``."""
        part = slice(start, start + count)
        rows = flags.iloc[self.first[part]].assign(rules=self.rules[part]).astype(object)
        return rows.where(rows.notna(), None).to_dict("records")  # NaN would be shown as a name


def listed(flags: pd.DataFrame, asked: Asked, standing: Standing, me: str) -> Listed:
    """The list that ``asked`` names. Each filter counts what the others leave."""
    contact = flags["contact"].to_numpy()
    kept = (
        of_view(flags, asked.view, standing, me) & _in_state(asked.state, asked.view, standing) & _in_days(flags, asked)
    )
    masks = {name: (flags[name] == value).to_numpy() for name, value in asked.chosen.items()}
    theirs = _of_person({ME: me, NOBODY: ""}.get(asked.whose, asked.whose), standing) if asked.whose else kept
    part = part_of(contact, kept & theirs & _all(masks, kept))
    choices = {name: counts(flags, part, name) for name in CHOICES if name not in masks}
    for name in masks:
        others = _all({n: mask for n, mask in masks.items() if n != name}, kept)
        choices[name] = counts(flags, part_of(contact, kept & theirs & others), name)
    order = _order(flags, part.first, asked.order)
    whose = _people(part_of(contact, kept & _all(masks, kept)) if asked.whose else part, standing)
    return Listed(part.first[order], part.rules[order], {name: choices[name] for name in CHOICES}, whose)


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


def _of_person(name: str, standing: Standing) -> Bools:
    if name not in standing.people:
        return np.zeros_like(standing.answered)
    return np.asarray(standing.assigned == standing.people.index(name))


def _people(part: Part, standing: Standing) -> Counts:
    """Who has how many of the contacts, by name; nobody's as ""."""
    found = np.bincount(standing.assigned[part.first], minlength=len(standing.people))
    return [(name, int(n)) for name, n in zip(standing.people, found, strict=True) if n]


def _order(flags: pd.DataFrame, first: Numbers, order: str) -> Numbers:
    """The places within ``first``, in order; rows lie with the most severe and latest first."""
    if order == "severity":
        return np.arange(len(first))
    at = flags["started_at"].to_numpy(dtype="datetime64[us]").astype(np.int64)[first]  # in UTC
    if order == "team":
        team, agent = (flags[name].cat.codes.to_numpy()[first] for name in ("team", "agent"))
        last = np.iinfo(np.int64).max
        return np.lexsort((-at, np.where(agent < 0, last, agent), np.where(team < 0, last, team)))
    return np.argsort(at if order == "oldest" else -at, kind="stable")
