"""Shares of the four quadrants free of the readings' errors.

Customers are parted by what is known for sure: whether a contract holds them, and whether they are loyal, where the
whole definition was observed. In each part the true satisfaction is deconvolved from its readings (latent.py); where
loyalty is not sure either, both together. Shares add up over the parts.

Where levels drift, loyalty is taken to go along with today's level. Where it goes along with the part that stays (half
of what parts customers fading within 60 days), the unhappy are 5 in 100 too few of the loyal; with 800 customers the
intervals hold that. A single customer's quadrant does not hang on it (quadrant_calls.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analyzer.config import LoyaltySettings
from analyzer.loyalty.jackknife import Figure, by_group, figure, moved, pull, slopes, variance
from analyzer.loyalty.latent import (
    Axis,
    Shape,
    axis,
    cell_likelihood,
    density,
    fit,
    scores,
    shape,
)
from analyzer.loyalty.levels import Levels, measured
from analyzer.loyalty.reading_error import GROUPS, ReadingError, groups_of

Floats = NDArray[np.float64]
MIN_CUSTOMERS: Final = 30
MOST_CUSTOMERS: Final = 10_000  # more of them would narrow an interval of a point
UNSURE, LOYAL, NOT_LOYAL = 0, 1, 2
# Cells of the shares: satisfied and loyal, satisfied only, loyal only, neither; first those held, then the others.
CELLS: Final = 4


@dataclass(frozen=True, slots=True)
class Base:
    """Customers of whom both indices are known and who have not left, in order of their keys."""

    levels: Levels
    loyalty: Floats
    loyalty_error: Floats
    held: NDArray[np.bool_]
    groups: NDArray[np.int64]

    def of(self, rows: NDArray[np.bool_] | NDArray[np.int64]) -> Base:
        """Some of the customers."""
        return Base(
            self.levels.of(rows), self.loyalty[rows], self.loyalty_error[rows], self.held[rows], self.groups[rows]
        )


def base_of(state: pd.DataFrame, levels: Levels) -> Base:
    """The customers of ``state`` on whom shares rest."""
    rows = state.reindex(levels.customers)
    known = (rows["loyalty_level"].notna() & rows["left"].eq(False)).to_numpy(dtype=bool)
    rows = rows[known]
    error = rows["loyalty_error"].fillna(0.0).to_numpy(dtype="float64")
    held = rows["locked_in"].eq(True).to_numpy(dtype=bool)
    loyalty = rows["loyalty_level"].to_numpy(dtype="float64")
    return Base(levels.of(known), loyalty, error, held, groups_of(rows.index))


@dataclass(frozen=True, slots=True)
class Part:
    """Customers of one kind, and how their true levels are distributed."""

    base: Base
    kind: int
    axes: tuple[Axis, Axis]
    shape: Shape
    coefficients: Floats

    def likelihood(self, at: Floats) -> Floats:
        """Of each customer's readings in each cell, if readings err as ``at`` has it."""
        s = measured(self.base.levels, at).likelihood(self.axes[0])
        if self.kind != UNSURE:
            return s
        own = cell_likelihood(self.base.loyalty, self.base.loyalty_error[:, None], self.axes[1])
        return np.asarray((s[:, :, None] * own[:, None, :]).reshape(len(s), -1), dtype=np.float64)

    def cells(self, probabilities: Floats) -> Floats:
        """From probabilities of the grid (last axis) to those of the four CELLS."""
        s, loyal = (one.above for one in self.axes)
        if self.kind == UNSURE:
            corners = [np.outer(a, b).ravel() for a in (s, ~s) for b in (loyal, ~loyal)]
        else:
            none = np.zeros(len(s), dtype=bool)
            corners = [side if (self.kind == LOYAL) == wanted else none for side in (s, ~s) for wanted in (True, False)]
        return np.asarray(probabilities @ np.column_stack(corners).astype(np.float64), dtype=np.float64)


def parts_of(base: Base, error: ReadingError, settings: LoyaltySettings) -> list[Part]:
    """The parts of the customers, each fitted; customers beyond MOST_CUSTOMERS are left out evenly."""
    base = thinned(base)
    found = []
    for kind, rows in kinds(base, settings):
        axes = (axis(settings.satisfied_from), axis(settings.loyal_from))
        terms = shape(*axes) if kind == UNSURE else shape(axes[0])
        part = Part(base.of(rows), kind, axes, terms, np.zeros(terms.terms.shape[1]))
        found.append(Part(part.base, kind, axes, terms, fit(terms, part.likelihood(error.at))))
    return found


