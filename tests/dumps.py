"""Small invented dumps for tests of the flow."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from analyzer.store import open_store
from analyzer.tables import STORED

LATE = ("My parcel is late again and I am really angry.", "I am so sorry. I will call you on Friday with news.",
        "Thank you, that helps.")  # fmt: skip


def contact(key: str, day: str = "2026-11-02", said: Sequence[str] = LATE, **changes: Any) -> dict[str, Any]:
    """A native record; customer and agent speak in turn. ``None`` removes a field."""
    speakers = ("customer", "agent")
    plain = {
        "interaction_id": key, "channel": "chat", "direction": "inbound", "started_at": f"{day}T09:00:00Z",
        "customer_id": f"k-{key[0]}", "agent_id": "a-1", "queue": "shop",
        "turns": [{"speaker": speakers[n % 2], "text": text} for n, text in enumerate(said)],
    }  # fmt: skip
    return {name: value for name, value in (plain | changes).items() if value is not None}


def dump(path: Path, *records: dict[str, Any] | str) -> Path:
    """Writes one record a line; text is written as it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [record if isinstance(record, str) else json.dumps(record, ensure_ascii=False) for record in records]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def rows(store: Path, name: str, *columns: str) -> list[Any]:
    """A published table as a list of rows; of one column, as a list of values."""
    with open_store(store, write=False) as opened:
        table = opened.read(name, columns or None)
    return table[columns[0]].to_pylist() if len(columns) == 1 else table.to_pylist()


def account(store: Path) -> dict[str, int]:
    """The account of the last run."""
    last = max(rows(store, "runs"), key=lambda row: row["started_at"])
    return {name: last[name] for name in ("read", "accepted", "rejected", "duplicate", "replaced", "skipped")}


def versions(store: Path) -> dict[str, int]:
    with open_store(store, write=False) as opened:
        return dict(opened.vector)


# What differs between two runs of the same data: when and from where they were read, and what a run says of itself.
_OF_THE_RUN = {"run_id", "source_uri", "started_at", "finished_at", "seconds", "engine"}


def said_by(store: Path, names: Sequence[str] = tuple(STORED), without: Sequence[str] = ()) -> dict[str, pa.Table]:
    """Every table ordered by key, without what only tells of the run."""
    with open_store(store, write=False) as opened:
        return {
            name: _plain(opened.read(name), STORED[name].key, {*_OF_THE_RUN, *without} if name == "runs"
                         else {"run_id", "source_uri", *without})
            for name in names
        }  # fmt: skip


def _plain(table: pa.Table, key: Sequence[str], dropped: set[str]) -> pa.Table:
    by = [(column, "ascending") for column in key if column not in dropped]
    ordered = table.sort_by(by) if by else table
    return ordered.select([name for name in table.column_names if name not in dropped]).combine_chunks()


def differences(one: dict[str, pa.Table], other: dict[str, pa.Table], tolerance: float = 1e-9) -> list[str]:
    """Columns in which two stores differ by more than ``tolerance``; empty if they say the same."""
    found = [name for name in one if one[name].num_rows != other[name].num_rows]
    for name, table in one.items():
        if name not in found:
            found += [f"{name}.{column}" for column in table.column_names
                      if not _alike(table[column], other[name][column], tolerance)]  # fmt: skip
    return found


def _alike(one: pa.ChunkedArray, other: pa.ChunkedArray, tolerance: float) -> bool:
    if not pa.types.is_floating(one.type):
        return bool(one.equals(other))
    pairs = zip(one.to_pylist(), other.to_pylist(), strict=True)
    return all(a == b or (a is not None and b is not None and abs(a - b) <= tolerance) for a, b in pairs)
