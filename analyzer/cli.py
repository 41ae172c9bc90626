"""The command line: a thin shell over plain functions. Heavy libraries are imported by the command that needs them."""

from __future__ import annotations

import sys
from typing import Annotated, NoReturn, Optional

import typer
from typer.models import CommandInfo

from analyzer.commands.explain import explain as explain_command
from analyzer.commands.export import export
from analyzer.commands.learn import learn_app
from analyzer.commands.options import HELP, Config, Sets, Store
from analyzer.commands.quarantine import quarantine_app
from analyzer.commands.report import report
from analyzer.commands.rescore import rescore
from analyzer.commands.review import review_app
from analyzer.commands.run import run
from analyzer.commands.show import show
from analyzer.commands.simulate import simulate
from analyzer.commands.trust import audit, forget, retain, subject
from analyzer.errors import AnalyzerError

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
app.command("explain")(explain_command)
for command in (run, report, export, show, rescore, subject, forget, retain, audit, simulate):
    app.command(command.__name__)(command)


# As they stand in --help: the nightly work first, then looking, then care of the store and of people's data.
ORDER = ("run", "report", "export", "show", "explain", "rescore", "subject", "forget", "retain", "audit",
         "verify", "repair", "doctor", "formats", "config", "simulate")  # fmt: skip


def main() -> NoReturn:
    """Runs the command line; an AnalyzerError, or what the machine refuses, is one line on stderr and an exit code."""
    try:
        app(standalone_mode=True)
    except AnalyzerError as error:
        typer.secho(str(error), err=True, fg=typer.colors.RED)
        sys.exit(error.exit_code)
    except OSError as error:
        typer.secho(_refused(error), err=True, fg=typer.colors.RED)
        sys.exit(3)
    except KeyboardInterrupt:
        typer.secho("Stopped.", err=True)
        sys.exit(3)
    sys.exit(0)


def _refused(error: OSError) -> str:
    """What the machine did not let us do: a folder of somebody else's, a full disk, a name that is too long."""
    where = "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in str(error.filename or ""))
    what = f"{where}: {error.strerror}" if where else error.strerror or str(error)
    return f"The machine refused: {what}. Check the path, its rights and free space."


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
    from analyzer.formats_view import print_explained, print_formats
    from analyzer.ingest.formats import FORMATS

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


if __name__ == "__main__":
    main()
