"""``analyzer explain``: where a number comes from."""

from __future__ import annotations

from typing import Annotated, Literal, Optional

import typer

from analyzer.commands.options import Config, Sets, Store


def explain(
    name: Annotated[str, typer.Argument(metavar="UNIT|CUSTOMER|CONTACT", help="As reports and exports call it.")],
    store: Store,
    kind: Annotated[
        Optional[Literal["agent", "team", "channel", "queue", "product_line", "segment", "customer", "contact"]],  # noqa: UP045
        typer.Option("--kind", help="What it is, where a name means several things."),
    ] = None,
    measure: Annotated[Optional[str], typer.Option("--measure", help="Of a unit: fcr_rate, empathy, …")] = None,  # noqa: UP045
    period: Annotated[Optional[str], typer.Option("--period", help="2026-11, 2026-W47 or 2026-11-21.")] = None,  # noqa: UP045
    language: Annotated[Optional[Literal["en", "de"]], typer.Option("--language", help="en or de.")] = None,  # noqa: UP045
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as one JSON object.")] = False,
    config: Config = None,
    sets: Sets = None,
) -> None:
    """Explain where a number comes from: contacts, case mix, shrinkage, interval, error basis, and the contacts behind.

    Of a unit its estimate, of a customer what was known on the day and why they may leave, of a contact its score.

    Example: analyzer explain voice --store store

    Example: analyzer explain k-106 --store store --language de
    """
    from analyzer.config import load_settings
    from analyzer.explain.names import Asked
    from analyzer.explain.names import explain as explained_by
    from analyzer.ingest.identity import customer_keys
    from analyzer.store.store import open_store

    settings = load_settings(config, sets or ())
    keys = customer_keys(settings.ingest)
    asked = Asked(name, kind, measure, period)
    with open_store(store, write=False) as opened:
        found = explained_by(opened, asked, settings.publish, settings.loyalty, lambda key: keys.key(key) or key)
    if as_json:
        import json

        typer.echo(json.dumps(found.as_json(), default=_plain, ensure_ascii=False, indent=2))
        return
    from zoneinfo import ZoneInfo

    from rich.console import Console

    from analyzer.explain.page import render

    zone = ZoneInfo(settings.ingest.business_timezone)
    Console().print(render(found, language or settings.publish.report_language, zone))


def _plain(value: object) -> str:
    """Times and days as ISO writes them."""
    from datetime import date

    return value.isoformat() if isinstance(value, date) else str(value)
