"""Accounts: none until somebody adds one; argon2id, passwords as long as people like, no word of a common list.

Signing in takes as long for a name that nobody has as for one that somebody has.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from datetime import datetime
from functools import lru_cache
from importlib import resources
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from analyzer.errors import UsageError
from analyzer.review.database import Connection, Database, text_of
from analyzer.review.roles import ROLES, Role, User

SHORTEST: Final = 12  # OWASP ASVS 5.0, 6.2.1: 8 at least, 15 advised
LONGEST: Final = 256  # 6.2.9: 64 and more; far more would only be work
_NAME: Final = re.compile(r"\w[\w.@-]{0,63}")  # "." and ".." would be no page of their own
_hasher: Final = PasswordHasher()


def add_user(
    database: Database, name: str, role: str, password: str, now: datetime, *, agent_id: str | None = None,
    teams: Collection[str] = (),
) -> User:  # fmt: skip
    """The new account. Raises UsageError for a name or role that is none, a weak password, a name that is taken."""
    user = User(_checked_name(name), checked_role(role, agent_id), agent_id, frozenset(teams))
    kept = hashed(checked_password(password, name))
    with database.write() as connection:
        for row in connection.rows("SELECT name FROM users"):
            if _read(row["name"]) == _read(name):
                raise UsageError(f"There is a user {row['name']} already.", hint="Choose another name.")
        connection.change(
            "INSERT INTO users (name, role, agent_id, password_hash, created_at) VALUES (?, ?, ?, ?, ?)",
            name, role, agent_id, kept, text_of(now),
        )  # fmt: skip
        for team in sorted(teams):
            connection.change("INSERT INTO user_teams (name, team) VALUES (?, ?)", name, team)
    return user


def disable_user(database: Database, name: str, now: datetime) -> None:
    """Ends the account and every session of it; what the person decided stays. Raises UsageError if there is none."""
    with database.write() as connection:
        if not connection.change(
            "UPDATE users SET disabled_at = ? WHERE name = ? AND disabled_at IS NULL", text_of(now), name
        ):
            raise UsageError(f"There is no active user {name}.", hint="`analyzer review users` lists them.")
        connection.change("DELETE FROM password_codes WHERE name = ?", name)
        connection.change("DELETE FROM sessions WHERE name = ?", name)


def users(connection: Connection) -> list[dict[str, object]]:
    """All accounts with their role, by name; no hash."""
    return connection.rows("SELECT name, role, agent_id, created_at, disabled_at FROM users ORDER BY name")


def find_user(connection: Connection, name: str) -> User | None:
    """The active account of that name."""
    found = connection.rows("SELECT role, agent_id FROM users WHERE name = ? AND disabled_at IS NULL", name)
    if not found:
        return None
    teams = connection.rows("SELECT team FROM user_teams WHERE name = ?", name)
    return User(name, found[0]["role"], found[0]["agent_id"], frozenset(row["team"] for row in teams))


def authenticated(connection: Connection, name: str, password: str) -> User | None:
    """The account, if the password is its own."""
    found = connection.rows("SELECT password_hash FROM users WHERE name = ? AND disabled_at IS NULL", name)
    known = found[0]["password_hash"] if found else _hash_of_nobody()
    try:
        _hasher.verify(known, password[:LONGEST])
    except (VerificationError, InvalidHashError):
        return None
    return find_user(connection, name) if found else None


def checked_password(password: str, name: str) -> str:
    """``password`` as it is, if it is a good one; it is never shortened, trimmed or changed."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise UsageError(f"A password has {SHORTEST} to {LONGEST} characters.", hint="A sentence of your own is good.")
    plain = password.casefold()
    words = plain.strip("0123456789!?. ")
    if plain in common_passwords() or words in common_passwords() or len(words) < 5 or name.casefold() in plain:
        raise UsageError("That password is among the first that are tried.", hint="A sentence of your own is good.")
    if len(set(plain)) < 5:
        raise UsageError("That password repeats itself.", hint="A sentence of your own is good.")
    return password


def hashed(password: str) -> str:
    """How it is kept: argon2id."""
    return _hasher.hash(password)


@lru_cache(maxsize=1)
def common_passwords() -> frozenset[str]:
    """The most used passwords (static/common_passwords.txt, from zxcvbn, MIT), in lower case."""
    text = resources.files("analyzer.review").joinpath("static/common_passwords.txt").read_text(encoding="utf-8")
    return frozenset(line for line in text.splitlines() if line and not line.startswith("# "))


@lru_cache(maxsize=1)
def _hash_of_nobody() -> str:
    return _hasher.hash("the password of nobody")


def _read(name: str) -> str:
    """What two names have in common that people take for one: capitals, and letters of another form."""
    return unicodedata.normalize("NFKC", name).casefold()


def _checked_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise UsageError(
            "A user's name has 1 to 64 letters, digits or . _ - @, and begins with a letter or digit.",
            hint="An email address will do.",
        )
    return name


def checked_role(role: str, agent_id: str | None) -> Role:
    """``role`` if it is one, and names an agent if and only if it is an agent's."""
    for known in ROLES:
        if known == role:
            if (known == "agent") != (agent_id is not None):
                raise UsageError(
                    "An agent's account names their id, and no other does.", hint="--role agent --agent ID"
                )
            return known
    raise UsageError(f"No role {role}.", hint=f"There are: {', '.join(ROLES)}.")
