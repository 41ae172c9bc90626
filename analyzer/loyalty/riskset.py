"""Who could give notice when, and which contact was then in force: start–stop rows of all customers on record.

A customer is at risk from the first day that is observed (the store's first contact, one horizon before the first
notice on record, or their contract's start, whichever is last) until the notice or ``as_of``; entry is delayed to that
day. The clock is tenure where nearly everybody's contract start is known, else the calendar. A contact is in force from
``latency_days`` after its end until the next contact, the horizon, the notice or ``as_of``, whichever is first. The
days before that are nobody's time at risk: whoever has made up their mind calls in a bad mood and gives notice soon,
and to leave out only the contacts that a notice followed would judge them by what came later. Outside of all contacts
the customer is at risk with no contact in force.

Assumes that the records name those who left since then too. Contacts about cancelling, and those at or after the
notice, are left out: they are the notice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
import pandas as pd

from analyzer.loyalty.asof import exits_of
from analyzer.loyalty.contacts import of_customer

TENURE_SHARE: Final = 0.9  # of customers; where fewer contract starts are known the clock is the calendar
MONTH_DAYS: Final = 30.4375
CANCELLING: Final = "contract_cancel"
_DAY: Final = pd.Timedelta(days=1)


@dataclass(frozen=True, slots=True)
class RiskSet:
    """``contacts`` that can count, in order of customer and time; ``rows`` name theirs by position (−1: none in force).

    ``rows``: ``customer_key``, ``contact``, ``entry``, ``exit`` (days on ``clock``), ``event`` (0 or 1).
    """

    contacts: pd.DataFrame
    rows: pd.DataFrame
    clock: str


def contract_starts(frame: pd.DataFrame) -> pd.Series[pd.Timestamp]:
    """When each customer's contract began, by the newest tenure on record and the date that it holds for."""
    told = frame[(frame["fact"] == "tenure_months") & frame["number"].notna()]
    newest = told.drop_duplicates("customer_key", keep="last").set_index("customer_key")
    return newest["as_of"] - pd.to_timedelta(newest["number"] * MONTH_DAYS, unit="D")


def risk_set(
    contacts: pd.DataFrame, customers: pd.DataFrame, starts: pd.Series[pd.Timestamp], as_of: datetime,
    horizon_days: int, latency_days: int,
) -> RiskSet:  # fmt: skip
    """The risk set as of ``as_of``. Customers of whom only the date of their exit is unknown are left out."""
    known = customers[customers["on_record"] & ~(customers["left"] & exits_of(customers).isna())]
    counted = _counted(contacts, known)
    at = _days(counted["known_at"], as_of)
    spans, clock = _spans(at, counted["customer_key"], known, starts, as_of, horizon_days)
    inside = counted["customer_key"].isin(spans.index).to_numpy()
    counted, at = counted[inside].reset_index(drop=True), at[inside].reset_index(drop=True)
    rows = pd.concat(_stretches(at, counted["customer_key"], spans, horizon_days, latency_days), ignore_index=True)
    rows = rows[rows["stop"] > rows["start"]].reset_index(drop=True)
    told = spans.loc[rows["customer_key"]].reset_index(drop=True)
    found = pd.DataFrame(
        {
            "customer_key": rows["customer_key"],
            "contact": rows["contact"].astype("int64"),
            "entry": rows["start"] - told["origin"],
            "exit": rows["stop"] - told["origin"],
            "event": (told["notice"] == rows["stop"]).astype("float64"),
        }
    )
    return RiskSet(counted, found, clock)


def _days(moments: pd.Series[pd.Timestamp], as_of: datetime) -> pd.Series[float]:
    """Days after ``as_of``, below 0 before it."""
    return (moments - pd.Timestamp(as_of)) / _DAY


def _counted(contacts: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    rows = contacts[contacts["customer_key"].isin(known.index) & (contacts["reason"] != CANCELLING)]
    rows = rows[~(rows["known_at"] >= of_customer(rows, exits_of(known)))]
    return rows.sort_values(["customer_key", "known_at", "interaction_id"], ignore_index=True)


def _spans(
    at: pd.Series[float], keys: pd.Series[str], known: pd.DataFrame, starts: pd.Series[pd.Timestamp], as_of: datetime,
    horizon_days: int,
) -> tuple[pd.DataFrame, str]:  # fmt: skip
    """Each customer's time at risk (``begin``, ``end``), ``notice`` and the clock's ``origin`` in days; its name."""
    notice = _days(known["notice_at"], as_of)
    spans = pd.DataFrame({"notice": notice.where(notice <= 0)})
    gone = _days(exits_of(known), as_of)
    spans["end"] = gone.where(gone <= 0).fillna(0.0)
    first = at.groupby(keys).min().reindex(spans.index)
    started = _days(starts.reindex(spans.index), as_of)
    # Before the first notice on record nobody may have been recording them.
    observed = pd.Series([at.min(), spans["notice"].min() - horizon_days]).max() if len(at) else 0.0
    tenure = len(spans) > 0 and bool(started.notna().mean() >= TENURE_SHARE)
    # Tenure in whole months may put the start after a first contact; nobody calls before they are a customer.
    origin = pd.concat([started, first], axis=1).min(axis=1).where(started.notna()) if tenure else first
    spans["first"] = first
    spans["begin"] = origin.clip(lower=observed)
    spans["origin"] = origin if tenure else observed
    return spans[spans["begin"] < spans["end"]], "tenure" if tenure else "calendar"


def _stretches(
    at: pd.Series[float], keys: pd.Series[str], spans: pd.DataFrame, horizon_days: int, latency_days: int
) -> list[pd.DataFrame]:
    """With each contact in force, after it with none, and before the first."""
    told = spans.loc[list(keys)].reset_index(drop=True)
    until = at.groupby(keys).shift(-1).fillna(told["end"])

    def stretch(customers: Any, contact: Any, start: Any, stop: Any) -> pd.DataFrame:
        return pd.DataFrame({"customer_key": customers, "contact": contact, "start": start, "stop": stop})

    over = at + horizon_days
    return [
        stretch(keys, at.index, np.maximum(at + latency_days, told["begin"]), np.minimum(over, until)),
        stretch(keys, -1, np.maximum(over, told["begin"]), until),
        stretch(spans.index, -1, spans["begin"].to_numpy(), spans["first"].fillna(spans["end"]).to_numpy()),
    ]
