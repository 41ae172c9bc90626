"""What the command line prints: progress, summaries, tables. Only the shell imports it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer.progress import Progress, Silent
from analyzer.quarantine_view import retried_lines

if TYPE_CHECKING:
    from rich.progress import Progress as Bars

    from analyzer.doctor import Check
    from analyzer.learn.from_verdicts import Compared, Learned
    from analyzer.publish.exported import Exported
    from analyzer.rescoring import HeardAnew
    from analyzer.retry import Retried
    from analyzer.run_summary import RunSummary
    from analyzer.store.verify import Problem, Repaired


@contextmanager
def run_progress(*, quiet: bool) -> Iterator[Progress]:
    """A bar with rate and time left on stderr; silent where nobody watches. Nothing is imported until work begins."""
    if quiet or not sys.stderr.isatty():
        yield Silent()
        return
    bars = _LateBars()
    try:
        yield bars
    finally:
        bars.close()


class _LateBars:
    """rich is imported with the first phase, so that an unchanged run does not pay for it."""

    def __init__(self) -> None:
        self._bars: Bars | None = None
        self._task: int | None = None

    def begin(self, phase: str, total: int | None, unit: str) -> None:
        if self._bars is None:
            self._bars = _bars()
            self._bars.start()
        if self._task is not None:
            self._finish()
        self._task = self._bars.add_task(phase, total=total)

    def advance(self, amount: int) -> None:
        if self._bars is not None and self._task is not None:
            self._bars.advance(self._task, amount)  # type: ignore[arg-type]

    def close(self) -> None:
        if self._bars is not None:
            if self._task is not None:
                self._finish()
            self._bars.stop()

    def _finish(self) -> None:
        bars = self._bars
        if bars is not None and self._task is not None:
            task = bars.tasks[self._task]
            bars.update(task.id, total=task.total or 1, completed=task.total or 1)


def _bars() -> Bars:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )
    from rich.progress import Progress as Bars

    return Bars(
        TextColumn("{task.description:<26}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(),
        TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(), console=Console(stderr=True),
    )  # fmt: skip


def print_summary(summary: RunSummary, store: Path, max_reject_share: float) -> None:
    """The closing account. Plain text, aligned, the same in a log as on a screen."""
    for line in summary_lines(summary, store, max_reject_share):
        print(line)


def summary_lines(summary: RunSummary, store: Path, max_reject_share: float) -> list[str]:
    lines = [_account(summary), _pace(summary)]
    if summary.unchanged:
        return [*lines, "Nothing has changed since the last run; the store stands as it was."]
    if summary.turned_away:
        lines.append(f"  {summary.turned_away:,} of the duplicate are of people forgotten, or older than what is kept.")
    lines += _listed("Rejected", summary.reject_codes)
    if summary.reject_share > max_reject_share:
        lines.append(f"  More than ingest.max_reject_share = {max_reject_share:.0%}; good rows are kept. Exit code 1.")
    lines += _listed("Lines not read in side files", summary.side_file_problems)
    lines += [f"    {name} {line}" for name, first in summary.side_file_lines.items() for line in first]
    lines += _listed("Unknown keys ignored", summary.ignored_keys)
    lines += [f"  Skipped {name}: {why}" for name, why in summary.skipped_files.items()]
    lines += _listed("Taken in with other models, whose findings they keep", summary.earlier_models)
    if summary.dry_run:
        return [*lines, "Dry run: nothing was understood or written."]
    lines += _listed("Needs a look", summary.flags)
    lines += ["", "Next:", f"  analyzer report --store {store} --to report.html",
              f"  analyzer export --store {store} --to export --format csv"]  # fmt: skip
    return lines


def rescored_lines(summary: RunSummary, told: HeardAnew) -> list[str]:
    """What hearing again with other models changed."""
    lines = [f"{told.contacts:,} contacts heard again by {summary.model_version} in {summary.seconds:,.1f} s."]
    changed = {"resolution": told.endings, "feeling (by 0.1 or more)": told.feelings, "reason": told.reasons}
    lines += _listed("Heard otherwise than before", changed)
    lines += _listed("Still as other models heard them", summary.earlier_models)
    return [*lines, *_listed("Needs a look", summary.flags)]


def learned_lines(learned: Learned, store: Path) -> list[str]:
    """Old and new weights side by side, and which of them is used from now on."""
    lines = [f"Learned from {learned.taught:,} answers. On answers held out (log loss, lower is better; share right):"]
    width = max((len(each.what) for each in learned.compared), default=0)
    lines += [
        f"  {each.what:<{width}}  n {each.n:>5,} ({each.contacts:,} contacts)  loss {each.old_loss:.3f} → "
        f"{each.new_loss:.3f} ({_difference(each)})  right {each.old_right:.0%} → {each.new_right:.0%}"
        for each in learned.compared
    ]
    lines += [f"  {what}: {old:.2f} → {new:.2f}" for what, old, new in learned.evaluated]
    if learned.adopted is None:
        return [*lines, _why_not(learned)]
    return [
        *lines, f"Adopted as {learned.adopted}. Back: analyzer learn use shipped --store {store}",
        f"Contacts of before: analyzer rescore --store {store}",
    ]  # fmt: skip


def _difference(each: Compared) -> str:
    if each.low is None or each.high is None:
        return "one contact: no interval"
    return f"difference {each.low:+.3f} to {each.high:+.3f}"


def _why_not(learned: Learned) -> str:
    if learned.too_few_held_out:
        held_out = learned.compared[-1].contacts if learned.compared else 0
        return f"Of {held_out} contacts held out nothing can be said; judge more contacts: the weights in use stay."
    return "Not better beyond chance, or worse elsewhere: the weights in use stay."


def _account(summary: RunSummary) -> str:
    return (
        f"{summary.read:,} read = {summary.accepted:,} accepted ({summary.replaced:,} replaced) "
        f"+ {summary.rejected:,} rejected + {summary.duplicate:,} duplicate; {summary.skipped:,} files skipped"
    )


def _pace(summary: RunSummary) -> str:
    as_of = f", as of {summary.as_of:%Y-%m-%d %H:%M} UTC" if summary.as_of else ""
    pace = f", {summary.contacts_per_s:,.1f} contacts/s" if summary.accepted and not summary.dry_run else ""
    return f"{summary.seconds:,.1f} s{pace}{as_of}"


def _listed(title: str, counts: Mapping[str, int]) -> list[str]:
    if not counts:
        return []
    width = max(map(len, counts))
    return [f"{title}:", *(f"  {name:<{width}}  {count:>6,}" for name, count in counts.items())]


def summary_json(summary: RunSummary) -> str:
    fields = {**asdict(summary), "contacts_per_s": summary.contacts_per_s, "reject_share": summary.reject_share}
    return json.dumps(fields, default=str, ensure_ascii=False)


def print_exported(tables: Sequence[Exported], to: str) -> None:
    width = max(len(table.place) for table in tables)
    for table in tables:
        print(f"  {table.place:<{width}}  {table.rows:>9,} rows")
    print(f"Wrote {len(tables)} tables to {to}.")
    if cut := sum(table.cut for table in tables):
        print(f"{cut:,} texts did not fit a cell and end in …; another --format holds them whole.")


def print_checks(checks: Sequence[Check]) -> None:
    width = max(len(check.name) for check in checks)
    for check in checks:
        print(f"  {'ok  ' if check.ok else 'FAIL'}  {check.name:<{width}}  {check.detail}")


def print_problems(problems: Sequence[Problem]) -> None:
    for problem in problems:
        print(f"  {problem.message}")
    print("The store is whole." if not problems else f"{len(problems)} problems. `analyzer repair` mends what it can.")


def print_repaired(repaired: Sequence[Repaired]) -> None:
    for item in repaired:
        print(f"  {item.message}")
        if item.days:
            print("    run again: " + ", ".join(day.isoformat() for day in sorted(item.days)))
    if not repaired:
        print("Nothing to repair.")


def print_retried(retried: Retried) -> None:
    """The account of the run, then what became of the records."""
    if retried.summary is not None:
        print(_account(retried.summary))
        for line in _listed("Rejected again", retried.summary.reject_codes):
            print(line)
    for line in retried_lines(retried):
        print(line)
