from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from analyzer.config import load_settings
from analyzer.errors import ConfigError
from analyzer.journey.holidays import holidays
from tests.journey.store import Store, at

YEARS = {
    "DE": "01-01 04-03 04-06 05-01 05-14 05-25 10-03 12-25 12-26",
    "AT": "01-01 01-06 04-06 05-01 05-14 05-25 06-04 08-15 10-26 11-01 12-08 12-25 12-26",
    "CH": "01-01 05-14 08-01 12-25",
    "GB": "01-01 04-03 04-06 05-04 05-25 08-31 12-25 12-28",
    "US": "01-01 01-19 02-16 05-25 06-19 07-03 09-07 10-12 11-11 11-26 12-25",
}  # of 2026


@pytest.mark.parametrize("country", sorted(YEARS))
def test_holidays_of_a_country(country: str) -> None:
    expected = {date.fromisoformat(f"2026-{day}") for day in YEARS[country].split()}
    assert holidays([country], [2026]) == expected


@pytest.mark.parametrize(("year", "days"), [(2021, "12-27 12-28"), (2022, "12-26 12-27"), (2027, "12-27 12-28")])
def test_holidays_of_english_christmas_on_a_weekend_are_made_up_for(year: int, days: str) -> None:
    december = {day for day in holidays(["GB"], [year]) if day.month == 12}
    assert december == {date.fromisoformat(f"{year}-{day}") for day in days.split()}


@pytest.mark.parametrize("wrong", ['holidays=["Bayern"]', "days_off=[2026-13-01]"])
def test_holidays_that_nobody_knows_are_refused(wrong: str) -> None:
    with pytest.raises(ConfigError):
        load_settings(assignments=[f"journey.{wrong}"])


@pytest.mark.parametrize(
    ("given", "due"),
    [({}, 7), ({"holidays": "[]"}, 3), ({"days_off": "[2026-04-07]"}, 8), ({"days_off": '["2026-04-07"]'}, 8)],
)
def test_promise_in_business_days_waits_for_holidays(given: dict[str, str], due: int) -> None:
    """Said on Thursday before Easter 2026: Friday and Monday are holidays in Germany."""
    store = Store().contact("a", at(31), promise="Das Geld ist innerhalb von einem Werktag da.")
    promised = store.trace(at(32), **given).commitments.to_pylist()[0]["promised_by"]
    assert promised == datetime(2026, 4, due, 21, 59, 59, tzinfo=UTC)
