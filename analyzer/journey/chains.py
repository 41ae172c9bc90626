"""Contacts as customers count them: legs of one call, transfers and redials are one contact.

    facts (one row a leg)  →  contacts (one row a chain), named by the first leg

The first leg gives the start, channel, reason and opening; the last leg with an agent decides the resolution and the
effort (a bot may have taken the call before, or ask for a rating after), or the last of all where no agent took part.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

MINUTE_US = 60_000_000
DAY_US = 86_400_000_000

# Written by wrap-up codes where nobody wanted anything from the company.
NO_REQUEST_DISPOSITIONS = frozenset(
    {"wrong_number", "wrong number", "falsch verbunden", "verwählt", "test", "test call", "testanruf", "spam", "praise"}
)
NO_REQUEST_REASONS = frozenset({"feedback"})

CONTACT_COLUMNS = (
    "contact_id", "legs", "last_leg", "customer_key", "channel", "customer_began", "has_request", "start_us", "end_us",
    "resolution", "resolved_probability", "agent_turns", "effort", "reason", "product_line",
)  # fmt: skip


def micros(times: pd.Series) -> np.ndarray:
    """Microseconds since 1970 in UTC, int64; a missing time is −1."""
    stamps = pd.to_datetime(times, utc=True).dt.as_unit("us")
    values = stamps.astype("int64").to_numpy(dtype=np.int64, copy=True)
    values[stamps.isna().to_numpy()] = -1
    return values


def with_ends(facts: pd.DataFrame, turns: pd.DataFrame, as_of_us: int) -> pd.DataFrame:
    """``facts`` in which contacts whose source tells no end have that of their last turn, where turns tell times."""
    told = turns.reindex(columns=["interaction_id", "start_ms", "end_ms"])
    last_ms = told["end_ms"].fillna(told["start_ms"]).groupby(told["interaction_id"]).max()
    last_us = facts["interaction_id"].map(last_ms).astype(float).to_numpy() * 1000
    end_us = micros(facts["started_at"]) + np.nan_to_num(last_us).astype(np.int64)
    untold = facts["ended_at"].isna().to_numpy() & ~np.isnan(last_us) & (end_us <= as_of_us)
    ended_at = pd.to_datetime(facts["ended_at"], utc=True).astype("datetime64[us, UTC]")
    return facts.assign(
        ended_at=ended_at.mask(untold, pd.Series(pd.to_datetime(end_us, unit="us", utc=True), facts.index))
    )


def chain_contacts(facts: pd.DataFrame, company_began: frozenset[str], redial_minutes: float) -> pd.DataFrame:
    """One row a contact (CONTACT_COLUMNS), ordered by start, then id, with a fresh index.

    Legs belong together by ``chain_id`` within one customer, or when the same customer comes back on the same channel
    within ``redial_minutes`` of the end of the leg before. ``company_began`` names contacts that the company opened.
    """
    legs = _ordered(facts, company_began)
    groups: dict[int, list[dict[str, Any]]] = {}
    for leg, group in zip(legs, _group_legs(legs, round(redial_minutes * MINUTE_US)), strict=True):
        groups.setdefault(group, []).append(leg)
    rows = sorted((_contact(group) for group in groups.values()), key=lambda row: (row["start_us"], row["contact_id"]))
    # Words stay Python objects, so that a missing one is None and not a NaN.
    contacts = pd.DataFrame(rows, columns=list(CONTACT_COLUMNS), dtype=object)
    numbers = {"start_us": np.int64, "end_us": np.int64, "agent_turns": np.int64}
    told = {"resolved_probability": float, "effort": float, "customer_began": bool, "has_request": bool}
    return contacts.astype(numbers).astype(told)


def _ordered(facts: pd.DataFrame, company_began: frozenset[str]) -> list[dict[str, Any]]:
    wanted = [
        *("interaction_id", "chain_id", "customer_key", "channel", "direction", "disposition"),
        *("resolution", "resolved_probability", "agent_turns", "effort", "reason", "product_line"),
    ]
    frame = facts.reindex(columns=wanted).astype(object)
    frame = frame.where(frame.notna(), None)
    start = micros(facts["started_at"])
    frame["start_us"] = start
    # A clock that runs backwards must not end a contact before it began.
    frame["end_us"] = np.maximum(start, micros(facts["ended_at"]))
    legs = [{str(name): value for name, value in leg.items()} for leg in frame.to_dict("records")]
    for leg in legs:
        company = leg["direction"] in ("outbound", "internal") or leg["interaction_id"] in company_began
        leg["customer_began"] = not company
        disposition = str(leg["disposition"] or "").strip().casefold()
        leg["has_request"] = not (
            leg["reason"] in NO_REQUEST_REASONS or disposition in NO_REQUEST_DISPOSITIONS or company
        )
    _share_keys(legs)
    return sorted(legs, key=lambda leg: (leg["start_us"], leg["interaction_id"]))


def _share_keys(legs: list[dict[str, Any]]) -> None:
    """Gives a leg without a customer the key of its chain, where the chain knows exactly one."""
    keys: dict[str, set[str]] = {}
    for leg in legs:
        if leg["chain_id"] is not None and leg["customer_key"] is not None:
            keys.setdefault(leg["chain_id"], set()).add(leg["customer_key"])
    for leg in legs:
        known = keys.get(leg["chain_id"], set())
        if leg["customer_key"] is None and len(known) == 1:
            leg["customer_key"] = next(iter(known))


def _group_legs(legs: list[dict[str, Any]], redial_us: int) -> list[int]:
    """A group number for each leg, in the order given (time)."""
    by_chain: dict[tuple[str, str | None], int] = {}
    latest: dict[tuple[str, str], tuple[int, int]] = {}
    groups: list[int] = []
    for position, leg in enumerate(legs):
        group = _redial_of(leg, latest, redial_us)
        if leg["chain_id"] is not None:
            group = by_chain.get((leg["chain_id"], leg["customer_key"]), group)
        group = position if group is None else group
        if leg["chain_id"] is not None:
            by_chain[leg["chain_id"], leg["customer_key"]] = group
        if leg["customer_key"] is not None and leg["customer_began"]:
            latest[leg["customer_key"], leg["channel"]] = (leg["end_us"], group)
        groups.append(group)
    return groups


def _redial_of(leg: dict[str, Any], latest: dict[tuple[str, str], tuple[int, int]], redial_us: int) -> int | None:
    if leg["customer_key"] is None or not leg["customer_began"]:
        return None
    end, group = latest.get((leg["customer_key"], leg["channel"]), (None, None))
    # Overlap counts too (wrap-up time), but a thread that runs for days beside a new one is not a redial.
    return group if end is not None and abs(leg["start_us"] - end) <= redial_us else None


def _contact(legs: list[dict[str, Any]]) -> dict[str, Any]:
    first, last = legs[0], legs[-1]
    decisive = next((leg for leg in reversed(legs) if leg["agent_turns"]), last)
    resolved, effort = decisive["resolved_probability"], decisive["effort"]
    return {
        "contact_id": first["interaction_id"],
        "legs": tuple(leg["interaction_id"] for leg in legs),
        "last_leg": last["interaction_id"],
        "customer_key": first["customer_key"],
        "channel": first["channel"],
        "customer_began": first["customer_began"],
        "has_request": any(leg["has_request"] for leg in legs),
        "start_us": first["start_us"],
        "end_us": max(leg["end_us"] for leg in legs),
        "resolution": decisive["resolution"],
        "resolved_probability": np.nan if resolved is None else float(resolved),
        "agent_turns": int(decisive["agent_turns"] or 0),
        "effort": np.nan if effort is None else float(effort),
        "reason": next((leg["reason"] for leg in legs if leg["reason"] is not None), None),
        "product_line": next((leg["product_line"] for leg in legs if leg["product_line"] is not None), None),
    }
