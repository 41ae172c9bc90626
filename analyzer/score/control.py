"""Control charts: does a unit's day differ from its own past by more than chance?

Each day's mean, rid of the weekday's effect, is compared with the mean of the unit's earlier contacts and divided by
the standard error of that difference. In control these numbers are independent N(0, 1) (recursive residuals; Brown,
Durbin & Evans, JRSS B 1975), so their EWMA has exact limits from the first day on (Hawkins' self-starting charts). The
limits are given on the scale of the day's mean: given the days before, the chart signals exactly if the mean lies
outside them.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
from scipy import signal, stats

from analyzer.config import ScoreSettings
from analyzer.score.casemix import within_slopes
from analyzer.score.cells import Cells, day_cells, sorted_rows
from analyzer.score.frames import Bools, Days, Floats, days, in_order, linked, numbers, to_table
from analyzer.score.measures import MEASURES, Measure, unit_memberships
from analyzer.tables import STORED

UNIT_KINDS: Final = ("agent", "channel", "queue")
CHARTED: Final = ("experience_contact", "resolved_rate")
EWMA_WEIGHT: Final = 0.2  # of the latest day; finds lasting shifts of about one standard error soonest
LIMIT: Final = 3.0  # standard deviations of the EWMA
OWN_VARIANCE_DEGREES: Final = 20.0  # contacts' worth of the kind's variance in each unit's own


@dataclass(frozen=True, slots=True)
class ChartPoints:
    """One row a (unit, day) with contacts, sorted by unit, then day; NaN before the chart has ``min_n`` contacts."""

    center: Floats
    lower: Floats
    upper: Floats
    signal: Bools


def control_points(
    facts: pd.DataFrame, experience: pd.DataFrame, interaction_agents: pd.DataFrame, settings: ScoreSettings
) -> pa.Table:
    """control_chart_points of agents, channels and queues for experience_contact and resolved_rate.

    A day enters once it has contacts with the measure; the chart starts after the unit's first ``min_n`` contacts.
    """
    facts = in_order(facts)
    distinct, day = np.unique(days(facts), return_inverse=True)
    scores = numbers(linked(experience, facts), "experience_contact")
    resolved = np.where(np.isnan(scores), np.nan, numbers(facts, "resolved_probability"))
    values = {"experience_contact": scores, "resolved_rate": resolved}
    weekdays = _weekdays(distinct)[day] if len(day) else np.empty((0, 6))
    blocks = []
    for kind in UNIT_KINDS:
        members = unit_memberships(facts, interaction_agents, kind)
        order = np.lexsort((members.contact, members.unit, day[members.contact]))
        contact = members.contact[order]
        rows = sorted_rows(day[contact], members.unit[order], weekdays[contact], len(distinct))
        for measure in (m for m in MEASURES if m.name in CHARTED):
            weight = members.weights(measure.sharing)[order]
            cells = _observed(day_cells(rows, values[measure.name][contact], weight > 0, weight))
            if len(cells.unit):
                blocks.append(_block(kind, measure, members.unit_ids, cells, distinct, settings))
    if not blocks:
        return STORED["control_chart_points"].empty()
    order_by = [(name, "ascending") for name in ("unit_kind", "unit_id", "measure", "day")]
    return pa.concat_tables(blocks).sort_by(order_by).combine_chunks()


def _weekdays(distinct: Days) -> Floats:
    """Dummies of Tuesday … Sunday (days, 6)."""
    weekday = np.asarray(pd.DatetimeIndex(distinct).day_of_week)
    return np.asarray(weekday[:, None] == np.arange(1, 7), dtype=np.float64)


def _observed(cells: Cells) -> Cells:
    """Cells with a value, by unit, then day."""
    order = np.lexsort((cells.period, cells.unit))
    order = order[cells.n[order] > 0]
    return Cells(
        *(cells.period[order], cells.unit[order]),
        *(cells.eligible[order], cells.n[order], cells.w[order], cells.w2[order], cells.y[order], cells.yy[order]),
        *(cells.x[order], cells.xx, cells.xy),
    )


def _block(
    kind: str, measure: Measure, unit_ids: tuple[str, ...], cells: Cells, distinct: Days, settings: ScoreSettings
) -> pa.Table:
    chart = chart_points(cells, settings.min_n)
    rows, charts = len(cells.unit), len(np.unique(cells.unit))
    return to_table(
        "control_chart_points",
        {
            "unit_kind": [kind] * rows,
            "unit_id": pa.array(unit_ids, pa.string()).take(pa.array(cells.unit)),
            "measure": [measure.name] * rows,
            "day": distinct[cells.period],
            "n": cells.n.astype(np.int32),
            "value": cells.y / cells.w,
            "center": chart.center,
            "lower_limit": chart.lower,
            "upper_limit": chart.upper,
            "signal": chart.signal,
            "method": [_method(charts)] * rows,
        },
    )


def _method(charts: int) -> str:
    share = 2 * stats.norm.sf(LIMIT)
    return (
        f"self-starting EWMA (weight {EWMA_WEIGHT}, limits {LIMIT} sd) of weekday-adjusted daily means"
        f" against the unit's own past; expected false signals: {100 * share:.2f} per 100 unit-days,"
        f" {7 * charts * share:.2f} per week over {charts} charts; no risk adjustment"
    )


def chart_points(cells: Cells, min_n: int) -> ChartPoints:
    """The chart of each unit; ``cells`` sorted by unit, then day, with weekday dummies as covariates."""
    bounds = np.flatnonzero(np.concatenate([[True], np.diff(cells.unit) != 0, [True]]))
    effect, variance = _weekday_effects(cells, bounds)
    value = cells.y / cells.w
    mean = value - effect
    center, lower, upper = np.full((3, len(mean)), np.nan)
    for unit, (first, last) in enumerate(pairwise(bounds)):
        at = slice(first, last)
        past, scale, ready = _against_past(mean[at], cells.w[at], cells.w2[at], cells.n[at], variance[unit], min_n)
        if ready.any():
            skip = int(np.argmax(ready))
            at, past, scale = slice(first + skip, last), past[skip:], scale[skip:]
            low, high = _limits((mean[at] - past) / scale)
            center[at] = past + effect[at]
            lower[at], upper[at] = center[at] + scale * low, center[at] + scale * high
    return ChartPoints(center, lower, upper, (value < lower) | (value > upper))


def _against_past(
    mean: Floats, w: Floats, w2: Floats, n: Floats, variance: float, min_n: int
) -> tuple[Floats, Floats, Bools]:
    """By day: mean of the earlier contacts, standard error of the difference from it, enough earlier ones."""
    before = np.cumsum(w) - w
    before2 = np.cumsum(w2) - w2
    ready = (np.cumsum(n) - n >= min_n) & (variance > 0)
    safe = np.where(before > 0, before, 1.0)
    past = (np.cumsum(w * mean) - w * mean) / safe
    return past, np.sqrt(variance * (w2 / w**2 + before2 / safe**2)), ready


def _limits(z: Floats) -> tuple[Floats, Floats]:
    """Between which values each z leaves the EWMA within ± LIMIT of its own standard deviations, given those before."""
    keep = 1.0 - EWMA_WEIGHT
    ewma = signal.lfilter([EWMA_WEIGHT], [1.0, -keep], z)
    before = np.concatenate([[0.0], ewma[:-1]])
    step = np.arange(1, len(z) + 1)
    sd = np.sqrt(EWMA_WEIGHT / (2.0 - EWMA_WEIGHT) * (1.0 - keep ** (2 * step)))
    return (-LIMIT * sd - keep * before) / EWMA_WEIGHT, (LIMIT * sd - keep * before) / EWMA_WEIGHT


def _weekday_effects(cells: Cells, bounds: np.ndarray) -> tuple[Floats, Floats]:
    """The weekday's effect in each cell, within units, and each unit's residual variance drawn towards the kind's."""
    starts = bounds[:-1]
    w, w2, y, yy, n = (np.add.reduceat(c, starts) for c in (cells.w, cells.w2, cells.y, cells.yy, cells.n))
    x = np.add.reduceat(cells.x, starts, axis=0)
    mean_x = x / w[:, None]
    xy = cells.xy.sum(axis=0) - x.T @ (y / w)
    slopes = within_slopes(cells.xx.sum(axis=0) - x.T @ mean_x, xy, float(np.sum(n - 1)))
    effect = (cells.x / cells.w[:, None]) @ slopes.beta
    # Squares about each cell's own weekday effect: yy − 2 Σ w y e + Σ w e², e being constant in a cell.
    squares = yy + np.add.reduceat(cells.w * effect**2 - 2 * cells.y * effect, starts)
    own_mean = (y - np.add.reduceat(cells.w * effect, starts)) / w
    squares = np.maximum(squares - w * own_mean**2, 0.0)
    degrees = w - w2 / w
    pooled = squares.sum() / degrees.sum() if degrees.sum() > 0 else 0.0
    return effect, (squares + OWN_VARIANCE_DEGREES * pooled) / (degrees + OWN_VARIANCE_DEGREES)
