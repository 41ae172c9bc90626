"""``analyzer learn``: train, calibrate and measure the models."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from analyzer.commands.options import HELP, Config, Sets, SideFile, Store
from analyzer.errors import UsageError

learn_app = typer.Typer(
    no_args_is_help=True, context_settings=HELP, rich_markup_mode=None,
    help="Train, calibrate and measure the models.\n\nExample: analyzer learn evaluate --data ../shared/data",
)  # fmt: skip

Data = Annotated[Path, typer.Option("--data", help="Folder with train/ and eval/.", metavar="DIR")]
FIRST_SEED = 17  # of the trainings that ``learn further`` averages
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
    data: Annotated[SideFile, typer.Option("--data", help="Folder with train/ and eval/.", metavar="DIR")] = None,
    encoder: Annotated[
        SideFile, typer.Option("--encoder", help="Folder of the encoder to start from.", metavar="DIR")
    ] = None,
    models: Annotated[
        SideFile, typer.Option("--models", help="Folder the weights are written to.", metavar="DIR")
    ] = None,
    work: Annotated[
        SideFile, typer.Option("--work", help="Folder for fold results; a killed training resumes.")
    ] = None,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    folds: Annotated[
        int, typer.Option(help="Folds for calibration, a training each; 1: one training leaves talk out for it.", min=1)
    ] = 5,
    epochs: Annotated[int, typer.Option(help="Passes over the data.", min=1)] = 10,
    with_verdicts: Annotated[
        bool, typer.Option("--with-verdicts", help="Learn from what people answered in --store instead.")
    ] = False,
    store: Annotated[SideFile, typer.Option("--store", help="Store whose verdicts teach.", metavar="DIR")] = None,
    config: Config = None,
    sets: Sets = None,
) -> None:
    """Fine-tune encoder and heads on labelled dialogues: folds first, then calibration, then all of the data.

    With --with-verdicts --store: move the heads in use by the training verdicts of that store, compare old and new on
    verdicts held out (and on --data's real talk), and adopt the new ones only if they are better.

    Example: analyzer learn heads --data ../shared/data --encoder ../shared/models/encoder-bilingual --models models
    --work .work

    Example: analyzer learn heads --with-verdicts --store store
    """
    from analyzer.terminal import run_progress

    if with_verdicts:
        _learn_from_verdicts(store, data, config, sets)
        return
    if data is None or encoder is None or models is None or work is None:
        raise UsageError(
            "--data, --encoder, --models and --work are needed.", hint="Or --with-verdicts --store DIR; see --help."
        )
    from analyzer.learn.train import learn_all

    with run_progress(quiet=False) as progress:
        learn_all(data, encoder, models, work, device=device, folds=folds, epochs=epochs, progress=progress)
    typer.echo(f"Wrote weights to {models}. Measure them: analyzer learn evaluate --data {data}")


def _learn_from_verdicts(store: Path | None, data: Path | None, config: Path | None, sets: list[str] | None) -> None:
    from analyzer.config import load_settings
    from analyzer.learn.from_verdicts import learn_from_verdicts
    from analyzer.store.folder import require
    from analyzer.terminal import learned_lines, run_progress

    if store is None:
        raise UsageError("--with-verdicts needs --store.", hint="Name the store whose verdicts teach.")
    require(store)
    with run_progress(quiet=False) as progress:
        learned = learn_from_verdicts(store, load_settings(config, sets or ()), data, progress)
    for line in learned_lines(learned, store):
        typer.echo(line)


@learn_app.command("versions")
def learn_versions(store: Store) -> None:
    """List the weights a store can be heard with, and which is used.

    Example: analyzer learn versions --store store
    """
    from analyzer.adopted import versions
    from analyzer.store.folder import require

    require(store)
    found = versions(store)
    width = max(len(version.name) for version in found)
    for version in found:
        typer.echo(f"{'*' if version.is_used else ' '} {version.name:<{width}}  {version.told}")


@learn_app.command("use")
def learn_use(
    version: Annotated[str, typer.Argument(help="A version that `learn versions` lists; shipped: back to ours.")],
    store: Store,
) -> None:
    """Hear a store with another version from its next run on; one command forth, one back.

    Example: analyzer learn use shipped --store store
    """
    from datetime import UTC, datetime

    from analyzer.adopted import use
    from analyzer.store.folder import require

    require(store)
    use(store, version, "asked for", datetime.now(UTC))
    typer.echo(f"{version} is used from the next run on; `analyzer rescore --store {store}` hears what is there again.")


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


@learn_app.command("further")
def learn_further_command(
    data: Data,
    models: Models,
    work: Annotated[Path, typer.Option("--work", help="Folder for the course of it; a killed training resumes.")],
    layers: Annotated[int, typer.Option(help="Upper layers of the encoder that learn too.", min=0)] = 2,
    epochs: Annotated[int, typer.Option(help="Passes over the data, of each training.", min=1)] = 7,
    trainings: Annotated[int, typer.Option(help="Trainings whose weights are averaged.", min=1)] = 2,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
) -> None:
    """Train the weights in use further on talk written since; an hour a training on one core.

    Example: analyzer learn further --data ../shared/data --models models --work .work
    """
    from analyzer.learn.further import learn_further
    from analyzer.terminal import run_progress

    seeds = range(FIRST_SEED, FIRST_SEED + trainings)
    with run_progress(quiet=False) as progress:
        learn_further(
            data, models, work, layers=layers, epochs=epochs, seeds=seeds, device=device, progress=progress
        )  # fmt: skip
    typer.echo(f"Wrote weights to {models}. Measure them: analyzer learn evaluate --data {data}")


@learn_app.command("feelings")
def learn_feelings_command(data: Data, models: Models) -> None:
    """Fit the feeling heads to talk the encoder never learned from; all else stays as it is.

    Example: analyzer learn feelings --data ../shared/data --models models
    """
    from analyzer.learn.feelings import learn_feelings
    from analyzer.learn.train import NAME
    from analyzer.terminal import run_progress

    with run_progress(quiet=False) as progress:
        learn_feelings(data, models, NAME, progress=progress)
    typer.echo(f"Wrote feeling heads and their curve to {models}. Measure them: analyzer learn evaluate --data {data}")


@learn_app.command("calibrate")
def learn_calibrate(
    data: Data,
    encoder: Annotated[Path, typer.Option("--encoder", help="Folder of the encoder it started from.", metavar="DIR")],
    models: Models,
    work: Annotated[Path, typer.Option("--work", help="Folder with the fold results of `learn heads`.")],
    folds: Annotated[int, typer.Option(help="Folds of that training.", min=1)] = 5,
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
    from analyzer.learn.train import NAME
    from analyzer.weights import write_manifest

    model, reports = learn_linking(data / "train", models / "training")
    model.save(models / "linking.json")
    write_manifest(models, NAME)
    for name, report in reports.items():
        typer.echo(f"{name}: {report}")


@learn_app.command("masking")
def learn_masking_command(data: Data, models: Models) -> None:
    """Learn to know names that stand on no list, from invented sentences and talk without names.

    Example: analyzer learn masking --data ../shared/data --models models
    """
    from analyzer.learn.masking import learn_masking
    from analyzer.learn.train import NAME
    from analyzer.weights import write_manifest

    report = learn_masking(data, models)
    write_manifest(models, NAME)
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
    plot: Annotated[SideFile, typer.Option("--plot", help="SVG of errors against the share answered.")] = None,
    config: Config = None,
    sets: Sets = None,
) -> None:
    """Measure the weights on talk they were never trained on; print the table, or write it into the card.

    Example: analyzer learn evaluate --data ../shared/data --card models/README.md --plot models/coverage_risk.svg
    """
    from analyzer.config import load_settings
    from analyzer.learn.evaluation import as_table, coverage_picture, evaluate, write_into
    from analyzer.terminal import run_progress

    if card is not None and only:
        raise UsageError("The card's table needs every set.", hint="Leave out --only, or --card.")
    settings = load_settings(config, sets or ()).understand
    with run_progress(quiet=False) as progress:
        table = as_table(evaluate(data, settings, only=only or (), progress=progress))
        if plot is not None:
            progress.begin("errors against coverage", None, "")
            plot.write_text(coverage_picture(data, settings), encoding="utf-8")
    if card is not None:
        write_into(card, table)
    typer.echo(table)


@learn_app.command("errors")
def learn_errors(
    data: Data,
    models: Annotated[Path, typer.Option("--models", help="Folder whose training/ holds our own talk.", metavar="DIR")],
    out: Annotated[Path, typer.Option("--to", help="Folder for the lists, outside any repository.", metavar="DIR")],
    a_label: Annotated[int, typer.Option(help="Errors a label; all of those in real talk stand there.", min=0)] = 50,
    config: Config = None,
    sets: Sets = None,
) -> None:
    """List what was missed or falsely heard in talk that taught the weights nothing, a file a label, to be read.

    Example: analyzer learn errors --data ../shared/data --models models --to /tmp/errors
    """
    from analyzer.config import load_settings
    from analyzer.learn.evaluation.errors import (
        as_counts,
        judged,
        outside_repositories,
        talk_never_learned,
        write_lists,
    )
    from analyzer.understand.understand import Understanding

    out = outside_repositories(out)  # said before half a minute of hearing
    ears = Understanding(load_settings(config, sets or ()).understand)
    heard = judged(talk_never_learned(data, models / "training"), ears)
    write_lists(heard, out, a_label)
    typer.echo(f"{as_counts(heard)}\nThe errors themselves, a file a label: {out}")
