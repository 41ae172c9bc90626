"""Who was at risk of giving notice from a day on, since when, until when, and how it ended; as known today."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analyzer.config import LoyaltySettings
from analyzer.loyalty.asof import Register
from analyzer.loyalty.incidence import Spells
from analyzer.loyalty.leaving import MOVED_ON, NOTICE, Watched
from analyzer.loyalty.levels import levels_at
from analyzer.loyalty.reading_error import ReadingError, groups_of
from analyzer.loyalty.satisfaction import standing_readings

DAY_S = 86400.0


def watched_from(
    customers: pd.DataFrame, readings: pd.DataFrame, error: ReadingError, register: Register, horizon_days: int,
    settings: LoyaltySettings,
) -> Watched:  # fmt: skip
    """The customers of ``customers`` (state.py, today) at risk one horizon before the register ends, or from later on
    if only later records would have told that they were there; with what had been read of them by that day."""
    landmark = register.until - timedelta(days=horizon_days)
    levels = levels_at(standing_readings(readings, landmark), error, landmark, settings.satisfaction_halflife_days)
    rows = customers.reindex(levels.customers)
    spells, at_risk = spells_from(rows, register, landmark, horizon_days)
    return Watched(levels, spells, groups_of(levels.customers)).of(at_risk)


def spells_from(
    rows: pd.DataFrame, register: Register, landmark: datetime, horizon_days: int
) -> tuple[Spells, NDArray[np.bool_]]:
    """A spell a row in days from ``landmark``, and who was at risk at all: on record, not gone, the exit dated."""
    exit_day = _days(rows["exit_at"], landmark)
    end = min(float(horizon_days), (register.until - landmark).total_seconds() / DAY_S)
    gone = ~np.isnan(exit_day) & (exit_day <= end)
    cause = np.where(gone, np.where(rows["moved_on"].eq(True), MOVED_ON, NOTICE), 0).astype(np.int64)
    entry = np.zeros(len(rows))
    if not register.looks_back:
        first = register.first.reindex(rows.index)
        entry = np.maximum(np.nan_to_num(_days(first, landmark), nan=np.inf), 0.0)
    undated = (rows["left"].eq(True) & rows["exit_at"].isna()).to_numpy(dtype=bool)
    at = np.where(gone, exit_day, end)
    at_risk = rows["on_record"].eq(True).to_numpy(dtype=bool) & ~undated & (at > entry)
    return Spells(entry, at, cause), np.asarray(at_risk, dtype=np.bool_)


def _days(moments: pd.Series[pd.Timestamp], origin: datetime) -> NDArray[np.float64]:
    moments = pd.to_datetime(moments, utc=True)
    return np.asarray((moments - pd.Timestamp(origin)).dt.total_seconds() / DAY_S, dtype=np.float64)
