"""``analyzer run``: a night's transcripts into the store."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Final, Optional

import typer

from analyzer.commands.options import Config, Sets, SideFile, Store
from analyzer.errors import UsageError

_FIRST_YEAR: Final = 1990  # what lies before is no time of a contact either (reject code implausible_time)
_LAST_YEAR: Final = 2200


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
    from analyzer.engine import collect_rarely
    from analyzer.pipeline import run as run_pipeline
    from analyzer.run_request import RunRequest, check_paths
    from analyzer.terminal import print_summary, run_progress, summary_json

    collect_rarely()
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


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"Cannot read --as-of {text}.", hint="Write it as 2026-11-22T23:00Z.") from error
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise UsageError(f"--as-of {text} is no time of any data.", hint=f"Years {_FIRST_YEAR} to {_LAST_YEAR}.")
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
