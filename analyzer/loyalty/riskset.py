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

import pandas as pd

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
    """The risk set as of ``as_of``. Customers of whom only the date of their notice is unknown are left out."""
    now = pd.Timestamp(as_of)
    known = customers[customers["on_record"] & ~(customers["left"] & customers["notice_at"].isna())]
    counted = _counted(contacts, known)
    spans, clock = _spans(counted, known, starts, now, horizon_days)
    counted = counted[counted["customer_key"].isin(spans.index)].reset_index(drop=True)
    rows = pd.concat(
        [
            _in_force(counted, spans, horizon_days, latency_days),
            _between(counted, spans, horizon_days),
            _before(counted, spans),
        ],
        ignore_index=True,
    )
    rows = rows[rows["stop"] > rows["start"]]
    told = spans.loc[rows["customer_key"]]
    origin = told["origin"].to_numpy()
    found = pd.DataFrame(
        {
            "customer_key": rows["customer_key"],
            "contact": rows["contact"].astype("int64"),
            "entry": (rows["start"].to_numpy() - origin) / _DAY,
            "exit": (rows["stop"].to_numpy() - origin) / _DAY,
            "event": (told["notice_at"].to_numpy() == rows["stop"].to_numpy()).astype("float64"),
        }
    )
    return RiskSet(counted, found.reset_index(drop=True), clock)


def _counted(contacts: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    rows = contacts[contacts["customer_key"].isin(known.index) & (contacts["reason"] != CANCELLING)]
    rows = rows[~(rows["known_at"] >= of_customer(rows, known["notice_at"]))]
    return rows.sort_values(["customer_key", "known_at", "interaction_id"], ignore_index=True)


def _spans(
    contacts: pd.DataFrame, known: pd.DataFrame, starts: pd.Series[pd.Timestamp], now: pd.Timestamp, horizon_days: int
) -> tuple[pd.DataFrame, str]:
    """Each customer's time at risk (``begin``, ``end``), ``notice_at`` and the clock's ``origin``; and its name."""
    spans = pd.DataFrame({"notice_at": known["notice_at"].where(known["notice_at"] <= now)})
    spans["end"] = spans["notice_at"].fillna(now)
    first = contacts.groupby("customer_key")["known_at"].min().reindex(spans.index)
    started = starts.reindex(spans.index)
    # Before the first notice on record nobody may have been recording them.
    recorded = spans["notice_at"].min() - pd.Timedelta(days=horizon_days)
    observed = pd.Series([contacts["known_at"].min(), recorded]).max() if len(contacts) else now
    tenure = len(spans) > 0 and started.notna().mean() >= TENURE_SHARE
    # Tenure in whole months may put the start after a first contact; nobody calls before they are a customer.
    origin = pd.concat([started, first], axis=1).min(axis=1).where(started.notna()) if tenure else first
    spans["begin"] = origin.where(~(origin < observed), observed)
    spans["origin"] = origin if tenure else observed
    return spans[spans["begin"].notna() & (spans["begin"] < spans["end"])], "tenure" if tenure else "calendar"


def _stretches(customers: Any, contact: Any, start: Any, stop: Any) -> pd.DataFrame:
    return pd.DataFrame({"customer_key": customers, "contact": contact, "start": start, "stop": stop})


def _limits(contacts: pd.DataFrame, spans: pd.DataFrame) -> tuple[pd.Series[Any], pd.Series[Any]]:
    """Of each contact, the earliest moment that counts and the moment when the next one or the end comes."""
    told = spans.loc[contacts["customer_key"]].set_axis(contacts.index)
    following = contacts.groupby("customer_key")["known_at"].shift(-1)
    return told["begin"], following.fillna(told["end"])


def _in_force(contacts: pd.DataFrame, spans: pd.DataFrame, horizon_days: int, latency_days: int) -> pd.DataFrame:
    begin, until = _limits(contacts, spans)
    start = contacts["known_at"] + pd.Timedelta(days=latency_days)
    stop = contacts["known_at"] + pd.Timedelta(days=horizon_days)
    return _stretches(contacts["customer_key"], contacts.index, start.clip(lower=begin), stop.clip(upper=until))


def _between(contacts: pd.DataFrame, spans: pd.DataFrame, horizon_days: int) -> pd.DataFrame:
    begin, until = _limits(contacts, spans)
    start = contacts["known_at"] + pd.Timedelta(days=horizon_days)
    return _stretches(contacts["customer_key"], -1, start.clip(lower=begin), until)


def _before(contacts: pd.DataFrame, spans: pd.DataFrame) -> pd.DataFrame:
    first = contacts.groupby("customer_key")["known_at"].min().reindex(spans.index)
    return _stretches(spans.index, -1, spans["begin"].to_numpy(), first.fillna(spans["end"]).to_numpy())
