from __future__ import annotations

import pytest

from analyzer.ingest.epochs import from_epoch, number_of
from analyzer.ingest.reject_codes import Refused

SAME = "2026-01-05T10:30:00.250000+00:00"


@pytest.mark.parametrize(
    ("value", "unit"),
    [(1767609000.25, "s"), (1767609000250, "ms"),
     ("1767609000250", "ms"), (1767609000250000, "us"), ("1767609000.25", "s")],
)  # fmt: skip
def test_epochs_of_every_unit_are_the_same_moment(value: int | float | str, unit: str) -> None:
    assert from_epoch(value, unit, "t").isoformat() == SAME  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "code"),
    [("soon", "unreadable_time"), (float("nan"), "unreadable_time"), ("", "unreadable_time"), (True, "unreadable_time"),
     (10**30, "implausible_time"), (1e300, "implausible_time"),
     (10**400, "implausible_time"), ("9" * 39, "implausible_time")],
)  # fmt: skip
def test_epochs_that_are_no_time_are_refused(value: int | float | str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        from_epoch(value, "ms", "t")
    assert refused.value.code == code


def test_number_of_reads_text_and_refuses_words() -> None:
    assert [number_of(v) for v in ("12", " 1.5 ", "-3", "1_0", "x", "9" * 41)] == [12, 1.5, -3, None, None, None]
