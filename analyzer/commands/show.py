"""``analyzer show``: one contact in the terminal."""

from __future__ import annotations

from typing import Annotated

import typer

from analyzer.commands.options import Config, Sets, Store


def show(
    interaction_id: Annotated[str, typer.Argument(metavar="ID", help="interaction_id of the contact.")],
    store: Store,
    reveal: Annotated[
        bool, typer.Option("--reveal", help="Show the machine's findings though an audit is awaited; recorded.")
    ] = False,
    config: Config = None,
    sets: Sets = None,
) -> None:
    """Show one contact in the terminal: the transcript with its evidence, the score and why.

    Example: analyzer show hb-1001 --store store

    What the machine found in a contact drawn for the audit is hidden until a person has answered; --reveal shows it,
    and verdicts given after that do not correct.
    """
    from zoneinfo import ZoneInfo

    from rich.console import Console

    from analyzer.config import load_settings
    from analyzer.publish.show import render_interaction
    from analyzer.reveals import reveal_awaited
    from analyzer.store.store import open_store

    settings = load_settings(config, sets or ())
    if reveal:
        reveal_awaited(store, interaction_id)
    with open_store(store, write=False) as opened:
        zone = ZoneInfo(settings.ingest.business_timezone)
        Console().print(render_interaction(opened, interaction_id, settings.publish, zone, reveal=reveal))
