"""Each customer's probability of being in one quadrant: what is known of customers like them, and their own readings.

Customers are parted as for the shares (quadrant_shares.py). In each part the level that stays is deconvolved from its
readings, together with loyalty where that is not sure; a customer's own readings then tell where they stand of it, and
of the fading part what of today's is in them (lasting.py). So among many called at .8 four of five are where they are
said to be.

Nobody's own readings are among those that their distribution was fitted to: it would take them for surer than they are.

Said and right, 800 customers, the half-life as configured: .92 and .92 where levels stay, .91 and .89 where a quarter
of what parts customers fades within 60 days, .89 and .87 where half does (.88 and .88 with 20,000 customers). Where
half of it is gone in 20 days and the half-life says 60, .89 said is .83 right.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analyzer.config import LoyaltySettings
from analyzer.loyalty.jackknife import by_group
from analyzer.loyalty.lasting import Lasting, lasting
from analyzer.loyalty.latent import Axis, Shape, axis, cell_likelihood, density, fit, posterior, scores, shape
from analyzer.loyalty.quadrant_shares import CELLS, LOYAL, UNSURE, Base, kinds, thinned
from analyzer.loyalty.reading_error import ReadingError

Floats = NDArray[np.float64]
AT_ONCE = 2000


@dataclass(frozen=True, slots=True)
class _Kind:
    """Customers of one kind: the axes of the part that stays and of loyalty, and what the density is made of."""

    kind: int
    axes: tuple[Axis, Axis]
    shape: Shape

    def likelihood(self, base: Base, seen: Lasting) -> Floats:
        """Of each customer's readings, and of what is known of their loyalty where that is not sure."""
        stays = seen.likelihood(self.axes[0])
        if self.kind != UNSURE:
            return stays
        own = cell_likelihood(base.loyalty, base.loyalty_error[:, None], self.axes[1])
        return np.asarray((stays[:, :, None] * own[:, None, :]).reshape(len(stays), -1), dtype=np.float64)

    def cells(self, known: Floats, satisfied: Floats) -> Floats:
        """From probabilities of the grid (a row a customer) to those of satisfied and loyal, satisfied only, loyal
        only, neither; ``satisfied``: how likely today's level is above the threshold in each cell of what stays."""
        grid = known.reshape(len(known), len(self.axes[0].above), -1)
        if self.kind == UNSURE:
            loyal, other = (grid[:, :, side].sum(axis=2) for side in (self.axes[1].above, ~self.axes[1].above))
        else:
            whole, none = grid[:, :, 0], np.zeros(grid.shape[:2])
            loyal, other = (whole, none) if self.kind == LOYAL else (none, whole)
        return np.stack([(p * up).sum(axis=1) for up in (satisfied, 1 - satisfied) for p in (loyal, other)], axis=1)


def cell_probabilities(base: Base, error: ReadingError, settings: LoyaltySettings) -> pd.DataFrame:
    """A row a customer of ``base``: the probability of each of CELLS given all that was read of them."""
    found = pd.DataFrame(np.nan, index=base.levels.customers, columns=range(CELLS))
    for kind, rows in kinds(base, settings):
        axes = (axis(settings.satisfied_from), axis(settings.loyal_from))
        one = _Kind(kind, axes, shape(*axes) if kind == UNSURE else shape(axes[0]))
        densities = _densities_of_others(one, thinned(base.of(rows)), error)
        for some in np.array_split(np.flatnonzero(rows), max(1, rows.sum() // AT_ONCE)):
            own = base.of(some)
            seen = lasting(own.levels, error.at)
            known = posterior(one.likelihood(own, seen), densities[own.groups])
            found.iloc[some] = one.cells(known, seen.above(axes[0], settings.satisfied_from))
    return found


def _densities_of_others(one: _Kind, base: Base, error: ReadingError) -> Floats:
    """The density of the grid without each group of customers (rows), the readings' errors being those of all."""
    likelihood = one.likelihood(base, lasting(base.levels, error.at))
    at = fit(one.shape, likelihood)
    own, curvature = scores(one.shape, at, likelihood)
    moves = by_group(own, base.groups) @ np.linalg.inv(-curvature).T
    return np.asarray([density(one.shape, at - move) for move in moves], dtype=np.float64)
