"""How far the work is: of each day's draw for the audit, by team, and what each person answered today. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import pandas as pd

from analyzer.review.database import Row
from analyzer.review.desk import AUDIT

DAYS_SHOWN: Final = 14


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


def by_day(flags: pd.DataFrame, answered: Collection[str]) -> list[Done]:
    """The last days of which contacts were drawn, the earliest first."""
    return _done(_draws(flags, answered), "day")[-DAYS_SHOWN:]


def by_team(flags: pd.DataFrame, answered: Collection[str], day: date) -> list[Done]:
    """The teams of which contacts of ``day`` were drawn, by name."""
    draws = _draws(flags, answered)
    return _done(draws[draws["day"] == day.isoformat()], "team")


def _draws(flags: pd.DataFrame, answered: Collection[str]) -> pd.DataFrame:
    draws = flags.loc[flags["rule"] == AUDIT, ["interaction_id", "day", "team"]].drop_duplicates("interaction_id")
    return draws.assign(done=draws["interaction_id"].isin(list(answered)))


def _done(draws: pd.DataFrame, by: str) -> list[Done]:
    whose = draws[by].astype(object).where(draws[by].notna(), "")
    grouped = draws["done"].groupby(whose).agg(["size", "sum"]).sort_index()
    return [Done(str(name), int(row["size"]), int(row["sum"])) for name, row in grouped.iterrows()]


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
