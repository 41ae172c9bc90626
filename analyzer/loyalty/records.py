"""Loyalty facts of a company's file, one row a fact: what holds of a customer, from when, and known since when.

``[loyalty.columns]`` tells which column holds which fact; ``[loyalty.constants]`` gives facts that no column holds.
Columns that are neither mapped nor facts we know are not taken into the store: what serves no purpose is not kept.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import pyarrow as pa

from analyzer.config import LoyaltySettings
from analyzer.errors import UsageError
from analyzer.loyalty.kinds import FACT_KINDS, FIELDS, WORDS, Kind, Value, kind_of, read_cells
from analyzer.loyalty.rows import Problem, Rows, read_rows
from analyzer.loyalty.values import column_decimal, is_missing, read_time
from analyzer.tables import STORED, STRING, TIME

log = logging.getLogger(__name__)

KEYS: Final = ("customer_id", "as_of", "known_at")


class LoyaltyFile(NamedTuple):
    """Facts (STORED["loyalty_records"]) and what could not be read, in line order."""

    table: pa.Table
    problems: list[Problem]


@dataclass(frozen=True, slots=True)
class _Row:
    """A row that has a customer and a date; ``place`` is its place in the columns."""

    place: int
    line: int
    key: str
    as_of: datetime
    known_at: datetime


def read_loyalty(
    path: Path, settings: LoyaltySettings, *, customer_key: Callable[[str], str], timezone: str
) -> LoyaltyFile:
    """The facts of ``path`` and its problems. Raises UsageError if no column tells the customer or the date.

    ``known_at`` is ``as_of`` unless the file says otherwise. Of a fact given twice for one date, known at the same
    time, the later line counts; one known later stands beside it, for on the days between it was not known.
    """
    rows, zone = read_rows(path), ZoneInfo(timezone)
    columns = _columns(path, rows, settings)
    problems = list(rows.problems)
    kept = _rows_with_keys(rows, columns, settings, customer_key, zone, problems)
    measured = {*settings.attitudinal, *settings.behavioural, *settings.scale}
    file_decimal = column_decimal(cell for name in columns.values() for cell in set(rows.columns[name]))
    parts = [STORED["loyalty_records"].empty()]
    for fact, cells in sorted(_cells(rows, columns, settings).items()):
        distinct = set(cells)
        kind = kind_of(fact, distinct, measured=fact in measured)
        values = read_cells(fact, distinct, kind, zone, file_decimal)
        parts.append(_facts(fact, kind, cells, values, kept, str(path), problems))
    return LoyaltyFile(pa.concat_tables(parts), sorted(problems, key=lambda problem: problem.line))


def _columns(path: Path, rows: Rows, settings: LoyaltySettings) -> dict[str, str]:
    """The column of each fact; what settings map comes first, then columns that bear a fact's own name."""
    absent = sorted(f"{c} (loyalty.columns.{f})" for f, c in settings.columns.items() if c not in rows.columns)
    if absent:
        raise UsageError(f"{path} has no column {', '.join(absent)}.", hint=f"It has: {', '.join(rows.columns)}.")
    known = {*KEYS, *FACT_KINDS, *settings.attitudinal, *settings.behavioural, *settings.scale}
    mapped = set(settings.columns.values())
    columns = {name: name for name in rows.columns if name in known and name not in mapped} | settings.columns
    if "customer_id" not in columns:
        raise UsageError(
            f"{path} has no column customer_id.", hint='Map it: loyalty.columns.customer_id = "its column".'
        )
    if "as_of" not in columns and "as_of" not in settings.constants:
        raise UsageError(
            f"{path} has no column as_of, so nothing tells which date it holds for.",
            hint='Map it: loyalty.columns.as_of = "its column", or give loyalty.constants.as_of = "2026-11-01".',
        )
    ignored = sorted(set(rows.columns) - set(columns.values()))
    if ignored:
        log.info("loyalty file: %d columns are not mapped and not taken: %s", len(ignored), ", ".join(ignored))
    return columns


