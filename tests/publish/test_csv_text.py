"""CSV cells: formulas disarmed in text only, quotes doubled, missing apart from empty."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime

import pyarrow as pa
import pytest

from analyzer.publish.csv_text import csv_header, csv_rows


def only_cell(value: object, type_: pa.DataType) -> str:
    return csv_rows(pa.table({"x": pa.array([value], type_)})).decode().removesuffix("\r\n")


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", '"\'=1+1"'),
        ('=HYPERLINK("x")', '"\'=HYPERLINK(""x"")"'),
        ("+49 30 1234", '"\'+49 30 1234"'),
        ("-5", '"\'-5"'),
        ("@SUM(A1)", '"\'@SUM(A1)"'),
        ("\tx", '"\'\tx"'),
        ("\rx", '"\'\rx"'),
        ("\x00x", '"\'\x00x"'),
        # near-misses stay as they are
        ("1=1", '"1=1"'),
        (" =1", '" =1"'),
        ("'=1", '"\'=1"'),
        ("a@b", '"a@b"'),
        ("\nx", '"\nx"'),
        ("–5", '"–5"'),
        ("", '""'),
        ('say "no"', '"say ""no"""'),
        ("Grüße, 😀", '"Grüße, 😀"'),
    ],
)
def test_text_cell_is_disarmed_and_quoted(text: str, cell: str) -> None:
    assert only_cell(text, pa.string()) == cell


@pytest.mark.parametrize(
    ("value", "type_", "cell"),
    [
        (None, pa.string(), ""),
        (-5.25, pa.float64(), "-5.25"),
        (-7, pa.int32(), "-7"),
        (True, pa.bool_(), "true"),
        (date(2026, 11, 22), pa.date32(), "2026-11-22"),
        (datetime(2026, 11, 22, 9, 5, 1, 250000, tzinfo=UTC), pa.timestamp("us", "UTC"), "2026-11-22T09:05:01.250000Z"),
        (["a", 'b"'], pa.list_(pa.string()), '"[""a"", ""b\\""""]"'),
        ([], pa.list_(pa.string()), '"[]"'),
    ],
)
def test_other_cells_are_written_plainly(value: object, type_: pa.DataType, cell: str) -> None:
    assert only_cell(value, type_) == cell


def test_rows_are_read_back_by_another_reader() -> None:
    table = pa.table({"id": ["1", "2"], "text": ['two\nlines, "quoted"', "plain"], "n": [0.1, None]})
    text = (csv_header(table.schema) + csv_rows(table)).decode()
    assert list(csv.reader(io.StringIO(text, newline=""))) == [
        ["id", "text", "n"],
        ["1", 'two\nlines, "quoted"', "0.1"],
        ["2", "plain", ""],
    ]
