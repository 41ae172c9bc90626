"""The contacts that had ended by a date, in order of time, with what journey and score say of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import pandas as pd

LINK_COLUMNS: Final = ("fcr_status", "repeat_probability", "promises_broken", "promises_kept", "prior_contacts")
EXPERIENCE_COLUMNS: Final = ("experience_contact",)
_FACTS: Final = (
    "interaction_id", "chain_id", "customer_key", "segment", "product_line", "language", "direction", "reason",
    "started_at", "ended_at", "csat", "satisfaction", "resolution", "resolved_probability", "empathy", "effort",
    "handle_s", "wait_s", "sentiment_start", "sentiment_end", "churn_talk_probability",
    "empathic_opportunities", "expectation_balance",
)  # fmt: skip
_NUMBERS: Final = (
    "csat", "satisfaction", "resolved_probability", "empathy", "effort", "handle_s", "wait_s", "sentiment_start",
    "sentiment_end", "churn_talk_probability", "repeat_probability", "promises_broken", "promises_kept",
    "prior_contacts", "experience_contact", "empathic_opportunities", "expectation_balance",
)  # fmt: skip


def of_customer(contacts: pd.DataFrame, told: pd.Series[Any]) -> pd.Series[Any]:
    """What is told of each contact's customer, a row a contact; null where there is no customer or nothing is told."""
    keys = contacts["customer_key"].astype("object")
    return told.reindex(pd.Index(keys, dtype="object")).set_axis(contacts.index)


def contacts_as_of(facts: pd.DataFrame, links: pd.DataFrame, experience: pd.DataFrame, as_of: datetime) -> pd.DataFrame:
    """Contacts known by ``as_of``; ``known_at`` is their end. Legs of one chain are one contact: its last leg."""
    frame = facts[list(_FACTS)].copy()
    for part, columns in ((links, LINK_COLUMNS), (experience, EXPERIENCE_COLUMNS)):
        keyed = part.set_index("interaction_id") if "interaction_id" in part.columns else part
        for column in columns:
            given = keyed[column] if column in keyed.columns else pd.Series(dtype="object")
            frame[column] = frame["interaction_id"].map(given)
    for column in _NUMBERS:
        frame[column] = pd.to_numeric(frame[column], errors="coerce").astype("float64")
    for column in ("started_at", "ended_at"):
        frame[column] = pd.to_datetime(frame[column], utc=True).astype("datetime64[us, UTC]")
    frame["known_at"] = frame["ended_at"].fillna(frame["started_at"])
    frame = frame[(frame["known_at"] <= as_of) & (frame["direction"] != "internal")]
    frame["customer_key"] = frame["customer_key"].astype("object").where(frame["customer_key"].notna(), None)
    frame = frame.sort_values(["started_at", "interaction_id"], kind="stable")
    chain = frame["chain_id"].astype("object").where(frame["chain_id"].notna(), frame["interaction_id"])
    return frame[~chain.duplicated(keep="last")].reset_index(drop=True)
