"""The difference of a group from the others within strata, with an interval that holds for few and unequal clusters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import stats

from analyzer.score.frames import Bools, Floats, Ints

MOST_OF_ONE: Final = 0.95  # leverage of one cluster above which nothing can be told
MANY: Final = 400  # clusters, from which on they are only told apart by size


@dataclass(frozen=True, slots=True)
class Difference:
    """``degrees`` of freedom are what the clusters are worth; ``p`` is two-sided."""

    difference: float
    low: float
    high: float
    p: float
    degrees: float


def difference(y: Floats, member: Bools, stratum: Ints, cluster: Ints, level: float) -> Difference | str:
    """Mean of members − mean of others within strata, or in words why that cannot be told.

    Least squares with strata as fixed effects. Contacts of one cluster may be alike: bias-reduced sandwich variance
    (CR2) with Satterthwaite degrees of freedom (Bell & McCaffrey, Survey Methodology 2002; Pustejovsky & Tipton, JBES
    2018). The usual sandwich is far too narrow where a handful of agents make up a group.
    """
    x = within(member.astype(np.float64), stratum)
    information = float(x @ x)
    if information < 1.0:
        return "no stratum is shared with the others"
    own = np.asarray(np.bincount(cluster, weights=x**2), dtype=np.float64)
    sums = _by_stratum(x, stratum, cluster)
    # What each cluster's own errors take out of its residuals: by the slope, and by the means of its strata.
    leverage = own / information + np.divide((sums**2).sum(axis=1), own, out=np.zeros_like(own), where=own > 0)
    if leverage.max() > MOST_OF_ONE:
        return "the difference rests on a single agent"
    resid = within(y, stratum)
    slope = float(x @ resid) / information
    score = np.bincount(cluster, weights=x * (resid - slope * x)) / np.sqrt(1.0 - leverage)
    error = float(np.sqrt(score @ score)) / information
    degrees = _degrees(own, sums, leverage, information)
    half = float(stats.t.ppf(0.5 + level / 2, degrees)) * error
    p = float(2 * stats.t.sf(abs(slope) / error, degrees)) if error > 0 else float(slope == 0.0)
    return Difference(slope, slope - half, slope + half, p, degrees)


def sum_variance(values: Floats, cluster: Ints) -> tuple[float, int]:
    """The variance of the sum of ``values``, those of a cluster being alike (CR1), and the number of clusters."""
    codes = np.unique(cluster, return_inverse=True)[1]
    sums = np.bincount(codes, weights=values - float(values.mean()))
    groups = len(sums)
    return float(np.sum(sums**2)) * groups / (groups - 1), groups


def _by_stratum(x: Floats, stratum: Ints, cluster: Ints) -> Floats:
    """(clusters, strata): Σ x / √n of the stratum; of many clusters one column that sums up as they do."""
    clusters, size = int(cluster.max()) + 1, np.bincount(stratum)
    if clusters > MANY:
        pair, place = np.unique(cluster * len(size) + stratum, return_inverse=True)
        squares = np.bincount(place, weights=x) ** 2 / size[pair % len(size)]
        return np.asarray(np.sqrt(np.bincount(pair // len(size), weights=squares, minlength=clusters)))[:, None]
    sums = np.bincount(cluster * len(size) + stratum, weights=x, minlength=clusters * len(size))
    return np.asarray(sums.reshape(clusters, len(size)) / np.sqrt(np.maximum(size, 1)))


def _degrees(own: Floats, sums: Floats, leverage: Floats, information: float) -> float:
    """Satterthwaite's degrees of freedom of the variance, contacts being independent (the usual working model)."""
    weight = 1.0 / (1.0 - leverage)
    if len(own) > MANY:
        share = own / information
        apart = weight * share**2
        return float(1.0 / (share @ share + apart.sum() ** 2 - apart @ apart))
    covariance = np.diag(own) - sums @ sums.T - np.outer(own, own) / information
    covariance *= np.sqrt(np.outer(weight, weight))
    return float(np.trace(covariance) ** 2 / np.sum(covariance**2))


def within(values: Floats, codes: Ints) -> Floats:
    """Values minus the mean of their code: the fixed effects swept out (Frisch–Waugh–Lovell)."""
    count = np.maximum(np.bincount(codes), 1)
    return np.asarray(values - (np.bincount(codes, weights=values) / count)[codes], dtype=np.float64)
