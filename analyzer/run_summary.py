"""The account of a run: for a closing line or a log, and as its row in the table of runs."""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from analyzer.config import Settings
from analyzer.engine import most_workers

if TYPE_CHECKING:
    import pyarrow as pa

    from analyzer.loyalty.rows import Problem
    from analyzer.taken_in import Account

_LINES: Final = 5  # of a side file's unreadable lines, in words


@dataclass(frozen=True)
class RunSummary:
    """The account of a run and what needs a look; everything a closing line or a log needs, and no text."""

    run_id: str | None
    read: int
    accepted: int
    rejected: int
    duplicate: int
    replaced: int
    skipped: int
    seconds: float
    as_of: datetime | None
    unchanged: bool = False
    dry_run: bool = False
    model_version: str = ""
    reject_codes: dict[str, int] = field(default_factory=dict)
    flags: dict[str, int] = field(default_factory=dict)
    side_file_problems: dict[str, int] = field(default_factory=dict)
    side_file_lines: dict[str, list[str]] = field(default_factory=dict)  # the first of them, in words
    ignored_keys: dict[str, int] = field(default_factory=dict)
    skipped_files: dict[str, str] = field(default_factory=dict)
    earlier_models: dict[str, int] = field(default_factory=dict)
    turned_away: int = 0  # of the duplicate: of people who were forgotten, or older than what is kept

    @property
    def reject_share(self) -> float:
        return self.rejected / self.read if self.read else 0.0

    @property
    def contacts_per_s(self) -> float:
        return self.accepted / self.seconds if self.seconds > 0 else 0.0


def summary_of(
    account: Account, run_id: str | None, as_of: datetime | None, began: float, flags: dict[str, int],
    problems: Mapping[str, Sequence[Problem]], *, dry_run: bool = False, version: str = "",
    earlier: dict[str, int] | None = None,
) -> RunSummary:  # fmt: skip
    """The account with what the run concluded. ``began``: monotonic; ``problems``: unreadable lines by side file."""
    lines = {name: [f"line {one.line}: {one.message}" for one in told[:_LINES]] for name, told in problems.items()}
    return RunSummary(
        run_id, account.read, account.accepted, account.rejected, account.duplicate, account.replaced,
        len(account.skipped), time.monotonic() - began, as_of, dry_run=dry_run, model_version=version,
        reject_codes=dict(account.reject_codes.most_common()), flags=flags,
        side_file_problems={name: len(told) for name, told in problems.items()}, side_file_lines=lines,
        ignored_keys=dict(account.stats.unknown_keys.most_common(10)),
        skipped_files={item.source_uri: item.reason for item in account.skipped[:20]}, earlier_models=earlier or {},
        turned_away=account.turned_away,
    )  # fmt: skip


def flags_by_rule(flags: pa.Table, taken_in: Collection[str]) -> dict[str, int]:
    """How many flags each rule raised on the contacts ``taken_in`` by this run, most first."""
    pairs = zip(flags["interaction_id"].to_pylist(), flags["rule"].to_pylist(), strict=True)
    return dict(Counter(rule for contact, rule in pairs if contact in taken_in).most_common())


def new_run_id(now: datetime) -> str:
    """A name that sorts by time and that no other run has."""
    return f"{now:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"


def run_row(
    account: Account, run_id: str, started: datetime, finished: datetime, as_of: datetime, settings: Settings,
    version: str, began: float,
) -> dict[str, Any]:  # fmt: skip
    """The run's row in ``runs``."""
    return {
        "run_id": run_id, "started_at": started, "finished_at": finished, "as_of": as_of,
        "config_hash": settings.hash, "model_version": version, "read": account.read, "accepted": account.accepted,
        "rejected": account.rejected, "duplicate": account.duplicate, "replaced": account.replaced,
        "skipped": len(account.skipped), "seconds": time.monotonic() - began,
        "engine": f"local, up to {most_workers(settings)} process(es)",
    }  # fmt: skip
