"""When customers come back: the hours of the week in which returns happen, as a clock.

A contact of Friday evening has two days behind it on Sunday, in which hardly anybody calls. Its age is therefore told
as the share of its window's calling time that is over: 0 at the end of the contact, 1 at the end of the window. The
rhythm is the share of returns by hour of the day × by day of the week, in business time; few returns give a flat one,
which is plain elapsed time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from analyzer.journey.chains import DAY_US

FLAT_RETURNS: Final = 25.0  # evenly spread returns that stand for knowing nothing
_HOURS: Final = 7 * 24
_HOUR_US: Final = DAY_US // 24
_MONDAY_US: Final = 4 * DAY_US  # 1970-01-05


@dataclass(frozen=True, slots=True)
class Rhythm:
    """``passed`` is the share of a week's calling time that is over at the start of each of its hours (169 values)."""

    passed: np.ndarray
    zone: ZoneInfo

    def weeks(self, moments_us: np.ndarray) -> np.ndarray:
        """Calling time up to each moment, in weeks."""
        since = wall_us(moments_us, self.zone) - _MONDAY_US
        week, rest = np.divmod(since, 7 * DAY_US)
        return np.asarray(week + np.interp(rest / _HOUR_US, np.arange(_HOURS + 1), self.passed))

    def share_over(self, from_us: np.ndarray, now_us: np.ndarray, window_days: float) -> np.ndarray:
        """Share of the calling time of each window that is over at ``now_us``, 0–1."""
        begun = self.weeks(from_us)
        whole = self.weeks(from_us + round(window_days * DAY_US)) - begun
        return np.asarray(np.clip((self.weeks(now_us) - begun) / np.maximum(whole, 1e-9), 0.0, 1.0))


def learn_rhythm(returned_us: np.ndarray, zone: ZoneInfo) -> Rhythm:
    """The rhythm of the moments at which customers came back."""
    hour = (wall_us(returned_us, zone) - _MONDAY_US) // _HOUR_US
    by_day = np.bincount(hour // 24 % 7, minlength=7) + FLAT_RETURNS / 7
    by_hour = np.bincount(hour % 24, minlength=24) + FLAT_RETURNS / 24
    share = np.outer(by_day / by_day.sum(), by_hour / by_hour.sum()).ravel()
    return Rhythm(np.concatenate([[0.0], np.cumsum(share)]), zone)


def wall_us(moments_us: np.ndarray, zone: ZoneInfo) -> np.ndarray:
    """What the clock on the wall shows, as microseconds since 1970 on that clock."""
    local = pd.to_datetime(moments_us, unit="us", utc=True).tz_convert(zone).tz_localize(None)
    return np.asarray(local.as_unit("us").asi8)
