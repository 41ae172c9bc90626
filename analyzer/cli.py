"""The command line: a thin shell over plain functions. Heavy libraries are imported by the command that needs them."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal, NoReturn, Optional

import typer

from analyzer.errors import AnalyzerError, UsageError

HELP = {"help_option_names": ["-h", "--help"], "max_content_width": 110}
app = typer.Typer(
    name="analyzer", no_args_is_help=True, add_completion=False, context_settings=HELP, rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Reads a contact center's calls and chats, German and English: what was solved, felt and promised, and what "
    "it did to loyalty, with reasons and intervals.\n\n"
    "Example: analyzer run transcripts/sample/contacts --store store && analyzer report --store store --to report.html",
)  # fmt: skip
learn_app = typer.Typer(
    no_args_is_help=True, context_settings=HELP, rich_markup_mode=None,
    help="Train, calibrate and measure the models.\n\nExample: analyzer learn evaluate --data ../shared/data",
)  # fmt: skip
app.add_typer(learn_app, name="learn")
quarantine_app = typer.Typer(
    no_args_is_help=True, context_settings=HELP, rich_markup_mode=None,
    help="Records that could not be read: list them, look at one, read them again.\n\n"
    "Example: analyzer quarantine list --store store",
)  # fmt: skip
app.add_typer(quarantine_app, name="quarantine")

Store = Annotated[Path, typer.Option("--store", help="Folder of the store.", metavar="DIR")]
Config = Annotated[Optional[Path], typer.Option("--config", help="TOML file with what differs from the defaults.")]  # noqa: UP045
Sets = Annotated[Optional[list[str]], typer.Option("--set", metavar="KEY=VALUE", help="One setting.")]  # noqa: UP045
Code = Annotated[Optional[str], typer.Option("--code", help="Only records with this reject code.")]  # noqa: UP045
SideFile = Optional[Path]  # noqa: UP045


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
    from analyzer.pipeline import RunRequest, check_paths
    from analyzer.pipeline import run as run_pipeline
    from analyzer.terminal import print_summary, run_progress, summary_json

    settings = load_settings(config, sets or ())
    request = RunRequest(inputs, store, metadata, agents, loyalty, surveys, _moment(as_of), dry_run)
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
    to: Annotated[Path, typer.Option("--to", help="Folder to write into.", metavar="DIR")],
    format_: Annotated[Literal["parquet", "csv"], typer.Option("--format", help="File format.")] = "parquet",
    config: Config = None,
    sets: Sets = None,
) -> None:
    """Write every table as one file, for BI tools.

    Example: analyzer export --store store --to export --format csv
    """
    from analyzer.config import load_settings
    from analyzer.publish.export import export_tables
    from analyzer.store.store import open_store
    from analyzer.terminal import print_exported

    settings = load_settings(config, sets or ())
    with open_store(store, write=False) as opened:
        files = export_tables(opened, to, format_, settings.publish)
    print_exported(files, to)


@app.command()
def report(
    store: Store,
    to: Annotated[Path, typer.Option("--to", help="HTML file to write.", metavar="FILE")],
    config: Config = None,
    sets: Sets = None,
) -> None:
    """Write one offline HTML page: the day at a glance, channels, agents with intervals, flags, loyalty, rejects.

    Example: analyzer report --store store --to report.html --set publish.report_language=de
    """
    from analyzer.config import load_settings
    from analyzer.publish.report import write_report
    from analyzer.store.store import open_store

    settings = load_settings(config, sets or ())
    with open_store(store, write=False) as opened:
        write_report(opened, to, settings.publish, score=settings.score, journey=settings.journey)
    typer.echo(f"Wrote {to}.")


@app.command()
def show(
    interaction_id: Annotated[str, typer.Argument(metavar="ID", help="interaction_id of the contact.")],
    store: Store,
    config: Config = None,
    sets: Sets = None,
) -> None:
    """Show one contact in the terminal: the transcript with its evidence, the score and why.

    Example: analyzer show hb-1001 --store store
    """
    from rich.console import Console

    from analyzer.config import load_settings
    from analyzer.publish.show import render_interaction
    from analyzer.store.store import open_store

    settings = load_settings(config, sets or ())
    with open_store(store, write=False) as opened:
        Console().print(render_interaction(opened, interaction_id, settings.publish))


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
    from analyzer.pipeline import RunRequest, check_paths
    from analyzer.retry import retry
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


Data = Annotated[Path, typer.Option("--data", help="Folder with train/ and eval/.", metavar="DIR")]
Models = Annotated[Path, typer.Option("--models", help="Folder of weights to write.", metavar="DIR")]


@learn_app.command("encoder")
def learn_encoder_command(
    data: Data,
    teacher: Annotated[Path, typer.Option("--teacher", help="Folder of the English teacher.", metavar="DIR")],
    encoder: Annotated[Path, typer.Option("--encoder", help="Folder of the encoder to teach.", metavar="DIR")],
    out: Annotated[Path, typer.Option("--to", help="Folder for the taught encoder.", metavar="DIR")],
    steps: Annotated[int, typer.Option(help="Steps of 128 sentences.", min=1)] = 4000,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
) -> None:
    """Teach the bilingual encoder further by an English sentence encoder (training only, e.g. all-MiniLM-L6-v2).

    Example: analyzer learn encoder --data ../shared/data --teacher MINILM
    --encoder ../shared/models/encoder-bilingual --to .work/encoder
    """
    from analyzer.learn.distil import learn_encoder
    from analyzer.terminal import run_progress

    with run_progress(quiet=False) as progress:
        before, after = learn_encoder(data, teacher, encoder, out, steps=steps, device=device, progress=progress)
    typer.echo(f"German finds its English among held-out pairs: {before:.1%} before, {after:.1%} now. Wrote {out}.")


@learn_app.command("heads")
def learn_heads(
    data: Data,
    encoder: Annotated[Path, typer.Option("--encoder", help="Folder of the encoder to start from.", metavar="DIR")],
    models: Models,
    work: Annotated[Path, typer.Option("--work", help="Folder for fold results; a killed training resumes.")],
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    folds: Annotated[int, typer.Option(help="Folds for calibration.", min=2)] = 5,
    epochs: Annotated[int, typer.Option(help="Passes over the data.", min=1)] = 10,
) -> None:
    """Fine-tune encoder and heads on labelled dialogues: folds first, then calibration, then all of the data.

    Example: analyzer learn heads --data ../shared/data --encoder ../shared/models/encoder-bilingual --models models
    --work .work
    """
    from analyzer.learn.train import learn_all
    from analyzer.terminal import run_progress

    with run_progress(quiet=False) as progress:
        learn_all(data, encoder, models, work, device=device, folds=folds, epochs=epochs, progress=progress)
    typer.echo(f"Wrote weights to {models}. Measure them: analyzer learn evaluate --data {data}")


@learn_app.command("sequence")
def learn_sequence_command(
    data: Data,
    models: Models,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    epochs: Annotated[int, typer.Option(help="Passes over the data.", min=1)] = 3,
) -> None:
    """Train the reader and heads further while the encoder stays as it is.

    Example: analyzer learn sequence --data ../shared/data --models models --epochs 3
    """
    from analyzer.learn.train import learn_sequence
    from analyzer.terminal import run_progress

    with run_progress(quiet=False) as progress:
        learn_sequence(data, models, device=device, epochs=epochs, progress=progress)
    typer.echo(f"Wrote reader and heads to {models}; their curves are still the old ones. Measure before you use them.")


@learn_app.command("calibrate")
def learn_calibrate(
    data: Data,
    encoder: Annotated[Path, typer.Option("--encoder", help="Folder of the encoder it started from.", metavar="DIR")],
    models: Models,
    work: Annotated[Path, typer.Option("--work", help="Folder with the fold results of `learn heads`.")],
    folds: Annotated[int, typer.Option(help="Folds of that training.", min=2)] = 5,
    epochs: Annotated[int, typer.Option(help="Epochs of that training.", min=1)] = 10,
) -> None:
    """Fit curves, thresholds and the reason head anew to the fold results of the last training.

    Example: analyzer learn calibrate --data ../shared/data --encoder ../shared/models/encoder-bilingual
    --models models --work .work
    """
    from analyzer.learn.train import learn_calibration
    from analyzer.terminal import run_progress

    with run_progress(quiet=False) as progress:
        learn_calibration(data, encoder, models, work, folds=folds, epochs=epochs, progress=progress)
    typer.echo(f"Wrote calibration to {models}. Measure it: analyzer learn evaluate --data {data}")


@learn_app.command("linking")
def learn_linking_command(data: Data, models: Models) -> None:
    """Learn how contacts of one customer are linked to matters.

    Example: analyzer learn linking --data ../shared/data --models models
    """
    from analyzer.learn.linking import learn_linking
    from analyzer.weights import write_manifest

    model, report = learn_linking(data)
    model.save(models / "linking.json")
    write_manifest(models, "bilingual-1")
    typer.echo(str(report))


@learn_app.command("masking")
def learn_masking_command(data: Data, models: Models) -> None:
    """Learn to know names that stand on no list, from invented sentences and talk without names.

    Example: analyzer learn masking --data ../shared/data --models models
    """
    from analyzer.learn.masking import learn_masking
    from analyzer.weights import write_manifest

    report = learn_masking(data, models)
    write_manifest(models, "bilingual-1")
    typer.echo(report)


@learn_app.command("evaluate-masking")
def learn_evaluate_masking(
    data: Data,
    cases: Annotated[SideFile, typer.Option("--cases", help="CSV of marked texts to measure on too.")] = None,
) -> None:
    """Measure the masks on labelled texts: recall by kind of data, precision, F2, masks where no name is.

    Example: analyzer learn evaluate-masking --data ../shared/data --cases tests/cases/masking_blind_de.csv
    """
    from analyzer.learn.evaluate_masking import masking_report

    typer.echo(masking_report(data, cases))


@learn_app.command("evaluate")
def learn_evaluate(
    data: Data,
    card: Annotated[SideFile, typer.Option("--card", help="Model card whose table is rewritten.")] = None,
    only: Annotated[list[str] | None, typer.Option("--only", help="An evaluation set; may be given again.")] = None,
    config: Config = None,
    sets: Sets = None,
) -> None:
    """Measure the weights on talk they were never trained on; print the table, or write it into the card.

    Example: analyzer learn evaluate --data ../shared/data --card models/README.md
    """
    from analyzer.config import load_settings
    from analyzer.learn.evaluation import as_table, evaluate, write_into
    from analyzer.terminal import run_progress

    if card is not None and only:
        raise UsageError("The card's table needs every set.", hint="Leave out --only, or --card.")
    settings = load_settings(config, sets or ()).understand
    with run_progress(quiet=False) as progress:
        table = as_table(evaluate(data, settings, only=only or (), progress=progress))
    if card is not None:
        write_into(card, table)
    typer.echo(table)


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
