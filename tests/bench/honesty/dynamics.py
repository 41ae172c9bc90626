"""Satisfaction and loyalty from wave to wave: claims where neither moves the other, and intervals where one does.

Beside it stands what is usual: least squares within customers (fixed effects), y on the y and x of the wave before,
clustered by customer.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from analyzer.loyalty.dynamics import PATHS, Waves, path_row
from analyzer.loyalty.intervals import Z95
from analyzer.loyalty.sandwich import least_squares
from tests.bench.honesty.lines import Line, coverage, size
from tests.loyalty.moving import Moving, moving

MOST: Final = 1000
WAVES: Final = (4, 6)
EFFECT: Final = 0.3
Row = dict[str, Any]


def dynamics(worlds: int, seed: int) -> list[Line]:
    """Both paths at four and six waves, ``worlds`` (at most 1,000) worlds of each kind."""
    worlds = min(worlds, MOST)
    lines: list[Line] = []
    for waves in WAVES:
        still = [moving(Moving(waves=waves), seed * 100_000 + number) for number in range(worlds)]
        for path, cause, outcome in PATHS:
            lines += _where_nothing_moves(still, path, cause, outcome, waves)
        for felt, name in ((0.0, "contacts differ by error"), (1.0, "contacts differ in truth")):
            told = Moving(waves=waves, satisfaction_moves_loyalty=EFFECT, felt=felt)
            moved = [moving(told, seed * 100_000 + 50_000 + number) for number in range(worlds)]
            lines += _where_satisfaction_moves(moved, f"{waves} waves, {name}")
    return lines


def _where_nothing_moves(still: list[Waves], path: str, cause: str, outcome: str, waves: int) -> list[Line]:
    rows = [path_row(world, cause, outcome) for world in still]
    usual = float(np.mean([claims(within_customers(world, cause, outcome)) for world in still]))
    name = f"{path}, {waves} waves, nothing moves"
    return [
        size(f"{name}: claimed", [claims(row) for row in rows], baseline=f"fixed effects {usual:.3f}"),
        _estimable(name, rows),
    ]


def _where_satisfaction_moves(moved: list[Waves], kind: str) -> list[Line]:
    rows = [path_row(world, "satisfaction", "loyalty") for world in moved]
    usual = [within_customers(world, "satisfaction", "loyalty") for world in moved]
    name = f"satisfaction to loyalty {EFFECT}, {kind}"
    told = [row for row in rows if "effect" in row]
    found = float(np.mean([claims(row) and row["effect"] > 0 for row in rows]))
    return [
        coverage(f"{name}: interval holds it", [holds(row) for row in told], worlds=len(rows),
                 baseline=f"fixed effects {np.mean([holds(row) for row in usual]):.3f}"),
        Line(f"{name}: found", found, worlds=len(rows)),
        _estimable(name, rows),
    ]  # fmt: skip


def _estimable(name: str, rows: list[Row]) -> Line:
    return Line(f"{name}: estimable", float(np.mean(["effect" in row for row in rows])), worlds=len(rows))


def claims(row: Row) -> bool:
    return "effect" in row and bool(row["low"] > 0 or row["high"] < 0)


def holds(row: Row) -> bool:
    return bool(row["low"] <= EFFECT <= row["high"])


def within_customers(waves: Waves, cause: str, outcome: str) -> Row:
    """Fixed effects of customers and waves."""
    x, y = waves.values[cause], waves.values[outcome]
    now, carried, moved = (part - np.nanmean(part, axis=0) for part in (y[:, 1:], y[:, :-1], x[:, :-1]))
    complete = ~np.isnan(now + carried + moved)
    parts = [np.where(complete, part, np.nan) for part in (now, carried, moved)]
    parts = [part - np.nanmean(part, axis=1, keepdims=True) for part in parts]
    who = np.broadcast_to(np.arange(len(x))[:, None], complete.shape)[complete]
    now, carried, moved = (part[complete] for part in parts)
    slopes, covariance = least_squares(np.column_stack([carried, moved]), now, who)
    half = Z95 * float(np.sqrt(covariance[1, 1]))
    effect = float(slopes[1])
    return {"effect": effect, "low": effect - half, "high": effect + half}
