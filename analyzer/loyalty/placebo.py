"""Placebo leads: what a contact goes along with that was there before it, and that it can therefore not have caused.

A contact cannot change what the customer had said or bought before. Where its parts go along with that nevertheless,
they go along with who the customer is (loyalty colours satisfaction, good customers get good agents), and what goes
along with them later may be no effect of theirs. Held fixed are the same controls as in the model that is tested, save
the loyalty before, and the customer's own earlier contacts, which may well have caused both.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd
from scipy.stats import norm

from analyzer.loyalty.association import Evidence
from analyzer.loyalty.covariates import ALONE, JOINT, reasons_of, refusal
from analyzer.loyalty.intervals import Z95
from analyzer.loyalty.sandwich import least_squares

MIN_CONTACTS: Final = 100
MIN_CUSTOMERS: Final = 50
SCALE: Final = "points of 100 per sd"


def placebo_rows(evidence: Evidence, outcome: pd.Series[float]) -> dict[str, dict[str, Any]]:
    """Of each driver ``effect``, ``low``, ``high``, ``p``, ``n``, ``method``: association with ``outcome`` (0–100)."""
    known = outcome.notna().to_numpy()
    customers = evidence.contacts["customer_key"][known]
    if known.sum() < MIN_CONTACTS or customers.nunique() < MIN_CUSTOMERS:
        why = f"not estimable: known before {int(known.sum())} contacts of {customers.nunique()} customers"
        return {driver: {"n": int(known.sum()), "method": why} for driver in (*JOINT, *ALONE)}
    target = outcome[known].to_numpy(dtype="float64")
    joint = [name for name in JOINT if not refusal(evidence.values[name][known])]
    found = _together(evidence, joint, known, target, customers)
    for driver in ALONE:
        if not refusal(evidence.values[driver][known]):
            found |= _together(evidence, [driver], known, target, customers)
    return {
        driver: found.get(driver, {"n": int(known.sum()), "method": "not estimable: not observed"})
        for driver in (*JOINT, *ALONE)
    }


def _together(
    evidence: Evidence, drivers: list[str], known: Any, target: Any, customers: pd.Series[str]
) -> dict[str, dict[str, Any]]:
    if not drivers:
        return {}
    controls = [] if refusal(evidence.values["sentiment_start"][known]) else ["sentiment_start"]
    values = evidence.values[[*drivers, *controls]]
    earlier = _mean_before(values, evidence.contacts["customer_key"])
    standard = ((values[known] - values[known].mean()) / values[known].std()).fillna(0.0)
    past = ((earlier[known] - earlier[known].mean()) / earlier[known].std()).fillna(0.0)
    absent = values[known].isna().astype("float64")
    first = earlier[known].isna().all(axis=1).astype("float64")
    reasons = pd.DataFrame(reasons_of(evidence.contacts), index=evidence.contacts.index)[known]
    columns = np.column_stack([standard, past, absent, first, reasons]).astype("float64")
    slopes, covariance = least_squares(columns, target, customers)
    found = {}
    for place, driver in enumerate(drivers):
        effect, error = float(slopes[place]), float(np.sqrt(covariance[place, place]))
        found[driver] = {
            "effect": effect, "low": effect - Z95 * error, "high": effect + Z95 * error,
            "p": float(2 * norm.sf(abs(effect / error))) if error > 0 else 1.0, "n": int(known.sum()),
            "error_basis": "model_only", "method": "least squares, placebo lead, clustered by customer",
        }  # fmt: skip
    return found


def _mean_before(values: pd.DataFrame, customers: pd.Series[str]) -> pd.DataFrame:
    """The mean of each value over the customer's earlier contacts; contacts stand in order of customer and time."""
    seen = values.notna().astype("float64")
    sums = values.fillna(0.0).groupby(customers.to_numpy()).cumsum() - values.fillna(0.0)
    counts = seen.groupby(customers.to_numpy()).cumsum() - seen
    return sums / counts.where(counts > 0)
