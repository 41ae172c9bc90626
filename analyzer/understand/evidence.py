"""The words that carried a label: its sentence logit is a sum over tokens, so the largest terms are the reason."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

WIDEST_TOKENS = 14
_WIDTHS: Final = np.arange(1, WIDEST_TOKENS + 1)


def carrying_span(shares: NDArray[np.floating], offsets: NDArray[np.integer], text: str) -> tuple[int, int]:
    """(start, end) code points of the run of words with the largest sum above the sentence's mean share.

    ``shares`` and ``offsets`` have one row a token. The run holds at most 14 tokens and is widened to whole words.
    """
    size = min(len(shares), len(offsets))
    spoken = np.flatnonzero(offsets[:size, 1] > offsets[:size, 0])
    if not len(spoken):
        return 0, len(text)
    values = shares[spoken].astype(float)
    first, last = _best_run(values - values.mean())
    return _whole_words(int(offsets[spoken[first], 0]), int(offsets[spoken[last], 1]), text)


def _best_run(values: NDArray[np.float64]) -> tuple[int, int]:
    """First and last index of the largest-sum run of at most WIDEST_TOKENS values; of equals the shortest."""
    size = len(values)
    sums = np.full(size + 1 + WIDEST_TOKENS, -np.inf)
    sums[0] = 0.0
    np.cumsum(values, out=sums[1 : size + 1])
    totals = sums[np.arange(size)[:, None] + _WIDTHS] - sums[:size, None]  # of the runs from each place, by width
    places = totals.argmax(axis=0)
    best, where = -np.inf, (0, 0)
    for width, (place, total) in enumerate(zip(places.tolist(), totals.max(axis=0).tolist(), strict=True), start=1):
        if total > best + 1e-9:
            best, where = total, (place, place + width - 1)
    return where


def _whole_words(start: int, end: int, text: str) -> tuple[int, int]:
    while start > 0 and not text[start - 1].isspace():
        start -= 1
    while end < len(text) and not text[end].isspace():
        end += 1
    return start, end
