"""The loyalty of each customer as of a date: indices, quadrant, risk and the reasons for it."""

from __future__ import annotations

from datetime import datetime

import pandas as pd
import pyarrow as pa

from analyzer.config import LoyaltySettings
from analyzer.loyalty.quadrants import likeliest, quadrant_probabilities
from analyzer.loyalty.reasons import customer_reasons
from analyzer.loyalty.risk import StateAt, notice_probability
from analyzer.tables import STORED


def assess_customers(
    state: pd.DataFrame, state_at: StateAt, contacts: pd.DataFrame, as_of: datetime, settings: LoyaltySettings
) -> pd.DataFrame:
    """``state`` with ``quadrant``, ``likeliest_quadrant`` (however unsure), ``at_risk_probability`` and reasons."""
    probabilities = quadrant_probabilities(state, settings)
    complete = probabilities.notna().all(axis=1)
    return state.assign(
        quadrant=likeliest(probabilities, settings.quadrant_probability),
        likeliest_quadrant=likeliest(probabilities, 0.0).where(complete, None),
        at_risk_probability=notice_probability(state, state_at, contacts, as_of, settings),
        **customer_reasons(state, contacts, as_of, settings),
    )


def customers_table(customers: pd.DataFrame, as_of: datetime, settings: LoyaltySettings) -> pa.Table:
    """STORED["customers"]; ``reasons`` names what endangers first, then what binds."""
    plain = customers.astype("object").where(customers.notna(), None)
    rows = [
        {
            "customer_key": key,
            "as_of": as_of,
            "definition": settings.definition,
            **{name: row[name] for name in _COPIED},
            "locked_in": None if row["locked_in"] is None else bool(row["locked_in"]),
            "horizon_days": settings.horizon_days,
            "reasons": [*row["risks"], *row["bonds"]],
        }
        for key, row in zip(plain.index, plain.to_dict("records"), strict=True)
    ]
    return STORED["customers"].from_rows(rows)


_COPIED = ("attitudinal_index", "behavioural_index", "loyalty_index", "satisfaction_index", "quadrant", "value_tier",
           "at_risk_probability")  # fmt: skip
