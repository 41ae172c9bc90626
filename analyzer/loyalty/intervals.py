"""Intervals: of a share (Wilson) and of a mean over contacts whose customers come back (cluster bootstrap)."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import pandas as pd

Z95: Final = 1.959963984540054
BOOTSTRAP_SEED: Final = 20_26
BOOTSTRAP_DRAWS: Final = 1000
# Fewer customers than this cannot tell how much customers differ; the interval is then all that is possible.
BOOTSTRAP_CUSTOMERS: Final = 5


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
    """The mean of ``values`` (within −1…1) and its 95 % percentile interval over resampled customers.

    Whole customers are drawn with replacement, for contacts of one customer resemble each other. The seed is fixed and
    clusters are sorted, so that the order of rows changes nothing. Fewer than five customers: the interval is −1…1.
    """
    grouped = values.astype("float64").groupby(clusters, sort=True).agg(["sum", "count"])
    sums, counts = grouped["sum"].to_numpy(), grouped["count"].to_numpy(dtype="float64")
    mean = float(sums.sum() / counts.sum())
    if len(grouped) < BOOTSTRAP_CUSTOMERS:
        return mean, -1.0, 1.0
    rng = np.random.default_rng(BOOTSTRAP_SEED)
    size = len(grouped)
    draws = np.empty(BOOTSTRAP_DRAWS)
    for draw in range(BOOTSTRAP_DRAWS):
        times = np.bincount(rng.integers(0, size, size), minlength=size)
        draws[draw] = times @ sums / (times @ counts)
    low, high = np.quantile(draws, (0.025, 0.975))
    return mean, min(mean, float(low)), max(mean, float(high))
