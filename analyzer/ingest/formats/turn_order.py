"""Turns put in order of time: vendors list one channel after the other, or leave single times out."""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.ingest.raw import RawTurn


def by_start(turns: Sequence[RawTurn]) -> list[RawTurn]:
    """By start; equal starts keep their order, and a turn without one stays behind the turn before it."""
    latest: int | float = 0
    keyed: list[tuple[int | float, int]] = []
    for place, turn in enumerate(turns):
        latest = turn.start_ms if turn.start_ms is not None else latest
        keyed.append((latest, place))
    return [turns[place] for _, place in sorted(keyed)]
