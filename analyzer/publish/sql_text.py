"""SQL of the exported tables for one dialect: types, keys, views. Names are ours and plain; no value stands in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from analyzer.publish.datapackage import type_name
from analyzer.publish.relations import FOREIGN_KEYS, VIEWS
from analyzer.tables import VIEWS as SCORE_VIEWS
from analyzer.tables import Column, Table

SCORES: Final = {
    name: f"SELECT * FROM unit_scores WHERE unit_kind = '{name.removesuffix('_scores')}'" for name in SCORE_VIEWS
}


@dataclass(frozen=True, slots=True)
class Dialect:
    """``types`` by the names of ``datapackage.type_name``; ``prefix`` stands before every name of ours."""

    types: Mapping[str, str]
    prefix: str = ""
    deferrable: str = "DEFERRABLE INITIALLY DEFERRED"

    def column(self, column: Column) -> str:
        """``name TYPE``, with NOT NULL where it is never empty."""
        return f'"{column.name}" {self.types[type_name(column.type)]}{"" if column.nullable else " NOT NULL"}'

    def create(self, table: Table) -> str:
        """The table with its primary and foreign keys, unless it exists."""
        lines = [
            *(self.column(column) for column in table.columns),
            f"PRIMARY KEY ({quoted(table.key)})",
            *(
                f'FOREIGN KEY ("{key.column}") REFERENCES {self.prefix}"{key.parent}" ("{key.key}") {self.deferrable}'
                for key in FOREIGN_KEYS
                if key.table == table.name
            ),
        ]
        return f'CREATE TABLE IF NOT EXISTS {self.prefix}"{table.name}" (\n  ' + ",\n  ".join(lines) + "\n)"

    def indexes(self, table: Table) -> Iterator[str]:
        """One for each foreign key and for the day, by which people join and filter."""
        columns = [key.column for key in FOREIGN_KEYS if key.table == table.name]
        if "day" in table.column_names:
            columns.append("day")
        for column in dict.fromkeys(columns):
            if column != table.key[0]:
                yield (
                    f'CREATE INDEX IF NOT EXISTS "{table.name}_{column}" ON {self.prefix}"{table.name}" ("{column}")'
                )


def quoted(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def views() -> dict[str, str]:
    """Every view's query: the scores by kind of unit, and a view a question."""
    return {**SCORES, **VIEWS}


def is_view(name: str) -> bool:
    """Whether a name that files hold as a table is a view in a database."""
    return name in SCORES
