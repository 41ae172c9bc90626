"""Columns that mean the same in every table that has them."""

from __future__ import annotations

from typing import Final

from analyzer.tables.schema import BOOL, DATE, FLOAT, INT, LONG, STRING, TIME, Column, column, nullable

INTERACTION: Final = column("interaction_id", STRING, "the contact")
DAY: Final = column("day", DATE, "business day of the contact's start; storage partition")
CUSTOMER: Final = column("customer_key", STRING, "the customer")
AS_OF: Final = column("as_of", TIME, "the data's own clock for which this holds")
HORIZON: Final = column("horizon_days", INT, "horizon", unit="days")
OBSERVATIONS: Final = column("n", LONG, "observations")
INTERVAL: Final = (
    nullable("low", FLOAT, "lower end of the 95 % interval"),
    nullable("high", FLOAT, "upper end of the 95 % interval"),
)
IS_FINAL: Final = column("is_final", BOOL, "cannot change by time alone")
ERROR_BASIS: Final = column(
    "error_basis", STRING, "whether ears' errors were corrected", "model_only", "audit_corrected"
)
# of what the machine's readings alone make, in tables that came first without
MODEL_ONLY: Final = Column(
    ERROR_BASIS.name, STRING, ERROR_BASIS.meaning, one_of=ERROR_BASIS.one_of, default="model_only"
)
