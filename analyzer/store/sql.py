"""SQL over published tables: an in-memory DuckDB that sees these tables and nothing else of the machine."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds

from analyzer.errors import StoreError, UsageError
from analyzer.tables import FACT_COLUMNS, INTERACTIONS, STORED, Column

_OPEN = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}
_CLOSED = ("SET TimeZone = 'UTC'", "SET python_enable_replacements = false", "SET lock_configuration = true")

_OUTCOMES = ", ".join(f'o."{c.name}"' for c in INTERACTIONS.columns if c not in FACT_COLUMNS)
_VIEWS: Mapping[str, tuple[tuple[str, ...], str]] = {
    "interactions": (
        ("interaction_facts", "outcomes"),
        f"SELECT f.*, {_OUTCOMES} FROM interaction_facts f"
        " LEFT JOIN outcomes o ON o.interaction_id = f.interaction_id AND o.day = f.day",
    ),
    "agent_scores": (("unit_scores",), "SELECT * FROM unit_scores WHERE unit_kind = 'agent'"),
    "channel_scores": (("unit_scores",), "SELECT * FROM unit_scores WHERE unit_kind = 'channel'"),
}


class Sandbox:
    """A DuckDB without files, network, extensions or Python variables; big sorts may spill into ``spill``."""

    def __init__(self, spill: Path) -> None:
        self._connection = duckdb.connect(":memory:", config={**_OPEN, "temp_directory": str(spill)})
        for setting in _CLOSED:
            self._connection.execute(setting)

    def close(self) -> None:
        self._connection.close()

    def query(self, sql: str, params: Sequence[object], dataset: Callable[[str], ds.Dataset]) -> pa.Table:
        """The rows of one SELECT. Only tables that it names are opened; parameters stand as ``?``."""
        cursor = self._connection.cursor()
        try:
            _show(cursor, set(re.findall(r"\w+", sql.lower())), dataset)
            answer = cursor.sql(sql, params=list(params)) if params else cursor.sql(sql)
            if answer is None:
                raise UsageError("This SQL gives no rows.", hint="Only SELECT is understood.")
            return _in_utc(answer.to_arrow_table())
        except (duckdb.ParserException, duckdb.CatalogException, duckdb.BinderException) as error:
            raise UsageError(f"This SQL is not understood: {str(error).partition(chr(10))[0]}.") from error
        except duckdb.PermissionException as error:
            raise UsageError(
                "This SQL reaches outside the store.", hint="Only published tables can be read."
            ) from error
        except duckdb.Error as error:
            # Its words may quote a row.
            raise StoreError(f"The query failed: {type(error).__name__}.") from error
        finally:
            cursor.close()


def _show(cursor: Any, words: set[str], dataset: Callable[[str], ds.Dataset]) -> None:
    views = {name: view for name, view in _VIEWS.items() if name in words}
    needed = words.union(*(tables for tables, _ in views.values()))
    for name in sorted(needed & STORED.keys()):
        defaults = [column for column in STORED[name].columns if column.default is not None]
        cursor.register(f"{name}_as_stored" if defaults else name, dataset(name))
        if defaults:
            replaced = ", ".join(map(_filled, defaults))
            cursor.execute(f"CREATE TEMP VIEW {name} AS SELECT * REPLACE ({replaced}) FROM {name}_as_stored")
    for name, (_, select) in views.items():
        cursor.execute(f"CREATE TEMP VIEW {name} AS {select}")


def _filled(column: Column) -> str:
    literal = "'" + str(column.default).replace("'", "''") + "'"
    return f'coalesce("{column.name}", {literal}) AS "{column.name}"'


def _in_utc(rows: pa.Table) -> pa.Table:
    """DuckDB names the zone Etc/UTC; our tables call it UTC."""
    for number, field in enumerate(rows.schema):
        if pa.types.is_timestamp(field.type) and field.type.tz is not None:
            kind = pa.timestamp(field.type.unit, "UTC")
            rows = rows.set_column(number, field.name, rows.column(number).cast(kind))
    return rows
