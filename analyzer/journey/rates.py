"""First-contact resolution of weeks and months: the sum of probabilities, as a nowcast while windows still run.

    value     mean of the rows' probabilities over first contacts of known customers
    interval  of the share that proves solved: what each contact will turn out to be (P · (1 − P), the ears' doubt and
              the open window in one) and what the curves do not know (variance over draws); beta of that variance
    lowest,   where the value lies whatever became of the silent contacts, which ended without a word either way
    highest
    returned, left, quiet: the three ways on (leaving.py); only who is quiet and still a customer can be a success

Where fewer than ``mature_share`` of the contacts that a value rests on (its own, and those the curves learned from)
have their windows over, nothing is said: "not estimable yet". Contacts without a customer key are counted apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
from scipy.stats import beta

from analyzer.journey.fcr import Judged
from analyzer.tables import STORED

NOT_YET: Final = "not estimable yet"
RATED: Final = ("confirmed", "refuted", "open", "silent")
LEVEL: Final = 0.95


def fcr_rates(
    judged: Mapping[tuple[str, int], Judged],
    rated: np.ndarray,
    identified: np.ndarray,
    days: Sequence[date],
    mature_share: float,
    as_of: datetime,
) -> pa.Table:
    """One row a period, kind of matter and window; ``days``, ``rated``, ``identified`` are aligned with the rows."""
    rows = [
        {"period": period, "matter": matter, "window_days": window, **_rate(part, own, rated, identified, mature_share)}
        for (matter, window), part in judged.items()
        for period, own in _periods(days)
    ]
    for row in rows:
        row |= {"error_basis": "model_only", "as_of": as_of}
    rows.sort(key=lambda row: (row["period"], row["matter"] != "same", row["window_days"]))
    return STORED["fcr_rates"].from_rows(rows)


def _periods(days: Sequence[date]) -> Iterator[tuple[str, np.ndarray]]:
    """Each week and month that has contacts, and the positions of these."""
    weeks = [f"{year}-W{week:02d}" for year, week, _ in (day.isocalendar() for day in days)]
    for names in (weeks, [f"{day:%Y-%m}" for day in days]):
        codes, periods = pd.factorize(np.array(names, dtype=object))
        for code, period in enumerate(periods):
            yield str(period), np.flatnonzero(codes == code)


def _rate(
    part: Judged, own: np.ndarray, rated: np.ndarray, identified: np.ndarray, mature_share: float
) -> dict[str, Any]:
    rows = part.rows.iloc[own]
    counted, known = rated[own], identified[own]
    p = rows["probability"].to_numpy(dtype=float)
    told = counted & ~np.isnan(p)
    mature = rows["mature"].to_numpy(dtype=bool)
    share = _mature_share(mature[counted], part.taught)
    unidentified = ~known & rows["status"].eq("open").to_numpy()
    row: dict[str, Any] = {
        "n": int(told.sum()),
        "mature_share": share,
        "silent": int((counted & rows["status"].eq("silent").to_numpy()).sum()),
        "unidentified": int(unidentified.sum()),
        "unidentified_rate": _mean(p[unidentified]),
        "is_final": bool(rows["is_final"].all()),
    }
    if not told.any() or share < mature_share:
        return {**row, "method": NOT_YET}
    return {
        **row,
        **_value(p[told], part.curve_variance(own[told])),
        **_bounds(rows[counted]),
        **_ways(rows[counted], p[counted]),
        "method": "sum of probabilities" if mature[counted].all() else f"nowcast, {part.method}",
    }


def _mature_share(mature: np.ndarray, taught: int) -> float:
    """Share of the contacts that a value rests on whose windows are over; a finished period rests on itself."""
    if not len(mature) or mature.all():
        return 1.0
    # A period's own finished contacts may be among those learned from; they are counted once.
    over = max(taught, int(mature.sum()))
    return over / (over + int((~mature).sum()))


def _value(p: np.ndarray, curves: float) -> dict[str, float]:
    variance = float((p * (1.0 - p)).sum()) / len(p) ** 2 + curves
    low, high = interval(float(p.mean()), variance)
    return {"value": float(p.mean()), "low": low, "high": high}


def _bounds(rows: pd.DataFrame) -> dict[str, float | None]:
    silent = rows["status"].eq("silent").to_numpy()
    p = rows["probability"].to_numpy(dtype=float)
    sure, whole = float(np.nansum(p[~silent])), int((~silent & ~np.isnan(p)).sum() + silent.sum())
    return {"lowest": sure / whole, "highest": (sure + silent.sum()) / whole} if whole else {}


def _ways(rows: pd.DataFrame, p: np.ndarray) -> dict[str, float | None]:
    """Shares of returned, left, and quiet and still a customer; without records of notices only the first."""
    returned, left = (rows[f"{way}_probability"].to_numpy(dtype=float) for way in ("returned", "left"))
    found: dict[str, float | None] = _share("returned", returned)
    if not np.isnan(left).any():
        found |= {**_share("left", left), **_share("quiet", 1.0 - returned - left)}
        stayed = np.divide(1.0 - returned - left, 1.0 - returned, out=np.zeros(len(left)), where=returned < 1.0)
        found["success_rate"] = _mean((p * np.clip(stayed, 0.0, 1.0))[~np.isnan(p)])
    return found


def _share(way: str, probability: np.ndarray) -> dict[str, float | None]:
    p = np.clip(probability, 0.0, 1.0)
    value = float(p.mean())
    low, high = interval(value, float((p * (1.0 - p)).sum()) / len(p) ** 2)
    return {f"{way}_rate": value, f"{way}_low": low, f"{way}_high": high}


def interval(value: float, variance: float) -> tuple[float, float]:
    """The 95 % interval of a share: the beta distribution of that mean and variance."""
    strength = value * (1.0 - value) / variance - 1.0 if variance > 0 else np.inf
    if not np.isfinite(strength) or not 0 < value < 1:
        return value, value
    shape = max(strength, 1e-3)
    low, high = beta.ppf([(1 - LEVEL) / 2, (1 + LEVEL) / 2], value * shape, (1.0 - value) * shape)
    return float(low), float(high)


def _mean(values: np.ndarray) -> float | None:
    return float(values.mean()) if len(values) else None
