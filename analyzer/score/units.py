"""Fair scores of agents, teams, channels, queues, product lines and segments, by day, week and month."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
from scipy import sparse

from analyzer.config import ScoreSettings
from analyzer.score.casemix import Design, Slopes, case_mix_design
from analyzer.score.cells import Cells, CovariateSums, Rows, covariate_sums, day_cells, period_cells, sorted_rows
from analyzer.score.clusters import Repeats, inflation, repeats
from analyzer.score.estimate import estimate
from analyzer.score.frames import Floats, Ints, Objects, days, in_order, linked, texts, truths
from analyzer.score.measures import (
    MEASURES,
    Measure,
    Memberships,
    measure_values,
    measure_weights,
    unit_memberships,
)
from analyzer.score.periods import Periods, periods
from analyzer.score.sharing import Pairs, alone, shared_pairs, told_apart
from analyzer.score.sums import UnitSums, completed, slopes_by_period
from analyzer.score.unit_table import Block, unit_table
from analyzer.tables import STORED

UNIT_KINDS: Final = ("agent", "team", "channel", "queue", "product_line", "segment")
PEOPLE: Final = ("agent", "team")


@dataclass(frozen=True, slots=True)
class _World:
    """Everything measured, once for all kinds of unit; ``by_day`` are the contacts in the order of their days."""

    values: dict[str, Floats]
    weights: dict[str, Floats]
    design: Design
    day: Ints
    by_day: Ints
    customer: Ints
    final: np.ndarray
    lengths: list[Periods]
    measures: Sequence[Measure]
    settings: ScoreSettings
    as_of: datetime


@dataclass(frozen=True, slots=True)
class _Learned:
    """What agents' contacts taught of the case mix: slopes by period (None: nobody worked) and the fit of a contact."""

    slopes: list[Slopes | None]
    fitted: Floats


def score_units(
    facts: pd.DataFrame,
    links: pd.DataFrame,
    experience: pd.DataFrame,
    interaction_agents: pd.DataFrame,
    settings: ScoreSettings,
    as_of: datetime,
    *,
    business_timezone: str,
    kinds: Sequence[str] = UNIT_KINDS,
    measures: Sequence[Measure] = MEASURES,
) -> pa.Table:
    """unit_scores: an estimate of every measure for every unit in every configured period.

    A unit has a row for each measure that it answers for, with n = 0 and nulls where nothing was observed. A row is
    final once its period is over; one that the journey moves (first-contact resolution, experience_score) once all
    contacts of its kind are final too: values are drawn towards the others' mean, so another unit's open contact can
    still move them. The case mix's slopes are learned within agents and serve the other kinds too: within a team the
    hard queue may lie with the good agents. ``kinds`` must begin with agent for that.
    """
    facts = in_order(facts)
    distinct, day = np.unique(days(facts), return_inverse=True)
    day = np.asarray(day, dtype=np.int64)
    world = _World(
        measure_values(facts, links, experience),
        measure_weights(facts),
        case_mix_design(facts, links, settings.case_mix),
        day,
        np.argsort(day, kind="stable"),
        _codes(texts(facts, "customer_key")),
        truths(linked(links, facts), "is_final"),
        periods(distinct, settings, as_of, business_timezone),
        measures,
        settings,
        as_of,
    )
    learned: dict[tuple[str, int], _Learned] = {}
    blocks = [
        unit_table(block, settings.min_n, as_of)
        for kind in kinds
        for block in _kind_blocks(kind, unit_memberships(facts, interaction_agents, kind), world, learned)
    ]
    if not blocks:
        return STORED["unit_scores"].empty()
    order = [(name, "ascending") for name in ("period", "unit_kind", "unit_id", "measure")]
    return pa.concat_tables(blocks).sort_by(order).combine_chunks()


def _codes(values: Objects) -> Ints:
    """A number for each distinct value, −1 where it is missing."""
    return np.asarray(pd.factorize(values)[0], dtype=np.int64)


@dataclass(frozen=True, slots=True)
class _Kind:
    """The memberships of one kind of unit in the order of ``rows``, and what all its measures share."""

    name: str
    members: Memberships
    order: Ints
    contact: Ints
    rows: Rows
    design: Design
    pairs: Pairs
    cells: list[Ints]  # by length: (period, unit) of each row, period × units + unit
    repeats: list[Repeats]
    complete: dict[str, CovariateSums]


def _kind_blocks(
    kind: str, members: Memberships, world: _World, learned: dict[tuple[str, int], _Learned]
) -> Iterator[Block]:
    if not len(members.contact):
        return
    known = _kind(kind, members, world)
    settled = np.ones(len(known.rows.day_bounds) - 1, dtype=np.bool_)
    traced = settled.copy()
    np.logical_and.at(traced, world.day[known.contact], world.final[known.contact])
    for measure in world.measures:
        answers = members.weights(measure.sharing)[known.order]
        value = world.values[measure.name][known.contact]
        if measure.sharing == "time":
            value = value * members.time_share[known.order]
        weight = answers * world.weights[measure.name][known.contact] if measure.name in world.weights else answers
        cells = day_cells(known.rows, value, answers > 0, weight, _complete(known, measure, weight, world))
        for number, length in enumerate(world.lengths):
            summed = period_cells(cells, length.of_day, len(length.names))
            final = np.ones(len(length.names), dtype=np.bool_)
            np.logical_and.at(final, length.of_day, traced if measure.journey else settled)
            block = Block(kind, measure, members.unit_ids, summed, length, final & length.over, known.design)
            yield _estimated(block, known, world, (value, weight, answers), number, learned)


