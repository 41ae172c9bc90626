"""Windows completed: of each contact the probabilities that it proves solved, and that it is returned to.

    waits of all contacts  →  curves (nowcast.py) of those whose window is over  →  factors of unlike days (unlike.py)
    →  solved, returned, and solved as other samples would have given it (draws), for the intervals of rates

A day is settled once all windows of its contacts are over. Its contacts are judged for good by what the ``LEARN_DAYS``
up to that day have taught, whenever that is asked; all others by what is known now.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from analyzer.journey import nowcast
from analyzer.journey.nowcast import EDGES, LEARN_DAYS, MOST_RETURN, Curves, Rng, Waits
from analyzer.journey.unlike import (
    Course,
    DayFactors,
    Grid,
    calm_of,
    day_factors,
    day_grid,
    drawn_factors,
    past_factors,
)

DRAWS: Final = 24
MOST_LEARNED: Final = 100_000


@dataclass(frozen=True, slots=True)
class Windows:
    """What is known of contacts whose returns can be seen; ``day`` counts local days, ``settled`` tells of the day.

    ``over`` is the share of the window that is over, in calling time; ``waits.quiet`` tells of the returns seen.
    """

    waits: Waits
    day: np.ndarray
    over: np.ndarray
    settled: np.ndarray

    def some(self, where: np.ndarray) -> Windows:
        return Windows(self.waits.some(where), self.day[where], self.over[where], self.settled[where])


@dataclass(frozen=True, slots=True)
class Completion:
    """``solved``: solved at the first contact, NaN where the text tells nothing; ``returned``: taken up again by the
    end of the window. One entry a contact; ``draws`` × ``drawn`` are ``solved`` of the contacts at ``drawn`` (those of
    days not settled) under curves of other samples. ``taught``: contacts learned from."""

    solved: np.ndarray
    returned: np.ndarray
    draws: np.ndarray
    drawn: np.ndarray
    taught: int
    method: str


def complete(windows: Windows) -> Completion:
    """The completion of each contact."""
    grid = day_grid(windows.day, windows.waits.reason.astype(str))
    solved, returned = _settled(windows, grid)
    lessons = _lessons(windows)
    curves = nowcast.learn_curves(windows.waits.some(lessons))
    rest = np.flatnonzero(~windows.settled)
    draws = np.zeros((DRAWS, 0), dtype=np.float32)
    if len(rest):
        solved[rest], returned[rest], draws = _unsettled(windows, grid, rest, lessons, curves)
    return Completion(solved, returned, draws, rest, curves.mature, curves.method)


def _lessons(windows: Windows) -> np.ndarray:
    """Positions of the settled contacts of the last ``LEARN_DAYS``, at most ``MOST_LEARNED``, evenly spaced."""
    able = windows.settled & ~np.isnan(windows.waits.p)
    newest = int(windows.day[able].max()) if able.any() else 0
    positions = np.flatnonzero(able & (windows.day > newest - LEARN_DAYS))
    return np.asarray(positions[:: -(-len(positions) // MOST_LEARNED) or 1])


def _settled(windows: Windows, grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    """Solved and returned to of settled contacts: what silence is worth depends on their own day and those before."""
    waits = windows.waits
    solved, returned = waits.p * waits.quiet, 1.0 - waits.quiet
    able = np.flatnonzero(windows.settled & ~np.isnan(waits.p))
    if len(able):
        p, still = waits.p[able], 1.0 - _returned_until(windows.some(able), grid.some(able))
        unsolved, settled = (1.0 - p) * still[:, 0], p * still[:, 1]
        solved[able] = settled / (settled + unsolved) * waits.quiet[able]
    return solved, returned


def _returned_until(windows: Windows, grid: Grid) -> np.ndarray:
    """Of each contact, shares (unsolved, solved) that return, contacts × 2: of its reason as learned up to its day, and
    what its day and its reason on that day showed beside (unlike.py), as while their windows ran.

    When they came is left out: it is told in a calling time that later returns would change.
    """
    waits = windows.waits
    days, day = np.unique(windows.day, return_inverse=True)
    reasons, reason = np.unique(waits.reason.astype(str), return_inverse=True)
    level = nowcast.levels_of(waits.p)
    counts = np.zeros((len(days) + 1, len(reasons), nowcast.P_LEVELS, 2))
    np.add.at(counts[..., 0], (day + 1, reason, level), waits.came)
    np.add.at(counts[..., 1], (day + 1, reason, level), 1.0 - waits.came)
    upto = np.cumsum(counts, axis=0)
    begin = np.searchsorted(days, days - LEARN_DAYS, side="right")
    rolling = np.maximum(upto[1:] - upto[begin], 0.0)
    shares = nowcast.returns_by_reason(rolling).sum(axis=-1)
    shares[rolling.sum(axis=(1, 2, 3)) < nowcast.MIN_MATURE] = 0.0  # of too few, silence tells nothing
    usual = shares[day, reason]
    due = usual * np.stack([1.0 - waits.p, waits.p], axis=1)
    unlike = past_factors(due, waits.came, due, grid, calm_of(waits.came, due.sum(axis=1), grid))
    return np.asarray(np.minimum(usual * unlike, MOST_RETURN))


def _unsettled(
    windows: Windows, grid: Grid, rest: np.ndarray, lessons: np.ndarray, curves: Curves
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Solved, returned to and draws of the contacts at ``rest``, whose days are not settled."""
    random = np.random.default_rng(len(windows.over))
    unsettled = windows.some(rest)
    taught = windows.waits.some(lessons)
    unlike, error = _unlike(windows, grid, curves, lessons, rest, random)
    row, factor = curves.row(unsettled.waits), curves.factor(unsettled.waits)
    solved, returned = _proves(unsettled, curves.returns, row, factor, unlike, np.ones((1, 2)))
    draws = np.empty((DRAWS, len(solved)), dtype=np.float32)
    for at, returns in enumerate(_redrawn(taught, curves, random)):
        draws[at] = _proves(unsettled, returns, row, factor, unlike, error[at])[0]
    return solved, returned, draws


