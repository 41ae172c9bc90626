"""What agents promised and what became of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

import numpy as np
import pandas as pd

from analyzer.publish.estimates import Estimate
from analyzer.publish.reading import Tables
from analyzer.publish.sections.window import Window

STATUSES: Final = ("kept", "open", "unknown", "broken")
BROKEN_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Broken:
    interaction_id: str
    day: date
    due: datetime | None
    text: str
    evidence_interaction_id: str | None


@dataclass(frozen=True, slots=True)
class Promises:
    """``kept_share`` is of those whose outcome is known; ``counts`` has every status."""

    total: int
    counts: dict[str, int]
    kept_share: Estimate
    broken: tuple[Broken, ...]


def promises(tables: Tables, window: Window, quotes: bool) -> Promises:
    rows = tables.read("commitments", days=window.days).sort_by(
        [("day", "descending"), ("interaction_id", "ascending")]
    )
    found = rows.to_pylist()
    counted = Counter(row["status"] for row in found)
    counts = {status: counted.get(status, 0) for status in STATUSES}
    broken = [row for row in found if row["status"] == "broken"][:BROKEN_SHOWN]
    return Promises(len(found), counts, share_kept(rows.to_pandas(), window), tuple(
        Broken(row["interaction_id"], row["day"], row["promised_by"], row["text"] if quotes else "",
               row["evidence_interaction_id"])
        for row in broken
    ))  # fmt: skip


def share_kept(rows: pd.DataFrame, window: Window) -> Estimate:
    """Of the promises in ``rows`` those kept, among those kept or broken; a customer's promises are one cluster."""
    customer = window.contacts.set_index("interaction_id")["customer_key"]
    kept, known = (rows["status"].isin(some).to_numpy().astype(np.float64) for some in (("kept",), ("kept", "broken")))
    return window.rules.ratio(kept, known, rows["interaction_id"].map(customer).tolist())
