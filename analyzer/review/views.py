"""Saved views: a list's filters under a name, one's own or shared, and the one that the queue opens with."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Final

from analyzer.errors import UsageError
from analyzer.review.asked import asked_in
from analyzer.review.database import Connection, Row, text_of
from analyzer.review.roles import User

LONGEST_NAME: Final = 60
MOST: Final = 100  # of one person


def views_of(connection: Connection, user: User) -> list[Row]:
    """The views that ``user`` may open, own first, then by name; ``own`` and ``opens`` say which are.

    An agent has but their own contacts, so nobody's views are shared with them.
    """
    shared = "" if user.role == "agent" else " OR v.shared = 1"
    rows = connection.rows(
        "SELECT v.*, d.view_id AS opens FROM views v "
        "LEFT JOIN default_views d ON d.view_id = v.view_id AND d.name = ? "
        f"WHERE v.owner = ?{shared} ORDER BY v.name, v.view_id",
        user.name, user.name,
    )  # fmt: skip
    for row in rows:
        row["own"], row["opens"] = row["owner"] == user.name, row["opens"] is not None
    return sorted(rows, key=lambda row: not row["own"])


def save(connection: Connection, user: User, name: str, query: str, now: datetime, *, shared: bool) -> str:
    """The id of the view; one of one's own with that name is replaced. Raises UsageError for a name that is none."""
    name = " ".join(name.split())
    if not 0 < len(name) <= LONGEST_NAME:
        raise UsageError(f"A view has a name of 1 to {LONGEST_NAME} characters.", hint="Choose another.")
    told = asked_in(query).query
    own = connection.rows("SELECT view_id, name FROM views WHERE owner = ?", user.name)
    for row in own:
        if row["name"] == name:
            change = "UPDATE views SET query = ?, shared = ? WHERE view_id = ?"
            connection.change(change, told, int(shared), row["view_id"])
            return str(row["view_id"])
    if len(own) >= MOST:
        raise UsageError(f"You have {MOST} views.", hint="Delete one first.")
    view_id = secrets.token_hex(8)
    connection.change(
        "INSERT INTO views (view_id, owner, name, query, shared, created_at) VALUES (?, ?, ?, ?, ?, ?)",
        view_id, user.name, name, told, int(shared), text_of(now),
    )  # fmt: skip
    return view_id


def own_view(connection: Connection, user: User, view_id: str) -> Row | None:
    """The view, if it is ``user``'s own."""
    found = connection.rows("SELECT * FROM views WHERE view_id = ? AND owner = ?", view_id, user.name)
    return found[0] if found else None


def share(connection: Connection, view_id: str, *, shared: bool) -> None:
    """``shared`` False also takes it from those whose queue opens with it."""
    connection.change("UPDATE views SET shared = ? WHERE view_id = ?", int(shared), view_id)
    if not shared:
        connection.change(
            "DELETE FROM default_views WHERE view_id = ? AND name <> (SELECT owner FROM views WHERE view_id = ?)",
            view_id, view_id,
        )  # fmt: skip


def delete(connection: Connection, view_id: str) -> None:
    connection.change("DELETE FROM default_views WHERE view_id = ?", view_id)
    connection.change("DELETE FROM views WHERE view_id = ?", view_id)


def open_with(connection: Connection, user: User, view_id: str | None) -> None:
    """From now on the queue opens with that view; ``None``: with what needs a look."""
    if view_id is None:
        connection.change("DELETE FROM default_views WHERE name = ?", user.name)
        return
    connection.change(
        "INSERT INTO default_views (name, view_id) VALUES (?, ?) "
        "ON CONFLICT (name) DO UPDATE SET view_id = excluded.view_id",
        user.name, view_id,
    )  # fmt: skip


def opens_with(connection: Connection, user: User) -> str | None:
    """The query of the view that the queue opens with."""
    found = connection.rows(
        "SELECT v.query, v.owner, v.shared FROM default_views d JOIN views v ON v.view_id = d.view_id WHERE d.name = ?",
        user.name,
    )
    return next((row["query"] for row in found if row["owner"] == user.name or row["shared"]), None)


def remember_list(connection: Connection, name: str, query: str) -> None:
    """Notes the list that ``name`` looks at, so that a contact leads back to it."""
    connection.change(
        "INSERT INTO last_lists (name, query) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET query = excluded.query",
        name, query,
    )  # fmt: skip


def last_list(connection: Connection, name: str) -> str:
    """The query of the list that ``name`` looked at last; "" if none."""
    found = connection.rows("SELECT query FROM last_lists WHERE name = ?", name)
    return str(found[0]["query"]) if found else ""
