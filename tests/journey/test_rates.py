"""Rates of weeks and months: what they sum, what they withhold, and which way customers went."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analyzer.journey.rates import NOT_YET, interval
from analyzer.journey.trace import Journeys, trace_journeys
from tests.journey.store import MODEL, Store, at, settings

LATE = at(60)


def weeks_of(store: Store, as_of: Any = LATE, left_at: pd.Series | None = None, **changed: Any) -> Journeys:
    return trace_journeys(
        *store.frames(),
        settings(**changed),
        as_of,
        business_timezone="Europe/Berlin",
        link_model=MODEL,
        left_at=left_at,
    )


def rate(journeys: Journeys, period: str = "2026-W10", matter: str = "same", window: int = 7) -> dict[str, Any]:
    wanted = {"period": period, "matter": matter, "window_days": window}
    return next(r for r in journeys.fcr_rates.to_pylist() if all(r[key] == value for key, value in wanted.items()))


def ten(**facts: Any) -> Store:
    """Ten customers, a contact each in the week of 2 March."""
    store = Store()
    for number in range(10):
        store.contact(f"c{number}", at(number % 5), customer_key=f"k-{number}", **facts)
    return store


def test_rates_sum_the_probabilities_of_first_contacts() -> None:
    store = ten().contact("later", at(2, hours=3), customer_key="k-0", cues={"effort.repeat_contact": 0.95})
    journeys = weeks_of(store)
    rows = journeys.fcr.to_pandas().query("matter == 'same' and window_days == 7 and status != 'not_first'")
    found = rate(journeys)
    assert found["n"] == 10 and found["value"] == pytest.approx(rows["probability"].mean())
    assert found["low"] < found["value"] < found["high"] and found["is_final"]


def test_rates_have_every_week_month_matter_and_window() -> None:
    found = weeks_of(ten(), window_days="[1, 7, 14]").fcr_rates.to_pandas()
    assert set(found["period"]) == {"2026-W10", "2026-03"} and set(found["window_days"]) == {1, 7, 14}
    assert len(found) == 2 * 2 * 3 and not found.duplicated(["period", "matter", "window_days"]).any()


def test_rates_of_a_week_that_rests_on_nothing_finished_are_not_estimable_yet() -> None:
    found = rate(weeks_of(ten(), as_of=at(5)))
    assert (found["method"], found["value"], found["low"], found["mature_share"]) == (NOT_YET, None, None, 0.0)
    assert found["n"] == 10 and not found["is_final"]


def test_rates_of_a_running_week_rest_on_the_weeks_before() -> None:
    store = ten()
    for number in range(40):
        store.contact(f"b{number}", at(-21 + number % 10), customer_key=f"m-{number}")
    found = rate(weeks_of(store, as_of=at(5)))
    assert found["mature_share"] == pytest.approx(0.8) and found["method"].startswith("nowcast")
    assert 0.7 < found["value"] < 0.95
    assert rate(weeks_of(store, as_of=at(5), mature_share=0.9))["method"] == NOT_YET


def test_rates_bound_the_silent_and_leave_out_the_unidentified() -> None:
    store = ten().contact("s", at(1), customer_key="k-s", resolution="unclear", resolved_probability=0.4)
    store.contact("u", at(1), customer_key=None, resolved_probability=0.6)
    found = rate(weeks_of(store))
    assert (found["n"], found["silent"], found["unidentified"], found["unidentified_rate"]) == (11, 1, 1, 0.6)
    assert found["highest"] - found["lowest"] == pytest.approx(1 / 11) and found["lowest"] < found["value"]


def test_rates_are_known_where_notices_are_recorded_and_nobody_has_left() -> None:
    nobody = pd.Series(dtype="datetime64[us, UTC]")
    assert rate(weeks_of(ten(), left_at=nobody))["left_rate"] == 0.0


def test_rates_part_the_quiet_from_those_who_left() -> None:
    store = ten().contact("later", at(2, hours=3), customer_key="k-0", cues={"effort.repeat_contact": 0.95})
    left = pd.Series({"k-1": at(4), "k-2": at(40)}).astype("datetime64[us, UTC]")
    found = rate(weeks_of(store, left_at=left))
    assert found["left_rate"] == pytest.approx(0.1)
    assert found["returned_rate"] == pytest.approx(0.1, abs=0.06)
    assert found["returned_rate"] + found["left_rate"] + found["quiet_rate"] == pytest.approx(1.0)
    assert found["success_rate"] == pytest.approx(found["value"] - 0.09)


def test_rates_without_records_of_notices_say_nothing_of_leaving() -> None:
    found = rate(weeks_of(ten()))
    assert found["left_rate"] is None and found["quiet_rate"] is None and found["returned_rate"] == 0.0


def test_leaving_known_later_than_as_of_moves_nothing() -> None:
    now, left = at(3), pd.Series({"k-1": at(3) + timedelta(days=1)}).astype("datetime64[us, UTC]")
    none = pd.Series({"k-1": pd.NaT}, dtype="datetime64[us, UTC]")
    assert weeks_of(ten(), now, left).fcr.equals(weeks_of(ten(), now, none).fcr)


def test_interval_is_that_of_a_share() -> None:
    low, high = interval(0.9, 0.9 * 0.1 / 200)
    assert 0.85 < low < 0.9 < high < 0.94 and high - 0.9 < 0.9 - low
    assert interval(0.9, 0.0) == (0.9, 0.9) and interval(1.0, 0.1) == (1.0, 1.0)
    assert all(np.isfinite(interval(0.5, 1.0)))
