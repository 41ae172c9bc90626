"""One measure of one kind of unit in all periods of one length: from sums to estimates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from analyzer.config import ScoreSettings
from analyzer.score.casemix import Slopes
from analyzer.score.cells import Cells
from analyzer.score.clusters import together
from analyzer.score.daymix import day_of_period
from analyzer.score.estimate import Estimates, estimate
from analyzer.score.frames import Floats, Ints
from analyzer.score.layout import Layout, Measured
from analyzer.score.sharing import Apart, alone, told_apart
from analyzer.score.sums import UnitSums, completed, slopes_by_period, within_variance

PEOPLE = ("agent", "team")
_ROUNDING = 1e-12  # of the squares of the values themselves: what is left below it is no difference between contacts


@dataclass(frozen=True, slots=True)
class Learned:
    """What agents' contacts taught of the case mix: slopes by period, and what they expect of each contact."""

    slopes: dict[int, Slopes]
    expected: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Scored:
    """``estimates`` of the cells ``at``, and what was learned to make them."""

    at: Ints
    estimates: Estimates
    learned: Learned


def score_cells(
    cells: Cells, layout: Layout, one: Measured, number: int, learned: Learned | None, settings: ScoreSettings
) -> Scored | None:
    """Estimates of all cells in which the measure was observed; ``number`` is that of the length of period.

    ``learned`` comes from the agents' cells of the same measure and length; None: they are still to be scored.
    """
    at = np.flatnonzero(cells.n > 0)
    if not len(at):
        return None
    present, period = np.unique(cells.period[at], return_inverse=True)
    sums = _unit_sums(cells, at, present, period, layout, _apart(cells, at, layout, one, number))
    taught = learned.slopes if learned is not None else {}
    slopes = [taught.get(int(p)) for p in present]
    if any(slope is None for slope in slopes):
        own = slopes_by_period(sums)
        slopes = [o if slope is None else slope for slope, o in zip(slopes, own, strict=True)]
    known = [slope for slope in slopes if slope is not None]
    if layout.kind not in PEOPLE:
        known = completed(known, sums)
    if learned is None:
        learned = _expectations(dict(zip(present.tolist(), known, strict=True)), layout, number)
    inflation = _design_effect(cells, at, sums, known, layout, one, number, learned)
    estimates = estimate(sums, known, inflation, one.measure, settings)
    return Scored(at, estimates, learned)


def _expectations(slopes: dict[int, Slopes], layout: Layout, number: int) -> Learned:
    """``slopes`` with what they expect of each contact beside one of mean case mix."""
    expected = np.zeros(len(layout.day), dtype=np.float32)
    length = layout.lengths[number]
    number_in_period = day_of_period(length.of_day)
    edges = np.searchsorted(length.of_day[layout.day], np.arange(len(length.names) + 1))
    for period, slope in slopes.items():
        at = slice(edges[period], edges[period + 1])
        if slope.rank:
            k = layout.design.x.shape[1]
            of_day = np.append(0.0, slope.beta[k:])
            dated = of_day[np.minimum(number_in_period[layout.day[at]], len(of_day) - 1)]
            expected[at] = layout.design.x[at] @ slope.beta[:k] + dated
    return Learned(slopes, expected)


def _unit_sums(cells: Cells, at: Ints, present: Ints, period: Ints, layout: Layout, apart: Apart) -> UnitSums:
    """Sums of the cells ``at``; the covariate that is the unit itself counts as equal for all."""
    dated = cells.x.shape[1] - len(layout.foreign)
    foreign = np.append(layout.foreign, np.ones(dated, dtype=np.bool_)).astype(np.float64)
    blanked = Apart(
        np.column_stack([apart.mean[:, 0], apart.mean[:, 1:] * foreign]), apart.noise, apart.own, apart.mixed
    )
    return UnitSums(
        np.asarray(period, dtype=np.int64),
        cells.w[at],
        cells.w2[at],
        cells.y[at],
        cells.yy[at],
        cells.x[at] * foreign,
        cells.xx[present] * np.outer(foreign, foreign),
        cells.xy[present] * foreign,
        blanked,
        dated,
    )


def _apart(cells: Cells, at: Ints, layout: Layout, one: Measured, number: int) -> Apart:
    totals = np.column_stack([cells.y[at], cells.x[at]])
    if one.measure.sharing != "share" or not len(layout.pairs.row):
        return alone(totals, cells.w[at], cells.w2[at])
    first, other = layout.pairs.row, layout.pairs.partner
    observed = ~np.isnan(one.value[first]) & (one.weight[first] > 0) & (one.weight[other] > 0)
    first, other = first[observed], other[observed]
    place = np.searchsorted(_keys(cells, at, layout), layout.cells[number])
    # Σ over shared contacts of share × partner's share × weight.
    amount = one.weight[first] * one.share[other]
    links = sparse.coo_array((amount, (place[first], place[other])), shape=(len(at), len(at)))
    return told_apart(totals, cells.w[at], cells.w2[at], sparse.csr_array(links))


def _keys(cells: Cells, at: Ints, layout: Layout) -> Ints:
    return cells.period[at] * len(layout.members.unit_ids) + cells.unit[at]


def _design_effect(
    cells: Cells,
    at: Ints,
    sums: UnitSums,
    slopes: list[Slopes],
    layout: Layout,
    one: Measured,
    number: int,
    learned: Learned,
) -> Floats:
    """By period of ``sums`` how many times the variance is what independent contacts would have; at least 1."""
    again = layout.repeats[number]
    periods = len(sums.xy)
    if not len(again.rows):
        return np.ones(periods)
    beta = np.zeros((periods, cells.x.shape[1]))
    for period, taught in zip(np.unique(cells.period[at]), range(periods), strict=True):
        if int(period) in learned.slopes:
            beta[taught] = learned.slopes[int(period)].beta
    # Each unit's mean of what is left of its contacts once the case mix is taken out.
    level = (cells.y[at] - np.sum(cells.x[at] * beta[sums.period], axis=1)) / cells.w[at]
    observed = ~np.isnan(one.value[again.rows]) & (one.weight[again.rows] > 0)
    place = np.searchsorted(_keys(cells, at, layout), layout.cells[number][again.rows])
    place = np.minimum(place, len(at) - 1)
    left = one.value[again.rows] - learned.expected[layout.contact[again.rows]] - level[place]
    excess = together(np.where(observed, one.weight[again.rows] * left, 0.0), again)
    of_customer = sums.period[place[again.starts]]
    squares = within_variance(sums, slopes) * sums.by_period(sums.w2 - (sums.w2 / sums.w) ** 2)
    extra = np.bincount(of_customer, excess, periods)
    # Contacts that all say the same leave nothing but rounding, which depends on their order.
    told = squares > _ROUNDING * sums.by_period(cells.yy[at])
    return np.maximum(1.0 + np.divide(extra, squares, out=np.zeros(periods), where=told), 1.0)