def _redrawn(taught: Waits, curves: Curves, random: Rng) -> list[np.ndarray]:
    """``Curves.returns`` as other samples of as many contacts would have given them (Poisson bootstrap)."""
    if curves.method == "prior_line":
        came, left = taught.came.sum() + nowcast.PRIOR_RETURNS, nowcast.PRIOR_CONTACTS + len(taught.p)
        return [nowcast.straight(random.beta(came, left - came, 1)) for _ in range(DRAWS)]
    counts = nowcast.histograms(taught, curves.reasons)
    return [nowcast.returns_by_reason(random.poisson(counts).astype(float)) for _ in range(DRAWS)]


def _unlike(
    windows: Windows, grid: Grid, curves: Curves, lessons: np.ndarray, rest: np.ndarray, random: Rng
) -> tuple[DayFactors, np.ndarray]:
    """Factors for its day of each contact at ``rest``, and their relative error in each draw."""
    size = len(rest)
    factors = DayFactors(np.ones((size, 2)), np.ones((size, 2)))
    error = np.ones((DRAWS, size, 2), dtype=np.float32)
    told = ~np.isnan(windows.waits.p[rest])
    if curves.method == "prior_line" or not told.any():
        return factors, error
    taught = windows.waits.some(lessons)
    calm = calm_of(taught.came, _expected(curves, taught).sum(axis=(1, 2)), grid.some(lessons))
    running = grid.some(rest[told])
    found, variance = day_factors(_course(windows, curves, rest[told]), running, calm)
    factors.until_now[told], factors.to_come[told] = found.until_now, found.to_come
    error[:, told] = drawn_factors(variance, running.cell, DRAWS, random)
    return factors, error


def _course(windows: Windows, curves: Curves, some: np.ndarray) -> Course:
    waits = windows.waits.some(some)
    return Course(windows.over[some], waits.returned_at, waits.came, _expected(curves, waits))


def _expected(curves: Curves, waits: Waits) -> np.ndarray:
    """Share of each contact expected to return, by class and bin, contacts × 2 × BINS."""
    own = curves.returns[curves.row(waits)] * curves.factor(waits)[:, None, None]
    return np.asarray(own * np.stack([1.0 - waits.p, waits.p], axis=1)[:, :, None])


def _proves(
    windows: Windows, returns: np.ndarray, row: np.ndarray, factor: np.ndarray, unlike: DayFactors, error: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Solved, and returned to by the end of the window. For returns, a contact whose text tells nothing is even."""
    waits = windows.waits
    untold = np.isnan(waits.p)
    prior = np.where(untold, 0.5, waits.p)
    still, gone = [], []
    for of_class in (0, 1):
        by_now, whole = _returned_by(returns[:, of_class], row, windows.over)
        left = np.maximum(1.0 - by_now * factor * unlike.until_now[:, of_class], 1.0 - MOST_RETURN)
        still.append((prior if of_class else 1.0 - prior) * left)
        gone.append(np.minimum((whole - by_now) * factor * (unlike.to_come * error)[:, of_class] / left, MOST_RETURN))
    now = still[1] / (still[0] + still[1])
    solved = np.where(untold, np.nan, now * (1.0 - gone[1])) * waits.quiet
    return solved, 1.0 - waits.quiet * (1.0 - now * gone[1] - (1.0 - now) * gone[0])


def _returned_by(returns: np.ndarray, row: np.ndarray, over: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Share returned when ``over`` of the window is over, and in all of it."""
    by_now = np.zeros(len(over))
    upto = np.concatenate([np.zeros((len(returns), 1)), np.cumsum(returns, axis=1)], axis=1)
    for at in np.unique(row):
        mine = row == at
        by_now[mine] = np.interp(over[mine], EDGES, upto[at])
    return by_now, upto[row, -1]
