"""The contacts of one kind of unit laid out for all measures: by day, then unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from analyzer.score.casemix import Design
from analyzer.score.cells import CovariateSums, Rows, covariate_sums, sorted_rows
from analyzer.score.clusters import Repeats, repeats
from analyzer.score.frames import Bools, Floats, Ints
from analyzer.score.measures import Measure, Memberships
from analyzer.score.periods import Periods
from analyzer.score.sharing import Pairs, shared_pairs


@dataclass(frozen=True, slots=True)
class Layout:
    """``contact`` and all of ``rows`` go by membership; ``foreign`` are the covariates that are not the unit itself.

    ``cells`` (by length of period): the (period, unit) of each row, as period × units + unit.
    """

    kind: str
    members: Memberships
    design: Design  # of all contacts
    day: Ints  # of all contacts, not decreasing
    order: Ints  # of the rows among the memberships
    contact: Ints
    rows: Rows
    foreign: Bools
    lengths: list[Periods]
    cells: list[Ints]
    repeats: list[Repeats]
    pairs: Pairs
    complete: dict[str, CovariateSums]


@dataclass(frozen=True, slots=True)
class Measured:
    """One measure on the rows of a layout: NaN where it was not observed; ``share`` is 0 where it is another's."""

    measure: Measure
    value: Floats
    weight: Floats
    share: Floats


def lay_out(
    kind: str, members: Memberships, design: Design, day: Ints, customer: Ints, lengths: list[Periods]
) -> Layout:
    """``day`` and ``customer`` are those of all contacts, in the order of days."""
    order = np.argsort(day[members.contact] * len(members.unit_ids) + members.unit, kind="stable")
    contact, unit = members.contact[order], members.unit[order]
    cells = [length.of_day[day[contact]] * len(members.unit_ids) + unit for length in lengths]
    return Layout(
        kind,
        members,
        design,
        day,
        order,
        contact,
        sorted_rows(day[contact], unit, design.x[contact], int(day.max()) + 1),
        np.array([source != kind for source in design.source], dtype=np.bool_),
        lengths,
        cells,
        [repeats(cell, customer[contact]) for cell in cells],
        shared_pairs(contact) if kind == "agent" else Pairs(order[:0], order[:0]),
        {},
    )


def measured(layout: Layout, measure: Measure, values: Floats, weights: Mapping[str, Floats]) -> Measured:
    """The measure's value by contact on the rows of ``layout``."""
    share = layout.members.weights(measure.sharing)[layout.order]
    value = values[layout.contact]
    if measure.sharing == "time":
        value = value * layout.members.time_share[layout.order]
    if measure.sharing == "passed" and layout.kind == "agent":
        value = np.where(np.isnan(value), np.nan, 1.0 - layout.members.closes[layout.order])
    weight = share * weights[measure.name][layout.contact] if measure.name in weights else share
    return Measured(measure, value, weight, share)


def complete_sums(layout: Layout, one: Measured, weights: Mapping[str, Floats]) -> CovariateSums:
    """Sums of the covariates with every contact observed, taken once for all measures of the same weight."""
    # Contacts of others than agents weigh alike.
    sharing = one.measure.sharing if layout.kind == "agent" and one.measure.sharing != "passed" else "time"
    name = "opportunities" if one.measure.name in weights else sharing
    if name not in layout.complete:
        layout.complete[name] = covariate_sums(layout.rows, one.weight)
    return layout.complete[name]
