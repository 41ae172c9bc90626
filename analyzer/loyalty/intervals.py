"""Wilson's interval of a share, and the normal quantile that other intervals use."""

from __future__ import annotations

import math
from typing import Final

Z95: Final = 1.959963984540054


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
