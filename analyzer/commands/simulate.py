"""``analyzer simulate``: a world whose truth is known, as a dump or as a store of findings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from analyzer.simulate.named import WORLDS


def simulate(
    to: Annotated[Path, typer.Option("--to", help="New folder to write into.", metavar="DIR")],
    contacts: Annotated[int, typer.Option(help="How many contacts at most.", min=1)] = 1000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same world.", min=0)] = 1,
    findings_only: Annotated[
        bool, typer.Option("--findings-only", help="A store of findings without text; millions of contacts.")
    ] = False,
    days: Annotated[int, typer.Option(help="Days the world lasts.", min=2)] = 120,
    icc: Annotated[float, typer.Option(help="Share of variance that lies between agents.")] = 0.05,
    world: Annotated[str, typer.Option(help=f"{', '.join(WORLDS)}.")] = "steady",
    no_detector_error: Annotated[
        bool, typer.Option("--no-detector-error", help="Findings are the truth; only with --findings-only.")
    ] = False,
) -> None:
    """Invent a contact center whose truth is known, to see what the program makes of it.

    Without --findings-only DIR gets contacts/, agents.csv, loyalty.csv and surveys.csv for `analyzer run`, with it
    store/, which the next `analyzer run` into it scores; the truth lies beside them in truth/.

    Example: analyzer simulate --contacts 2000 --seed 7 --to world && analyzer run world/contacts --store store
    --agents world/agents.csv --loyalty world/loyalty.csv --surveys world/surveys.csv
    """
    from analyzer.errors import RunAborted, UsageError
    from analyzer.simulate.dump import prepare, write_dump
    from analyzer.simulate.findings import write_findings
    from analyzer.simulate.named import world_spec
    from analyzer.simulate.worlds import make
    from analyzer.terminal import run_progress

    if no_detector_error and not findings_only:
        raise UsageError(
            "--no-detector-error needs --findings-only.",
            hint="In a dump with text the program itself does the hearing.",
        )
    spec = world_spec(world, contacts=contacts, days=days, icc=icc, detector_error=not no_detector_error)
    try:
        prepare(to)
        with run_progress(quiet=False) as progress:
            progress.begin("inventing lives", None, "")
            invented = make(spec, seed)
            (write_findings if findings_only else write_dump)(invented, to, progress)
    except OSError as error:
        raise RunAborted(
            f"Cannot write {to}: {error.strerror}.", hint="Check space and rights of the folder."
        ) from error
    count = len(invented.lives.contacts)
    typer.echo(f"Wrote {count:,} contacts of {len(invented.lives.customers):,} customers to {to}.")
