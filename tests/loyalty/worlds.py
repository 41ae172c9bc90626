"""Small invented worlds for the loyalty tests: what a test states, the rest plain."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from analyzer.config import LoyaltySettings, load_settings
from analyzer.tables import STORED

AS_OF = datetime(2026, 11, 1, tzinfo=UTC)
NO_LINKS = pd.DataFrame({"interaction_id": []})
NO_CUES = pd.DataFrame({"interaction_id": [], "turn": [], "label": [], "found": []})


def settings(**changes: Any) -> LoyaltySettings:
    assignments = [f"loyalty.{name}={value!r}".replace("'", '"') for name, value in changes.items()]
    return load_settings(None, assignments).loyalty


def days_ago(days: float) -> datetime:
    return AS_OF - timedelta(days=days)


def contacts(*rows: dict[str, Any]) -> pd.DataFrame:
    """Facts of contacts in the contract's columns; ``days`` ago is the one thing a row must say."""
    full = []
    for number, row in enumerate(rows):
        row = dict(row)
        started = days_ago(row.pop("days"))
        plain = {
            "interaction_id": f"c-{number}",
            "started_at": started,
            "ended_at": started + timedelta(minutes=5),
            "day": started.date(),
            "channel": "voice",
            "direction": "inbound",
            "language": "de",
            "agent_ids": [],
            "source_id": "s",
            "source_uri": "f",
            "source_format": "native",
            "content_hash": "h",
            "started_at_source": "record",
            "turn_count": 4,
            "customer_turns": 2,
            "agent_turns": 2,
            "empathic_opportunities": 0,
            "opportunities_met": 0,
            "opportunities_hurt": 0,
            "opportunities_met_by_action": 0,
            "role_confidence": 0.9,
        }
        full.append(plain | row)
    return STORED["interaction_facts"].from_rows(full).to_pandas()


def records(*rows: dict[str, Any]) -> pa.Table:
    """Loyalty records from wide rows; ``days`` ago is as_of, ``known_days`` ago is known_at."""
    long = []
    for row in rows:
        row = dict(row)
        key, days = row.pop("customer_key"), row.pop("days", 0)
        known = row.pop("known_days", days)
        for fact, value in row.items():
            field = "text" if isinstance(value, str) else "time" if isinstance(value, datetime) else "number"
            value = float(value) if field == "number" else value
            long.append(
                {
                    "customer_key": key,
                    "as_of": days_ago(days),
                    "known_at": days_ago(known),
                    "fact": fact,
                    field: value,
                    "source_uri": "f",
                }
            )
    return STORED["loyalty_records"].from_rows(long)


def surveys(*rows: dict[str, Any]) -> pa.Table:
    """Answers; ``days`` ago is answered_at."""
    full = []
    for number, row in enumerate(rows):
        row = dict(row)
        full.append({"survey_id": f"s-{number}", "answered_at": days_ago(row.pop("days")), "source_uri": "f"} | row)
    return STORED["surveys"].from_rows(full)


def shuffled(frame: pd.DataFrame, seed: int = 1) -> pd.DataFrame:
    return frame.sample(frac=1, random_state=seed).reset_index(drop=True)


def leaving_world(
    customers: int, effect: float, seed: int, *, base: float = 0.15, confounded: float = 0.0
) -> tuple[pd.DataFrame, pa.Table]:
    """Contacts over 20 months, and records; the log hazard of notice falls by ``effect`` per sd of empathy.

    ``confounded`` ties handle time to empathy, though only empathy matters.
    """
    rng = np.random.default_rng(seed)
    rows: list[dict[str, Any]] = []
    facts: list[dict[str, Any]] = []
    for number in range(customers):
        key, notice = f"k-{number:05d}", None
        at = 600.0 - rng.uniform(0, 60)
        while at > 0:
            empathy = rng.normal()
            handle = confounded * empathy + np.sqrt(1 - confounded**2) * rng.normal()
            rows.append(
                {
                    "customer_key": key,
                    "days": at,
                    "empathy": 3 + 0.6 * empathy,
                    "effort": 3 + 0.6 * rng.normal(),
                    "resolved_probability": rng.uniform(),
                    "handle_s": float(np.exp(6 + 0.4 * handle)),
                    "wait_s": float(np.exp(4 + rng.normal())),
                    "sentiment_start": rng.uniform(-1, 1),
                    "satisfaction": 3.0 + rng.uniform(-1, 1),
                    "churn_talk_probability": rng.uniform(0, 0.3),
                }
            )
            gap = rng.exponential(80) + 1
            wait = rng.exponential(90 / (base * np.exp(-effect * empathy)))
            if wait < min(gap, 90.0) and at - wait > 0:
                notice = days_ago(at - wait)
                break
            at -= gap
        facts.append(
            {"customer_key": key, "days": 0, "may_contact": True, "segment": "private"}
            | ({"cancel_received_at": notice} if notice else {})
        )
    return contacts(*rows), records(*facts)
