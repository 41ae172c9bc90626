from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.ingest.reject_codes import Refused
from analyzer.ingest.times import local_date, parse_end, parse_time, time_from_name

BERLIN = "Europe/Berlin"


@pytest.mark.parametrize(
    ("value", "utc"),
    [
        ("2026-11-20T09:12:00Z", "2026-11-20T09:12"),
        ("2026-11-20T09:12:00+02:00", "2026-11-20T07:12"),
        ("2026-11-20 09:12", "2026-11-20T08:12"),
        ("20.11.2026 09:12", "2026-11-20T08:12"),
        ("1.7.2026, 9:12 Uhr", "2026-07-01T07:12"),
        ("2026-11-20", "2026-11-19T23:00"),
        (date(2026, 11, 20), "2026-11-19T23:00"),
        (datetime(2026, 7, 1, 12), "2026-07-01T10:00"),
        ("2026-10-25T02:30:00", "2026-10-25T00:30"),  # happens twice: the first
        ("2026-03-29T02:30:00", "2026-03-29T01:30"),  # does not happen: as if the clock had stayed
    ],
)
def test_parse_time_reads(value: object, utc: str) -> None:
    assert parse_time(value, BERLIN, "started_at") == datetime.fromisoformat(utc).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "value", ["", "soon", "11/20/2026", "31.02.2026", "1767609000", "2026-13-01", 17, True, "2026-W47"]
)
def test_parse_time_refuses(value: object) -> None:
    with pytest.raises(Refused) as refused:
        parse_time(value, BERLIN, "started_at")
    assert refused.value.code == "unreadable_time"


@pytest.mark.parametrize("value", ["0001-01-01T00:00:00", "9999-12-31T23:59:59-12:00", "1970-01-01T00:00:00Z"])
def test_parse_time_refuses_the_implausible(value: str) -> None:
    with pytest.raises(Refused, match="implausible_time"):
        parse_time(value, BERLIN, "started_at")


def test_parse_end_takes_the_second_hour_if_the_first_lies_before_the_start() -> None:
    start = parse_time("2026-10-25T02:50:00", BERLIN, "started_at")
    assert parse_end("2026-10-25T02:10:00", BERLIN, start) == datetime(2026, 10, 25, 1, 10, tzinfo=UTC)
    assert parse_end("2026-10-25T02:55:00", BERLIN, start) == datetime(2026, 10, 25, 0, 55, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "utc"),
    [
        ("call_2026-11-20_0912_c-77.txt", "2026-11-20T08:12"),
        ("20261120T091205.txt", "2026-11-20T08:12:05"),
        ("2026-11-20.jsonl", "2026-11-19T23:00"),
        ("c-77.txt", None),
        ("order_1220261120991.txt", None),
        ("2026-99-20.txt", None),
        ("call-77_2026-11-20T09-12-30Z.json", "2026-11-20T09:12:30"),
        ("ct_20261120T09:12_UTC.wav", "2026-11-20T09:12"),
        ("20261120_0912Zebra.json", "2026-11-20T08:12"),
    ],
)
def test_time_from_name(name: str, utc: str | None) -> None:
    assert time_from_name(name, BERLIN) == (utc and datetime.fromisoformat(utc).replace(tzinfo=UTC))


@given(
    moment=st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC)),
    zone=st.sampled_from(sorted(available_timezones())),
)
def test_local_date_is_that_of_the_zone(moment: datetime, zone: str) -> None:
    assert local_date(moment, zone) == moment.astimezone(ZoneInfo(zone)).date()
