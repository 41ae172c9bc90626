"""Guessing is made slow: after a few failures a name from an address, and an address for all names, has to wait."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Final

from analyzer.review.database import Connection, text_of

WITHIN: Final = timedelta(minutes=15)
OF_A_NAME: Final = 5  # failures of one name from one address
OF_AN_ADDRESS: Final = 40  # failures of all names from one address


def must_wait(connection: Connection, name: str, address: str, now: datetime) -> bool:
    """Whether there were too many failures within a quarter of an hour; a right password must wait as well."""
    since = text_of(now - WITHIN)
    both, one = _subjects(name, address)
    return _count(connection, both, since) >= OF_A_NAME or _count(connection, one, since) >= OF_AN_ADDRESS


def failed(connection: Connection, name: str, address: str, now: datetime) -> None:
    for subject in _subjects(name, address):
        connection.change("INSERT INTO failures (subject, at) VALUES (?, ?)", subject, text_of(now))
    connection.change("DELETE FROM failures WHERE at < ?", text_of(now - 2 * WITHIN))


def succeeded(connection: Connection, name: str, address: str, begun: datetime | None = None) -> None:
    """Forgets the failures of the name; ``begun``: when this attempt was counted as one of the address's."""
    both, one = _subjects(name, address)
    connection.change("DELETE FROM failures WHERE subject = ?", both)
    if begun is not None:
        connection.change("DELETE FROM failures WHERE subject = ? AND at = ?", one, text_of(begun))


def _subjects(name: str, address: str) -> tuple[str, str]:
    """Hashes: what people type into the wrong field may be a password."""
    return tuple(
        hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest() for text in (f"{address} {name}", address)
    )  # type: ignore[return-value]


def _count(connection: Connection, subject: str, since: str) -> int:
    rows = connection.rows("SELECT COUNT(*) AS n FROM failures WHERE subject = ? AND at >= ?", subject, since)
    return int(rows[0]["n"])
