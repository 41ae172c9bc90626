"""Whom to call and whom to thank: the customers at risk and the loyal ones, the valuable first.

Nobody is listed whom the company may not contact: only a fact ``may_contact`` = yes as of the date admits a
customer. Where no probability can be estimated yet, talk of leaving or two other signs put a customer on the list,
for a company that starts has no past to learn from and still should call.

A share of each list is ``held_out``, drawn by a hash that never changes its mind: left alone, they tell what acting on
the others changed (``initiatives``). It is an offer; what was done is what the company then says was done.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa

from analyzer.config import LoyaltySettings
from analyzer.loyalty.initiatives import is_held_out
from analyzer.tables import STORED

SIGNS_WITHOUT_MODEL: Final = 2


def action_lists(customers: pd.DataFrame, as_of: datetime, settings: LoyaltySettings) -> pa.Table:
    """STORED["action_lists"]: at_risk, then thank; within each by value, then by urgency, then by key."""
    admitted = customers[customers["may_contact"] & ~customers["left"]]
    at_risk = admitted[_at_risk(admitted, settings)]
    unhappy = admitted["satisfaction_index"] < settings.satisfied_from
    loyal = admitted["loyalty_index"] >= settings.thank_list_from
    thank = admitted[loyal & ~unhappy & ~admitted.index.isin(at_risk.index) & (admitted["bonds"].str.len() > 0)]
    rows = []
    for name, listed, urgency, reasons in (("at_risk", at_risk, "at_risk_probability", "risks"),
                                           ("thank", thank, "loyalty_index", "bonds")):  # fmt: skip
        for key, row in _valuable_first(listed, urgency, settings).iterrows():
            why, tier = list(row[reasons]), row["value_tier"]
            rows.append({"list": name, "customer_key": key, "reasons": why, "value_tier": tier, "may_contact": True,
                         "as_of": as_of, "held_out": is_held_out(name, str(key), settings)})  # fmt: skip
    return STORED["action_lists"].from_rows(rows)


def _at_risk(customers: pd.DataFrame, settings: LoyaltySettings) -> pd.Series[bool]:
    probability = customers["at_risk_probability"]
    spoke = customers["risks"].map(_spoke_of_leaving).astype(bool)
    signs = customers["risks"].str.len() >= SIGNS_WITHOUT_MODEL
    return (probability >= settings.risk_list_from) | (probability.isna() & (spoke | signs))


def _valuable_first(customers: pd.DataFrame, urgency: str, settings: LoyaltySettings) -> pd.DataFrame:
    """By revenue, or where it is unknown by the least revenue of the tier; unknown value last."""
    medium, high = settings.value_tiers
    least = customers["value_tier"].map({"low": 0.0, "medium": medium, "high": high}).astype("float64")
    value = customers["revenue_12m"].astype("float64").fillna(least).fillna(-np.inf)
    keyed = customers.assign(
        _value=value, _urgency=customers[urgency].astype("float64").fillna(0.0), _key=customers.index
    )
    return keyed.sort_values(["_value", "_urgency", "_key"], ascending=[False, False, True], kind="stable")


def _spoke_of_leaving(risks: list[str]) -> bool:
    return any(risk.startswith("spoke of leaving") for risk in risks)
