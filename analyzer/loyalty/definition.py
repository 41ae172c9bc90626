"""Loyalty as the company defines it: attitude and behaviour kept apart, both on 0–100, each with its standard error.

Every fact named in ``loyalty.attitudinal`` or ``loyalty.behavioural`` is put on 0–100 by ``loyalty.scale`` (linear
between its two ends, clipped beyond them); an index is the mean of the facts observed. With all facts of the
definition observed the index is known: it *is* the definition. With k of K observed its standard error is that of a
mean of k drawn from K, ``s · sqrt(1/k − 1/K)``, where s is how much one customer's facts differ among each other.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import numpy as np
import pandas as pd

from analyzer.config import LoyaltySettings
from analyzer.errors import ConfigError
from analyzer.loyalty.asof import KnownFacts

# Before any customer was seen, one customer's readings are taken to differ by 25 of 100 points; this counts as much as
# 10 degrees of freedom, so that two customers do not settle how noisy everybody is.
PRIOR_SPREAD: Final = 25.0
PRIOR_DEGREES: Final = 10.0

INDEX_COLUMNS: Final = ("attitudinal_index", "behavioural_index", "loyalty_index", "loyalty_error")


def pooled_spread(values: pd.DataFrame) -> float:
    """Standard deviation of readings (columns) within a customer (rows), pooled over all and drawn to the prior."""
    counted = values.notna().sum(axis=1)
    squares = float(values.sub(values.mean(axis=1), axis=0).pow(2).to_numpy(dtype="float64", na_value=0.0).sum())
    degrees = float((counted - 1).clip(lower=0).sum())
    return float(np.sqrt((PRIOR_DEGREES * PRIOR_SPREAD**2 + squares) / (PRIOR_DEGREES + degrees)))


def on_scale(values: pd.Series[float], scale: tuple[float, float]) -> pd.Series[float]:
    """Values on 0–100, clipped; a scale may fall (4 complaints = 0, none = 100). Equal ends make it a step."""
    low, high = scale
    if low == high:
        return (values >= high).astype("float64").where(values.notna()) * 100
    return ((values - low) / (high - low)).clip(0, 1) * 100


def loyalty_indices(facts: KnownFacts, left: pd.Series[bool], settings: LoyaltySettings) -> pd.DataFrame:
    """INDEX_COLUMNS a customer; null where nothing was observed. Who has given notice has behaviour 0."""
    attitude, attitude_error = _index(facts, settings.attitudinal, settings)
    behaviour, behaviour_error = _index(facts, settings.behavioural, settings)
    gone = left.reindex(facts.customers, fill_value=False).astype(bool)
    behaviour, behaviour_error = behaviour.mask(gone, 0.0), behaviour_error.mask(gone, 0.0)
    sides = pd.DataFrame({"attitude": attitude, "behaviour": behaviour})
    halves = (1 if settings.attitudinal else 0) + (1 if settings.behavioural else 0)
    seen = sides.notna().sum(axis=1)
    inside = attitude_error.fillna(0) ** 2 + behaviour_error.fillna(0) ** 2
    missing = (1 / seen.replace(0, np.nan) - 1 / max(halves, 1)).clip(lower=0)
    error = np.sqrt(inside / seen.replace(0, np.nan) ** 2 + pooled_spread(sides) ** 2 * missing)
    return pd.DataFrame(
        dict(zip(INDEX_COLUMNS, (attitude, behaviour, sides.mean(axis=1), error), strict=True)), index=facts.customers
    )


def _index(
    facts: KnownFacts, names: tuple[str, ...], settings: LoyaltySettings
) -> tuple[pd.Series[float], pd.Series[float]]:
    unscaled = [name for name in names if name not in settings.scale]
    if unscaled:
        raise ConfigError(
            f"loyalty.scale has no entry for {', '.join(unscaled)}.",
            hint=f"Give its worst and best value: loyalty.scale.{unscaled[0]} = [0, 10].",
        )
    scaled = pd.DataFrame({name: on_scale(facts.number(name), settings.scale[name]) for name in names}, facts.customers)
    seen = scaled.notna().sum(axis=1).astype("float64").replace(0, np.nan)
    error = pooled_spread(scaled) * np.sqrt((1 / seen - 1 / max(len(names), 1)).clip(lower=0))
    return scaled.mean(axis=1).astype("float64"), pd.Series(error, index=facts.customers)


def locked_in(facts: KnownFacts, as_of: datetime, settings: LoyaltySettings) -> pd.Series[bool]:
    """Whether the contract binds for longer than ``locked_in_min_days``; a fact ``locked_in`` given outright wins."""
    days = (facts.time("contract_end") - pd.Timestamp(as_of)).dt.total_seconds() / 86400
    by_contract = (days > settings.locked_in_min_days).astype("object").where(days.notna(), None)
    given = facts.number("locked_in")
    return by_contract.mask(given.notna(), (given >= 0.5).astype("object"))


def value_tier(facts: KnownFacts, settings: LoyaltySettings) -> pd.Series[str]:
    """The tier as given, else low, medium or high by ``revenue_12m``; None where neither is known."""
    revenue = facts.number("revenue_12m")
    medium, high = settings.value_tiers
    tiers = pd.Series(np.select([revenue >= high, revenue >= medium], ["high", "medium"], "low"), revenue.index)
    by_revenue = tiers.astype("object").where(revenue.notna(), None)
    given = facts.text("tier")
    return given.where(given.notna(), by_revenue)
