"""What people decide and who they are: SQLite beside the store by default, or PostgreSQL by URL.

One dialect is written: ``?`` for parameters, text, whole numbers and floats only, times as ISO 8601 text in UTC that
sorts as it counts. Every writing transaction takes the lock at its begin, so two people at one conversation wait for
each other and lose nothing.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Protocol

from analyzer.errors import ConfigError, RunAborted, StoreError, UsageError
from analyzer.review.schema import STEPS
from analyzer.store.folder import REVIEW

Row = dict[str, Any]
_BUSY_S: Final = 20.0
_LOCK: Final = 0x72657669  # of PostgreSQL's advisory locks, the one that schema steps take


class Connection(Protocol):
    """Statements within one transaction."""

    def rows(self, sql: str, *values: object) -> list[Row]: ...

    def change(self, sql: str, *values: object) -> int: ...


class Database(Protocol):
    """Where review state lies; ``write`` commits at its end, or takes everything back where it raises."""

    def read(self) -> Any: ...

    def write(self) -> Any: ...


def open_database(url: str | None, store: Path) -> Database:
    """The database of ``url``, brought up to the newest schema; ``None``: a file in the store's folder.

    Raises UsageError for a URL that is none, RunAborted where the server refuses.
    """
    if url is None:
        return SqliteDatabase(store / REVIEW)
    if url.startswith("sqlite:///"):
        return SqliteDatabase(Path(url.removeprefix("sqlite:///")))
    if url.startswith(("postgresql://", "postgres://")):
        return PostgresDatabase(url)
    raise UsageError("--db is no database URL.", hint="Write postgresql://user@host/database or sqlite:///FILE.")


def reviews_of(store: Path, url: str | None) -> list[Database]:
    """The store's own review file, if it is there, and the database of ``url``, if there is one; in that order."""
    own = [open_database(None, store)] if (store / REVIEW).is_file() else []
    return [*own, open_database(url, store)] if url else own


class SqliteDatabase:
    """A file that only its owner can read, in WAL mode: readers and a writer do not wait for each other."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        except OSError as error:
            raise UsageError(f"Cannot open {path}: {error.strerror}.", hint="Check --store and --db.") from error
        try:
            with closing(self._connect()) as connection:
                connection.execute("PRAGMA journal_mode = WAL")
            with self.write() as connection:
                _bring_up(connection)
        except sqlite3.Error as error:
            raise StoreError(f"{path}: {error}.", hint="Check free space and rights of the store's folder.") from error

    @property
    def path(self) -> Path:
        return self._path

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=_BUSY_S, isolation_level=None)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = FULL")
        return connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with closing(self._connect()) as connection:
            connection.execute("BEGIN")
            yield _Sqlite(connection)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        with closing(self._connect()) as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield _Sqlite(connection)
                connection.execute("COMMIT")
            except BaseException:
                connection.execute("ROLLBACK")
                raise


class _Sqlite:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def rows(self, sql: str, *values: object) -> list[Row]:
        return [dict(row) for row in self._connection.execute(sql, values).fetchall()]

    def change(self, sql: str, *values: object) -> int:
        return self._connection.execute(sql, values).rowcount


class PostgresDatabase:
    """A PostgreSQL database for a team; the password belongs in PGPASSWORD or ~/.pgpass."""

    def __init__(self, url: str) -> None:
        try:
            import psycopg
        except ImportError:
            raise UsageError(
                "PostgreSQL needs a driver that is not installed.", hint="pip install 'interaction-analyzer[pg]'"
            ) from None
        self._url, self._psycopg = url, psycopg
        try:
            with self.read() as connection:  # who only reads needs no right to write
                is_current = _is_current(connection)
            if not is_current:
                with self.write() as connection:
                    connection.rows("SELECT pg_advisory_xact_lock(?)", _LOCK)
                    _bring_up(connection)
        except psycopg.Error as error:
            raise _refused(error) from error

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with self._connect() as connection:
            yield _Postgres(connection)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        with self._connect() as connection:  # commits, or rolls back
            yield _Postgres(connection)

    def _connect(self, *, autocommit: bool = False) -> Any:
        try:
            return self._psycopg.connect(self._url, connect_timeout=10, autocommit=autocommit)
        except self._psycopg.Error as error:
            raise _refused(error) from error

    def rewrite(self, tables: Iterable[str]) -> None:
        """Leaves nothing of deleted rows in the files of ``tables``."""
        with self._connect(autocommit=True) as connection:
            for table in tables:
                connection.execute(f"VACUUM FULL {table}")


class _Postgres:
    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def rows(self, sql: str, *values: object) -> list[Row]:
        cursor = self._run(sql, values)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def change(self, sql: str, *values: object) -> int:
        count: int = self._run(sql, values).rowcount
        return count

    def _run(self, sql: str, values: Sequence[object]) -> Any:
        told = [value.replace("\0", "") if isinstance(value, str) else value for value in values]  # it takes no NUL
        return self._connection.execute(sql.replace("?", "%s"), told)


def _refused(error: Exception) -> RunAborted:
    return RunAborted(
        f"PostgreSQL refuses ({type(error).__name__}): the review database cannot be opened.",
        hint="Start the server, or check its URL (review.database or --db), PGPASSWORD or ~/.pgpass, and rights.",
    )


def _is_current(connection: Connection) -> bool:
    """Whether a PostgreSQL database has the newest schema already."""
    if not connection.rows("SELECT 1 AS there WHERE to_regclass('review_schema') IS NOT NULL"):
        return False
    return {row["step"] for row in connection.rows("SELECT step FROM review_schema")} == set(range(1, len(STEPS) + 1))


def _bring_up(connection: Connection) -> None:
    connection.change("CREATE TABLE IF NOT EXISTS review_schema (step INTEGER PRIMARY KEY)")
    done = {row["step"] for row in connection.rows("SELECT step FROM review_schema")}
    if done and max(done) > len(STEPS):
        raise ConfigError("The review database was written by a newer version.", hint="Install that version.")
    for number, statements in enumerate(STEPS, 1):
        if number not in done:
            for statement in statements:
                connection.change(statement)
            connection.change("INSERT INTO review_schema (step) VALUES (?)", number)


def text_of(moment: datetime) -> str:
    """A time as it stands in the database: UTC, always as long, so that text sorts as time does."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def time_of(text: str) -> datetime:
    return datetime.fromisoformat(text)
