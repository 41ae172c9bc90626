"""``analyzer review forms``: the scorecard forms in force, and whether a file is a good one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from analyzer.commands.options import Config, Sets

if TYPE_CHECKING:
    from analyzer.review.scorecard.form import Form


def forms(
    check: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--check", help="Say whether this file is a good form, and if not which key is wrong."),
    ] = None,
    show: Annotated[bool, typer.Option("--show", help="Print the shipped form, which explains every key.")] = False,
    store: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            "--store", help="Also whether cards in this store were filled in by another wording.", metavar="DIR"
        ),
    ] = None,
    config: Config = None,
    sets: Sets = None,
) -> None:
    """List the scorecard forms in force, or check one before it is used.

    Example: analyzer review forms --show > forms/ours.toml

    Example: analyzer review forms --check forms/ours.toml --store store
    """
    from analyzer.config import load_settings
    from analyzer.review.scorecard.forms import load_forms, read_form, shipped_text

    if show:
        typer.echo(shipped_text(), nl=False)
        return
    settings = load_settings(config, sets or ()).review
    found = (read_form(check),) if check else load_forms(settings.forms)
    if store is not None:
        _refuse_changed(store, settings.database, found)
    for form in found:
        typer.echo(_line(form))


def _refuse_changed(store: Path, database: str, found: tuple[Form, ...]) -> None:
    from analyzer.review.database import open_database
    from analyzer.review.scorecard.cards import refuse_changed
    from analyzer.store.folder import require

    require(store)
    with open_database(database or None, store).read() as connection:
        refuse_changed(connection, found)


def _line(form: Form) -> str:
    """A form in a line: people answer so many items, the program so many of them."""
    people, program = (len(form.items_of(side)) for side in ("human", "machine"))
    where = ", ".join(form.channels) or "all channels"
    return (
        f"{form.id}  version {form.version}  {form.name.of('en')}  "
        f"{people} items for people, {program} for the program  {where}  {form.hash}"
    )
