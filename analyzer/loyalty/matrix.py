"""Shares of the four quadrants, and the two questions of the field as shares over a horizon, with intervals.

    <quadrant>_share             of all with both indices observed who have not left, the share in the quadrant
    undecided_share              of the same, how many are too close to a threshold to be called
    unhappy_given_loyal          of those loyal today, the share who are not satisfied today
    leaves_given_satisfied       of those satisfied at a day, the share who give notice within the horizon from there
    leaves_given_unhappy         the same of those who were not satisfied
    moves_on_given_satisfied     of the satisfied, the share who go for no choice of theirs: a move, a death
    moves_on_given_unhappy       the same of the others

``raw`` is counted from the readings as they are. ``corrected`` is free of their errors (quadrant_shares.py,
leaving.py), and its interval holds the chance of the sample, the readings' errors and how unsure those are. Where it
cannot be told, ``method`` says why, and the interval is Wilson's for what is counted. Both are of customers like these,
not of these alone. ``claimed`` is what one of our sources claims of the field, without a source of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import pandas as pd
import pyarrow as pa

from analyzer.config import LoyaltySettings
from analyzer.loyalty.asof import Register
from analyzer.loyalty.intervals import wilson
from analyzer.loyalty.jackknife import Figure
from analyzer.loyalty.leaving import MOVED_ON, NOTICE, Watched, counted, leaving
from analyzer.loyalty.levels import Levels
from analyzer.loyalty.quadrant_shares import MIN_CUSTOMERS, Base, base_of, parts_of, share_figures
from analyzer.loyalty.quadrants import QUADRANTS, by_thresholds
from analyzer.loyalty.reading_error import ReadingError
from analyzer.loyalty.state import segments
from analyzer.loyalty.watched import watched_from
from analyzer.tables import STORED

CLAIMED: Final = {"leaves_given_satisfied": 0.20, "unhappy_given_loyal": 0.30}
CAUSES: Final = {"leaves": NOTICE, "moves_on": MOVED_ON}
SIDES: Final = ("satisfied", "unhappy")
NOT_RECORDED: Final = "not estimable: no notices are recorded"
UNKNOWN_NOISE: Final = "counted, not corrected: too few customers were read twice to tell how far readings err"
_SHARES: Final = (*(f"{quadrant}_share" for quadrant in QUADRANTS), "unhappy_given_loyal")


@dataclass(frozen=True, slots=True)
class Read:
    """What was read of customers' satisfaction by today, its errors, and how far the records reach (None: nowhere)."""

    readings: pd.DataFrame
    error: ReadingError
    levels: Levels
    register: Register | None


def loyalty_matrix(
    customers: pd.DataFrame, read: Read, recorded: bool, as_of: datetime, settings: LoyaltySettings
) -> pa.Table:
    """STORED["loyalty_matrix"]; ``recorded``: whether notices are recorded at all."""
    watched = {}
    if recorded and read.register is not None:
        watched = {days: watched_from(customers, read.readings, read.error, read.register, days, settings)
                   for days in settings.conditional_days}  # fmt: skip
    basis = "audit_corrected" if read.error.calibrated else "model_only"
    rows: list[dict[str, Any]] = []
    for segment, part in segments(customers):
        found = _standing(part, read, settings)
        for days in settings.conditional_days:
            found += _going(part, watched.get(days), days, read.error, settings)
        said = {"segment": segment, "as_of": as_of, "error_basis": basis}
        rows += [said | {"claimed": CLAIMED.get(row["measure"])} | row for row in found]
    return STORED["loyalty_matrix"].from_rows(rows)


def _row(measure: str, days: int, raw: float | None, n: int, figure: Figure | None, method: str) -> dict[str, Any]:
    row = {"measure": measure, "horizon_days": days, "raw": raw, "method": method}
    if figure is None:
        low, high = wilson(0 if raw is None else round(raw * n), 0 if raw is None else n)
        return row | {"n": n, "corrected": None, "low": low, "high": high}
    return row | {"n": figure.n, "corrected": figure.value, "low": figure.low, "high": figure.high}


def _standing(part: pd.DataFrame, read: Read, settings: LoyaltySettings) -> list[dict[str, Any]]:
    """The shares as of today."""
    base = base_of(part, read.levels)
    inside = part.reindex(base.levels.customers)
    cells = by_thresholds(inside, settings)
    n, loyal = len(inside), (inside["loyalty_index"] >= settings.loyal_from)
    raw = {f"{quadrant}_share": (int((cells == quadrant).sum()), n) for quadrant in QUADRANTS}
    unhappy = loyal & (inside["satisfaction_counted"] < settings.satisfied_from)
    raw["unhappy_given_loyal"] = (int(unhappy.sum()), int(loyal.sum()))
    figures, method = _corrected(base, n, read.error, settings)
    days = settings.horizon_days
    rows = []
    for name in _SHARES:
        count, of = raw[name]
        rows.append(_row(name, days, count / of if of else None, of, figures.get(name), method))
    undecided = int(inside["quadrant"].isna().sum())
    return [*rows, _row("undecided_share", days, undecided / n if n else None, n, None, "counted")]


def _corrected(base: Base, n: int, error: ReadingError, settings: LoyaltySettings) -> tuple[dict[str, Figure], str]:
    if n < MIN_CUSTOMERS:
        return {}, f"counted, not corrected: {n} customers, {MIN_CUSTOMERS} needed"
    if not error.known:
        return {}, UNKNOWN_NOISE
    return share_figures(parts_of(base, error, settings), error), f"deconvolved, readings {_told(error)}; jackknife"


def _told(error: ReadingError) -> str:
    return f"calibrated against {error.source}" if error.calibrated else "not audited"


def _going(
    part: pd.DataFrame, watched: Watched | None, days: int, error: ReadingError, settings: LoyaltySettings
) -> list[dict[str, Any]]:
    """The conditionals over one horizon."""
    names = [f"{what}_given_{side}" for what in CAUSES for side in SIDES]
    if watched is None:
        return [_row(name, days, None, 0, None, NOT_RECORDED) for name in names]
    watched = watched.of(watched.levels.customers.isin(part.index))
    satisfied = watched.levels.counted >= settings.satisfied_from
    sizes = {"satisfied": int(satisfied.sum()), "unhappy": int((~satisfied).sum())}
    rows = []
    for what, cause in CAUSES.items():
        raw = counted(watched, satisfied, cause, days)
        found = leaving(watched, cause, days, error, settings) if error.known else dict.fromkeys(SIDES, UNKNOWN_NOISE)
        for side in SIDES:
            told = found[side]
            figure, method = (None, told) if isinstance(told, str) else (told, _method(error))
            rows.append(_row(f"{what}_given_{side}", days, raw[side], sizes[side], figure, method))
    return rows


def _method(error: ReadingError) -> str:
    return f"Aalen–Johansen, deconvolved, readings {_told(error)}; jackknife"
