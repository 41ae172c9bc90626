"""What kind of value each loyalty fact has, and the cells of a column read as that kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from analyzer.loyalty.values import (
    Decimal,
    column_decimal,
    is_missing,
    is_time,
    read_boolean,
    read_number,
    read_time,
    stands_for_no_time,
)  # fmt: skip

Kind = Literal["number", "boolean", "text", "time"]
Value = float | str | datetime

FACT_KINDS: Final[Mapping[str, Kind]] = {
    "tenure_months": "number", "purchases_12m": "number", "revenue_12m": "number", "nps": "number",
    "referrals": "number", "complaints_12m": "number",
    "may_contact": "boolean", "churned": "boolean", "locked_in": "boolean",
    "product_line": "text", "segment": "text", "tier": "text", "exit_reason": "text",
    "cancel_received_at": "time", "contract_end": "time", "churned_at": "time", "purchased_at": "time",
}  # fmt: skip
RANGES: Final = {
    "nps": (0.0, 10.0),
    "tenure_months": (0.0, 1200.0),  # 9999 and the like stand for no tenure
    **dict.fromkeys(("purchases_12m", "referrals", "complaints_12m"), (0.0, float("inf"))),
}
WORDS: Final[Mapping[Kind, str]] = {
    "number": "a number in its range", "boolean": "yes or no", "time": "a date", "text": "a word",
}  # fmt: skip
FIELDS: Final[Mapping[Kind, str]] = {"number": "number", "boolean": "number", "text": "text", "time": "time"}
# A column under a name of the company's own is numbers, or dates, if this share of its cells are.
_GUESS_SHARE: Final = 0.95


def kind_of(fact: str, cells: set[Any], *, measured: bool) -> Kind:
    """The kind of ``fact``: as TABLES.md has it, else a number if settings measure it, else what cells look like."""
    if fact in FACT_KINDS:
        return FACT_KINDS[fact]
    said = [cell for cell in cells if not is_missing(cell)]
    if measured or not said or _mostly(said, _number_or_boolean):
        return "number"
    return "time" if _mostly(said, lambda cell: is_time(cell) or None) else "text"


def _mostly(cells: list[Any], read: Callable[[Any], object | None]) -> bool:
    return sum(read(cell) is not None for cell in cells) >= _GUESS_SHARE * len(cells)


def _number_or_boolean(cell: Any) -> float | None:
    number = read_number(cell)
    return read_boolean(cell) if number is None else number


def read_cells(
    fact: str, cells: set[Any], kind: Kind, zone: ZoneInfo, decimal: Decimal | None
) -> dict[Any, Value | None]:
    """The value of each distinct cell that says something; None where it cannot be read as ``kind``."""
    said = {cell for cell in cells if not is_missing(cell) and not (kind == "time" and stands_for_no_time(cell))}
    sign = column_decimal(said) or decimal
    low, high = RANGES.get(fact, (float("-inf"), float("inf")))

    def read(cell: Any) -> Value | None:
        if kind == "time":
            return read_time(cell, zone)
        if kind == "boolean":
            return read_boolean(cell)
        if kind == "text":
            return str(cell).strip()
        number = read_number(cell, sign)
        number = read_boolean(cell) if number is None else number
        return number if number is not None and low <= number <= high else None

    return {cell: read(cell) for cell in said}
