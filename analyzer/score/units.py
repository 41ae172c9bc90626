"""Fair scores of agents, teams, channels, queues, product lines and segments, by day, week and month."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa

from analyzer.config import ScoreSettings
from analyzer.score.casemix import DAY, Design, case_mix_design
from analyzer.score.cells import day_cells, period_cells
from analyzer.score.daymix import with_days
from analyzer.score.frames import Bools, Floats, Ints, days, in_order, linked, numbers, texts, truths
from analyzer.score.layout import complete_sums, lay_out, measured
from analyzer.score.measures import (
    MEASURES,
    Measure,
    Memberships,
    measure_values,
    measure_weights,
    unit_memberships,
)
from analyzer.score.periods import Periods, periods
from analyzer.score.scoring import Learned, score_cells
from analyzer.score.unit_table import Block, unit_table
from analyzer.tables import STORED

UNIT_KINDS: Final = ("agent", "team", "channel", "queue", "product_line", "segment")


@dataclass(frozen=True, slots=True)
class _World:
    """Everything measured, once for all kinds of unit; contacts in the order of their days."""

    values: dict[str, Floats]
    weights: dict[str, Floats]
    design: Design
    day: Ints
    customer: Ints
    final: Bools
    lengths: list[Periods]
    measures: Sequence[Measure]
    settings: ScoreSettings
    learned: dict[tuple[str, int], Learned]  # by measure and length of period


@dataclass(frozen=True, slots=True)
class UnitInputs:
    """What scores of units are made from: contacts, their links and experience, whose they are, and by what settings.

    ``settings`` say which periods; a period is over once the business day of ``as_of`` lies after it.
    """

    facts: pd.DataFrame
    links: pd.DataFrame
    experience: pd.DataFrame
    interaction_agents: pd.DataFrame
    settings: ScoreSettings
    as_of: datetime
    business_timezone: str


def score_units(
    given: UnitInputs,
    *,
    kinds: Sequence[str] = UNIT_KINDS,
    measures: Sequence[Measure] = MEASURES,
    own_values: pd.DataFrame | None = None,
) -> pa.Table:
    """unit_scores: an estimate of every measure for every unit in every configured period.

    A unit has a row for each measure that it answers for, with n = 0 and nulls where nothing was observed. A row is
    final once its period is over; one that the journey moves (first-contact resolution, experience_score) once all
    contacts of its kind are final too: values are drawn towards the others' mean, so another unit's open contact can
    still move them. The case mix's slopes are learned within agents and serve the other kinds too: within a team the
    hard queue may lie with the good agents. ``kinds`` must begin with agent for that. ``own_values`` (by
    interaction_id) holds those of ``measures`` that are none of MEASURES.
    """
    facts = in_order(given.facts)
    facts = facts.iloc[np.argsort(days(facts), kind="stable")]  # days lie together: sums run through memory once
    distinct, day = np.unique(days(facts), return_inverse=True)
    world = _World(
        measure_values(facts, given.links, given.experience) | _own_values(facts, own_values),
        measure_weights(facts),
        case_mix_design(facts, given.links, given.settings.case_mix),
        np.asarray(day, dtype=np.int64),
        np.asarray(pd.factorize(texts(facts, "customer_key"))[0], dtype=np.int64),
        truths(linked(given.links, facts), "is_final"),
        periods(distinct, given.settings, given.as_of, given.business_timezone),
        measures,
        given.settings,
        {},
    )
    blocks = [
        unit_table(block, given.settings.min_n, given.as_of)
        for kind in kinds
        for block in _kind_blocks(kind, unit_memberships(facts, given.interaction_agents, kind), world)
    ]
    if not blocks:
        return STORED["unit_scores"].empty()
    order = [(name, "ascending") for name in ("period", "unit_kind", "unit_id", "measure")]
    return pa.concat_tables(blocks).sort_by(order).combine_chunks()


def _own_values(facts: pd.DataFrame, own: pd.DataFrame | None) -> dict[str, Floats]:
    return {} if own is None else {str(name): numbers(linked(own, facts), str(name)) for name in own.columns}


def _kind_blocks(kind: str, members: Memberships, world: _World) -> Iterator[Block]:
    if not len(members.contact):
        return
    layout = lay_out(kind, members, world.design, world.day, world.customer, world.lengths)
    sources = tuple(dict.fromkeys(source for source in world.design.source if source != kind))
    settled = np.ones(len(layout.rows.day_bounds) - 1, dtype=np.bool_)
    traced = settled.copy()
    np.logical_and.at(traced, world.day[layout.contact], world.final[layout.contact])
    for measure in world.measures:
        one = measured(layout, measure, world.values[measure.name], world.weights)
        cells = day_cells(layout.rows, one.value, one.share > 0, one.weight, complete_sums(layout, one, world.weights))
        for number, length in enumerate(world.lengths):
            summed = period_cells(cells, length.of_day, len(length.names))
            if DAY in world.settings.case_mix:
                summed = with_days(summed, cells, length.of_day)
            final = np.ones(len(length.names), dtype=np.bool_)
            np.logical_and.at(final, length.of_day, traced if measure.journey else settled)
            learned = world.learned.get((measure.name, number))
            scored = score_cells(summed, layout, one, number, learned, world.settings)
            if kind == "agent" and scored is not None:
                world.learned[measure.name, number] = scored.learned
            dated = ("day where contacts suffice",) if summed.x.shape[1] > cells.x.shape[1] else ()
            mix = ", ".join((*sources, *dated))
            yield Block(kind, measure, members.unit_ids, summed, length, final & length.over, mix, scored)
