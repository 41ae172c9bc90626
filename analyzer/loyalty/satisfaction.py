"""How satisfied each customer is, 0–100: what they said, and what their contacts showed.

A reading of age a weighs ``0.5 ** (a / half-life)``; the index is the weighted mean. Where a customer answered for a
contact, the answer stands and what the model read from that contact does not count. Where enough contacts were both
rated and read, readings are put on the scale of the answers first (reading_error.py). The standard error is that of the
index as a reading of the level on the day itself: how readings differ, how few they are, how stale.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import pandas as pd
import pyarrow as pa

from analyzer.loyalty.levels import levels_at, measured
from analyzer.loyalty.reading_error import ASSUMED, ReadingError, reading_error

# NPS and intentions are attitude (definition.py); these tell how it was.
SATISFACTION_ITEMS: Final = ("csat", "ces")
# A smaller rank replaces a larger one on the same contact; an answer about effort stands beside the one about it all.
_ANSWERED, _RATED, _READ = 0, 1, 2
_NOT_AUDITED: Final = pd.DataFrame({"interaction_id": [], "answer": [], "weight": []})
_COLUMNS: Final = ["customer_key", "at", "value", "interaction_id", "rank", "stands", "language"]


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
            "language": None,
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
            "language": seen["language"].astype("object"),
        }
    )


def standing_readings(readings: pd.DataFrame, as_of: datetime) -> pd.DataFrame:
    """Readings that count by ``as_of``, one a contact and source, with ``told``; a later answer replaces nothing yet.

    Two answers about one contact are one reading, their mean: they share the moment, so they do not tell twice.
    """
    seen = readings[readings["at"] <= as_of]
    best = seen.groupby("interaction_id")["rank"].transform("min")
    seen = seen[seen["stands"].astype(bool) | (seen["rank"] == best)]
    seen = seen.assign(told=seen["rank"] < _READ)
    contact = seen["interaction_id"].where(seen["told"])
    doubled = contact.notna() & contact.duplicated(keep=False)
    if not doubled.any():
        return seen
    merged = seen[doubled].groupby("interaction_id", sort=True)
    means = merged.first().assign(value=merged["value"].mean(), at=merged["at"].max()).reset_index()
    together = pd.concat([seen[~doubled], means[seen.columns]], ignore_index=True)
    return together.sort_values(["customer_key", "at", "rank", "value"], kind="stable", ignore_index=True)


def error_of_readings(
    readings: pd.DataFrame, as_of: datetime, halflife_days: float, audited: pd.DataFrame | None = None
) -> ReadingError:
    """How far readings are from the level, as far as what was known by ``as_of`` tells.

    ``audited``: ``interaction_id``, ``answer`` (1–5) and ``weight`` of contacts that people judged by then.
    """
    seen = readings[readings["at"] <= as_of]
    rated = seen[(seen["rank"] < _READ) & ~(seen["stands"].astype(bool)) & seen["interaction_id"].notna()]
    answer = rated.sort_values("rank", kind="stable").drop_duplicates("interaction_id").set_index("interaction_id")
    judged = (_NOT_AUDITED if audited is None else audited).set_index("interaction_id")
    read = seen[seen["rank"] == _READ].rename(columns={"value": "read"}).reset_index(drop=True)
    contact = read["interaction_id"]
    read = read.assign(
        answers=contact.map(answer["value"]).astype("float64"),
        audits=(contact.map(judged["answer"]).astype("float64") - 1) / 4 * 100,
        audit_weight=contact.map(judged["weight"]).astype("float64"),
    )
    return reading_error(standing_readings(seen, as_of), read, halflife_days)


def satisfaction_index(
    readings: pd.DataFrame, as_of: datetime, halflife_days: float, error: ReadingError | None = None
) -> pd.DataFrame:
    """A row a customer read by ``as_of``: ``satisfaction_index``, ``satisfaction_error``, ``satisfaction_counted`` (the
    index of readings as they are), ``readings``. Without ``error`` readings are taken as they are, with usual noise."""
    found = ASSUMED if error is None else error
    levels = levels_at(standing_readings(readings, as_of), found, as_of, halflife_days)
    seen = measured(levels, found.at)
    return pd.DataFrame(
        {
            "satisfaction_index": seen.read.clip(0, 100),
            "satisfaction_error": seen.error,
            "satisfaction_counted": levels.counted.clip(0, 100),
            "readings": levels.readings,
        },
        index=levels.customers,
    )
