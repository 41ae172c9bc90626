"""Loyalist, hostage, mercenary or defector, with a probability: the matrix of Jones & Sasser (1995).

              not satisfied                    satisfied
    loyal     hostage                          loyalist
    not loyal hostage if locked in,            mercenary
              else defector

Satisfied is a satisfaction index from ``satisfied_from``, loyal a loyalty index from ``loyal_from``: absolute
thresholds, so that the matrix of a bad year is a bad matrix. ``locked_in`` enters on one side only: an unhappy
customer whom a contract holds stays for now and is a hostage, however disloyal; a satisfied one it makes no
loyalist. Who has given notice is held by nothing any more.

A customer's probabilities come from their own readings and from how customers like them are distributed
(quadrant_calls.py). Before enough customers are known, both indices are taken to err normally around their value with
their standard errors, independently.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from scipy.stats import norm

from analyzer.config import LoyaltySettings

QUADRANTS: Final = ("loyalist", "hostage", "mercenary", "defector")


def above_probability(index: pd.Series[float], error: pd.Series[float], threshold: float) -> pd.Series[float]:
    """Probability that the true index reaches ``threshold``; 0 or 1 where there is no error, NaN without an index."""
    distance = index.astype("float64") - threshold
    exact = (distance >= 0).astype("float64")
    spread = error.astype("float64").fillna(0.0)
    uncertain = pd.Series(norm.cdf(distance / spread.where(spread > 0, np.nan)), index=index.index)
    return uncertain.where(spread > 0, exact).where(index.notna())


def quadrant_probabilities(state: pd.DataFrame, settings: LoyaltySettings) -> pd.DataFrame:
    """A probability for each of QUADRANTS; NaN where an index it needs was not observed. Complete rows sum to 1."""
    satisfied = above_probability(state["satisfaction_index"], state["satisfaction_error"], settings.satisfied_from)
    loyal = above_probability(state["loyalty_index"], state["loyalty_error"], settings.loyal_from)
    held = state["locked_in"].eq(True) & ~state["left"]
    stays = loyal.mask(held, 1.0)  # whether or not loyalty was observed: the contract holds
    columns = (satisfied * loyal, (1 - satisfied) * stays, satisfied * (1 - loyal), (1 - satisfied) * (1 - stays))
    return pd.DataFrame(dict(zip(QUADRANTS, columns, strict=True)), index=state.index)


def likeliest(probabilities: pd.DataFrame, at_least: float) -> pd.Series[str]:
    """The most probable quadrant; None where its probability is below ``at_least`` or nothing was observed."""
    known = probabilities.fillna(-1.0).to_numpy(dtype="float64")
    best = known.argmax(axis=1) if len(known) else np.empty(0, dtype=int)
    chosen = pd.Series([QUADRANTS[i] for i in best], index=probabilities.index, dtype="object")
    return chosen.where(pd.Series(known.max(axis=1, initial=-1.0) >= at_least, index=probabilities.index), None)


def of_cells(cells: pd.DataFrame, held: pd.Series[bool]) -> pd.DataFrame:
    """A probability for each of QUADRANTS from those of satisfied and loyal, satisfied only, loyal only, neither."""
    stays = held.reindex(cells.index).eq(True)
    neither = cells[3].where(~stays, 0.0)
    columns = (cells[0], cells[2] + cells[3].where(stays, 0.0), cells[1], neither)
    return pd.DataFrame(dict(zip(QUADRANTS, columns, strict=True)), index=cells.index)


def by_thresholds(state: pd.DataFrame, settings: LoyaltySettings) -> pd.Series[str]:
    """The quadrant that the readings as they are say, errors and all; both indices must have been observed."""
    satisfied = state["satisfaction_counted"] >= settings.satisfied_from
    loyal = state["loyalty_index"] >= settings.loyal_from
    held = state["locked_in"].eq(True) & ~state["left"].astype(bool)
    unhappy = np.where(loyal | held, "hostage", "defector")
    return pd.Series(
        np.where(satisfied, np.where(loyal, "loyalist", "mercenary"), unhappy), state.index, dtype="object"
    )
