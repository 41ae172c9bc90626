"""The search finds an id wherever bytes can hide it, and does not take chance for a trace."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analyzer.progress import Silent
from analyzer.trust.search import search

LONG, SHORT = "kundin-müller-4711", "k-7"


def parquet(path: Path, value: str, kind: str = "text") -> None:
    column = pa.array([[value]] * 3) if kind == "list" else pa.array(["x" * 50, value, "y"]).dictionary_encode()
    pq.write_table(pa.table({"held": column}), path / "t.parquet", compression="zstd", write_statistics=False)


def database(path: Path, value: str) -> None:
    with closing(sqlite3.connect(path / "d.sqlite")) as connection, connection:
        connection.execute("CREATE TABLE t (held TEXT)")
        connection.execute("INSERT INTO t VALUES (?)", ("z" * 6000 + value if len(value) > 5 else value,))


def as_text(encoding: str) -> Callable[[Path, str], None]:
    return lambda path, value: (path / "log.json").write_bytes(f'{{"id": "{value}"}}'.encode(encoding)) and None


def escaped(path: Path, value: str) -> None:
    (path / "log.json").write_text(f'{{"id": "{value}"}}'.replace("ü", "\\u00fc"), "utf-8")


def across_blocks(path: Path, value: str) -> None:
    (path / "raw.bin").write_bytes(b"\0" * ((1 << 22) - 5) + value.encode() + b"\0" * 9)


@pytest.mark.parametrize(
    "hide", [parquet, database, as_text("utf-8"), as_text("utf-16-le"), escaped, across_blocks],
    ids=["parquet", "sqlite", "utf-8", "utf-16", "escaped", "across blocks"],
)  # fmt: skip
def test_search_finds_a_long_id(tmp_path: Path, hide: Callable[[Path, str], None]) -> None:
    hide(tmp_path, LONG)
    assert len(search(tmp_path, [LONG, "another-one"], Silent()).found_in) == 1
    assert search(tmp_path, ["another-one-4712"], Silent()).found_in == []


@pytest.mark.parametrize("hide", [parquet, database, as_text("utf-8")], ids=["parquet", "sqlite", "text"])
def test_search_finds_a_short_id_as_a_whole_value(tmp_path: Path, hide: Callable[[Path, str], None]) -> None:
    hide(tmp_path, SHORT)
    assert len(search(tmp_path, [SHORT], Silent()).found_in) == 1


def test_search_finds_an_id_in_a_list(tmp_path: Path) -> None:
    parquet(tmp_path, LONG, "list")
    assert search(tmp_path, [LONG], Silent()).found_in == ["t.parquet"]


def test_short_id_within_other_words_is_no_trace(tmp_path: Path) -> None:
    parquet(tmp_path, "Modell k-77 und k-7b")
    (tmp_path / "raw.bin").write_bytes(b"..k-7..")
    assert search(tmp_path, [SHORT], Silent()).found_in == []


def test_search_counts_what_it_looked_at_and_leaves_out_what_it_is_told(tmp_path: Path) -> None:
    parquet(tmp_path, "nobody")
    (tmp_path / "trust.sqlite").write_bytes(LONG.encode())
    looked = search(tmp_path, [LONG], Silent(), without=["trust.sqlite"])
    assert (looked.files, looked.found_in) == (1, [])
    assert looked.bytes == (tmp_path / "t.parquet").stat().st_size and looked.unpacked > 0
