"""Every byte of a store's folder, packed and unpacked, by other means than the program's own search."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import pyarrow.parquet as pq


def everything(store: Path) -> dict[str, bytes]:
    """By file: its bytes, the rows of what is packed or lies on pages, and how it is called."""
    return {path.relative_to(store).as_posix(): _bytes(path) for path in store.rglob("*") if path.is_file()}


def _bytes(path: Path) -> bytes:
    parts = [str(path.name).encode(), path.read_bytes()]
    if path.suffix == ".parquet":
        file = pq.ParquetFile(path)
        rows = file.read().to_pylist()
        parts.append(json.dumps(rows, ensure_ascii=False, default=str).encode())
        parts.append(str(file.metadata.to_dict()).encode())
    elif path.suffix == ".sqlite":
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            parts += [line.encode() for line in connection.iterdump()]
    return b"\n".join(parts)


def found(store: Path, planted: Iterable[str]) -> set[tuple[str, str]]:
    """Which of ``planted`` stands in which file."""
    held = everything(store)
    words = [(each, form) for each in planted for form in (each.encode(), each.encode("utf-16-le"))]
    return {(name, each) for name, content in held.items() for each, form in words if form in content}
