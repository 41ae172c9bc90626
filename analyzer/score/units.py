"""Fair scores of agents, teams, channels, queues, product lines and segments, by day, week and month."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from analyzer.config import ScoreSettings
from analyzer.score.casemix import Design, case_mix_design
from analyzer.score.cells import Cells, day_cells, period_cells, sorted_rows
from analyzer.score.estimate import Estimates, UnitSums, estimate
from analyzer.score.frames import Bools, Floats, Ints, days, in_order, linked, to_table, truths
from analyzer.score.measures import (
    MEASURES,
    Measure,
    Memberships,
    measure_values,
    measure_weights,
    unit_memberships,
)
from analyzer.score.periods import Periods, periods
from analyzer.tables import STORED

UNIT_KINDS: Final = ("agent", "team", "channel", "queue", "product_line", "segment")
ESTIMATES: Final = ("raw_mean", "adjusted", "value", "low", "high", "spread", "worse_probability",
                    "lowest_decile_probability")  # fmt: skip
_SHARING: Final = {
    "share": "shared contacts by share of agent turns",
    "closer": "closing agent only",
    "time": "own part of a shared contact's time",
}


@dataclass(frozen=True, slots=True)
class _World:
    """Everything measured, once for all kinds of unit."""

    values: dict[str, Floats]
    weights: dict[str, Floats]
    design: Design
    day: Ints
    final: Bools
    lengths: list[Periods]
    settings: ScoreSettings
    as_of: datetime


def score_units(
    facts: pd.DataFrame,
    links: pd.DataFrame,
    experience: pd.DataFrame,
    interaction_agents: pd.DataFrame,
    settings: ScoreSettings,
    as_of: datetime,
    *,
    business_timezone: str,
) -> pa.Table:
    """unit_scores: an estimate of every measure for every unit in every configured period.

    A unit has a row for each measure that it answers for, with n = 0 and nulls where nothing was observed. A row is
    final once its period is over; one that the journey moves (first-contact resolution, experience_score) once all
    contacts of its kind are final too: values are drawn towards the others' mean, so another unit's open contact can
    still move them.
    """
    facts = in_order(facts)
    distinct, day = np.unique(days(facts), return_inverse=True)
    world = _World(
        measure_values(facts, links, experience),
        measure_weights(facts),
        case_mix_design(facts, links, settings.case_mix),
        np.asarray(day, dtype=np.int64),
        truths(linked(links, facts), "is_final"),
        periods(distinct, settings, as_of, business_timezone),
        settings,
        as_of,
    )
    blocks = [
        block
        for kind in UNIT_KINDS
        for block in _kind_blocks(kind, unit_memberships(facts, interaction_agents, kind), world)
    ]
    if not blocks:
        return STORED["unit_scores"].empty()
    order = [(name, "ascending") for name in ("period", "unit_kind", "unit_id", "measure")]
    return pa.concat_tables(blocks).sort_by(order).combine_chunks()


def _kind_blocks(kind: str, members: Memberships, world: _World) -> Iterator[pa.Table]:
    if not len(members.contact):
        return
    order = np.lexsort((members.contact, members.unit, world.day[members.contact]))
    contact = members.contact[order]
    design = world.design.without(kind)
    n_days = int(world.day.max()) + 1
    rows = sorted_rows(world.day[contact], members.unit[order], design.x[contact], n_days)
    settled = np.ones(n_days, dtype=np.bool_)
    traced = settled.copy()
    np.logical_and.at(traced, world.day[contact], world.final[contact])
    for measure in MEASURES:
        answers = members.weights(measure.sharing)[order]
        weight = answers * world.weights[measure.name][contact] if measure.name in world.weights else answers
        value = world.values[measure.name][contact]
        if measure.sharing == "time":
            value = value * members.time_share[order]
        cells = day_cells(rows, value, answers > 0, weight)
        for length in world.lengths:
            summed = period_cells(cells, length.of_day, len(length.names))
            final_days = traced if measure.journey else settled
            yield _block(kind, measure, members.unit_ids, summed, length, final_days, design, world)


def _block(
    kind: str,
    measure: Measure,
    unit_ids: tuple[str, ...],
    cells: Cells,
    length: Periods,
    final_days: Bools,
    design: Design,
    world: _World,
) -> pa.Table:
    """All periods of one length."""
    bounds = np.searchsorted(cells.period, np.arange(len(length.names) + 1))
    columns = {name: np.full(len(cells.period), np.nan) for name in ESTIMATES}
    method = np.full(len(cells.period), "", dtype=object)
    for period, (first, last) in enumerate(pairwise(bounds)):
        observed = first + np.flatnonzero(cells.n[first:last] > 0)
        slopes, apart = 0, observed[:0]
        if len(observed):
            estimates = estimate(_unit_sums(cells, observed, period), measure, world.settings)
            slopes = estimates.slopes
            _place(columns, observed, estimates)
            apart = observed[estimates.apart]
        method[first:last] = _method(kind, measure, slopes, design, len(observed))
        method[apart] += "; not compared: its case mix is its own"
    final = np.ones(len(length.names), dtype=np.bool_)
    np.logical_and.at(final, length.of_day, final_days)
    final &= length.over
    return _table(kind, measure, unit_ids, cells, length, columns, method, final, world).filter(
        pa.array(cells.eligible > 0)
    )


def _unit_sums(cells: Cells, at: Ints, period: int) -> UnitSums:
    return UnitSums(
        cells.w[at], cells.w2[at], cells.y[at], cells.yy[at], cells.x[at], cells.xx[period], cells.xy[period]
    )


def _place(columns: dict[str, Floats], at: Ints, estimates: Estimates) -> None:
    for name in ESTIMATES:
        columns[name][at] = getattr(estimates, name)


def _method(kind: str, measure: Measure, slopes: int, design: Design, units: int) -> str:
    mix = ", ".join(dict.fromkeys(design.source))
    adjusted = f"case mix within units ({mix})" if slopes else "no case-mix adjustment (too few contacts or no mix)"
    shrunken = "one-way REML, normal shrinkage" if units > 1 else "only unit of its kind: not shrunken"
    shared = [_SHARING[measure.sharing]] if kind == "agent" else []
    return "; ".join(["mean of calibrated readings", *shared, adjusted, shrunken])


def _table(
    kind: str,
    measure: Measure,
    unit_ids: tuple[str, ...],
    cells: Cells,
    length: Periods,
    estimates: dict[str, Floats],
    method: np.ndarray,
    final: Bools,
    world: _World,
) -> pa.Table:
    rows = len(cells.period)
    kish = np.zeros(rows)
    np.divide(cells.w**2, cells.w2, out=kish, where=cells.w2 > 0)
    coverage = np.zeros(rows)
    np.divide(cells.n, cells.eligible, out=coverage, where=cells.eligible > 0)
    columns: dict[str, Any] = {
        "period": pa.array(length.names, pa.string()).take(pa.array(cells.period)),
        "unit_kind": pa.repeat(kind, rows),
        "unit_id": pa.array(unit_ids, pa.string()).take(pa.array(cells.unit)),
        "measure": pa.repeat(measure.name, rows),
        "unit": pa.repeat(measure.unit, rows),
        "higher_is_better": pa.repeat(measure.higher_is_better, rows),
        "n": cells.n.astype(np.int32),
        "n_effective": kish,
        "coverage_rate": coverage,
        "sufficient": cells.n >= world.settings.min_n,
        "error_basis": pa.repeat("model_only", rows),
        "method": method,
        "as_of": pa.repeat(pa.scalar(world.as_of, STORED["unit_scores"].schema.field("as_of").type), rows),
        "is_final": final[cells.period],
    }
    return to_table("unit_scores", columns | estimates)
