"""``analyzer review``: the web app for people who read flagged contacts, and its accounts."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from analyzer.commands.forms import forms
from analyzer.commands.options import HELP, Config, Sets, Store
from analyzer.errors import UsageError

if TYPE_CHECKING:
    from analyzer.review.database import Database

review_app = typer.Typer(
    no_args_is_help=True, context_settings=HELP, rich_markup_mode=None,
    help="Read and decide in a browser: the queue, contacts, verdicts, accounts.\n\n"
    "Example: analyzer review add-user dana --role lead --store store && analyzer review serve --store store",
)  # fmt: skip
review_app.command("forms")(forms)
Db = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(
        "--db", help="postgresql://user@host/database; else review.database, else a file in the store.", metavar="URL"
    ),
]


@review_app.command("serve")
def serve(
    store: Store,
    db: Db = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8765,
    name: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option("--name", help="A further host name under which a proxy asks; may be given again."),
    ] = None,
    config: Config = None,
    sets: Sets = None,
) -> None:
    """Serve the app until Ctrl-C. Beyond this machine put it behind a proxy with TLS.

    Example: analyzer review serve --store store --port 8765
    """
    import uvicorn

    from analyzer.config import load_settings
    from analyzer.review.accounts import users
    from analyzer.review.app import create_app
    from analyzer.review.database import open_database
    from analyzer.store.folder import require

    settings = load_settings(config, sets or ())
    require(store)
    database = open_database(db or settings.review.database or None, store)
    if db and db != settings.review.database:
        typer.secho(
            "Runs and exports read what is decided here only with review.database set to the same URL.", err=True
        )
    with database.read() as connection:
        if not users(connection):
            typer.secho(
                "Nobody can sign in yet: `analyzer review add-user NAME --role lead` adds an account.", err=True
            )
    hosts = ["localhost", "127.0.0.1", "[::1]", host, *(name or ())]
    swap_below = settings.understand.swap_below
    app = create_app(
        store,
        database,
        settings.publish,
        hosts,
        review=settings.review,
        swap_below=swap_below,
        rules=settings.flags.rules,
        zone=settings.ingest.business_timezone,
    )
    typer.echo(f"http://{host}:{port}/  (Ctrl-C ends)")
    uvicorn.run(app, host=host, port=port, log_level="warning", access_log=False, server_header=False)


@review_app.command("add-user")
def add(
    name: Annotated[str, typer.Argument(help="Name to sign in with.")],
    store: Store,
    role: Annotated[str, typer.Option(help="viewer, agent, reviewer, lead or admin.")] = "reviewer",
    agent: Annotated[Optional[str], typer.Option(help="For an agent: their id in the contacts.")] = None,  # noqa: UP045
    team: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(help="A team they may see; may be given again. None: all."),
    ] = None,
    db: Db = None,
    config: Config = None,
    sets: Sets = None,
) -> None:
    """Add an account; the password is asked for, or read from standard input.

    Example: analyzer review add-user dana --role lead --team north --store store
    """
    from analyzer.review.accounts import add_user

    database = _database(db, store, config, sets)
    if sys.stdin.isatty():
        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    user = add_user(database, name, role, password, datetime.now(UTC), agent_id=agent, teams=team or ())
    typer.echo(f"{user.name} can sign in as {user.role}.")


@review_app.command("users")
def listed(store: Store, db: Db = None, config: Config = None, sets: Sets = None) -> None:
    """List the accounts and their roles.

    Example: analyzer review users --store store
    """
    from analyzer.review.accounts import users

    with _database(db, store, config, sets).read() as connection:
        for row in users(connection):
            typer.echo(f"{row['name']}  {row['role']}{'  disabled' if row['disabled_at'] else ''}")


@review_app.command("disable-user")
def disable(
    name: Annotated[str, typer.Argument(help="Whose account ends.")],
    store: Store,
    db: Db = None,
    config: Config = None,
    sets: Sets = None,
) -> None:
    """End an account and its sessions; what the person decided stays.

    Example: analyzer review disable-user dana --store store
    """
    from analyzer.review.accounts import disable_user

    if not name:
        raise UsageError("No name was given.", hint="`analyzer review users` lists them.")
    disable_user(_database(db, store, config, sets), name, datetime.now(UTC))
    typer.echo(f"{name} can no longer sign in.")


def _database(db: str | None, store: Path, config: Path | None, sets: list[str] | None) -> Database:
    from analyzer.config import load_settings
    from analyzer.review.database import open_database
    from analyzer.store.folder import require

    require(store)
    return open_database(db or load_settings(config, sets or ()).review.database or None, store)
