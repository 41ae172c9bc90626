"""How far the work is: of each day's draw for the audit, by team, and what each person answered today. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analyzer.review.database import Row
from analyzer.review.desk import AUDIT

DAYS_SHOWN: Final = 10
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Done:
    """``whose``: a day as ISO text, or a team ("" is none)."""

    whose: str
    drawn: int
    answered: int

    @property
    def waiting(self) -> int:
        return self.drawn - self.answered


@dataclass(frozen=True, slots=True)
class Person:
    """What somebody answered today, of it from the draw, and what is assigned to them and waits."""

    name: str
    answered: int
    of_draw: int
    waiting: int


def by_day(flags: pd.DataFrame, answered: Bools) -> list[Done]:
    """The last days of which contacts were drawn, the earliest first. ``answered``: by row."""
    audit = (flags["rule"] == AUDIT).to_numpy()
    return _done(flags["day"], audit, answered)[-DAYS_SHOWN:]


def by_team(flags: pd.DataFrame, answered: Bools, day: date) -> list[Done]:
    """The teams of which contacts of ``day`` were drawn, by name."""
    of_day = ((flags["rule"] == AUDIT) & (flags["day"] == day.isoformat())).to_numpy()
    return _done(flags["team"], of_day, answered)


def _done(whose: pd.Series, drawn: Bools, answered: Bools) -> list[Done]:
    """By value of a column of categories; a contact has one row of the draw."""
    names = ["", *map(str, whose.cat.categories)]
    codes = whose.cat.codes.to_numpy() + 1
    all_ = np.bincount(codes[drawn], minlength=len(names))
    done = np.bincount(codes[drawn & answered], minlength=len(names))
    return [Done(name, int(n), int(m)) for name, n, m in zip(names, all_, done, strict=True) if n]


def people(
    today: Iterable[Row], assigned: Mapping[str, str], answered: Collection[str], draws: Collection[str],
    names: Sequence[str],
) -> list[Person]:  # fmt: skip
    """``names`` and whoever else answered today or has contacts waiting, the busiest first.

    ``today``: reviewer and interaction_id of what was answered today, once each.
    """
    rows = list(today)
    all_, drawn = Counter(row["reviewer"] for row in rows), Counter(
        row["reviewer"] for row in rows if row["interaction_id"] in draws
    )  # fmt: skip
    waiting = Counter(name for contact, name in assigned.items() if contact not in answered)
    found = {*names, *all_, *waiting}
    told = [Person(name, all_[name], drawn[name], waiting[name]) for name in found]
    return sorted(told, key=lambda person: (-person.answered, -person.waiting, person.name))
