"""``analyzer rescore``: stored contacts heard anew by the models of today."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Optional

import typer

from analyzer.commands.options import Config, Sets, Store


def rescore(
    store: Store,
    since: Annotated[
        Optional[datetime],  # noqa: UP045
        typer.Option(help="First day of contacts to hear again; without it all.", formats=["%Y-%m-%d"]),
    ] = None,
    config: Config = None,
    sets: Sets = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar.")] = False,
) -> None:
    """Hear stored contacts again with the models of today, from their masked turns; no source file is needed.

    Findings are written once: after new weights were adopted, older contacts keep what the old ones said until this.

    Example: analyzer rescore --store store --since 2026-11-01
    """
    from analyzer.config import load_settings
    from analyzer.engine import collect_rarely
    from analyzer.rescoring import rescore as hear_again
    from analyzer.store.folder import require
    from analyzer.terminal import rescored_lines, run_progress

    collect_rarely()
    settings = load_settings(config, sets or ())
    require(store)
    with run_progress(quiet=quiet) as progress:
        summary, told = hear_again(store, since.date() if since else None, settings, progress)
    for line in rescored_lines(summary, told):
        typer.echo(line)
