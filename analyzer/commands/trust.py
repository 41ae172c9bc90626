"""``analyzer subject``, ``forget``, ``retain``, ``audit``: people's data shown, removed, kept no longer than agreed."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Optional

import typer

from analyzer.commands.options import Config, Sets, Store
from analyzer.commands.record import on_record
from analyzer.errors import UsageError

if TYPE_CHECKING:
    from analyzer.config import Settings
    from analyzer.publish.wording import Wording
    from analyzer.trust.person import Kind

Customer = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option("--customer", metavar="ID", help="A customer, as the source system knows them, or the pseudonym."),
]
Agent = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option("--agent", metavar="ID", help="An agent, by their id or the pseudonym that exports show."),
]
Db = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option("--db", help="Review database; else review.database, and always the store's own file.", metavar="URL"),
]
Language = Annotated[Optional[Literal["en", "de"]], typer.Option("--language", help="en or de.")]  # noqa: UP045
Dry = Annotated[bool, typer.Option("--dry-run", help="Say what would be removed; change nothing.")]
Json = Annotated[bool, typer.Option("--json", help="Print it as JSON.")]


def subject(
    store: Store,
    customer: Customer = None,
    agent: Agent = None,
    to_json: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--json", help="Also write everything to this file, readable by its owner alone.", metavar="FILE"),
    ] = None,
    db: Db = None,
    language: Language = None,
    config: Config = None,
    sets: Sets = None,
) -> None:
    """Show all that is held about a customer or an agent, in plain words; every field as JSON with --json FILE.

    Example: analyzer subject --customer k-106 --store store --json k-106.json --language de
    """
    from zoneinfo import ZoneInfo

    from analyzer.store.store import open_store
    from analyzer.trust.reviewed import reviews_of
    from analyzer.trust.subject import subject as told_of
    from analyzer.trust.subject_page import page

    kind, asked = _who(customer, agent)
    settings, w = _settings(config, sets, language)
    with open_store(store, write=False) as opened:
        told = told_of(opened, kind, asked, settings, reviews_of(store, db or settings.review.database))
    if to_json is not None:
        _write_private(to_json, told.as_json())
    typer.echo("\n".join(page(told, w.told_in(ZoneInfo(settings.ingest.business_timezone)))))
    on_record(store, "subject", str(to_json) if to_json else "", kind=kind)


def forget(
    store: Store,
    customer: Customer = None,
    agent: Agent = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    dry_run: Dry = False,
    as_json: Json = False,
    db: Db = None,
    language: Language = None,
    config: Config = None,
    sets: Sets = None,
) -> None:
    """Remove a customer and every trace of them, or an agent's name and figures; prints a certificate.

    A customer's contacts go whole. An agent's contacts are the customers' and stay, under no name. Old dumps do not
    bring anybody back. Whoever reads an old version of a table at that moment must begin anew.

    Example: analyzer forget --customer k-106 --store store --dry-run

    Example: analyzer forget --agent a-3 --store store --yes

    Exit codes: 0 gone, and searched for; 2 nothing is held; 3 not ended, the same command goes on; 4 a run is writing.
    """
    from analyzer.terminal import run_progress
    from analyzer.trust.forget import forget as forgotten
    from analyzer.trust.said import certificate_lines

    kind, asked = _who(customer, agent)
    settings, w = _settings(config, sets, language)
    if not (dry_run or yes):
        with run_progress(quiet=as_json) as progress:
            told = forgotten(store, kind, asked, settings, progress, db=db or settings.review.database, dry_run=True)
        _ask("\n".join(certificate_lines(told, w)[:-1]), w)
    with run_progress(quiet=as_json) as progress:
        told = forgotten(store, kind, asked, settings, progress, db=db or settings.review.database, dry_run=dry_run)
    typer.echo(_json(told.as_json()) if as_json else "\n".join(certificate_lines(told, w)))


def retain(
    store: Store,
    days: Annotated[int, typer.Option("--days", help="Keep contacts of the last N days.", metavar="N")],
    agents_days: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option("--agents-days", help="Keep agents' names and figures for M days; else as contacts.", metavar="M"),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    dry_run: Dry = False,
    as_json: Json = False,
    db: Db = None,
    language: Language = None,
    config: Config = None,
    sets: Sets = None,
) -> None:
    """Remove contacts older than N days, and agents' names and figures older than M days; run it every night.

    Days are the contacts' own, counted back from today in ingest.business_timezone. Published figures of teams and
    channels stay as they were, without text; old dumps bring nothing back.

    Example: analyzer retain --days 365 --agents-days 90 --store store --yes
    """
    from zoneinfo import ZoneInfo

    from analyzer.terminal import run_progress
    from analyzer.trust.retain import retain as retained
    from analyzer.trust.said import retained_lines

    settings, w = _settings(config, sets, language)
    today = datetime.now(ZoneInfo(settings.ingest.business_timezone)).date()
    if not (dry_run or yes):
        with run_progress(quiet=as_json) as progress:
            told = retained(
                store, days, agents_days, settings, progress, today, db=db or settings.review.database, dry_run=True
            )
        _ask("\n".join(retained_lines(told, w)[:-1]), w)
    with run_progress(quiet=as_json) as progress:
        told = retained(
            store, days, agents_days, settings, progress, today, db=db or settings.review.database, dry_run=dry_run
        )
    typer.echo(_json(told.as_json()) if as_json else "\n".join(retained_lines(told, w)))


def audit(
    store: Store,
    since: Annotated[Optional[str], typer.Option("--since", help="First day, as 2026-11-20.")] = None,  # noqa: UP045
    as_json: Json = False,
    db: Db = None,
    language: Language = None,
    config: Config = None,
    sets: Sets = None,
) -> None:
    """List who saw, decided, exported and removed what, and every run.

    Example: analyzer audit --store store --since 2026-11-20
    """
    from analyzer.trust.audit import audit as recorded
    from analyzer.trust.said import audit_lines

    settings, w = _settings(config, sets, language)
    events = recorded(store, _day(since), db=db or settings.review.database)
    typer.echo(_json([event.as_json() for event in events]) if as_json else "\n".join(audit_lines(events, w)))


def _who(customer: str | None, agent: str | None) -> tuple[Kind, str]:
    if (customer is None) == (agent is None):
        raise UsageError("One person is needed.", hint="Give --customer ID or --agent ID.")
    return ("customer", customer) if customer is not None else ("agent", agent or "")


def _settings(config: Path | None, sets: list[str] | None, language: str | None) -> tuple[Settings, Wording]:
    from analyzer.config import load_settings
    from analyzer.trust.wording import wording

    settings = load_settings(config, sets or ())
    chosen = language or settings.publish.report_language
    return settings, wording("de" if chosen == "de" else "en")


def _ask(told: str, w: Wording) -> None:
    if not sys.stdin.isatty():
        raise UsageError("Nobody is there to ask.", hint="Give --yes, or --dry-run to see what would be removed.")
    typer.echo(told)
    typer.confirm(w("forget.confirm"), abort=True)


def _write_private(path: Path, told: dict[str, Any]) -> None:
    import os

    try:
        handle = os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), 0o600)  # also one that was there before
            file.write(_json(told) + "\n")
    except OSError as error:
        raise UsageError(f"Cannot write {path}: {error.strerror}.", hint="Check --json.") from error


def _json(told: object) -> str:
    return json.dumps(told, ensure_ascii=False, indent=1, default=str)


def _day(text: str | None) -> datetime | None:
    try:
        moment = None if text is None else datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"Cannot read --since {text}.", hint="Write it as 2026-11-20.") from error
    return moment.replace(tzinfo=moment.tzinfo or UTC) if moment else None
