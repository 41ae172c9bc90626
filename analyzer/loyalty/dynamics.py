"""Whether satisfaction moves later loyalty, and loyalty later satisfaction, within the same customers.

    y_t − y_{t−1} = a (y_{t−1} − y_{t−2}) + b (x_{t−1} − x_{t−2}) + error

Differences remove all that stays the same of a customer; the lagged differences are instrumented by the levels one
wave earlier, y_{t−2} and x_{t−2} (Anderson & Hsiao 1981), for in short panels plain within-customer regression is
biased (Nickell 1981). ``effect`` is b: points of y per point of x, one horizon later; errors are clustered by
customer.

A wave is a stretch of one horizon, counted back from ``as_of``. Needs four waves of both measures in a row of at
least 50 customers and instruments that move what they stand for (first-stage F from 10), else "not estimable".
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from analyzer.config import LoyaltySettings
from analyzer.loyalty.asof import known_facts
from analyzer.loyalty.contacts import of_customer
from analyzer.loyalty.definition import loyalty_indices
from analyzer.loyalty.intervals import Z95
from analyzer.loyalty.satisfaction import satisfaction_index
from analyzer.tables import STORED

PATHS: Final = (
    ("satisfaction to loyalty", "satisfaction", "loyalty"),
    ("loyalty to satisfaction", "loyalty", "satisfaction"),
)
MIN_WAVES: Final = 4
MAX_WAVES: Final = 12
MIN_CUSTOMERS: Final = 50
MIN_F: Final = 10.0
METHOD: Final = "Anderson–Hsiao, differences within customers, clustered by customer"
Floats = NDArray[np.float64]


def loyalty_dynamics(
    frame: pd.DataFrame, readings: pd.DataFrame, customers: pd.DataFrame, as_of: datetime, settings: LoyaltySettings
) -> pa.Table:
    """STORED["loyalty_dynamics"]: both paths for everybody and each segment; empty without customers."""
    panel = wave_panel(frame, readings, as_of, settings)
    if customers.empty:
        return STORED["loyalty_dynamics"].empty()
    panel["segment"] = of_customer(panel, customers["segment"])
    rows: list[dict[str, Any]] = []
    for segment in ["all", *sorted({str(name) for name in customers["segment"].dropna()} - {"all"})]:
        part = panel if segment == "all" else panel[panel["segment"] == segment]
        for path, cause, outcome in PATHS:
            rows.append({"segment": segment, "path": path, "lag_days": settings.horizon_days,
                         **cross_lag(part, cause, outcome)})  # fmt: skip
    return STORED["loyalty_dynamics"].from_rows(rows)


def wave_panel(frame: pd.DataFrame, readings: pd.DataFrame, as_of: datetime, settings: LoyaltySettings) -> pd.DataFrame:
    """``customer_key``, ``wave``, ``satisfaction``, ``loyalty``: only what was measured within the wave itself."""
    horizon = pd.Timedelta(days=settings.horizon_days)
    nobody = pd.Series(dtype=bool)
    waves = []
    for back in range(MAX_WAVES):
        end = pd.Timestamp(as_of) - back * horizon
        measured = frame[(frame["as_of"] > end - horizon) & frame["fact"].isin(settings.scale)]
        loyalty = loyalty_indices(known_facts(measured, end), nobody, settings)["loyalty_index"]
        fresh = satisfaction_index(readings[readings["at"] > end - horizon], end, settings.satisfaction_halflife_days)
        wave = pd.DataFrame({"satisfaction": fresh["satisfaction_index"], "loyalty": loyalty}).dropna()
        waves.append(wave.rename_axis("customer_key").reset_index().assign(wave=-back))
    return pd.concat(waves, ignore_index=True)


def cross_lag(panel: pd.DataFrame, cause: str, outcome: str) -> dict[str, Any]:
    """``effect``, ``low``, ``high``, ``n`` (customers) and ``method`` of one path."""
    waves = panel.sort_values(["customer_key", "wave"]).reset_index(drop=True)
    by_customer = waves.groupby("customer_key")
    enough = by_customer["wave"].transform("size") >= MIN_WAVES
    lagged = waves.assign(
        **{f"{name}_{lag}": by_customer[name].shift(lag) for name in (cause, outcome) for lag in (1, 2)},
        in_a_row=(waves["wave"] - by_customer["wave"].shift(2)) == 2,
    )
    rows = lagged[enough & lagged["in_a_row"]]
    customers = rows["customer_key"].nunique()
    if not enough.any() or rows.empty:
        return {"n": customers, "method": "not estimable: fewer than four waves"}
    if customers < MIN_CUSTOMERS:
        return {"n": customers, "method": f"not estimable: four waves of {customers} customers, {MIN_CUSTOMERS} needed"}
    return _instrumented(rows, cause, outcome) | {"n": customers}


def _instrumented(rows: pd.DataFrame, cause: str, outcome: str) -> dict[str, Any]:
    """Two-stage least squares of the differenced equation with a cluster-robust sandwich."""
    ones = np.ones(len(rows))
    moved = [(rows[f"{name}_1"] - rows[f"{name}_2"]).to_numpy() for name in (outcome, cause)]
    design = np.column_stack([ones, *moved])
    instruments = np.column_stack([ones, rows[f"{outcome}_2"].to_numpy(), rows[f"{cause}_2"].to_numpy()])
    target = (rows[outcome] - rows[f"{outcome}_1"]).to_numpy()
    if min(_first_stage_f(column, instruments) for column in moved) < MIN_F:
        return {"method": "not estimable: earlier waves do not foretell the changes (weak instruments)"}
    bread = np.linalg.inv(instruments.T @ design)
    beta = bread @ instruments.T @ target
    scores = instruments * (target - design @ beta)[:, None]
    sums = pd.DataFrame(scores).groupby(rows["customer_key"].to_numpy()).sum().to_numpy()
    clusters = len(sums)
    covariance = bread @ (sums.T @ sums) @ bread.T * clusters / (clusters - 1)
    effect, error = float(beta[2]), float(np.sqrt(covariance[2, 2]))
    return {"effect": effect, "low": effect - Z95 * error, "high": effect + Z95 * error, "method": METHOD}


def _first_stage_f(column: Floats, instruments: Floats) -> float:
    """F statistic of the instruments in a regression of ``column`` on them; 0 if they do not vary."""
    if np.linalg.matrix_rank(instruments) < instruments.shape[1]:
        return 0.0
    beta = np.linalg.lstsq(instruments, column, rcond=None)[0]
    residual = float(((column - instruments @ beta) ** 2).sum())
    explained = float(((column - column.mean()) ** 2).sum()) - residual
    degrees = len(column) - instruments.shape[1]
    return float(explained / (instruments.shape[1] - 1) / max(residual / max(degrees, 1), 1e-12))
