"""Days, ISO weeks and months: their names, and when they are over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from analyzer.config import ScoreSettings
from analyzer.score.frames import Bools, Days, Ints


@dataclass(frozen=True, slots=True)
class Periods:
    """Periods of one length over sorted distinct days: ``of_day`` (not decreasing) indexes ``names`` and ``over``."""

    names: tuple[str, ...]
    of_day: Ints
    over: Bools


def periods(distinct_days: Days, settings: ScoreSettings, as_of: datetime, business_timezone: str) -> list[Periods]:
    """The configured lengths, shortest first. A period is over once the business day of ``as_of`` lies after it."""
    today = np.datetime64(as_of.astimezone(ZoneInfo(business_timezone)).date())
    index = pd.DatetimeIndex(distinct_days)
    lengths = []
    if settings.daily:
        lengths.append(_periods(index.strftime("%Y-%m-%d"), distinct_days + 1, today))
    if settings.weekly:
        week = index.isocalendar()
        names = week["year"].astype(str) + "-W" + week["week"].astype(str).str.zfill(2)
        monday = distinct_days - np.asarray(index.day_of_week, dtype="timedelta64[D]")
        lengths.append(_periods(pd.Index(names), monday + 7, today))
    if settings.monthly:
        month = distinct_days.astype("datetime64[M]")
        lengths.append(_periods(index.strftime("%Y-%m"), (month + 1).astype("datetime64[D]"), today))
    return lengths


def _periods(names: pd.Index, next_start: Days, today: np.datetime64) -> Periods:
    # The days are sorted, so periods appear in order and need no sorting by name.
    of_day, distinct = pd.factorize(names)
    over = np.ones(len(distinct), dtype=np.bool_)
    over[of_day] = next_start <= today
    return Periods(tuple(str(name) for name in distinct), np.asarray(of_day, dtype=np.int64), over)
