"""CSV with a header: a row a turn or a row a contact; comma, semicolon or tab.

A row that breaks the quoting rules costs that row alone: the lines it swallowed are read again.
"""

from __future__ import annotations

import csv
import re
import sys
from collections import deque
from collections.abc import Iterator
from typing import Final

from analyzer.ingest.formats.base import Format, Guess, Read, is_binary
from analyzer.ingest.formats.rows import KNOWN_COLUMNS, Row, RowTable, contacts
from analyzer.ingest.lines import LongLine, lines, to_text
from analyzer.ingest.raw import ReadContext
from analyzer.ingest.reject_codes import Refused
from analyzer.ingest.stream import Stream

DELIMITERS: Final = (",", ";", "\t", "|")
_SEPARATOR: Final = re.compile(r"\s*sep=(.)\s*", re.IGNORECASE)  # a first line by which Excel tells the delimiter
_MAX_COLUMNS: Final = 10_000
_REREAD_LIMIT: Final = 4  # × max_line_bytes, so that a file of broken quotes is not read again and again

csv.field_size_limit(min(sys.maxsize, 2**31 - 1))  # rows are bounded by their lines below


def recognise(head: bytes, name: str) -> Guess:
    named = name.lower().endswith((".csv", ".tsv"))
    first = next((line for line in head.split(b"\n") if not _is_before_header(line)), b"")
    if is_binary(head) or first.lstrip()[:1] in (b"{", b"["):
        return Guess(0.0, "no text, or JSON")
    header = first.decode("utf-8", "replace")
    columns = _split(header, delimiter_of(header))
    known = {column.strip().casefold() for column in columns} & KNOWN_COLUMNS
    if len(columns) > 1 and known & {"text", "turns", "transcript"} and len(known) > 1:
        return Guess(0.95, "a header with our column names")
    if named:
        return Guess(0.7, "CSV by its name")
    return Guess(0.4 if len(known) > 1 else 0.0, f"{len(known)} known column names in the first line")


def read(stream: Stream, context: ReadContext) -> Read:
    yield from contacts(table(stream), context)


def table(stream: Stream) -> RowTable:
    """The rows of a CSV file; raises Refused where even its header cannot be read."""
    first = _header(lines(stream.chunks(), stream.settings.max_line_bytes))
    header = None if isinstance(first, LongLine) else to_text(first, stream.settings.encoding)
    if header is None:
        raise Refused("line_too_long" if isinstance(first, LongLine) else "encoding", "The header.")
    delimiter = delimiter_of(header)
    columns = _split(header, delimiter)
    if not 0 < len(columns) <= _MAX_COLUMNS or len(set(columns)) < len([c for c in columns if c]):
        raise Refused("bad_csv", "The header has no columns, too many, or one twice.")
    return RowTable(columns, lambda: _Rows(stream, columns, delimiter).read())


def delimiter_of(header: str) -> str:
    """The delimiter that yields most of our column names, then most columns."""

    def fitness(delimiter: str) -> tuple[int, int]:
        columns = _split(header, delimiter)
        return len({column.strip().casefold() for column in columns} & KNOWN_COLUMNS), len(columns)

    return max(DELIMITERS, key=fitness)


def _header(source: Iterator[bytes | LongLine]) -> bytes | LongLine:
    """The first line that is one, taken from ``source``."""
    return next((line for line in source if isinstance(line, LongLine) or not _is_before_header(line)), b"")


def _is_before_header(line: bytes) -> bool:
    return not line.strip() or (len(line) < 20 and _SEPARATOR.fullmatch(line.decode("latin-1")) is not None)


def _split(line: str, delimiter: str) -> list[str]:
    try:
        row = next(csv.reader([line.rstrip("\r\n")], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return []
    return [cell.strip() for cell in row]


class _Rows:
    """One pass over the rows. Lines of the row being read are kept, to quarantine it or to read them again."""

    def __init__(self, stream: Stream, columns: list[str], delimiter: str) -> None:
        self.limit = stream.settings.max_line_bytes
        self.encoding = stream.settings.encoding
        self.columns = columns
        self.source = lines(stream.chunks(), self.limit)
        _header(self.source)
        self.again: deque[bytes] = deque()
        self.taken: list[bytes] = []
        self.taken_bytes = 0
        self.reread_bytes = 0
        self.problem: str | None = None
        self.delimiter = delimiter
        self.reader = self._new_reader()

    def _new_reader(self) -> Iterator[list[str]]:
        return csv.reader(self._texts(), delimiter=self.delimiter, strict=True)

    def read(self) -> Iterator[Row]:
        position = -1
        while True:
            self.taken, self.taken_bytes, self.problem = [], 0, None
            try:
                cells = next(self.reader)
            except StopIteration:
                return
            except csv.Error:
                if not self.taken:  # the file ended within quotes and all of it was read again
                    return
                raw = self._take_back()
                self.reader = self._new_reader()
                position += 1
                yield Row(position, {}, raw, "bad_csv")
                continue
            if not cells and not self.problem:
                continue  # a blank line
            position += 1
            yield self._row(position, cells)

    def _row(self, position: int, cells: list[str]) -> Row:
        raw = b"\n".join(self.taken) + b"\n"
        problem = self.problem
        if problem is None and len(cells) != len(self.columns):
            problem = "column_count"
        return Row(position, dict(zip(self.columns, cells, strict=False)), raw, problem)

    def _take_back(self) -> bytes:
        """The first line of a broken row; the others will be read again, within a limit."""
        first, *others = self.taken
        self.reread_bytes += self.taken_bytes
        if self.reread_bytes > _REREAD_LIMIT * self.limit:
            return b"\n".join(self.taken)
        self.again.extendleft(reversed(others))
        return first

    def _texts(self) -> Iterator[str]:
        """Lines for the csv module, which cannot be told of a bad one: that is noted in ``problem`` instead."""
        while True:
            line = self.again.popleft() if self.again else next(self.source, None)
            if line is None:
                return
            if isinstance(line, LongLine):
                self.problem, line = "line_too_long", line.head.replace(b'"', b"")
            self.taken.append(line)
            self.taken_bytes += len(line)
            if self.taken_bytes > self.limit:
                # An open quote swallows the file: end the row here; it is refused and the rest read again.
                self.problem = "line_too_long"
                yield '"\x00'
                continue
            text = to_text(line, self.encoding)
            if text is None:
                self.problem, text = "encoding", line.decode("latin-1")
            yield text + "\n"


FORMAT: Final = Format("table_csv", "CSV, a row a turn or a row a contact", True, recognise, read)
