"""``--agents``: which team an agent belonged to when a contact began."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from analyzer.config import IngestSettings
from analyzer.errors import UsageError
from analyzer.ingest import times
from analyzer.ingest.raw import Value
from analyzer.ingest.reject_codes import Refused
from analyzer.ingest.tabular import side_rows, side_table
from analyzer.ingest.values import word_or_none

OPTION: Final = "--agents"
_ALWAYS: Final = datetime(1, 1, 2, tzinfo=UTC)
_FOREVER: Final = datetime(9999, 12, 30, tzinfo=UTC)


@dataclass(frozen=True, slots=True, order=True)
class Membership:
    """An agent's place from ``valid_from`` until before ``valid_to``."""

    valid_from: datetime
    valid_to: datetime
    agent_id: str
    name: str | None = None
    team: str | None = None
    site: str | None = None


@dataclass(frozen=True, slots=True)
class Roster:
    """Memberships by agent, earliest first."""

    by_agent: dict[str, tuple[Membership, ...]]

    def membership(self, agent_id: str, at: datetime) -> Membership | None:
        """The membership as of ``at``; where several hold, the one that began last."""
        for membership in reversed(self.by_agent.get(agent_id, ())):
            if membership.valid_from <= at < membership.valid_to:
                return membership
        return None

    @property
    def names(self) -> dict[str, str]:
        """By agent, the latest name that is given; without those who have none."""
        given = {agent: [each.name for each in rows if each.name] for agent, rows in self.by_agent.items()}
        return {agent: str(names[-1]) for agent, names in given.items() if names}

    def team_of(self, agent_id: str, at: datetime) -> str | None:
        membership = self.membership(agent_id, at)
        return membership.team if membership else None


def load_roster(path: Path, settings: IngestSettings) -> Roster:
    """The table at ``path``. A ``valid_to`` that is a bare date includes that day; a time is exclusive."""
    table = side_table(path, OPTION, settings)
    columns = {name.strip().casefold(): name for name in table.columns}
    if "agent_id" not in columns:
        raise UsageError(
            f"{OPTION} {path} has no column agent_id.",
            hint="Columns: agent_id, name, team, site, valid_from, valid_to.",
        )
    by_agent: dict[str, list[Membership]] = {}
    for row in side_rows(table, path, OPTION):
        cells = {name: row.values.get(column) for name, column in columns.items()}
        agent_id = word_or_none(cells["agent_id"])
        if agent_id is None:
            continue
        try:
            by_agent.setdefault(agent_id, []).append(_membership(agent_id, cells, settings.timezone))
        except Refused as refusal:
            raise UsageError(
                f"{OPTION} {path}: {refusal.detail.rstrip('.')} of row {row.position + 1} below the header is no date.",
                hint="Write it as 2026-11-20.",
            ) from refusal
    return Roster({agent: tuple(sorted(rows, key=lambda row: row.valid_from)) for agent, rows in by_agent.items()})


def _membership(agent_id: str, cells: dict[str, Value], zone: str) -> Membership:
    start, end = cells.get("valid_from"), cells.get("valid_to")
    return Membership(
        times.parse_time(start, zone, "valid_from") if word_or_none(start) else _ALWAYS,
        _until(end, zone) if word_or_none(end) else _FOREVER,
        agent_id,
        *(word_or_none(cells.get(name)) for name in ("name", "team", "site")),
    )


def _until(value: Value, zone: str) -> datetime:
    moment = times.parse_time(value, zone, "valid_to")
    bare = not isinstance(value, datetime) and len(str(value).strip()) <= 10
    if not bare:
        return moment
    if moment.year >= _FOREVER.year - 1:
        return _FOREVER
    after = times.local_date(moment, zone) + timedelta(days=1)
    return times.parse_time(after, zone, "valid_to")
