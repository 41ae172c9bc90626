"""What else is on record about the customer of a contact: other contacts, promises, and loyalty as of its day."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

import pyarrow.dataset as ds

from analyzer.review.database import Row
from analyzer.review.desk import AUDIT, rows_of
from analyzer.review.roles import User
from analyzer.store.store import Store

MOST: Final = 20  # other contacts shown
_OTHERS: Final = (
    "interaction_id", "day", "started_at", "channel", "reason", "resolution", "team", "agent_ids", "agent_turns",
    "customer_turns",
)  # fmt: skip
_NEWEST: Final = ("as_of", "known_at", "source_uri")
FACTS: Final = (
    "segment", "tier", "tenure_months", "product_line", "purchases_12m", "revenue_12m", "nps", "referrals",
    "complaints_12m", "may_contact", "contract_end", "cancel_received_at", "churned", "churned_at", "exit_reason",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class OtherContact:
    """``fcr_status`` and ``resolution`` are None where the contact is drawn for an audit that still awaits answers."""

    interaction_id: str
    started_at: datetime
    channel: str
    reason: str | None
    resolution: str | None
    fcr_status: str | None
    promises: tuple[Row, ...]
    awaits_audit: bool
    is_later: bool


@dataclass(frozen=True, slots=True)
class Loyalty:
    """``facts``: of each the newest that held and was known when the contact began. ``state``: the assessed row, of
    before the contact if there is one (``is_later`` false), else the one that stands today."""

    facts: tuple[Row, ...]
    state: Row | None
    is_later: bool


@dataclass(frozen=True, slots=True)
class CustomerHistory:
    """``elsewhere``: how many further contacts the reader may not see. ``fcr``: of the contact itself."""

    others: tuple[OtherContact, ...]
    more: int
    elsewhere: int
    fcr: tuple[Row, ...]
    loyalty: Loyalty | None


def customer_history(store: Store, facts: Row, user: User, settled: Collection[str]) -> CustomerHistory:
    """What ``user`` may see of the customer. ``settled``: drawn contacts whose audit they have answered."""
    found = sorted(_contacts(store, facts), key=lambda row: row["started_at"], reverse=True)
    seen = [row for row in found if user.may_see(row["team"], frozenset(row["agent_ids"]))]
    fcr = rows_of(store, "fcr", _of([facts["interaction_id"]], [facts["day"]]))
    ordered = sorted(fcr, key=lambda row: (row["matter"] != "same", row["window_days"]))
    return CustomerHistory(
        _others(store, seen[:MOST], facts["started_at"], settled), max(0, len(seen) - MOST), len(found) - len(seen),
        tuple(ordered), _loyalty(store, facts["customer_key"], facts["started_at"]),
    )  # fmt: skip


def known_then(records: Sequence[Row], then: datetime) -> tuple[Row, ...]:
    """Of each fact the newest that held and could be known at ``then``, in the order in which they are read."""
    known = [row for row in records if row["as_of"] <= then and row["known_at"] <= then]
    newest = {row["fact"]: row for row in sorted(known, key=lambda row: tuple(row[name] for name in _NEWEST))}
    ordered = [*(fact for fact in FACTS if fact in newest), *sorted(set(newest) - set(FACTS))]
    return tuple(newest[fact] for fact in ordered)


def _contacts(store: Store, facts: Row) -> list[Row]:
    if facts["customer_key"] is None:
        return []
    own = ds.field("customer_key") == facts["customer_key"]
    found = rows_of(store, "interaction_facts", own, _OTHERS)
    return [row for row in found if row["interaction_id"] != facts["interaction_id"]]


def _others(store: Store, rows: list[Row], then: datetime, settled: Collection[str]) -> tuple[OtherContact, ...]:
    if not rows:
        return ()
    where = _of([row["interaction_id"] for row in rows], [row["day"] for row in rows])
    status = {row["interaction_id"]: row["fcr_status"] for row in rows_of(store, "outcomes", where)}
    promises = rows_of(store, "commitments", where)
    drawn = {row["interaction_id"] for row in rows_of(store, "flags", where & (ds.field("rule") == AUDIT))} - {*settled}
    return tuple(_other(row, status, promises, row["interaction_id"] in drawn, then) for row in rows)


def _other(row: Row, status: dict[str, str], promises: Sequence[Row], drawn: bool, then: datetime) -> OtherContact:
    own = () if drawn else tuple(each for each in promises if each["interaction_id"] == row["interaction_id"])
    return OtherContact(
        row["interaction_id"], row["started_at"], row["channel"], None if drawn else row["reason"],
        None if drawn else row["resolution"], None if drawn else status.get(row["interaction_id"]),
        tuple(sorted(own, key=lambda each: each["turn"])), drawn, row["started_at"] > then,
    )  # fmt: skip


def _loyalty(store: Store, key: str | None, then: datetime) -> Loyalty | None:
    if key is None:
        return None
    own = ds.field("customer_key") == key
    facts = known_then(rows_of(store, "loyalty_records", own), then)
    states = sorted(rows_of(store, "customers", own), key=lambda row: row["as_of"])
    before = [row for row in states if row["as_of"] <= then]
    state = before[-1] if before else states[-1] if states else None
    return Loyalty(facts, state, state is not None and not before) if facts or state else None


def _of(ids: Sequence[str], days: Sequence[date]) -> ds.Expression:
    return ds.field("interaction_id").isin(list(ids)) & ds.field("day").isin(sorted(set(days)))
