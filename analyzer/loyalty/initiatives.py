"""What was done with a list, and whether it helped: the done against the held out, within the horizon after.

Input, one row a customer and deed: ``customer_id``, ``list``, ``done_at``, ``kind``, ``held_out``. A customer held out
was on the list and deliberately left alone; ``done_at`` then is when it would have been done.

    notice       gave notice within the horizon
    repurchase   ``purchases_12m`` known at the end of the horizon is higher than known at its beginning

The effect is the share among the done less the share among the held out, with Newcombe's (1998) interval, which adds
the errors of two Wilson intervals. It is an effect only where chance chose who was left alone. Without a hold-out
nothing is stated: whom one calls differs from whom one does not. A customer counts once a list and kind, with the first
deed, and as held out wherever they were drawn to be, whatever was then done (by intention).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa

from analyzer.config import LoyaltySettings
from analyzer.errors import UsageError
from analyzer.loyalty.asof import exits_of, known_facts
from analyzer.loyalty.intervals import wilson
from analyzer.loyalty.rows import Problem, read_rows
from analyzer.loyalty.values import is_missing, read_boolean, read_time
from analyzer.tables import STORED

COLUMNS: Final = ("customer_id", "list", "done_at")
MIN_EACH: Final = 10  # customers done and held out, each, from which an effect is stated
AS_DRAWN: Final = 0.95
_HASH_BITS: Final = 64
Differ = tuple[float, float, float]


class InitiativeFile(NamedTuple):
    """What was done (STORED["initiatives"]) and what could not be read, in line order."""

    table: pa.Table
    problems: list[Problem]


def read_initiatives(path: Path, *, customer_key: Callable[[str], str], timezone: str) -> InitiativeFile:
    """The deeds of ``path`` and its problems. Raises UsageError if a column is missing that every row needs."""
    rows, zone = read_rows(path), ZoneInfo(timezone)
    if missing := [name for name in COLUMNS if name not in rows.columns]:
        raise UsageError(f"{path} has no column {missing[0]}.", hint=f"It has: {', '.join(rows.columns)}.")
    problems, found = list(rows.problems), dict[tuple[Any, ...], dict[str, Any]]()
    for place, line in enumerate(rows.lines):
        cells = {name: column[place] for name, column in rows.columns.items()}
        row, problem = _deed(cells, zone, customer_key)
        if row is None:
            problems.append(Problem(line, problem))
            continue
        found[tuple(row[name] for name in STORED["initiatives"].key)] = row | {"source_uri": str(path)}
    return InitiativeFile(STORED["initiatives"].from_rows(list(found.values())), sorted(problems, key=lambda p: p.line))


def _deed(
    cells: dict[str, Any], zone: ZoneInfo, customer_key: Callable[[str], str]
) -> tuple[dict[str, Any] | None, str]:
    for name in ("customer_id", "list"):
        if is_missing(cells[name]):
            return None, f"{name} is empty; row left out."
    done_at = read_time(cells["done_at"], zone)
    if done_at is None:
        return None, "done_at is no date; row left out."
    told = cells.get("held_out")
    held_out = False if is_missing(told) else read_boolean(told)
    if held_out is None:
        return None, "held_out is not yes or no; row left out."
    kind = "" if is_missing(cells.get("kind")) else str(cells["kind"]).strip()
    if not kind and not held_out:
        return None, "kind is empty; row left out."
    key = customer_key(str(cells["customer_id"]).strip())
    named = str(cells["list"]).strip()
    return {"customer_key": key, "list": named, "done_at": done_at, "kind": kind, "held_out": bool(held_out)}, ""


def is_held_out(name: str, customer_key: str, settings: LoyaltySettings) -> bool:
    """Whether the draw leaves the customer on the list alone; the same for ever with the same seed and share."""
    text = "\x1f".join((settings.hold_out_seed, name, customer_key))
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_HASH_BITS // 8).digest()
    return bool(int.from_bytes(digest) < settings.hold_out_share * 2.0**_HASH_BITS)


def initiative_effects(
    initiatives: pa.Table, frame: pd.DataFrame, customers: pd.DataFrame, recorded: bool, as_of: datetime,
    settings: LoyaltySettings,
) -> pa.Table:  # fmt: skip
    """STORED["initiative_effects"]; ``frame`` holds loyalty facts, ``customers`` the state as of ``as_of``."""
    deeds: pd.DataFrame = initiatives.to_pandas()
    deeds = deeds[deeds["done_at"] <= as_of]
    rows: list[dict[str, Any]] = []
    for name, kind, part in _arms(deeds):
        for outcome, happened in (("notice", _notices), ("repurchase", _repurchases)):
            over = part[part["done_at"] <= as_of - timedelta(days=settings.horizon_days)]
            seen = happened(over, frame, customers, settings.horizon_days)
            known = outcome != "notice" or recorded
            row = _effect(over.assign(happened=seen), len(part) - len(over), known, _is_drawn(part, name, settings))
            rows.append({"list": name, "kind": kind, "outcome": outcome, "horizon_days": settings.horizon_days,
                         "as_of": as_of, **row})  # fmt: skip
    return STORED["initiative_effects"].from_rows(rows)


def _arms(deeds: pd.DataFrame) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Each list and kind with its customers, the held out of the kind or of no kind beside the done."""
    order = ["list", "customer_key", "done_at", "kind"]
    deeds = deeds.sort_values(order, kind="stable")
    for name in sorted(set(deeds["list"])):
        listed = deeds[deeds["list"] == name]
        for kind in sorted(set(listed.loc[~listed["held_out"], "kind"]) or set(listed["kind"])):
            part = listed[(listed["kind"] == kind) | (listed["held_out"] & (listed["kind"] == ""))]
            held = part.groupby("customer_key")["held_out"].transform("max")
            yield name, kind, part.assign(held_out=held.astype(bool)).drop_duplicates("customer_key")


