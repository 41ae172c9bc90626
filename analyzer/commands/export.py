"""``analyzer export``: every table for BI tools."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Optional

import typer

from analyzer.commands.options import Config, Sets, Store
from analyzer.commands.record import on_record
from analyzer.errors import UsageError


def export(
    store: Store,
    to: Annotated[
        str, typer.Option("--to", help="Folder (parquet, csv), file (xlsx, sqlite) or URL (postgres).", metavar="PLACE")
    ],
    format_: Annotated[
        Literal["parquet", "csv", "xlsx", "sqlite", "postgres"], typer.Option("--format", help="Where it goes.")
    ] = "parquet",
    since: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(help="First day to write, as 2026-11-20: earlier ones stay in a database, files go without."),
    ] = None,
    config: Config = None,
    sets: Sets = None,
) -> None:
    """Write every table for BI tools, with dimensions, keys, and what each column means (datapackage.json).

    Example: analyzer export --store store --to export --format csv

    Example: analyzer export --store store --to analyzer.xlsx --format xlsx --since 2026-11-01

    Example: analyzer export --store store --to postgresql://bi@localhost/quality --format postgres --since 2026-11-20
    """
    from analyzer.config import load_settings
    from analyzer.publish.export import export_tables
    from analyzer.review.published import tables_with_verdicts
    from analyzer.review.scorecard.in_force import forms_in_force
    from analyzer.store.store import open_store
    from analyzer.terminal import print_exported

    settings = load_settings(config, sets or ())
    forms = forms_in_force(settings.review, settings.understand.swap_below)
    with open_store(store, write=False) as opened:
        tables = tables_with_verdicts(opened, forms, settings.review.database)
        files = export_tables(tables, to, format_, settings.publish, _day(since))
    print_exported(files, "the database" if format_ == "postgres" else to)
    on_record(store, "export", to)


def _day(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"Cannot read --since {text}.", hint="Write it as 2026-11-20.") from error
