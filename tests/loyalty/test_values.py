from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.loyalty.values import column_decimal, read_boolean, read_number, read_time

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("1.234,5", 1234.5),
        ("1,234.5", 1234.5),
        ("0,125", 0.125),
        ("1,5", 1.5),
        ("-3", -3.0),
        ("1.234.567", 1234567.0),
        ("€ 12,50", 12.5),
        ("1'200.75", 1200.75),
        ("1 200", 1200.0),
        ("12 %", 12.0),
        ("1,2,3.4.5", None),
        ("abc", None),
        ("", None),
        ("1-2", None),
        ("1e3", 1000.0),
        ("inf", None),
        (True, 1.0),
        (7, 7.0),
        (float("nan"), None),
    ],
)
def test_read_number_reads_german_and_english(cell: object, number: float | None) -> None:
    assert read_number(cell) == number


def test_column_decides_what_a_cell_leaves_open() -> None:
    assert column_decimal(["2.000", "99,5"]) == "," and read_number("2.000", ",") == 2000
    assert column_decimal(["2.000", "99.5"]) == "." and read_number("2.000", ".") == 2
    assert column_decimal(["2.000", "3"]) is None and read_number("2.000") == 2


@given(st.floats(-1e9, 1e9).map(lambda x: round(x, 2)))
def test_read_number_reads_back_what_german_offices_write(number: float) -> None:
    written = f"{number:,.2f}".translate(str.maketrans(",.", ".,"))
    assert read_number(written) == pytest.approx(number)


@pytest.mark.parametrize(
    ("cell", "answer"), [("Ja", 1), ("nein", 0), ("YES", 1), ("0", 0), (True, 1), ("x", None), ("2", None)]
)
def test_read_boolean_knows_both_languages(cell: object, answer: float | None) -> None:
    assert read_boolean(cell) == answer


@pytest.mark.parametrize(
    ("cell", "moment"),
    [
        ("2026-11-01", datetime(2026, 10, 31, 23)),
        ("1.7.2026", datetime(2026, 6, 30, 22)),
        ("2026/1/5", datetime(2026, 1, 4, 23)),
        ("20261101", datetime(2026, 10, 31, 23)),
        ("2026-11-01T10:00:00Z", datetime(2026, 11, 1, 10)),
        ("01.11.2026 14:30 Uhr", datetime(2026, 11, 1, 13, 30)),
    ],
)
def test_read_time_reads_dates_in_the_zone(cell: str, moment: datetime) -> None:
    assert read_time(cell, BERLIN) == moment.replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "cell", ["11/12/2026", "31.02.2026", "soon", "12", None, 3.5, "2026-13-01", "0001-01-01", "31.12.9999"]
)
def test_read_time_refuses_what_is_no_clear_date(cell: object) -> None:
    assert read_time(cell, BERLIN) is None
