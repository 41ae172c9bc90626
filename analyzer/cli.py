"""The command line: a thin shell over plain functions. Heavy libraries are imported by the command that needs them."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime
from typing import Annotated, Literal, NoReturn, Optional

import typer
from typer.models import CommandInfo

from analyzer.commands.explain import explain as explain_command
from analyzer.commands.learn import learn_app
from analyzer.commands.options import HELP, Config, Sets, SideFile, Store
from analyzer.commands.quarantine import quarantine_app
from analyzer.commands.record import on_record
from analyzer.commands.report import report
from analyzer.commands.rescore import rescore
from analyzer.commands.review import review_app
from analyzer.commands.simulate import simulate
from analyzer.commands.trust import audit, forget, retain, subject
from analyzer.errors import AnalyzerError, UsageError

app = typer.Typer(
    name="analyzer", no_args_is_help=True, add_completion=False, context_settings=HELP, rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Reads a contact center's calls and chats, German and English: what was solved, felt and promised, and what "
    "it did to loyalty, with reasons and intervals.\n\n"
    "Example: analyzer run transcripts/sample/contacts --store store && analyzer report --store store --to report.html",
)  # fmt: skip
app.add_typer(learn_app, name="learn")
app.add_typer(quarantine_app, name="quarantine")
app.add_typer(review_app, name="review")
app.command("simulate")(simulate)
app.command("explain")(explain_command)
for command in (subject, forget, retain, audit):
    app.command(command.__name__)(command)
app.command("report")(report)
app.command("rescore")(rescore)


# As they stand in --help: the nightly work first, then looking, then care of the store and of people's data.
ORDER = ("run", "report", "export", "show", "explain", "rescore", "subject", "forget", "retain", "audit",
         "verify", "repair", "doctor", "formats", "config", "simulate")  # fmt: skip


def main() -> NoReturn:
    """Runs the command line; an AnalyzerError becomes one line on stderr and its exit code."""
    try:
        app(standalone_mode=True)
    except AnalyzerError as error:
        typer.secho(str(error), err=True, fg=typer.colors.RED)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        typer.secho("Stopped.", err=True)
        sys.exit(3)
    sys.exit(0)


@app.command()
def run(
    inputs: Annotated[list[str], typer.Argument(help="Files, folders or globs of transcripts.", metavar="INPUT...")],
    store: Store,
    metadata: Annotated[SideFile, typer.Option(help="CSV/Parquet with facts the files lack.")] = None,
    agents: Annotated[SideFile, typer.Option(help="CSV/Parquet: agent_id, name, team, valid_from, valid_to.")] = None,
    loyalty: Annotated[SideFile, typer.Option(help="CSV/Parquet of loyalty facts a customer.")] = None,
    surveys: Annotated[SideFile, typer.Option(help="CSV/Parquet of survey answers.")] = None,
    initiatives: Annotated[SideFile, typer.Option(help="CSV/Parquet of what was done with the lists.")] = None,
    config: Config = None,
    sets: Sets = None,
    as_of: Annotated[Optional[str], typer.Option(help="The data's clock, e.g. 2026-11-22T23:00Z.")] = None,  # noqa: UP045
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and count; understand and write nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as one JSON object.")] = False,
) -> None:
    """Read transcripts into a store and score them; run it every night on the day's dump.

    Example: analyzer run dump/2026-11-20/ --store store --agents agents.csv --loyalty loyalty.csv

    Exit codes: 0 done; 1 more rejects than ingest.max_reject_share (good rows are kept); 2 usage or settings;
    3 aborted, nothing committed; 4 another run is writing.
    """
    from analyzer.config import load_settings
    from analyzer.pipeline import run as run_pipeline
    from analyzer.run_request import RunRequest, check_paths
    from analyzer.terminal import print_summary, run_progress, summary_json

    settings = load_settings(config, sets or ())
    request = RunRequest(inputs, store, metadata, agents, loyalty, surveys, initiatives, _moment(as_of), dry_run)
    check_paths(request)
    with run_progress(quiet=as_json) as progress:
        summary = run_pipeline(request, settings, progress)
    if as_json:
        typer.echo(summary_json(summary))
    else:
        print_summary(summary, store, settings.ingest.max_reject_share)
    if summary.reject_share > settings.ingest.max_reject_share:
        raise typer.Exit(1)


@app.command()
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


@app.command()
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


@app.command()
def formats(
    explain: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option("--explain", metavar="FILE", help="What this file, folder or glob is taken for, and why."),
    ] = None,
    config: Config = None,
    sets: Sets = None,
) -> None:
    """List the input formats, or say what a file is taken for, the runners-up, its encoding, an archive's members.

    Example: analyzer formats --explain dump/export.zip
    """
    from analyzer.ingest.formats import FORMATS
    from analyzer.terminal import print_explained, print_formats

    if not explain:
        print_formats(FORMATS)
        return
    from analyzer.config import load_settings
    from analyzer.ingest.explain import explain as explained
    from analyzer.ingest.files import find_files

    settings = load_settings(config, sets or ()).ingest
    print_explained(told for file in find_files(explain) for told in explained(file, settings))


@app.command()
def config() -> None:
    """Print every setting with its default and reason.

    Example: analyzer config > analyzer.toml
    """
    from analyzer.config import default_text

    typer.echo(default_text(), nl=False)


@app.command()
def doctor(config: Config = None, sets: Sets = None) -> None:
    """Check this installation: libraries, weights, processor, a real reading of one invented contact.

    Example: analyzer doctor
    """
    from analyzer.config import load_settings
    from analyzer.doctor import examine
    from analyzer.terminal import print_checks

    checks = examine(load_settings(config, sets or ()))
    print_checks(checks)
    if not all(check.ok for check in checks):
        raise typer.Exit(3)


@app.command()
def verify(store: Store) -> None:
    """Compare a store's tables with its ledger, byte for byte where it matters. Exit 3 if they disagree.

    Example: analyzer verify --store store
    """
    from analyzer.store.verify import verify as verify_store
    from analyzer.terminal import print_problems

    problems = verify_store(store)
    print_problems(problems)
    if problems:
        raise typer.Exit(3)


@app.command()
def repair(store: Store) -> None:
    """Bring a damaged store back to a state that was published, and say what must be run again.

    Example: analyzer repair --store store
    """
    from analyzer.store.verify import repair as repair_store
    from analyzer.terminal import print_repaired

    print_repaired(repair_store(store))


def _place(command: CommandInfo) -> int:
    return ORDER.index(command.name or getattr(command.callback, "__name__", ""))


app.registered_commands.sort(key=_place)


def _day(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"Cannot read --since {text}.", hint="Write it as 2026-11-20.") from error


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"Cannot read --as-of {text}.", hint="Write it as 2026-11-22T23:00Z.") from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


if __name__ == "__main__":
    main()
