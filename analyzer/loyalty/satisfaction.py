"""How satisfied each customer is, 0–100, with a standard error: what they said, and what their contacts showed.

A reading of age a weighs ``0.5 ** (a / half-life)``: one of that age says half as much, so its variance is double.
The index is the weighted mean, its standard error ``s / sqrt(Σ weights)``, with s how much one customer's readings
differ. Where a customer answered for a contact, the answer stands and what the model read from that contact does
not count.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa

from analyzer.loyalty.definition import PRIOR_DEGREES, PRIOR_SPREAD

# NPS and intentions are attitude (definition.py); these tell how it was.
SATISFACTION_ITEMS: Final = ("csat", "ces")
# A smaller rank replaces a larger one on the same contact; an answer about effort stands beside the one about it all.
_ANSWERED, _RATED, _READ = 0, 1, 2
_COLUMNS: Final = ["customer_key", "at", "value", "interaction_id", "rank", "stands"]


def satisfaction_readings(contacts: pd.DataFrame, surveys: pa.Table) -> pd.DataFrame:
    """One row a reading: ``customer_key``, ``at``, ``value`` 0–100, its contact, and what may replace it."""
    answers = surveys.select(["customer_key", "interaction_id", "answered_at", "item", "good"]).to_pandas()
    answers = answers[answers["item"].isin(SATISFACTION_ITEMS) & answers["good"].notna()]
    answers = answers[answers["answered_at"].notna()]
    told = pd.DataFrame(
        {
            "customer_key": answers["customer_key"],
            "at": answers["answered_at"],
            "value": answers["good"] * 100,
            "interaction_id": answers["interaction_id"],
            "rank": answers["item"].map({"csat": _ANSWERED, "ces": _RATED}).astype("int64"),
            "stands": answers["item"].eq("ces") | answers["interaction_id"].isna(),
        }
    )
    of_contacts = [_of_contacts(contacts, "csat", _RATED), _of_contacts(contacts, "satisfaction", _READ)]
    parts = [part for part in (told, *of_contacts) if len(part)]
    readings = pd.concat(parts, ignore_index=True) if parts else of_contacts[0]
    return readings[_COLUMNS].sort_values(["customer_key", "at", "rank", "value"], kind="stable", ignore_index=True)


def _of_contacts(contacts: pd.DataFrame, column: str, rank: int) -> pd.DataFrame:
    """Readings on 1–5 of identified customers, known when the contact is over."""
    seen = contacts[contacts[column].notna() & contacts["customer_key"].notna()]
    return pd.DataFrame(
        {
            "customer_key": seen["customer_key"],
            "at": seen["known_at"],
            "value": ((seen[column].astype("float64") - 1) / 4 * 100).clip(0, 100),
            "interaction_id": seen["interaction_id"],
            "rank": rank,
            "stands": False,
        }
    )


def _unreplaced(readings: pd.DataFrame, as_of: datetime) -> pd.DataFrame:
    """Readings known by ``as_of``; an answer given later had replaced nothing yet."""
    seen = readings[readings["at"] <= as_of]
    best = seen.groupby("interaction_id")["rank"].transform("min")
    return seen[seen["stands"].astype(bool) | (seen["rank"] == best)]


def satisfaction_index(readings: pd.DataFrame, as_of: datetime, halflife_days: float) -> pd.DataFrame:
    """``satisfaction_index``, ``satisfaction_error`` and ``readings`` of each customer with a reading by ``as_of``."""
    seen = _unreplaced(readings, as_of)
    age_days = (pd.Timestamp(as_of) - seen["at"]).dt.total_seconds() / 86400
    # Older than 60 half-lives a weight would vanish and take the mean with it.
    weight = np.power(0.5, (age_days / halflife_days).clip(upper=60))
    by_customer = seen.assign(weight=weight, weighted=weight * seen["value"]).groupby("customer_key")
    sums = by_customer[["weight", "weighted"]].sum()
    spread = _spread(seen)
    index = (sums["weighted"] / sums["weight"]).clip(0, 100)
    return pd.DataFrame(
        {
            "satisfaction_index": index,
            "satisfaction_error": spread / np.sqrt(sums["weight"]),
            "readings": by_customer.size(),
        }
    )


def _spread(readings: pd.DataFrame) -> float:
    """Standard deviation of readings within a customer, pooled and drawn to the prior."""
    value = readings["value"].astype("float64")
    squares = float(((value - value.groupby(readings["customer_key"]).transform("mean")) ** 2).sum())
    degrees = float(len(readings) - readings["customer_key"].nunique())
    return float(np.sqrt((PRIOR_DEGREES * PRIOR_SPREAD**2 + squares) / (PRIOR_DEGREES + degrees)))
