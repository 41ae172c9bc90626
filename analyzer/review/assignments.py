"""Who is to read which contact. A contact is one person's at a time; the audit log keeps what was before."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from analyzer.review.accounts import find_user
from analyzer.review.database import Connection, text_of, time_of
from analyzer.review.roles import User


def assigned(connection: Connection) -> dict[str, str]:
    """The person by contact."""
    rows = connection.rows("SELECT interaction_id, name FROM assignments")
    return {row["interaction_id"]: row["name"] for row in rows}


def assigned_at(connection: Connection, interaction_id: str, name: str) -> datetime | None:
    """When the contact was assigned to ``name``; ``None`` if it is not theirs."""
    found = connection.rows(
        "SELECT assigned_at FROM assignments WHERE interaction_id = ? AND name = ?", interaction_id, name
    )
    return time_of(found[0]["assigned_at"]) if found else None


def assign(
    connection: Connection, contacts: Iterable[str], name: str, by: str, now: datetime, *, over: bool
) -> list[str]:
    """The contacts that now are ``name``'s and were not before; of two at once, one gets them.

    ``over``: also what is another's, which only a lead may take from them.
    """
    conflict = (
        "DO UPDATE SET name = excluded.name, assigned_at = excluded.assigned_at, assigned_by = excluded.assigned_by "
        "WHERE assignments.name <> excluded.name"
        if over
        else "DO NOTHING"
    )
    statement = (
        "INSERT INTO assignments (interaction_id, name, assigned_at, assigned_by) VALUES (?, ?, ?, ?) "
        f"ON CONFLICT (interaction_id) {conflict}"
    )
    return [contact for contact in contacts if connection.change(statement, contact, name, text_of(now), by)]


def release(connection: Connection, contacts: Iterable[str], name: str | None) -> list[str]:
    """The contacts that now are nobody's; ``name``: only those that were theirs."""
    whose, values = ("", ()) if name is None else (" AND name = ?", (name,))
    return [
        contact
        for contact in contacts
        if connection.change(f"DELETE FROM assignments WHERE interaction_id = ?{whose}", contact, *values)
    ]


def readers(connection: Connection) -> list[User]:
    """The active accounts that may answer, by name."""
    rows = connection.rows("SELECT name FROM users WHERE disabled_at IS NULL ORDER BY name")
    found = (find_user(connection, row["name"]) for row in rows)
    return [user for user in found if user is not None and user.may("decide")]


def readers_beside(connection: Connection, user: User) -> list[User]:
    """Those of them who may read some of what ``user`` may: who leads one team learns no names of another's."""
    return [each for each in readers(connection) if not (each.teams and user.teams) or each.teams & user.teams]