def _cells(rows: Rows, columns: dict[str, str], settings: LoyaltySettings) -> dict[str, Sequence[Any]]:
    """The cells of each fact, constants filled in where no column holds it."""
    constants = {fact: [value] * len(rows.lines) for fact, value in settings.constants.items()}
    return {
        fact: cells
        for fact, cells in (constants | {fact: rows.columns[name] for fact, name in columns.items()}).items()
        if fact not in KEYS
    }


def _rows_with_keys(
    rows: Rows, columns: dict[str, str], settings: LoyaltySettings, customer_key: Callable[[str], str],
    zone: ZoneInfo, problems: list[Problem],
) -> list[_Row]:  # fmt: skip
    customers = rows.columns[columns["customer_id"]]
    dates = _times("as_of", rows, columns, settings, zone)
    known = _times("known_at", rows, columns, settings, zone)
    known_cells = rows.columns[columns["known_at"]] if "known_at" in columns else [None] * len(rows.lines)
    kept: list[_Row] = []
    for place, line in enumerate(rows.lines):
        as_of, known_at = dates[place], known[place]
        if is_missing(customers[place]):
            problems.append(Problem(line, "customer_id is empty; row left out."))
        elif as_of is None:
            problems.append(Problem(line, "as_of is no date; row left out."))
        elif known_at is None and not is_missing(known_cells[place]):
            problems.append(Problem(line, "known_at is no date; row left out."))
        else:
            key = customer_key(str(customers[place]).strip())
            kept.append(_Row(place, line, key, as_of, known_at or as_of))
    return kept


def _times(
    key: str, rows: Rows, columns: dict[str, str], settings: LoyaltySettings, zone: ZoneInfo
) -> list[datetime | None]:
    if key in columns:
        cells = rows.columns[columns[key]]
        read = {cell: read_time(cell, zone) for cell in set(cells)}
        return [read[cell] for cell in cells]
    if key not in settings.constants:
        return [None] * len(rows.lines)
    constant = read_time(settings.constants[key], zone)
    if constant is None:
        raise UsageError(f"loyalty.constants.{key} is no date.", hint='Write it as "2026-11-01".')
    return [constant] * len(rows.lines)


def _facts(
    fact: str, kind: Kind, cells: Sequence[Any], values: dict[Any, Value | None], kept: list[_Row],
    source_uri: str, problems: list[Problem],
) -> pa.Table:  # fmt: skip
    """The rows of one fact; every cell that says something but cannot be read becomes a problem."""
    latest: dict[tuple[str, datetime, datetime], tuple[_Row, Value]] = {}
    for row in kept:
        cell = cells[row.place]
        if cell not in values:  # says nothing
            continue
        value = values[cell]
        if value is None:
            problems.append(Problem(row.line, f"{fact} is not {WORDS[kind]}; fact left out."))
            continue
        before = latest.get((row.key, row.as_of, row.known_at))
        if before is not None and before[1] != value:
            problems.append(
                Problem(row.line, f"{fact} differs from line {before[0].line} for the same date; this counts.")
            )
        latest[row.key, row.as_of, row.known_at] = (row, value)
    return _table(fact, FIELDS[kind], list(latest.values()), source_uri)


def _table(fact: str, field: str, found: list[tuple[_Row, Value]], source_uri: str) -> pa.Table:
    schema, count = STORED["loyalty_records"].schema, len(found)
    arrays: dict[str, pa.Array] = {
        "customer_key": pa.array([row.key for row, _ in found], STRING),
        "as_of": pa.array([row.as_of for row, _ in found], TIME),
        "known_at": pa.array([row.known_at for row, _ in found], TIME),
        "fact": pa.array([fact] * count, STRING),
        "source_uri": pa.array([source_uri] * count, STRING),
    }
    for name in ("number", "text", "time"):
        of_type = schema.field(name).type
        arrays[name] = pa.array([value for _, value in found], of_type) if name == field else pa.nulls(count, of_type)
    return pa.table([arrays[name] for name in schema.names], schema=schema)
