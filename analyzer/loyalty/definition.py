"""Loyalty as the company defines it: attitude and behaviour kept apart, both on 0–100, each with its standard error.

Every fact named in ``loyalty.attitudinal`` or ``loyalty.behavioural`` is put on 0–100 by ``loyalty.scale`` (linear
between its two ends, clipped beyond them); an index is the mean of the facts observed. With all facts observed that
the company records the index is known: it *is* the definition. With k of K its standard error is that of a mean of k
drawn from K, ``s · sqrt(1/k − 1/K)``, where s is how much one customer's facts differ among each other beyond what
facts differ on the whole. ``loyalty_level`` reads the whole definition from what is there: it adds what the missing
facts are above or below the observed ones in customers of whom both are known (two-way means), so that who was only
asked easy questions is no more loyal.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analyzer.config import LoyaltySettings
from analyzer.errors import ConfigError
from analyzer.loyalty.asof import KnownFacts

Floats = NDArray[np.float64]

# Before any customer was seen, one customer's readings are taken to differ by 25 of 100 points; this counts as much as
# 10 degrees of freedom, so that two customers do not settle how noisy everybody is.
PRIOR_SPREAD: Final = 25.0
PRIOR_DEGREES: Final = 10.0

INDEX_COLUMNS: Final = ("attitudinal_index", "behavioural_index", "loyalty_index", "loyalty_level", "loyalty_error")
RECORDED_SHARE: Final = 0.05  # a fact known of fewer customers does not make the index of the others incomplete
ROUNDS: Final = 30


@dataclass(frozen=True, slots=True)
class Whole:
    """Of parts that make up a whole, a row a customer: the mean of those observed, the whole as far as they tell, and
    its standard error (0 where all are there)."""

    mean: pd.Series[float]
    level: pd.Series[float]
    error: pd.Series[float]


def whole_of(parts: pd.DataFrame) -> Whole:
    """The mean of ``parts`` (columns) per customer (rows), some of them not observed."""
    seen = parts.notna().sum(axis=1).astype("float64").replace(0, np.nan)
    recorded = parts.columns[parts.notna().sum() >= max(1.0, RECORDED_SHARE * float(seen.notna().sum()))]
    values = parts.to_numpy(dtype="float64", na_value=np.nan)
    typical = _typical(values)
    rest = pd.DataFrame(values - typical, parts.index, parts.columns)
    usual = float(typical[parts.columns.isin(recorded)].mean()) if len(recorded) else 0.0
    missing = (1 / seen - 1 / np.maximum(seen, max(len(recorded), 1))).clip(lower=0)
    error = pooled_spread(rest) * np.sqrt(missing)
    level = (rest.mean(axis=1) + usual).where(missing > 0, parts.mean(axis=1))
    return Whole(parts.mean(axis=1).astype("float64"), level, pd.Series(error, parts.index, dtype="float64"))


def _typical(values: Floats) -> Floats:
    """How high each part stands, customers being compared with themselves; 0 for parts of nobody."""
    known = ~np.isnan(values)
    filled, per_part, per_row = np.where(known, values, 0.0), known.sum(axis=0), known.sum(axis=1)
    high = np.divide(filled.sum(axis=0), per_part, out=np.zeros(values.shape[1]), where=per_part > 0)
    for _ in range(ROUNDS):
        own = np.divide((filled - known * high).sum(axis=1), per_row, out=np.zeros(len(values)), where=per_row > 0)
        rest = (filled - known * own[:, None]).sum(axis=0)
        high = np.divide(rest, per_part, out=np.zeros(values.shape[1]), where=per_part > 0)
    return np.asarray(high, dtype=np.float64)


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
    attitude = whole_of(_scaled(facts, settings.attitudinal, settings))
    behaviour = whole_of(_scaled(facts, settings.behavioural, settings))
    gone = left.reindex(facts.customers, fill_value=False).astype(bool)
    halves = pd.DataFrame({"attitude": attitude.level, "behaviour": behaviour.level.mask(gone)})
    both = whole_of(halves)
    inside = attitude.error.fillna(0) ** 2 + behaviour.error.mask(gone).fillna(0) ** 2
    error = np.sqrt(inside / halves.notna().sum(axis=1).replace(0, np.nan) ** 2 + both.error**2)
    acts = behaviour.mean.mask(gone, 0.0)
    index = pd.DataFrame({"attitude": attitude.mean, "behaviour": acts}).mean(axis=1)
    level = both.level.mask(gone, index)
    columns = (attitude.mean, acts, index, level, error.mask(gone, 0.0))
    return pd.DataFrame(dict(zip(INDEX_COLUMNS, columns, strict=True)), index=facts.customers)


def _scaled(facts: KnownFacts, names: tuple[str, ...], settings: LoyaltySettings) -> pd.DataFrame:
    """Each fact on 0–100; a column each."""
    unscaled = [name for name in names if name not in settings.scale]
    if unscaled:
        raise ConfigError(
            f"loyalty.scale has no entry for {', '.join(unscaled)}.",
            hint=f"Give its worst and best value: loyalty.scale.{unscaled[0]} = [0, 10].",
        )
    return pd.DataFrame({name: on_scale(facts.number(name), settings.scale[name]) for name in names}, facts.customers)


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
