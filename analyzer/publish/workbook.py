"""An Excel workbook: a dictionary, then a sheet a table with types, a frozen header, filters and widths.

Text is written as text, whatever it begins with: nothing in a workbook of ours is a formula or a link. A sheet holds
1,048,575 rows and a cell 32,767 characters; a table with more is refused, a longer text is cut and counted.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from analyzer.errors import UsageError
from analyzer.publish.datapackage import type_name
from analyzer.publish.exported import Exported, check_file, disk_errors, staged, to_disk
from analyzer.publish.outgoing import Outgoing
from analyzer.tables import Column, Table

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

MOST_ROWS: Final = (1 << 20) - 1  # below the header
MOST_CHARACTERS: Final = 32_767
_MADE: Final = datetime(2026, 1, 1)  # stands in the file's properties, so that equal tables give equal bytes
_WIDTHS: Final = {"datetime": 19, "date": 11, "number": 12, "integer": 10, "boolean": 8, "array": 28, "string": 18}
_FORMATS: Final = {"datetime": "yyyy-mm-dd hh:mm:ss", "date": "yyyy-mm-dd", "number": "0.00##", "integer": "0"}
_DICTIONARY: Final = (
    ("table", 20), ("column", 26), ("type", 10), ("unit", 12), ("may be empty", 13), ("meaning", 70), ("values", 50),
)  # fmt: skip
_WIDE: Final = {"text": 60, "explanation": 60, "meaning": 60, "message": 60, "reason": 30, "method": 34}


def write_workbook(tables: Mapping[str, Outgoing], to: str, since: date | None) -> list[Exported]:
    """Every table as a sheet of the file ``to``. Raises UsageError where a table has more rows than a sheet."""
    target = Path(to)
    check_file(target)
    with disk_errors(target), staged({"book": target}) as places:
        counted = _fill(places["book"], tables)
        to_disk(places["book"])
        places["book"].replace(target)
    return [Exported(name, f"sheet {name}", rows, target, cut) for name, (rows, cut) in counted.items()]


def _fill(path: Path, tables: Mapping[str, Outgoing]) -> dict[str, tuple[int, int]]:
    import xlsxwriter
    from xlsxwriter.exceptions import FileCreateError

    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
               "constant_memory": True, "remove_timezone": True}  # fmt: skip
    try:
        with xlsxwriter.Workbook(str(path), options) as book:
            book.set_properties({"title": "Contact center interactions", "created": _MADE})
            head = book.add_format({"bold": True, "bg_color": "#E8EEF5", "bottom": 1, "valign": "top"})
            _dictionary(book, [out.table for out in tables.values()], head)
            return {name: _Sheet(book, out.table, head).filled(out) for name, out in tables.items()}
    except FileCreateError as error:  # what the library makes of an OSError
        raise error.args[0] if isinstance(error.args[0], OSError) else OSError(str(error)) from error


def _dictionary(book: Workbook, tables: list[Table], head: Format) -> None:
    sheet = book.add_worksheet("dictionary")
    for place, (title, width) in enumerate(_DICTIONARY):
        sheet.set_column(place, place, width)
        sheet.write_string(0, place, title, head)
    sheet.freeze_panes(1, 2)
    rows = [(table, column) for table in tables for column in table.columns]
    for row, (table, column) in enumerate(rows, 1):
        told = (
            table.name, column.name, type_name(column.type), column.unit, "yes" if column.nullable else "no",
            column.meaning, ", ".join(column.one_of),
        )  # fmt: skip
        for place, text in enumerate(told):
            sheet.write_string(row, place, text)
    sheet.autofilter(0, 0, len(rows), len(_DICTIONARY) - 1)


class _Sheet:
    """The sheet of one table."""

    def __init__(self, book: Workbook, table: Table, head: Format) -> None:
        self._table = table
        self._sheet: Worksheet = book.add_worksheet(table.name)
        self._cut = 0
        self._writers = [self._writer(book, column) for column in table.columns]
        for place, column in enumerate(table.columns):
            self._sheet.set_column(place, place, _width(column))
            self._sheet.write_string(0, place, column.name, head)
        self._sheet.freeze_panes(1, 1)

    def filled(self, out: Outgoing) -> tuple[int, int]:
        """(rows, texts that were cut)."""
        rows = 0
        for part in out.parts():
            if rows + part.num_rows > MOST_ROWS:
                raise UsageError(
                    f"{self._table.name} has more rows than a sheet of Excel holds ({MOST_ROWS:,}).",
                    hint="Give --since for the latest days, or another --format.",
                )
            for values in zip(*(column.to_pylist() for column in part.columns), strict=True):
                rows += 1
                for place, value in enumerate(values):
                    if value is not None:
                        self._writers[place](rows, place, value)
        self._sheet.autofilter(0, 0, max(rows, 1), len(self._writers) - 1)
        return rows, self._cut

    def _writer(self, book: Workbook, column: Column) -> Callable[[int, int, Any], None]:
        kind = type_name(column.type)
        shown = book.add_format({"num_format": _FORMATS[kind]}) if kind in _FORMATS else None
        if kind == "boolean":
            return lambda row, place, value: _told(self._sheet.write_boolean(row, place, value))
        if kind in ("number", "integer"):
            return lambda row, place, value: _told(self._sheet.write_number(row, place, value, shown))
        if kind == "datetime":
            return lambda row, place, value: _told(self._sheet.write_datetime(row, place, _utc(value), shown))
        if kind == "date":
            return lambda row, place, value: _told(self._sheet.write_datetime(row, place, value, shown))
        if pa.types.is_list(column.type):
            return lambda row, place, value: self._text(row, place, json.dumps(value, ensure_ascii=False))
        return self._text

    def _text(self, row: int, place: int, value: str) -> None:
        if len(value) > MOST_CHARACTERS:
            self._cut += 1
            value = value[: MOST_CHARACTERS - 1] + "…"
        _told(self._sheet.write_string(row, place, value))


def _told(outcome: int) -> None:
    """The library says by a number that it wrote nothing."""
    if outcome:
        raise ValueError(f"A cell could not be written (code {outcome}).")


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)


def _width(column: Column) -> int:
    return max(_WIDE.get(column.name, _WIDTHS[type_name(column.type)]), min(len(column.name) + 3, 28))
