"""``analyzer quarantine``: records that could not be read."""

from __future__ import annotations

import sys
from typing import Annotated, Optional

import typer

from analyzer.commands.options import HELP, Config, Sets, SideFile, Store
from analyzer.errors import UsageError

quarantine_app = typer.Typer(
    no_args_is_help=True, context_settings=HELP, rich_markup_mode=None,
    help="Records that could not be read: list them, look at one, read them again.\n\n"
    "Example: analyzer quarantine list --store store",
)  # fmt: skip
Code = Annotated[Optional[str], typer.Option("--code", help="Only records with this reject code.")]  # noqa: UP045


@quarantine_app.command("list")
def quarantine_list(
    store: Store,
    code: Code = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print all facts as one JSON array.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print all facts as CSV.")] = False,
    config: Config = None,
    sets: Sets = None,
) -> None:
    """List the records in quarantine by code: what it means, what to do, and until when each record is kept.

    Example: analyzer quarantine list --store store --code bad_json
    """
    from analyzer import quarantine_view as view
    from analyzer.config import load_settings
    from analyzer.retry import quarantined

    if as_json and as_csv:
        raise UsageError("--json and --csv exclude each other.", hint="Give one of them.")
    records = quarantined(store, load_settings(config, sets or ()).ingest.quarantine_days, code)
    if as_json or as_csv:
        typer.echo(view.as_json(records) if as_json else view.as_csv(records), nl=as_json)
    else:
        typer.echo("\n".join(view.list_lines(records, all_of_a_code=code is not None)))


@quarantine_app.command("show")
def quarantine_show(
    record: Annotated[str, typer.Argument(metavar="RECORD", help="As the list names it, e.g. calls.jsonl:3.")],
    store: Store,
    raw: Annotated[bool, typer.Option("--raw", help="Write its bytes, unmasked, to standard output.")] = False,
    config: Config = None,
    sets: Sets = None,
) -> None:
    """Show what is known of one record; its bytes, which nobody has masked, only with --raw.

    Example: analyzer quarantine show calls.jsonl:3 --store store --raw > record.json
    """
    from analyzer import quarantine_view as view
    from analyzer.config import load_settings
    from analyzer.retry import bytes_of, one

    if not raw:
        days = load_settings(config, sets or ()).ingest.quarantine_days
        typer.echo("\n".join(view.record_lines(one(store, record, days))))
        return
    content = bytes_of(store, record)
    typer.secho("These are the raw bytes: nothing in them is masked. Keep them as private as the store.", err=True)
    sys.stdout.buffer.write(content)


@quarantine_app.command("retry")
def quarantine_retry(
    store: Store,
    records: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Argument(metavar="[RECORD]...", help="As the list names them; none: all."),
    ] = None,
    code: Code = None,
    replacement: Annotated[
        SideFile, typer.Option("--from", help="Corrected file to read in place of a record.")
    ] = None,
    metadata: Annotated[SideFile, typer.Option(help="CSV/Parquet with facts the files lack.")] = None,
    agents: Annotated[SideFile, typer.Option(help="CSV/Parquet: agent_id, name, team, valid_from, valid_to.")] = None,
    config: Config = None,
    sets: Sets = None,
) -> None:
    """Read records again, as they lie or from a corrected file; what is accepted leaves quarantine and `rejects`.

    Example: analyzer quarantine retry calls.jsonl:3 --store store --from record.json

    Example: analyzer quarantine retry --code roles_unclear --store store --set ingest.min_role_probability=0.7

    Exit codes: 0 nothing was rejected again; 1 some were, or need their file; the others as for `analyzer run`.
    """
    from analyzer.config import load_settings
    from analyzer.retry import retry
    from analyzer.run_request import RunRequest, check_paths
    from analyzer.terminal import print_retried, run_progress

    settings = load_settings(config, sets or ())
    check_paths(RunRequest((), store, metadata, agents))
    with run_progress(quiet=False) as progress:
        retried = retry(
            store, records or (), replacement, settings, progress, code=code, metadata=metadata, agents=agents
        )
    print_retried(retried)
    if retried.staying or retried.not_read:
        raise typer.Exit(1)
