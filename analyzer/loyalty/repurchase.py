"""Whether the customer bought again within the horizon after a contact, and whether they had before it.

Purchases are facts ``purchased_at``, one a purchase. Where the records hold none, a count ``purchases_12m`` recorded
about a year after a contact (or about at it, for the year before) says whether anything was bought in that year; the
horizon is then 365 days, whatever the settings say.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

import numpy as np
import pandas as pd

from analyzer.loyalty.covariates import in_order

YEAR_DAYS: Final = 365
TOLERANCE_DAYS: Final = 45  # a yearly count may be recorded this much before or after the year is full
PURCHASE: Final = "purchased_at"
YEARLY: Final = "purchases_12m"


@dataclass(frozen=True, slots=True)
class Repurchase:
    """1 where the customer bought, 0 where not, NaN where that is not known (yet); a row a contact."""

    after: pd.Series[float]
    before: pd.Series[float]
    horizon_days: int


def repurchases(contacts: pd.DataFrame, frame: pd.DataFrame, as_of: datetime, horizon_days: int) -> Repurchase:
    """Of each contact, by what was known on ``as_of``."""
    bought = frame[(frame["fact"] == PURCHASE) & frame["time"].notna() & (frame["time"] <= as_of)]
    if len(bought):
        return _dated(contacts, bought, as_of, horizon_days)
    counted = frame[(frame["fact"] == YEARLY) & frame["number"].notna()]
    year = pd.Timedelta(days=YEAR_DAYS)
    after = _yearly(contacts, counted, contacts["known_at"] + year)
    before = _yearly(contacts, counted, contacts["known_at"])
    return Repurchase(after, before, YEAR_DAYS)


def _dated(contacts: pd.DataFrame, bought: pd.DataFrame, as_of: datetime, horizon_days: int) -> Repurchase:
    horizon, now = pd.Timedelta(days=horizon_days), pd.Timestamp(as_of)
    left = in_order(contacts[["customer_key", "known_at"]].reset_index(), "known_at")
    right = in_order(bought[["customer_key", "time"]], "time")
    found = {}
    directions: tuple[tuple[str, Literal["forward", "backward"]], ...] = (("after", "forward"), ("before", "backward"))
    for name, direction in directions:
        match = pd.merge_asof(
            left, right, left_on="known_at", right_on="time", by="customer_key", tolerance=horizon,
            direction=direction, allow_exact_matches=direction == "backward",
        )  # fmt: skip
        found[name] = match.set_index("index")["time"].notna().reindex(contacts.index).astype("float64")
    first = bought["time"].min()
    after = found["after"].where(contacts["known_at"] + horizon <= now)
    return Repurchase(after, found["before"].where(contacts["known_at"] - horizon >= first), horizon_days)


def _yearly(contacts: pd.DataFrame, counted: pd.DataFrame, due: pd.Series[pd.Timestamp]) -> pd.Series[float]:
    """Whether the count recorded nearest to ``due`` is above 0."""
    if counted.empty or contacts.empty:
        return pd.Series(np.nan, index=contacts.index, dtype="float64")
    left = in_order(contacts[["customer_key"]].assign(due=due).reset_index(), "due")
    right = in_order(counted[["customer_key", "as_of", "number"]], "as_of")
    match = pd.merge_asof(
        left, right, left_on="due", right_on="as_of", by="customer_key",
        tolerance=pd.Timedelta(days=TOLERANCE_DAYS), direction="nearest",
    )  # fmt: skip
    number = match.set_index("index")["number"].reindex(contacts.index)
    return (number > 0).astype("float64").where(number.notna())
