"""Shares of the four quadrants, and the two questions of the field as shares over a horizon, with intervals.

    leaves_given_satisfied   of those satisfied one horizon ago, the share who have given notice since
    leaves_given_unhappy     the same of those who were not satisfied
    unhappy_given_loyal      of those loyal today, the share who are not satisfied today
    <quadrant>_share         of all with both indices observed, the share in the quadrant (the likeliest one)
    undecided_share          of the same, how many are too close to a threshold to be called

``raw`` is counted. ``corrected`` is null until an audit tells how often the readings err. Intervals are Wilson's
for the counted share: they hold the chance of the sample, not the error of the readings.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import pandas as pd
import pyarrow as pa

from analyzer.config import LoyaltySettings
from analyzer.loyalty.intervals import wilson
from analyzer.loyalty.quadrants import QUADRANTS
from analyzer.loyalty.state import segments
from analyzer.tables import STORED

Shares = dict[str, tuple[int, int]]
MEASURES: Final = (*(f"{quadrant}_share" for quadrant in QUADRANTS), "undecided_share", "leaves_given_satisfied",
                   "leaves_given_unhappy", "unhappy_given_loyal")  # fmt: skip


def loyalty_matrix(
    customers: pd.DataFrame, then: pd.DataFrame, recorded: bool, as_of: datetime, settings: LoyaltySettings
) -> pa.Table:
    """STORED["loyalty_matrix"]; ``then``: state one horizon ago, ``recorded``: whether notices are recorded at all."""
    rows: list[dict[str, Any]] = []
    for segment, part in segments(customers):
        shares = _quadrant_shares(part) | _unhappy(part, settings)
        shares |= _leaving(part, then, as_of, settings) if recorded else {}
        for measure in MEASURES:
            count, n = shares.get(measure, (0, 0))
            low, high = wilson(count, n)
            rows.append(
                {
                    "segment": segment,
                    "as_of": as_of,
                    "horizon_days": settings.horizon_days,
                    "measure": measure,
                    "n": n,
                    "raw": count / n if n else None,
                    "corrected": None,
                    "low": low,
                    "high": high,
                }
            )
    return STORED["loyalty_matrix"].from_rows(rows)


def _quadrant_shares(customers: pd.DataFrame) -> Shares:
    seen = customers[customers["likeliest_quadrant"].notna()]
    shares = {f"{name}_share": (int((seen["likeliest_quadrant"] == name).sum()), len(seen)) for name in QUADRANTS}
    return shares | {"undecided_share": (int(seen["quadrant"].isna().sum()), len(seen))}


def _unhappy(customers: pd.DataFrame, settings: LoyaltySettings) -> Shares:
    loyal = (customers["loyalty_index"] >= settings.loyal_from) & ~customers["left"]
    seen = customers[loyal & customers["satisfaction_index"].notna()]
    return {"unhappy_given_loyal": (int((seen["satisfaction_index"] < settings.satisfied_from).sum()), len(seen))}


def _leaving(customers: pd.DataFrame, then: pd.DataFrame, as_of: datetime, settings: LoyaltySettings) -> Shares:
    """Notices since one horizon ago among those on record today who had not left then."""
    start = pd.Timestamp(as_of) - pd.Timedelta(days=settings.horizon_days)
    undated = customers["left"] & customers["notice_at"].isna()
    at_risk = customers[customers["on_record"] & ~undated & ~(customers["notice_at"] <= start)]
    satisfaction = then["satisfaction_index"].reindex(at_risk.index)
    shares: Shares = {}
    for measure, group in (("satisfied", satisfaction >= settings.satisfied_from),
                           ("unhappy", satisfaction < settings.satisfied_from)):  # fmt: skip
        shares[f"leaves_given_{measure}"] = (int((at_risk["left"] & group).sum()), int(group.sum()))
    return shares
