"""Store → files or a database that other programs read, under the names and columns of ``tables.EXPORTED``.

A reader never sees half of it: everything is written beside its place first, then moved into place, or it is one
transaction. The same store and settings give the same content, and for files the same bytes. ``FORMATS`` lists where
it can go; a new one is one file and one line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Final, NamedTuple

from analyzer.config import PublishSettings
from analyzer.errors import UsageError
from analyzer.publish.export_files import write_csv, write_parquet
from analyzer.publish.exported import Exported
from analyzer.publish.outgoing import Outgoing, outgoing
from analyzer.publish.postgres import write_postgres
from analyzer.publish.reading import Tables
from analyzer.publish.sqlite_file import write_sqlite
from analyzer.publish.workbook import write_workbook

Write = Callable[[Mapping[str, Outgoing], str, date | None], list[Exported]]


class Format(NamedTuple):
    """``to`` says what the place is; ``write`` fills it."""

    describes: str
    to: str
    write: Write


FORMATS: Final[Mapping[str, Format]] = {
    "parquet": Format("a Parquet file a table", "a folder", write_parquet),
    "csv": Format("a CSV file a table, safe to open in a spreadsheet", "a folder", write_csv),
    "xlsx": Format("a workbook with a sheet a table and a dictionary", "a file", write_workbook),
    "sqlite": Format("a database file with keys and views", "a file", write_sqlite),
    "postgres": Format("tables with keys and views in a schema", "a URL", write_postgres),
}


def export_tables(
    tables: Tables, to: str | Path, format: str, settings: PublishSettings, since: date | None = None
) -> list[Exported]:
    """What was written, one for every name of ``relations.PUBLISHED`` even where it has no rows.

    With ``since`` only the days of contacts from then on are written anew: in files nothing else stands, in a database
    earlier days stay as they are. Raises UsageError for a place that cannot be written to, RunAborted where disk or
    server refuse; what was there before then stays as it was.
    """
    if not str(to).strip():
        raise UsageError("--to is empty.", hint=f"For {format} give {FORMATS[format].to}.")
    return FORMATS[format].write(outgoing(tables, settings, since), str(to), since)
