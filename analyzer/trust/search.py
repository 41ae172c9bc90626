"""The proof: every byte of a store's folder looked at, files that are packed unpacked, for ids that must not be there.

An id of eight characters or more is looked for anywhere. A shorter one would be met by chance in packed bytes and in
other people's words, so it is looked for as a whole value of every column of text, and in quotes in every file.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, quote_plus

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import re2

from analyzer.progress import Progress

LONG: Final = 8
_BLOCK: Final = 1 << 22
_AT_ONCE: Final = 400  # ids of one pattern; more would not fit a matcher's memory


@dataclass
class Searched:
    """How much was looked at, packed and unpacked, and the files in which an id was found."""

    files: int = 0
    bytes: int = 0
    unpacked: int = 0
    found_in: list[str] = field(default_factory=list)


def search(store: Path, ids: Collection[str], progress: Progress, *, without: Collection[str] = ()) -> Searched:
    """What a search of the whole folder for ``ids`` finds; files of the names ``without`` are left out."""
    files = sorted(path for path in store.rglob("*") if path.is_file() and not _is_of(path.name, without))
    return search_files(store, files, ids, progress)


def search_files(store: Path, files: Sequence[Path], ids: Collection[str], progress: Progress) -> Searched:
    """The same of some files of the folder."""
    wanted = _Wanted(ids)
    progress.begin("searching every byte", sum(path.stat().st_size for path in files), "bytes")
    result = Searched()
    for path in files:
        size = path.stat().st_size
        result.files += 1
        result.bytes += size
        if wanted.in_raw(path) or wanted.in_values(path, result):
            result.found_in.append(path.relative_to(store).as_posix())
        progress.advance(size)
    return result


def _is_of(name: str, without: Collection[str]) -> bool:
    return any(name == one or name in (f"{one}-wal", f"{one}-shm") for one in without)


class _Wanted:
    """The ids as patterns over bytes, and as values of a column."""

    def __init__(self, ids: Collection[str]) -> None:
        self._long = sorted({each for each in ids if len(each) >= LONG})
        self._short = pa.array(sorted({each for each in ids if 0 < len(each) < LONG}), pa.string())
        spellings = {form for each in self._long for form in _spellings(each)}
        spellings |= {f'"{each}"'.encode() for each in self._short.to_pylist()}
        self._raw = [_pattern(part) for part in _parts(sorted(spellings))]
        self._longest = max(map(len, spellings), default=1)
        self._texts = ["|".join(map(re.escape, part)) for part in _parts(self._long)]

    def in_raw(self, path: Path) -> bool:
        """Whether the bytes as they lie hold one of them."""
        tail = b""
        with path.open("rb") as stream:
            while block := stream.read(_BLOCK):
                window = tail + block
                if any(pattern.search(window) for pattern in self._raw):
                    return True
                tail = window[-self._longest :]
        return False

    def in_values(self, path: Path, result: Searched) -> bool:
        """The same of what is packed in it, or lies apart on the pages of a database."""
        if path.suffix == ".parquet":
            batches: Iterator[pa.RecordBatch] = _parquet(path)
        elif path.suffix == ".sqlite":
            batches = _sqlite(path)
        else:
            return False
        for batch in batches:
            result.unpacked += batch.nbytes
            if any(self._in_column(column) for column in batch.columns):
                return True
        return False

    def _in_column(self, column: pa.Array) -> bool:
        if pa.types.is_struct(column.type):
            return any(self._in_column(child) for child in column.flatten())
        if pa.types.is_map(column.type):
            return self._in_column(column.keys) or self._in_column(column.items)
        if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
            return self._in_column(pc.list_flatten(column))
        if pa.types.is_dictionary(column.type):
            return self._in_column(column.dictionary_decode())
        if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
            return False
        if len(self._short) and pc.any(pc.is_in(column, value_set=self._short.cast(column.type))).as_py():
            return True
        return any(pc.any(pc.match_substring_regex(column, pattern)).as_py() for pattern in self._texts)


def _spellings(one: str) -> Iterator[bytes]:
    """As UTF-8, UTF-16, as JSON writes what is not ASCII, and as addresses write what is no letter."""
    yield one.encode("utf-8", "surrogatepass")
    yield one.encode("utf-16-le", "surrogatepass")
    if not one.isascii():
        yield json.dumps(one)[1:-1].encode()
    for quoted in (quote_plus(one, errors="surrogatepass"), quote(one, errors="surrogatepass")):
        if quoted != one:
            yield quoted.encode()


def _parquet(path: Path) -> Iterator[pa.RecordBatch]:
    with pq.ParquetFile(path) as file:
        yield from file.iter_batches(batch_size=16_384)


def _sqlite(path: Path) -> Iterator[pa.RecordBatch]:
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=20)) as connection:
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for name in names:
            cursor = connection.execute(f'SELECT * FROM "{name}"')
            while rows := cursor.fetchmany(4096):
                texts = [str(value) for row in rows for value in row if isinstance(value, str)]
                yield pa.record_batch([pa.array(texts, pa.string())], names=["text"])


def _pattern(alternatives: list[bytes]) -> Any:
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.max_mem = 1 << 28
    return re2.compile(b"|".join(map(re2.escape, alternatives)), options=options)


def _parts(values: list[Any]) -> list[list[Any]]:
    return [values[start : start + _AT_ONCE] for start in range(0, len(values), _AT_ONCE)]
