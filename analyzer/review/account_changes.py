"""Changing accounts: role and teams, ending and reopening them, new passwords, one-time codes to choose one.

Whatever is changed, an account that may manage the others is left: the last admin can neither be ended nor demoted.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from analyzer.errors import UsageError
from analyzer.review.accounts import checked_password, checked_role, find_user, hashed
from analyzer.review.database import Connection, Row, text_of, time_of

CODE_LASTS: Final = timedelta(hours=72)
_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is taken for another
_GROUPS: Final = 4
_OF: Final = 5  # 20 of 31 letters: 99 bits


def accounts(connection: Connection) -> list[Row]:
    """Every account by name, with its teams, when it was last seen and how many sessions and codes stand; no hash."""
    rows = connection.rows(
        "SELECT u.name, u.role, u.agent_id, u.created_at, u.disabled_at, c.made_at AS code_at, "
        "(SELECT COUNT(*) FROM sessions s WHERE s.name = u.name) AS sessions, "
        "(SELECT MAX(l.at) FROM audit_log l WHERE l.name = u.name) AS seen_at "
        "FROM users u LEFT JOIN password_codes c ON c.name = u.name ORDER BY u.name"
    )
    teams: dict[str, list[str]] = {}
    for row in connection.rows("SELECT name, team FROM user_teams ORDER BY team"):
        teams.setdefault(row["name"], []).append(row["team"])
    return [{**row, "teams": teams.get(row["name"], [])} for row in rows]


def change_role(connection: Connection, name: str, role: str, agent_id: str | None, teams: Collection[str]) -> None:
    """From now on; what the person is doing at this moment is measured by it too."""
    checked_role(role, agent_id)
    before = _active(connection, name)
    if role != "admin":
        _keep_an_admin(connection, name)
    connection.change("UPDATE users SET role = ?, agent_id = ? WHERE name = ?", role, agent_id, name)
    connection.change("DELETE FROM user_teams WHERE name = ?", name)
    for team in sorted(set(teams)):
        connection.change("INSERT INTO user_teams (name, team) VALUES (?, ?)", name, team)
    if role != before["role"]:
        end_sessions(connection, name)


def disable(connection: Connection, name: str, now: datetime) -> None:
    """Ends the account, its sessions and its code; what the person decided stays."""
    _active(connection, name)
    _keep_an_admin(connection, name)
    connection.change("UPDATE users SET disabled_at = ? WHERE name = ?", text_of(now), name)
    connection.change("DELETE FROM password_codes WHERE name = ?", name)
    end_sessions(connection, name)


def enable(connection: Connection, name: str) -> None:
    """Opens an ended account again; the password is as it was."""
    if not connection.change("UPDATE users SET disabled_at = NULL WHERE name = ? AND disabled_at IS NOT NULL", name):
        raise UsageError(f"There is no ended account {name}.", hint="Reload the page.")


def end_sessions(connection: Connection, name: str, but: str = "") -> None:
    """Signs ``name`` out everywhere, save where the session of the secret ``but`` is."""
    kept = hashlib.sha256(but.encode()).hexdigest()
    connection.change("DELETE FROM sessions WHERE name = ? AND id_hash <> ?", name, kept)


def set_password(connection: Connection, name: str, password: str, *, but: str = "") -> None:
    """A new password; ends every session, save that of the secret ``but``, and the code. Raises UsageError if weak."""
    _active(connection, name)
    new = hashed(checked_password(password, name))
    connection.change("UPDATE users SET password_hash = ? WHERE name = ?", new, name)
    connection.change("DELETE FROM password_codes WHERE name = ?", name)
    end_sessions(connection, name, but)


def make_code(connection: Connection, name: str, now: datetime) -> str:
    """A code by which ``name`` chooses a password once within 72 hours; told once, and it ends the one before."""
    _active(connection, name)
    code = "-".join("".join(secrets.choice(_LETTERS) for _ in range(_OF)) for _ in range(_GROUPS))
    connection.change("DELETE FROM password_codes WHERE name = ?", name)
    connection.change(
        "INSERT INTO password_codes (name, code_hash, made_at) VALUES (?, ?, ?)", name, _hash_of(code), text_of(now)
    )
    return code


def fits_code(connection: Connection, name: str, code: str, now: datetime) -> bool:
    """Whether the code stands for that active account and is not too old."""
    found = connection.rows("SELECT code_hash, made_at FROM password_codes WHERE name = ?", name)
    known = found[0]["code_hash"] if found else ""
    fits = secrets.compare_digest(known, _hash_of(code))
    return bool(
        fits and now - time_of(found[0]["made_at"]) <= CODE_LASTS and find_user(connection, name)
    )  # fmt: skip


def _hash_of(code: str) -> str:
    """Of 99 random bits a fast hash tells nothing; spaces and capitals are forgiven."""
    return hashlib.sha256("".join(code.split()).casefold().encode("utf-8", "surrogatepass")).hexdigest()


def _active(connection: Connection, name: str) -> Row:
    found = connection.rows("SELECT name, role FROM users WHERE name = ? AND disabled_at IS NULL", name)
    if not found:
        raise UsageError(f"There is no active account {name}.", hint="Reload the page.")
    return found[0]


def _keep_an_admin(connection: Connection, name: str) -> None:
    """Raises UsageError where ``name`` is the last active admin. Two who demote each other at once wait for each other:
    the rows of all admins are locked first, for a server that lets writers run side by side."""
    connection.change("UPDATE users SET role = role WHERE role = 'admin'")
    left = connection.rows("SELECT name FROM users WHERE role = 'admin' AND disabled_at IS NULL")
    if [row["name"] for row in left] == [name]:
        raise UsageError(f"{name} is the last admin.", hint="Make somebody else an admin first.")
