"""Figures of days, weeks and months whose contacts are no longer kept: they stay as they were last computed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from analyzer.trust.journal import Journal

if TYPE_CHECKING:
    from analyzer.store.store import Store

BY_PERIOD: Final = ("unit_scores", "counter_measures", "fcr_rates", "staff_mood", "control_chart_points")
_WEEK: Final = re.compile(r"(\d{4})-W(\d{2})")
_MONTH: Final = re.compile(r"(\d{4})-(\d{2})")


def days_of(period: str) -> tuple[date, date]:
    """First and last day of ``2026-11-21``, ``2026-W47`` or ``2026-11``."""
    if week := _WEEK.fullmatch(period):
        monday = date.fromisocalendar(int(week[1]), int(week[2]), 1)
        return monday, monday + timedelta(days=6)
    if month := _MONTH.fullmatch(period):
        first = date(int(month[1]), int(month[2]), 1)
        return first, (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    day = date.fromisoformat(period)
    return day, day


def with_kept_periods(store: Store, derived: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
    """``derived`` with periods that began before the first kept day as they stand in the store.

    What is left of such a period says less than what was computed when it was whole.
    """
    journal = Journal(store.path)
    contacts, agents = journal.limit("contacts"), journal.limit("agents")
    if contacts is None and agents is None:
        return dict(derived)
    done = dict(derived)
    for name in BY_PERIOD:
        standing = store.read(name)
        stays = [_began_before(row, contacts, agents) for row in _periods(standing)]
        anew = [not _began_before(row, contacts, agents) for row in _periods(derived[name])]
        kept, computed = standing.filter(_mask(stays)), derived[name].filter(_mask(anew))
        done[name] = pa.concat_tables([kept, computed.select(kept.column_names).cast(kept.schema)])
    return done


def without_old_agents(table: pa.Table, agents_from: date) -> pa.Table:
    """``table`` without figures of agents of periods that were over before ``agents_from``."""
    old = [row.get("unit_kind") == "agent" and _span(row)[1] < agents_from for row in _periods(table)]
    return table.filter(_mask([not each for each in old]))


def _began_before(row: Mapping[str, Any], contacts: date | None, agents: date | None) -> bool:
    first = _span(row)[0]
    limits = [contacts, agents if row.get("unit_kind") == "agent" else None]
    return any(limit is not None and first < limit for limit in limits)


def _span(row: Mapping[str, Any]) -> tuple[date, date]:
    return (row["day"], row["day"]) if "day" in row else days_of(row["period"])


def _periods(table: pa.Table) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = table.select(
        [name for name in ("unit_kind", "period", "day") if name in table.column_names]
    ).to_pylist()
    return found


def _mask(values: list[bool]) -> pa.Array:
    return pa.array(values, pa.bool_())