def thinned(base: Base) -> Base:
    """At most MOST_CUSTOMERS of them, the others left out evenly."""
    n = len(base.loyalty)
    return base if n <= MOST_CUSTOMERS else base.of(np.arange(0, n, -(-n // MOST_CUSTOMERS)))


def kinds(base: Base, settings: LoyaltySettings) -> Iterator[tuple[int, NDArray[np.bool_]]]:
    """UNSURE, LOYAL or NOT_LOYAL and its customers, first of those held."""
    sure, loyal = base.loyalty_error <= 0, base.loyalty >= settings.loyal_from
    for held in (True, False):
        for kind, rows in ((LOYAL, sure & loyal), (NOT_LOYAL, sure & ~loyal), (UNSURE, ~sure)):
            chosen = rows & (base.held == held)
            if chosen.any():
                yield kind, chosen


MEASURED: Final = ("loyalist_share", "hostage_share", "mercenary_share", "defector_share", "unhappy_given_loyal")


def share_figures(parts: list[Part], error: ReadingError) -> dict[str, Figure]:
    """MEASURED with their intervals."""
    held = np.asarray([bool(part.base.held[0]) for part in parts])
    counts = np.asarray([_counts(part.base) for part in parts]).T
    moves = [_moves(part, error) for part in parts]
    cells = np.stack([move.cells for move in moves], axis=1)
    value = _measures(held, counts[0], cells[0])
    without = np.asarray([_measures(held, counts[g], cells[g]) for g in range(1, GROUPS + 1)])
    spread = variance(value, without)
    for place, move in enumerate(moves):
        spread = spread + _pulled(partial(_with_part, held, counts[0], cells[0], place), move)
    n = int(counts[0].sum())
    loyal = max(1, round(float(((cells[0, :, 0] + cells[0, :, 2]) * counts[0]).sum())))
    sizes = (n, n, n, n, loyal)
    return {name: figure(float(v), float(s), size)
            for name, v, s, size in zip(MEASURED, value, spread, sizes, strict=True)}  # fmt: skip


def _counts(base: Base) -> Floats:
    """How many customers, of all and without each group."""
    n = len(base.groups)
    return np.concatenate([[n], n - np.bincount(base.groups, minlength=GROUPS)]).astype(np.float64)


def _measures(held: NDArray[np.bool_], counts: Floats, cells: Floats) -> Floats:
    """MEASURED from the CELLS of each part (rows) and how many customers it has."""
    weighted = cells * (counts / counts.sum())[:, None]
    bound, free = weighted[held].sum(axis=0), weighted[~held].sum(axis=0)
    both = bound + free
    loyal = both[0] + both[2]
    unhappy = both[2] / loyal if loyal > 0 else 0.0
    return np.asarray([both[0], bound[2] + bound[3] + free[2], both[1], free[3], unhappy], dtype=np.float64)


def _with_part(held: NDArray[np.bool_], counts: Floats, cells: Floats, place: int, own: Floats) -> Floats:
    """MEASURED if the CELLS of one part were ``own``."""
    return _measures(held, counts, np.vstack([cells[:place], own[None, :], cells[place + 1 :]]))


@dataclass(frozen=True, slots=True)
class _Moves:
    """CELLS of a part, of all and without each group; what ``pull`` needs, and the slopes of CELLS."""

    cells: Floats
    inverse: Floats
    sums: Floats
    slope: Floats


def _moves(part: Part, error: ReadingError) -> _Moves:
    at = part.coefficients
    own, curvature = scores(part.shape, at, part.likelihood(error.at))
    inverse = np.asarray(np.linalg.inv(-curvature), dtype=np.float64)
    cross = slopes(lambda guess: scores(part.shape, at, part.likelihood(guess))[0].sum(axis=0), error.at)
    sums = by_group(own, part.base.groups)

    def cells(coefficients: Floats) -> Floats:
        return part.cells(density(part.shape, coefficients))

    without = [cells(row) for row in moved(at, inverse, sums, cross, error)]
    return _Moves(np.asarray([cells(at), *without]), inverse, sums, slopes(cells, at))


def _pulled(measures: Callable[[Floats], Floats], move: _Moves) -> Floats:
    """What the prior of one part's coefficients may have moved each of the measures by, as a variance."""
    slope = slopes(measures, move.cells[0]) @ move.slope
    return np.asarray([pull(row, move.inverse, move.sums) for row in slope], dtype=np.float64)
