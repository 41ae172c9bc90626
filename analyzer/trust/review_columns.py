"""The tables of a review database as they lie there, whatever version made them, and what their columns hold."""

from __future__ import annotations

from dataclasses import dataclass

from analyzer.review.database import Connection, Database, SqliteDatabase
from analyzer.trust.register import REVIEW, Held, held_in


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a table as it lies: those of text, those of its key, and what they hold."""

    text: frozenset[str]
    key: frozenset[str]
    held: Held


def tables_in(database: Database, connection: Connection) -> dict[str, Columns]:
    """Every table of the database, whatever version made it."""
    found = _sqlite_columns(connection) if isinstance(database, SqliteDatabase) else _postgres_columns(connection)
    tables: dict[str, Columns] = {}
    for table, columns in found.items():
        text = frozenset(name for name, kind, _ in columns if kind.lower() in ("text", "character varying"))
        key = frozenset(name for name, _, in_key in columns if in_key)
        tables[table] = Columns(text, key, held_in(set(text), REVIEW.get(table)))
    return tables


def _sqlite_columns(connection: Connection) -> dict[str, list[tuple[str, str, bool]]]:
    tables = connection.rows("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    return {
        table["name"]: [
            (column["name"], column["type"], bool(column["pk"]))
            for column in connection.rows(f"SELECT name, type, pk FROM pragma_table_info('{table['name']}')")
        ]
        for table in tables
    }


def _postgres_columns(connection: Connection) -> dict[str, list[tuple[str, str, bool]]]:
    keys = connection.rows(
        "SELECT k.table_name, k.column_name FROM information_schema.table_constraints c "
        "JOIN information_schema.key_column_usage k ON k.constraint_name = c.constraint_name "
        "AND k.table_schema = c.table_schema WHERE c.constraint_type = 'PRIMARY KEY' "
        "AND c.table_schema = current_schema()"
    )
    in_key = {(row["table_name"], row["column_name"]) for row in keys}
    tables: dict[str, list[tuple[str, str, bool]]] = {}
    for row in connection.rows(
        "SELECT table_name, column_name, data_type FROM information_schema.columns "
        "WHERE table_schema = current_schema() ORDER BY table_name, ordinal_position"
    ):
        place = (row["table_name"], row["column_name"])
        tables.setdefault(place[0], []).append((place[1], row["data_type"], place in in_key))
    return {name: columns for name, columns in tables.items() if name in REVIEW}
