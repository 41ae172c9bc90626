"""Estimates of units as rows of the table ``unit_scores``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import numpy as np
import pyarrow as pa

from analyzer.score.casemix import Design
from analyzer.score.cells import Cells
from analyzer.score.estimate import Estimates
from analyzer.score.frames import Bools, Floats, Ints, Objects, to_table
from analyzer.score.measures import Measure
from analyzer.score.periods import Periods
from analyzer.tables import STORED

COLUMNS: Final = ("raw_mean", "adjusted", "value", "low", "high", "spread", "worse_probability",
                  "lowest_decile_probability", "icc", "icc_low", "icc_high")  # fmt: skip
CERTAIN: Final = 0.95  # probability from which a unit is called better or worse
_SHARING: Final = {
    "share": "contacts of several agents by multiple membership",
    "closer": "closing agent only",
    "time": "own part of a shared contact's time",
}


@dataclass(frozen=True, slots=True)
class Block:
    """All units of one kind in all periods of one length, for one measure; ``at``: cells with ``estimates``."""

    kind: str
    measure: Measure
    unit_ids: tuple[str, ...]
    cells: Cells
    length: Periods
    final: Bools  # by period
    design: Design
    at: Ints | None = None
    estimates: Estimates | None = None

    def with_estimates(self, at: Ints, estimates: Estimates) -> Block:
        return replace(self, at=at, estimates=estimates)


def unit_table(block: Block, min_n: int, as_of: datetime) -> pa.Table:
    """Rows of unit_scores for every unit that answers for at least one contact."""
    cells = block.cells
    rows = len(cells.period)
    coverage = np.zeros(rows)
    np.divide(cells.n, cells.eligible, out=coverage, where=cells.eligible > 0)
    columns: dict[str, Any] = {
        "period": pa.array(block.length.names, pa.string()).take(pa.array(cells.period)),
        "unit_kind": pa.repeat(block.kind, rows),
        "unit_id": pa.array(block.unit_ids, pa.string()).take(pa.array(cells.unit)),
        "measure": pa.repeat(block.measure.name, rows),
        "unit": pa.repeat(block.measure.unit, rows),
        "higher_is_better": pa.repeat(block.measure.higher_is_better, rows),
        "n": cells.n.astype(np.int32),
        "n_effective": np.nan_to_num(_placed(block, "n_effective")),
        "coverage_rate": coverage,
        "sufficient": cells.n >= min_n,
        "error_basis": pa.repeat("model_only", rows),
        "as_of": pa.repeat(pa.scalar(as_of, STORED["unit_scores"].schema.field("as_of").type), rows),
        "is_final": block.final[cells.period],
        "method": _placed_words(block, _methods),
        "standing": _placed_words(block, _standings),
        "compared_units": pa.array(_placed(block, "rivals"), from_pandas=True).cast(pa.int32()),
    }
    columns |= {name: _placed(block, name) for name in COLUMNS}
    return to_table("unit_scores", columns).filter(pa.array(cells.eligible > 0))


def _placed(block: Block, name: str) -> Floats:
    values = np.full(len(block.cells.period), np.nan)
    if block.at is not None:
        values[block.at] = getattr(block.estimates, name)
    return values


def _placed_words(block: Block, words: Any) -> Objects:
    values = np.full(len(block.cells.period), None if words is _standings else "nothing observed", dtype=object)
    if block.at is not None:
        values[block.at] = words(block, block.estimates)
    return values


def _standings(block: Block, estimates: Estimates) -> Objects:
    """What may be said of each unit beside those it is compared with."""
    words = np.full(len(estimates.value), "not distinguishable", dtype=object)
    words[estimates.worse_probability >= CERTAIN] = "worse"
    words[estimates.better_probability >= CERTAIN] = "better"
    words[estimates.rivals == 0] = "not compared"
    words[np.isnan(estimates.value)] = None
    return words


def _methods(block: Block, estimates: Estimates) -> Objects:
    mix = ", ".join(dict.fromkeys(block.design.source))
    shared = [_SHARING[block.measure.sharing]] if block.kind == "agent" else []
    start = "; ".join(["mean of calibrated readings", *shared])
    units = np.bincount(block.cells.period[block.at], minlength=len(block.length.names))[block.cells.period[block.at]]
    parts = [
        np.where(estimates.slopes > 0, f"; case mix within {'units' if block.kind == 'agent' else 'agents'} ({mix})",
                 "; no case-mix adjustment (too few contacts or no mix)"),
        np.where(estimates.rivals > 0, "; one-way REML, normal shrinkage", "; not shrunken: nobody to compare with"),
        np.where(estimates.rivals < units - 1, "; compared only with units whose case mix its own contacts link", ""),
        np.where(estimates.mixed, "; nearly always worked with others: not told apart from them", ""),
    ]  # fmt: skip
    words = np.full(len(estimates.slopes), start, dtype=object)
    for part in parts:
        words = words + part.astype(object)
    return words
