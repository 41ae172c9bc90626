"""Whether satisfaction moves later loyalty, and loyalty later satisfaction, within the same customers.

A wave is a stretch of one horizon, counted back from ``as_of``; only what was measured within it counts. The effect is
that of crosslag.py: points of the one per point of the other, one horizon later. Loyalty is the index of its facts but
for tenure, which grows by itself. By how much readings of one customer's wave differ is the most that readings of
satisfaction can err; contacts also differ in truth, and what was felt in them may move loyalty as much as what lasts.
Of answers about loyalty nothing of the kind is known, and then only instruments serve that no noise can touch.

Needs four waves of both measures in a row of at least 50 customers, and earlier waves that foretell the changes, else
"not estimable".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from analyzer.config import LoyaltySettings
from analyzer.loyalty.asof import known_facts
from analyzer.loyalty.crosslag import CrossLag, Floats, cross_lag
from analyzer.loyalty.definition import loyalty_indices
from analyzer.loyalty.satisfaction import standing_readings
from analyzer.tables import STORED

PATHS: Final = (
    ("satisfaction to loyalty", "satisfaction", "loyalty"),
    ("loyalty to satisfaction", "loyalty", "satisfaction"),
)
MIN_WAVES: Final = 4
MAX_WAVES: Final = 12
MIN_REPEATED: Final = 50  # degrees of freedom, to tell how single readings differ within a customer's wave
GROWS: Final = frozenset({"tenure_months"})
METHOD: Final = "changes within customers, earlier waves as instruments (Arellano–Bond), Kleibergen's interval"
_MEASURES: Final = ("satisfaction", "loyalty")


@dataclass(frozen=True, slots=True)
class Waves:
    """Measures of customers × waves, the oldest wave first, NaN where not measured; the most that their errors vary."""

    customers: pd.Index[str]
    values: dict[str, Floats]
    noise: dict[str, Floats]

    def of(self, keep: NDArray[np.bool_]) -> Waves:
        """Only the customers where ``keep`` is true."""
        return Waves(
            self.customers[keep],
            {name: value[keep] for name, value in self.values.items()},
            {name: value[keep] for name, value in self.noise.items()},
        )


def loyalty_dynamics(
    frame: pd.DataFrame, readings: pd.DataFrame, customers: pd.DataFrame, as_of: datetime, settings: LoyaltySettings
) -> pa.Table:
    """STORED["loyalty_dynamics"]: both paths for everybody and each segment; empty without customers."""
    if customers.empty:
        return STORED["loyalty_dynamics"].empty()
    waves = waves_of(wave_panel(frame, readings, as_of, settings))
    segment = customers["segment"].reindex(waves.customers).to_numpy(dtype="object")
    rows: list[dict[str, Any]] = []
    for name in ["all", *sorted({str(name) for name in customers["segment"].dropna()} - {"all"})]:
        part = waves if name == "all" else waves.of(np.asarray(segment == name))
        for path, cause, outcome in PATHS:
            rows.append({"segment": name, "path": path, "lag_days": settings.horizon_days,
                         **path_row(part, cause, outcome)})  # fmt: skip
    return STORED["loyalty_dynamics"].from_rows(rows)


def path_row(waves: Waves, cause: str, outcome: str) -> dict[str, Any]:
    """``n`` (customers), ``effect``, ``low``, ``high`` and ``method`` of one path."""
    if len(waves.customers) == 0 or waves.values[cause].shape[1] < MIN_WAVES:
        return {"n": 0, "method": "not estimable: fewer than four waves"}
    found: CrossLag = cross_lag(waves.values[cause], waves.values[outcome], waves.noise.get(cause))
    if found.effect is None:
        return {"n": found.n, "method": found.refusal}
    return {"n": found.n, "effect": found.effect, "low": found.low, "high": found.high, "method": METHOD}


def wave_panel(frame: pd.DataFrame, readings: pd.DataFrame, as_of: datetime, settings: LoyaltySettings) -> pd.DataFrame:
    """``customer_key``, ``wave`` (0 the newest, counted down), measures, ``readings`` and ``squares`` of satisfaction.

    ``squares`` are those of the readings around the mean of their customer's wave.
    """
    horizon = pd.Timedelta(days=settings.horizon_days)
    kept = msgspec.structs.replace(
        settings,
        attitudinal=tuple(name for name in settings.attitudinal if name not in GROWS),
        behavioural=tuple(name for name in settings.behavioural if name not in GROWS),
    )
    parts = []
    for back in range(MAX_WAVES):
        end = pd.Timestamp(as_of) - back * horizon
        measured = frame[(frame["as_of"] > end - horizon) & frame["fact"].isin(kept.scale)]
        loyalty = loyalty_indices(known_facts(measured, end), pd.Series(dtype=bool), kept)["loyalty_index"]
        read = standing_readings(readings[readings["at"] > end - horizon], end)
        by_customer = read["value"].astype("float64").groupby(read["customer_key"])
        wave = pd.DataFrame(
            {
                "satisfaction": by_customer.mean(),
                "readings": by_customer.size(),
                "squares": by_customer.var(ddof=0) * by_customer.size(),
                "loyalty": loyalty,
            }
        )
        parts.append(wave.rename_axis("customer_key").reset_index().assign(wave=-back))
    return pd.concat(parts, ignore_index=True)


def waves_of(panel: pd.DataFrame) -> Waves:
    """The panel as one matrix a measure; what one customer's readings differ by within a wave is their noise."""
    panel = panel[panel[list(_MEASURES)].notna().any(axis=1)]
    wide = {name: panel.pivot(index="customer_key", columns="wave", values=name) for name in panel.columns[1:]
            if name != "wave"}  # fmt: skip
    whole = range(int(panel["wave"].min()), int(panel["wave"].max()) + 1) if len(panel) else range(0)
    wide = {name: table.reindex(columns=whole) for name, table in wide.items()}
    values = {name: wide[name].to_numpy(dtype="float64") for name in _MEASURES}
    noise: dict[str, Floats] = {}
    if {"readings", "squares"} <= wide.keys():
        degrees = float((panel["readings"] - 1).clip(lower=0).sum())
        if degrees >= MIN_REPEATED:
            variance = float(panel["squares"].sum()) / degrees
            noise["satisfaction"] = variance / wide["readings"].to_numpy(dtype="float64")
    return Waves(wide["loyalty"].index, values, noise)
