"""Reading the audit log: who did what to which object, when and from where."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final
from urllib.parse import urlencode

import pyarrow as pa

from analyzer.publish.csv_text import csv_header, csv_rows
from analyzer.review.database import Connection, Database, Row, text_of, time_of
from analyzer.review.roles import User

A_PAGE: Final = 100
_AT_ONCE: Final = 10_000
_SCHEMA: Final = pa.schema([
    ("at", pa.timestamp("us", "UTC")), ("name", pa.string()), ("action", pa.string()), ("object", pa.string()),
    ("address", pa.string()),
])  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines; "" and ``None`` are all. Days are those of ``zone``."""

    name: str = ""
    action: str = ""
    object: str = ""
    since: date | None = None
    until: date | None = None
    number: int = 1
    zone: tzinfo = UTC

    def query(self, number: int = 1) -> str:
        """The address's query of a page."""
        told = {"name": self.name, "action": self.action, "object": self.object, "since": self.since,
                "until": self.until, "page": number if number > 1 else ""}  # fmt: skip
        return urlencode({key: str(value) for key, value in told.items() if value})


def wanted_of(told: Mapping[str, str], zone: tzinfo) -> Wanted:
    """What an address asks for, with what is not known left out."""
    number = told.get("page", "1")[:6]
    return Wanted(
        told.get("name", "")[:64], told.get("action", "")[:200], told.get("object", "")[:200],
        _day(told.get("since")), _day(told.get("until")),
        int(number) if number.isdecimal() and int(number) > 0 else 1, zone,
    )  # fmt: skip


def lines(connection: Connection, user: User, wanted: Wanted) -> tuple[list[Row], int]:
    """A page of the lines, latest first, and how many there are in all."""
    where, values = _where(connection, user, wanted)
    total = connection.rows(f"SELECT COUNT(*) AS n FROM audit_log{where}", *values)[0]["n"]
    rows = connection.rows(
        f"SELECT * FROM audit_log{where} ORDER BY at DESC, name, action, object LIMIT ? OFFSET ?",
        *values, A_PAGE, (wanted.number - 1) * A_PAGE,
    )  # fmt: skip
    return [{**row, "at": time_of(row["at"])} for row in rows], int(total)


def actions(connection: Connection) -> list[str]:
    """What was ever done."""
    return [row["action"] for row in connection.rows("SELECT DISTINCT action FROM audit_log ORDER BY action")]


def names(connection: Connection, user: User) -> list[str]:
    """Whose lines ``user`` may read: everybody's, but who sees certain teams alone reads their own and those of people
    who see no other team, for lines name contacts."""
    if not user.teams:
        return [row["name"] for row in connection.rows("SELECT name FROM users ORDER BY name")]
    teams: dict[str, set[str]] = {user.name: set()}
    for row in connection.rows("SELECT name, team FROM user_teams"):
        teams.setdefault(row["name"], set()).add(row["team"])
    return sorted(name for name, theirs in teams.items() if name == user.name or theirs <= user.teams)


def as_csv(database: Database, user: User, wanted: Wanted, now: datetime) -> Iterator[bytes]:
    """All lines until ``now`` as CSV that no spreadsheet runs, the earliest first."""
    yield csv_header(_SCHEMA)
    place = 0
    while True:
        with database.read() as connection:
            where, values = _where(connection, user, wanted)
            rows = connection.rows(
                f"SELECT * FROM audit_log{where} AND at <= ? ORDER BY at, name, action, object LIMIT ? OFFSET ?",
                *values, text_of(now), _AT_ONCE, place,
            )  # fmt: skip
        yield csv_rows(pa.Table.from_pylist([{**row, "at": time_of(row["at"])} for row in rows], _SCHEMA))
        place += _AT_ONCE
        if len(rows) < _AT_ONCE:
            return


def _where(connection: Connection, user: User, wanted: Wanted) -> tuple[str, list[object]]:
    terms, values = ["1 = 1"], list[object]()
    if user.teams:
        allowed = names(connection, user)
        terms.append(f"name IN ({', '.join('?' * len(allowed))})")
        values += allowed
    for column, value in (("name", wanted.name), ("action", wanted.action)):
        if value:
            terms.append(f"{column} = ?")
            values.append(value)
    if wanted.object:
        terms.append("object LIKE ? ESCAPE '!'")
        values.append(f"%{_literal(wanted.object)}%")
    for sign, day in ((">=", wanted.since), ("<", wanted.until and wanted.until + timedelta(days=1))):
        if day:
            terms.append(f"at {sign} ?")
            values.append(text_of(datetime.combine(day, time.min, wanted.zone)))
    return f" WHERE {' AND '.join(terms)}", values


def _literal(text: str) -> str:
    for sign in "!%_":
        text = text.replace(sign, f"!{sign}")
    return text


def _day(text: str | None) -> date | None:
    try:
        day = date.fromisoformat(text) if text else None
    except ValueError:
        return None
    return day if day is None or 1900 < day.year < 9999 else None  # the day after, in any zone, must be one as well


def on_page(wanted: Wanted, total: int) -> tuple[Wanted, int]:
    """``wanted`` with a page that there is, and how many there are."""
    pages = max(1, -(-total // A_PAGE))
    return replace(wanted, number=min(wanted.number, pages)), pages
