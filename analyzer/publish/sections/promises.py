"""What agents promised and what became of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import Final

from analyzer.publish.estimates import Estimate, wilson
from analyzer.publish.reading import Tables
from analyzer.publish.sections.window import Window

STATUSES: Final = ("kept", "open", "unknown", "broken")
BROKEN_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Broken:
    interaction_id: str
    day: date
    due: date | None
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
    return Promises(len(found), counts, _kept(counts["kept"], counts["broken"], window), tuple(
        Broken(row["interaction_id"], row["day"], row["promised_by"].date() if row["promised_by"] else None,
               row["text"] if quotes else "", row["evidence_interaction_id"])
        for row in broken
    ))  # fmt: skip


def _kept(kept: int, broken: int, window: Window) -> Estimate:
    n = kept + broken
    if n < window.rules.min_n:
        return Estimate(n)
    return Estimate(n, kept / n, *wilson(kept / n, n, window.rules.level))
