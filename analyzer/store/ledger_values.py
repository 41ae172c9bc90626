"""Values of the ledger as SQLite keeps them, and back. Standard library only."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from itertools import islice
from typing import Any, TypeVar

from analyzer.store.entries import ContactIdentity

_T = TypeVar("_T")
_CHUNK = 500  # below SQLite's smallest limit of variables in a statement


def identity_of(row: tuple[Any, ...]) -> ContactIdentity:
    """A row of ``contacts``."""
    interaction_id, content_hash, updated_at, day, source_uri, run_id, given = row
    updated = datetime.fromisoformat(updated_at) if updated_at else None
    return ContactIdentity(interaction_id, content_hash, updated, date.fromisoformat(day), source_uri, run_id, given)


def counts_by_day(rows: list[tuple[Any, ...]]) -> dict[date, int]:
    """Rows of day and count as a mapping."""
    return {date.fromisoformat(day): n for day, n in rows}


def days_of(listed: str | None) -> frozenset[date] | None:
    """The days of a JSON list; ``None`` stands for the whole table."""
    return None if listed is None else frozenset(map(date.fromisoformat, json.loads(listed)))


def text_of(value: object) -> str | None:
    """JSON text of what JSON does not know; dates and times sort as they follow each other."""
    if value is None or isinstance(value, str):
        return value
    return value.isoformat() if isinstance(value, date) else str(value)


def marks(chunk: list[Any]) -> str:
    """A question mark for each value of ``chunk``."""
    return ", ".join("?" * len(chunk))


def in_chunks(values: Iterable[_T]) -> Iterator[list[_T]]:
    """``values``, as many at a time as a statement may hold."""
    iterator = iter(values)
    while chunk := list(islice(iterator, _CHUNK)):
        yield chunk
