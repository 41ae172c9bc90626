"""The rows of a record file (loyalty, surveys) as columns, with the line each came from.

CSV in any usual encoding and delimiter, plain or gzipped, and Parquet. A row that does not fit the header is a
``Problem``, never a crash and never repaired in silence; a file that cannot be read at all is a ``UsageError``.
"""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from analyzer.errors import UsageError

DELIMITERS: Final = (";", ",", "\t", "|")


@dataclass(frozen=True, slots=True)
class Problem:
    """What could not be read on a line (1-based; a Parquet file's rows count from 1). Never holds the value itself."""

    line: int
    message: str


@dataclass(frozen=True, slots=True)
class Rows:
    """Columns by their names in the file, all of the length of ``lines``."""

    columns: dict[str, list[Any]]
    lines: list[int]
    delimiter: str
    problems: list[Problem]


def read_rows(path: Path) -> Rows:
    """All rows of ``path``. Raises UsageError if the file is missing, damaged or without a header."""
    try:
        content = path.read_bytes()
        if content[:2] == b"\x1f\x8b":
            content = gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise UsageError(f"Cannot read {path}: {_why(error)}.", hint="Check the path and the file.") from error
    return _parquet_rows(path, content) if content[:4] == b"PAR1" else _csv_rows(path, _decode(content))


def _why(error: Exception) -> str:
    return (error.strerror or "damaged") if isinstance(error, OSError) else "the compressed file is damaged"


def _decode(content: bytes) -> str:
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if content.startswith(mark):
            return content.decode(encoding, "replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def _csv_rows(path: Path, text: str) -> Rows:
    delimiter = _delimiter(text.lstrip("\r\n").split("\n", 1)[0])
    reader = csv.reader(io.StringIO(text.replace("\0", "")), delimiter=delimiter)
    problems: list[Problem] = []
    records = _records(reader, problems)
    header = [name.strip() for name in next(records, (0, []))[1]]
    _check_header(path, header)
    cells: list[list[str]] = []
    lines: list[int] = []
    for line, row in records:
        if len(row) == len(header):
            cells.append(row)
            lines.append(line)
        else:
            problems.append(Problem(line, f"{len(row)} cells where the header names {len(header)}; row left out."))
    columns = dict(zip(header, map(list, zip(*cells, strict=True)), strict=True)) if cells else {n: [] for n in header}
    return Rows(columns, lines, delimiter, problems)


def _records(reader: Any, problems: list[Problem]) -> Iterator[tuple[int, list[str]]]:
    """Line of its end and cells of each row that is not blank."""
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            problems.append(Problem(reader.line_num, f"not readable as CSV ({error}); row left out."))
            continue
        if any(cell.strip() for cell in row):
            yield reader.line_num, row


def _delimiter(header: str) -> str:
    """The separator that the header holds most often outside quotes; a comma where it holds none."""
    outside = "".join(header.split('"')[::2])
    best = max(DELIMITERS, key=outside.count)
    return best if best in outside else ","


def _parquet_rows(path: Path, content: bytes) -> Rows:
    try:
        table = pq.read_table(io.BytesIO(content))
    except (pa.ArrowException, OSError) as error:
        raise UsageError(f"Cannot read {path}: the Parquet file is damaged.", hint="Write it again.") from error
    _check_header(path, table.column_names)
    flat = [field.name for field in table.schema if not pa.types.is_nested(field.type)]
    columns = {name: table.column(name).to_pylist() for name in flat}
    return Rows(columns, list(range(1, table.num_rows + 1)), "", [])


def _check_header(path: Path, header: list[str]) -> None:
    if not any(header):
        raise UsageError(f"{path} has no header row.", hint="Its first line must name the columns.")
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise UsageError(f"{path} names a column twice: {', '.join(twice)}.", hint="Rename one of them.")
