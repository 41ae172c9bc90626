"""Intervals: of a share (Wilson) and of a mean over contacts whose customers come back (clustered)."""

from __future__ import annotations

import math
from typing import Final

import pandas as pd
from scipy import stats

Z95: Final = 1.959963984540054
# Fewer customers than this cannot tell how much customers differ; the interval is then all that is possible.
MIN_CUSTOMERS: Final = 5
MORE: Final = 2  # customers at 0 that an interval reckons with beside those seen


def wilson(count: int, n: int) -> tuple[float | None, float | None]:
    """The 95 % Wilson score interval of ``count`` in ``n``; nothing for n = 0.

    Assumes independent customers. Keeps its coverage for small n and shares near 0 or 1, where p ± 1.96 se does not
    (Wilson 1927; Brown, Cai, DasGupta 2001).

    >>> [round(end, 3) for end in wilson(2, 10)]
    [0.057, 0.51]
    """
    if n == 0:
        return None, None
    share, square = count / n, Z95**2
    center = (share + square / (2 * n)) / (1 + square / n)
    half = Z95 / (1 + square / n) * math.sqrt(share * (1 - share) / n + square / (4 * n * n))
    return max(0.0, center - half), min(1.0, center + half)


def clustered_mean(values: pd.Series[float], clusters: pd.Series[str]) -> tuple[float, float, float]:
    """The mean of ``values`` (within −1…1) and its 95 % interval, each customer being one cluster.

    The interval is that of the customers seen and two more of average size at 0: t with the cluster-robust variance
    (Liang & Zeger 1986) of their common mean. What Agresti & Coull (1998) do for shares: eight customers who all say −1
    do not prove that everybody would, as resampling them would have it. Fewer than five customers: −1…1.
    """
    grouped = values.astype("float64").groupby(clusters, sort=True).agg(["sum", "count"])
    sums, counts = grouped["sum"].to_numpy(), grouped["count"].to_numpy(dtype="float64")
    size, n = len(grouped), float(counts.sum())
    mean = float(sums.sum() / n)
    if size < MIN_CUSTOMERS:
        return mean, -1.0, 1.0
    whole = n + MORE * n / size
    center = float(sums.sum() / whole)
    squares = float(((sums - center * counts) ** 2).sum()) + MORE * (center * n / size) ** 2
    degrees = size + MORE - 1
    half = float(stats.t.ppf(0.975, degrees)) * math.sqrt((degrees + 1) / degrees * squares) / whole
    return mean, max(-1.0, min(mean, center - half)), min(1.0, max(mean, center + half))
