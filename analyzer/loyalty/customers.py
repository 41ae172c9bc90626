"""The loyalty of each customer as of a date: indices, quadrant, risk and the reasons for it."""

from __future__ import annotations

from datetime import datetime, tzinfo

import pandas as pd
import pyarrow as pa

from analyzer.config import LoyaltySettings
from analyzer.loyalty.asof import Register
from analyzer.loyalty.levels import Levels
from analyzer.loyalty.quadrant_calls import cell_probabilities
from analyzer.loyalty.quadrant_shares import MIN_CUSTOMERS, base_of
from analyzer.loyalty.quadrants import likeliest, of_cells, quadrant_probabilities
from analyzer.loyalty.reading_error import ReadingError
from analyzer.loyalty.reasons import customer_reasons
from analyzer.loyalty.risk import StateAt, notice_probability
from analyzer.tables import STORED


def assess_customers(
    state: pd.DataFrame, state_at: StateAt, contacts: pd.DataFrame, levels: Levels, error: ReadingError,
    register: Register | None, as_of: datetime, settings: LoyaltySettings,
    zone: tzinfo,
) -> pd.DataFrame:  # fmt: skip
    """``state`` with ``quadrant``, ``at_risk_probability`` and reasons."""
    return state.join(quadrants_of(state, levels, error, settings)).assign(
        at_risk_probability=notice_probability(state, state_at, contacts, register, as_of, settings),
        **customer_reasons(state, contacts, as_of, settings, zone),
    )


def quadrants_of(state: pd.DataFrame, levels: Levels, error: ReadingError, settings: LoyaltySettings) -> pd.DataFrame:
    """``quadrant`` of each customer, and ``quadrant_probability`` (of the likeliest, however unsure).

    Null too where it would contradict what the customer was read to feel: nobody whose satisfaction stands above the
    threshold is called unhappy because most others are.
    """
    probabilities = _probabilities(state, levels, error, settings)
    quadrant = likeliest(probabilities, settings.quadrant_probability)
    read, satisfied = state["satisfaction_index"], quadrant.isin(["loyalist", "mercenary"])
    agrees = read.isna() | (satisfied == (read >= settings.satisfied_from))
    return pd.DataFrame({"quadrant": quadrant.where(agrees, None), "quadrant_probability": probabilities.max(axis=1)})


def _probabilities(state: pd.DataFrame, levels: Levels, error: ReadingError, settings: LoyaltySettings) -> pd.DataFrame:
    """Of each quadrant; from how all customers are distributed, once that can be told."""
    alone, base = quadrant_probabilities(state, settings), base_of(state, levels)
    if not error.known or len(base.loyalty) < MIN_CUSTOMERS:
        return alone
    cells = cell_probabilities(base, error, settings)
    alone.loc[cells.index] = of_cells(cells, state["locked_in"])
    return alone


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
