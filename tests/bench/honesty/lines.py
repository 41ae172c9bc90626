"""A line of the honesty table: what was measured, what it must reach, and what an obvious method gives beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

COVERAGE: Final = (0.93, 0.97)


@dataclass(frozen=True, slots=True)
class Line:
    """``low``–``high`` is the 99 % interval of ``value`` over the worlds; ``met`` is None where there is no bar."""

    measure: str
    value: float
    low: float | None = None
    high: float | None = None
    bar: str = ""
    baseline: str = ""
    met: bool | None = None
    worlds: int = 0


def share(hits: int, n: int, level: float = 0.99) -> tuple[float, float]:
    """Clopper and Pearson's interval of ``hits`` in ``n``."""
    half = (1 - level) / 2
    low = float(stats.beta.ppf(half, hits, n - hits + 1)) if hits else 0.0
    high = float(stats.beta.ppf(1 - half, hits + 1, n - hits)) if hits < n else 1.0
    return low, high


def coverage(measure: str, hits: ArrayLike, *, baseline: str = "", worlds: int = 0) -> Line:
    """How often intervals held the truth; met where the 99 % interval of that share meets 93–97 %."""
    held = np.asarray(hits, dtype=bool)
    low, high = share(int(held.sum()), len(held))
    met = low <= COVERAGE[1] and high >= COVERAGE[0]
    bar = f"meets {COVERAGE[0]:.0%}–{COVERAGE[1]:.0%}"
    return Line(measure, float(held.mean()), low, high, bar, baseline, met, worlds or len(held))


def size(measure: str, rejected: ArrayLike, *, most: float = 0.05, baseline: str = "", worlds: int = 0) -> Line:
    """How often something was claimed where there is nothing; met unless surely above ``most``."""
    claimed = np.asarray(rejected, dtype=bool)
    low, high = share(int(claimed.sum()), len(claimed))
    return Line(
        measure, float(claimed.mean()), low, high, f"≤ {most:.0%}", baseline, low <= most, worlds or len(claimed)
    )


def as_table(lines: Sequence[Line]) -> str:
    """The lines as aligned columns."""
    head = ("measure", "worlds", "value", "99 % interval", "bar", "beside it", "")
    rows = [
        (
            line.measure,
            f"{line.worlds:,}",
            f"{line.value:.3f}",
            "" if line.low is None or line.high is None else f"{line.low:.3f}–{line.high:.3f}",
            line.bar,
            line.baseline,
            "" if line.met is None else "ok" if line.met else "MISSED",
        )
        for line in lines
    ]
    widths = [max(len(row[place]) for row in (head, *rows)) for place in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in (head, *rows)
    )
