"""``analyzer report``: one offline page, or its pictures as files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Optional

import typer

from analyzer.commands.options import Config, Sets, Store
from analyzer.commands.record import on_record


def report(
    store: Store,
    to: Annotated[
        Path, typer.Option("--to", help="File to write; for pictures without --picture a folder.", metavar="PLACE")
    ],
    format_: Annotated[
        Literal["html", "png", "svg"], typer.Option("--format", help="The page, or its pictures as files.")
    ] = "html",
    picture: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--picture", metavar="NAME", help="Only this picture; a wrong name lists them all."),
    ] = None,
    config: Config = None,
    sets: Sets = None,
) -> None:
    """Write one offline HTML page: what changed, trends, agents and channels with intervals, flags, loyalty, the data.

    Example: analyzer report --store store --to report.html --set publish.report_language=de

    Example: analyzer report --store store --format png --picture changes --to changes.png
    """
    from zoneinfo import ZoneInfo

    from analyzer.config import load_settings
    from analyzer.errors import UsageError
    from analyzer.publish.report import write_report, write_report_pictures
    from analyzer.store.store import open_store

    if picture is not None and format_ == "html":
        raise UsageError("--picture needs --format png or svg.")
    settings = load_settings(config, sets or ())
    with open_store(store, write=False) as opened:
        if format_ == "html":
            zone = ZoneInfo(settings.ingest.business_timezone)
            write_report(opened, to, settings.publish, score=settings.score, journey=settings.journey, zone=zone)
            written = [to]
        else:
            written = write_report_pictures(
                opened, to, format_, picture, settings.publish, settings.score, settings.journey
            )
    for path in written:
        typer.echo(f"Wrote {path}.")
        on_record(store, "report", str(path))
