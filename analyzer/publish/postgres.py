"""A schema of a PostgreSQL database with keys, indexes, comments and views, filled in one transaction.

Readers go on seeing the former content until the new one is committed whole: rows are deleted and copied, tables are
never emptied or renamed under them, and views or grants that others made on them stay. Lists are jsonb.

``--to postgresql://user@host/database``; the password belongs in PGPASSWORD or ~/.pgpass. ``?schema=NAME`` at the end
names the schema (``analyzer``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from analyzer.errors import RunAborted, UsageError
from analyzer.publish.csv_text import csv_rows
from analyzer.publish.datapackage import type_name
from analyzer.publish.exported import Exported
from analyzer.publish.outgoing import Outgoing
from analyzer.publish.sql_text import Dialect, is_view, quoted, views
from analyzer.tables import Table

if TYPE_CHECKING:
    from psycopg import Connection, Cursor

_TYPES: Final = {
    "string": "text", "array": "jsonb", "number": "double precision", "integer": "bigint", "boolean": "boolean",
    "date": "date", "datetime": "timestamptz",
}  # fmt: skip
_SCHEMA: Final = "analyzer"
_ONE_AT_A_TIME: Final = 0x616E616C  # of two exports into one database the second waits


def write_postgres(tables: Mapping[str, Outgoing], to: str, since: date | None) -> list[Exported]:
    """All tables in the schema that ``to`` names. Raises UsageError for a URL that is none or a missing driver,
    RunAborted where the server refuses; its content is then as it was."""
    url, schema = _place(to)
    try:
        import psycopg
    except ImportError:
        raise UsageError(
            "PostgreSQL needs a driver that is not installed.", hint="pip install 'interaction-analyzer[pg]'"
        ) from None
    try:
        with psycopg.connect(url, connect_timeout=10, application_name="interaction-analyzer") as connection:
            rows = _filled(connection, schema, tables, since)
    except psycopg.errors.ForeignKeyViolation as error:
        raise RunAborted(
            "What earlier days refer to is no longer in the store.",
            hint="Export once without --since. Nothing was changed.",
        ) from error
    except psycopg.OperationalError as error:
        raise RunAborted(
            f"PostgreSQL refuses: {_said(error)}", hint="Check URL, PGPASSWORD and rights. Nothing was changed."
        ) from error
    except psycopg.Error as error:
        raise RunAborted(
            f"PostgreSQL refuses: {_said(error)}", hint="Nothing was changed. Is the schema another program's?"
        ) from error
    return [Exported(name, f"{schema}.{name}", rows[name]) for name in tables]


def _place(to: str) -> tuple[str, str]:
    """The URL for the driver, and the schema."""
    parts = urlsplit(to)
    if parts.scheme not in ("postgresql", "postgres"):
        raise UsageError("--to is no PostgreSQL URL.", hint="Write postgresql://user@host/database.")
    options = dict(parse_qsl(parts.query))
    schema = options.pop("schema", _SCHEMA)
    if not (schema.isascii() and schema.isidentifier() and len(schema) < 60) or schema.startswith("pg_"):
        raise UsageError("The schema's name is none.", hint="Letters, digits and _ only: ?schema=analyzer.")
    base, query = to.partition("?")[0], urlencode(options)
    return f"{base}?{query}" if query else base, schema


def _said(error: Any) -> str:
    """The server's own first line; never rows, which its DETAIL would hold."""
    primary = getattr(getattr(error, "diag", None), "message_primary", None)
    return (primary or type(error).__name__).rstrip(".") + "."


def _filled(
    connection: Connection[Any], schema: str, tables: Mapping[str, Outgoing], since: date | None
) -> dict[str, int]:
    dialect = Dialect(_TYPES, f'"{schema}".')
    stored = {name: out for name, out in tables.items() if not is_view(name)}
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_ONE_AT_A_TIME])
        cursor.execute(_sql(f'CREATE SCHEMA IF NOT EXISTS "{schema}"'))
        cursor.execute(_sql(f'SET LOCAL search_path TO "{schema}"'))
        cursor.execute(_sql("SET CONSTRAINTS ALL DEFERRED"))
        for out in stored.values():
            cursor.execute(_sql(dialect.create(out.table)))
            _grown(cursor, schema, out.table, dialect)
        for out in reversed(stored.values()):  # what hangs on others goes before them
            _emptied(cursor, dialect, out, since)
        rows = {name: _copied(cursor, dialect, out) for name, out in stored.items()}
        for name, query in views().items():
            _view(connection, cursor, f'{dialect.prefix}"{name}"', query)
        for name in tables.keys() - stored.keys():
            cursor.execute(_sql(f'SELECT count(*) FROM {dialect.prefix}"{name}"'))
            rows[name] = int(cursor.fetchall()[0][0])
    return rows


def _view(connection: Connection[Any], cursor: Cursor[Any], name: str, query: str) -> None:
    """Replaced in place, so that what others built on it stays; made anew where a version changed its columns."""
    from psycopg.errors import InvalidTableDefinition

    try:
        with connection.transaction():
            cursor.execute(_sql(f"CREATE OR REPLACE VIEW {name} AS {query}"))
    except InvalidTableDefinition:
        cursor.execute(_sql(f"DROP VIEW {name}"))
        cursor.execute(_sql(f"CREATE VIEW {name} AS {query}"))


def _grown(cursor: Cursor[Any], schema: str, table: Table, dialect: Dialect) -> None:
    """Columns that a newer version has, indexes, and what each column means."""
    cursor.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = %s AND table_name = %s",
        [schema, table.name],
    )
    there = {row[0] for row in cursor.fetchall()}
    for column in table.columns:
        if column.name not in there:
            kind = _TYPES[type_name(column.type)]
            cursor.execute(_sql(f'ALTER TABLE {dialect.prefix}"{table.name}" ADD COLUMN "{column.name}" {kind}'))
    for index in dialect.indexes(table):
        cursor.execute(_sql(index))
    for what, meaning in _comments(table):
        cursor.execute(_sql(f"COMMENT ON {what.format(dialect.prefix)} IS {_literal(meaning)}"))


def _comments(table: Table) -> Iterator[tuple[str, str]]:
    yield f'TABLE {{}}"{table.name}"', table.meaning
    for column in table.columns:
        unit = f" [{column.unit}]" if column.unit else ""
        yield f'COLUMN {{}}"{table.name}"."{column.name}"', f"{column.meaning}{unit}"


def _literal(text: str) -> str:
    """A text of ours as SQL; the server takes no parameters in COMMENT."""
    return "'" + text.replace("'", "''") + "'"


def _emptied(cursor: Cursor[Any], dialect: Dialect, out: Outgoing, since: date | None) -> None:
    delete = f'DELETE FROM {dialect.prefix}"{out.table.name}"'
    if since is None or not out.by_day:
        cursor.execute(_sql(delete))
    else:
        cursor.execute(_sql(f"{delete} WHERE day >= %s"), [since])


def _copied(cursor: Cursor[Any], dialect: Dialect, out: Outgoing) -> int:
    columns = quoted(out.table.column_names)
    rows = 0
    with cursor.copy(_sql(f'COPY {dialect.prefix}"{out.table.name}" ({columns}) FROM STDIN (FORMAT csv)')) as copy:
        for part in out.parts():
            copy.write(csv_rows(part, disarmed=False))
            rows += part.num_rows
    return rows


def _sql(text: str) -> Any:
    """Our own names and texts as a query; no value of the data ever stands in one."""
    from psycopg import sql

    return sql.SQL(text)
