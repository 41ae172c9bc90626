"""Copies that leave a store are written down in it."""

from __future__ import annotations

from pathlib import Path

import typer


def on_record(store: Path, action: str, to: str, **detail: object) -> None:
    """Writes down that a copy left the store; says so where there is no right to write it down."""
    from analyzer.trust.given_out import note_given_out

    if not note_given_out(store, action, to, **detail):
        typer.secho("This could not be written to the store's record (no right to write).", err=True)
