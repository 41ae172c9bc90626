"""The middle of a cluster-robust variance, and least squares with errors clustered by customer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def meat(scores: Floats, clusters: Any) -> Floats:
    """Σ over clusters of the outer product of their summed scores (rows of ``scores``)."""
    sums = pd.DataFrame(scores).groupby(np.asarray(clusters)).sum().to_numpy()
    return np.asarray(sums.T @ sums, dtype=np.float64)


def least_squares(columns: Floats, outcome: Floats, clusters: Any) -> tuple[Floats, Floats]:
    """Slopes of ``outcome`` on ``columns`` beside an intercept, and their covariance (Liang & Zeger 1986)."""
    full = np.column_stack([columns, np.ones(len(columns))])
    inverse = np.linalg.pinv(full.T @ full)
    slopes = inverse @ (full.T @ outcome)
    scores = full * (outcome - full @ slopes)[:, None]
    count = len(np.unique(np.asarray(clusters)))
    covariance = inverse @ meat(scores, clusters) @ inverse * count / max(count - full.shape[1], 1)
    return slopes[:-1], covariance[:-1, :-1]
