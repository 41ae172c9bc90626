from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from analyzer.journey.chains import DAY_US
from analyzer.journey.rhythm import learn_rhythm

BERLIN = ZoneInfo("Europe/Berlin")


def us(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1e6)


def office_hours() -> np.ndarray:
    """Returns of ten weeks of 2026, Monday to Friday, 9 to 17 in Berlin (winter)."""
    monday = us("2026-01-05T08:00")
    return np.array([monday + (7 * w + d) * DAY_US + h * DAY_US // 24 for w in range(10) for d in range(5)
                     for h in range(8) for _ in range(20)])  # fmt: skip


def test_rhythm_of_few_returns_is_plain_time() -> None:
    rhythm = learn_rhythm(np.zeros(0, dtype=np.int64), BERLIN)
    share = rhythm.share_over(np.array([us("2026-01-05T12:00")]), np.array([us("2026-01-07T00:00")]), 7)
    assert share[0] == pytest.approx(1.5 / 7)


def test_rhythm_counts_no_time_while_nobody_calls() -> None:
    rhythm = learn_rhythm(office_hours(), BERLIN)
    friday, sunday, tuesday = (us(f"2026-03-{at}") for at in ("06T16:00", "08T20:00", "10T16:00"))
    weekend, later = rhythm.share_over(np.array([friday, friday]), np.array([sunday, tuesday]), 7)
    assert weekend < 0.03 and later == pytest.approx(0.4, abs=0.03)


def test_rhythm_shares_end_at_one_and_begin_at_zero() -> None:
    rhythm = learn_rhythm(office_hours(), BERLIN)
    start = np.array([us("2026-03-06T16:00")])
    assert rhythm.share_over(start, start - DAY_US, 7)[0] == 0.0
    assert rhythm.share_over(start, start + 9 * DAY_US, 7)[0] == 1.0


def test_rhythm_holds_over_the_change_of_clocks() -> None:
    rhythm = learn_rhythm(office_hours(), BERLIN)
    over = rhythm.weeks(np.array([us("2026-03-27T15:00"), us("2026-03-30T07:00")]))  # Friday 16:00, Monday 9:00
    assert over[1] - over[0] == pytest.approx(1 / 40, abs=0.01)