def _notices(deeds: pd.DataFrame, frame: pd.DataFrame, customers: pd.DataFrame, days: int) -> pd.Series[float]:
    """1 or 0; NaN for who had left by then, left at an unknown date, or is not on record."""
    state = customers.reindex(deeds["customer_key"]).set_axis(deeds.index)
    notice_at = state["notice_at"]
    undated = state["left"].eq(True) & exits_of(state).isna()
    followed = (notice_at > deeds["done_at"]) & (notice_at <= deeds["done_at"] + pd.Timedelta(days=days))
    at_risk = state["on_record"].eq(True) & ~undated & ~(exits_of(state) <= deeds["done_at"])
    return followed.astype("float64").where(at_risk)


def _repurchases(deeds: pd.DataFrame, frame: pd.DataFrame, customers: pd.DataFrame, days: int) -> pd.Series[float]:
    """1 or 0; NaN where the number of purchases was not known at both ends."""
    bought = frame[frame["fact"] == "purchases_12m"]
    found = pd.Series(np.nan, index=deeds.index)
    for done_at, part in deeds.groupby("done_at"):
        moment = pd.Timestamp(str(done_at))
        before = known_facts(bought, moment).number("purchases_12m").reindex(part["customer_key"])
        # What is reported some days after the end still tells of it; it must have been reported by as_of.
        after = _first_after(bought, moment + pd.Timedelta(days=days)).reindex(part["customer_key"])
        both = before.notna().to_numpy() & after.notna().to_numpy()
        rose = after.to_numpy() > before.to_numpy()
        found.loc[part.index] = np.where(both, rose.astype("float64"), np.nan)
    return found


def _first_after(bought: pd.DataFrame, moment: pd.Timestamp) -> pd.Series[float]:
    later = bought[bought["as_of"] >= moment].sort_values(["as_of", "known_at"], kind="stable")
    return later.drop_duplicates("customer_key").set_index("customer_key")["number"]


def _is_drawn(part: pd.DataFrame, name: str, settings: LoyaltySettings) -> bool:
    """Whether the hold-out is the one that ``is_held_out`` draws, but for a few."""
    drawn = np.array([is_held_out(name, key, settings) for key in part["customer_key"]], dtype=bool)
    return bool(len(drawn)) and float((drawn == part["held_out"].to_numpy(dtype=bool)).mean()) >= AS_DRAWN


def _effect(deeds: pd.DataFrame, running: int, recorded: bool, drawn: bool) -> dict[str, Any]:
    seen = deeds[deeds["happened"].notna()]
    done, held = (seen.loc[seen["held_out"] == side, "happened"] for side in (False, True))
    row: dict[str, Any] = {"n_done": len(done), "n_held_out": len(held), "n_running": running}
    shares = {"done_share": float(done.mean()) if len(done) else None,
              "held_out_share": float(held.mean()) if len(held) else None}  # fmt: skip
    if not recorded:
        return row | {"method": "not estimable: no notices are recorded"}
    if not deeds["held_out"].any() and not running:
        return row | shares | {"method": "no hold-out: not estimable"}
    if min(len(done), len(held)) < MIN_EACH:
        return row | shares | {"method": f"not estimable yet: fewer than {MIN_EACH} done or held out with a known end"}
    effect, low, high = newcombe(int(done.sum()), len(done), int(held.sum()), len(held))
    chosen = "hold-out drawn by hash" if drawn else "hold-out as told; whether chance chose it is not known"
    return row | shares | {"effect": effect, "low": low, "high": high,
                           "method": f"difference of shares, Newcombe; {chosen}"}  # fmt: skip


def newcombe(hits: int, n: int, others: int, of: int) -> Differ:
    """``hits``/``n`` − ``others``/``of`` with its 95 % interval from two Wilson intervals (Newcombe 1998, method 10).

    >>> [round(number, 4) for number in newcombe(56, 70, 48, 80)]
    [0.2, 0.0524, 0.3339]
    """
    first, second = hits / n, others / of
    (low, high), (other_low, other_high) = _wilson(hits, n), _wilson(others, of)
    difference = first - second
    below = float(np.hypot(first - low, other_high - second))
    above = float(np.hypot(high - first, second - other_low))
    return difference, difference - below, difference + above


def _wilson(hits: int, n: int) -> tuple[float, float]:
    low, high = wilson(hits, n)
    if low is None or high is None:
        raise ValueError("no customers")
    return low, high