def _kind(kind: str, members: Memberships, world: _World) -> _Kind:
    order = np.lexsort((members.contact, members.unit, world.day[members.contact]))
    contact, unit = members.contact[order], members.unit[order]
    day = world.day[contact]
    design = world.design.without(kind)
    x = world.design.x[contact]
    x[:, [i for i, source in enumerate(world.design.source) if source == kind]] = 0.0
    cells = [length.of_day[day] * len(members.unit_ids) + unit for length in world.lengths]
    again = [
        repeats(cell, length.of_day[day], world.customer[contact])
        for cell, length in zip(cells, world.lengths, strict=True)
    ]
    rows = sorted_rows(day, unit, x, int(world.day.max()) + 1)
    pairs = shared_pairs(contact) if kind == "agent" else Pairs(order[:0], order[:0])
    return _Kind(kind, members, order, contact, rows, design, pairs, cells, again, {})


def _complete(kind: _Kind, measure: Measure, weight: Floats, world: _World) -> CovariateSums:
    """Sums of the covariates over all contacts, once for all measures of the same weight."""
    name = "opportunities" if measure.name in world.weights else measure.sharing
    if name not in kind.complete:
        kind.complete[name] = covariate_sums(kind.rows, weight)
    return kind.complete[name]


def _estimated(
    block: Block,
    kind: _Kind,
    world: _World,
    row: tuple[Floats, Floats, Floats],
    number: int,
    learned: dict[tuple[str, int], _Learned],
) -> Block:
    """``block`` with its estimates; ``row``: value, weight and share of each membership."""
    cells, length = block.cells, block.length
    at = np.flatnonzero(cells.n > 0)
    if not len(at):
        return block
    sums, present = _unit_sums(block, kind, row, at, number)
    key = (block.measure.name, number)
    taught = learned[key].slopes if key in learned else [None] * len(length.names)
    slopes = [taught[period] for period in present]
    if any(s is None for s in slopes):
        own = slopes_by_period(sums)
        slopes = [o if s is None else s for s, o in zip(slopes, own, strict=True)]
    if block.kind not in PEOPLE:
        slopes = completed(slopes, sums)
    if block.kind == "agent":
        learned[key] = _learned(dict(zip(present.tolist(), slopes, strict=True)), length, world)
    fitted = learned[key].fitted[kind.contact] if key in learned else 0.0
    of_row = length.of_day[kind.rows.day]
    value, weight, _ = row
    design_effect = inflation(
        value - fitted, kind.cells[number], weight, of_row, kind.repeats[number], len(length.names)
    )
    estimates = estimate(sums, slopes, design_effect[present], block.measure, world.settings)
    return block.with_estimates(at, estimates)


def _unit_sums(
    block: Block, kind: _Kind, row: tuple[Floats, Floats, Floats], at: Ints, number: int
) -> tuple[UnitSums, Ints]:
    """Sums of the cells ``at``, their periods numbered anew, and which periods those are."""
    cells = block.cells
    present, period = np.unique(cells.period[at], return_inverse=True)
    w, w2, y, x = cells.w[at], cells.w2[at], cells.y[at], cells.x[at]
    totals = np.column_stack([y, x])
    shared = block.measure.sharing == "share" and len(kind.pairs.row) > 0
    apart = told_apart(totals, w, w2, _links(cells, at, kind, row, number)) if shared else alone(totals, w, w2)
    sums = UnitSums(np.asarray(period), w, w2, y, cells.yy[at], x, cells.xx[present], cells.xy[present], apart)
    return sums, present


def _links(cells: Cells, at: Ints, kind: _Kind, row: tuple[Floats, Floats, Floats], number: int) -> sparse.csr_array:
    """Between the cells ``at``: Σ over shared contacts of share × partner's share × weight."""
    value, weight, share = row
    keys = cells.period[at] * len(kind.members.unit_ids) + cells.unit[at]
    one, other = kind.pairs.row, kind.pairs.partner
    observed = ~np.isnan(value[one]) & (weight[one] > 0) & (weight[other] > 0)
    one, other = one[observed], other[observed]
    place = np.searchsorted(keys, kind.cells[number])
    amount = weight[one] * share[other]
    return sparse.csr_array(sparse.coo_array((amount, (place[one], place[other])), shape=(len(at), len(at))))


def _learned(slopes: dict[int, Slopes], length: Periods, world: _World) -> _Learned:
    fitted = np.zeros(len(world.day))
    of_contact = length.of_day[world.day[world.by_day]]
    edges = np.searchsorted(of_contact, np.arange(len(length.names) + 1))
    for period, slope in slopes.items():
        if slope.rank:
            contacts = world.by_day[edges[period] : edges[period + 1]]
            fitted[contacts] = world.design.x[contacts] @ slope.beta
    return _Learned([slopes.get(period) for period in range(len(length.names))], fitted)
