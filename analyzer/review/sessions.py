"""Sessions on the server: the browser holds 256 random bits, the database their hash, and signing out ends them."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from analyzer.review.accounts import find_user
from analyzer.review.database import Connection, text_of, time_of
from analyzer.review.roles import User

IDLE: Final = timedelta(minutes=45)
LONGEST: Final = timedelta(hours=12)
_SEEN_EVERY: Final = timedelta(minutes=1)  # a note a minute is enough, and spares a write a click


@dataclass(frozen=True, slots=True)
class Session:
    """Who is signed in, and the token that every form of theirs carries."""

    user: User
    csrf: str


def begin(connection: Connection, user: User, now: datetime) -> str:
    """The secret of a new session, told once."""
    secret = secrets.token_urlsafe(32)
    connection.change(
        "INSERT INTO sessions (id_hash, name, csrf, created_at, seen_at) VALUES (?, ?, ?, ?, ?)",
        _hashed(secret), user.name, secrets.token_urlsafe(32), text_of(now), text_of(now),
    )  # fmt: skip
    connection.change("DELETE FROM sessions WHERE created_at < ?", text_of(now - LONGEST))
    return secret


def find(connection: Connection, secret: str, now: datetime) -> tuple[Session, bool] | None:
    """The session of ``secret`` unless it has ended, and whether it is time to note that it was seen."""
    rows = connection.rows("SELECT * FROM sessions WHERE id_hash = ?", _hashed(secret))
    if not rows:
        return None
    created, seen = time_of(rows[0]["created_at"]), time_of(rows[0]["seen_at"])
    if now - created > LONGEST or now - seen > IDLE:
        return None
    user = find_user(connection, rows[0]["name"])
    return (Session(user, rows[0]["csrf"]), now - seen > _SEEN_EVERY) if user else None


def seen(connection: Connection, secret: str, now: datetime) -> None:
    connection.change("UPDATE sessions SET seen_at = ? WHERE id_hash = ?", text_of(now), _hashed(secret))


def end(connection: Connection, secret: str) -> None:
    connection.change("DELETE FROM sessions WHERE id_hash = ?", _hashed(secret))


def _hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
