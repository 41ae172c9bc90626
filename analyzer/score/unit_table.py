"""Estimates of units as rows of the table ``unit_scores``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
import pyarrow as pa

from analyzer.score.cells import Cells
from analyzer.score.frames import Bools, Floats, to_table
from analyzer.score.measures import Measure
from analyzer.score.periods import Periods
from analyzer.score.scoring import Scored
from analyzer.tables import STORED

COLUMNS: Final = ("raw_mean", "adjusted", "value", "low", "high", "spread", "worse_probability",
                  "lowest_decile_probability", "icc", "icc_low", "icc_high")  # fmt: skip
CERTAIN: Final = 0.95  # probability from which a unit is called better or worse
_SHARING: Final = {
    "share": "contacts of several agents by multiple membership",
    "closer": "closing agent only",
    "time": "own part of a shared contact's time",
    "passed": "passed on by whoever did not close it",
}


@dataclass(frozen=True, slots=True)
class Block:
    """All units of one kind in all periods of one length, for one measure; ``mix``: what it is adjusted for."""

    kind: str
    measure: Measure
    unit_ids: tuple[str, ...]
    cells: Cells
    length: Periods
    final: Bools  # by period
    mix: str
    scored: Scored | None


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
        "method": _methods(block),
        "standing": _standings(block),
        "compared_units": pa.array(_placed(block, "rivals"), from_pandas=True).cast(pa.int32()),
    }
    columns |= {name: _placed(block, name) for name in COLUMNS}
    return to_table("unit_scores", columns).filter(pa.array(cells.eligible > 0))


def _placed(block: Block, name: str) -> Floats:
    values = np.full(len(block.cells.period), np.nan)
    if block.scored is not None:
        values[block.scored.at] = getattr(block.scored.estimates, name)
    return values


def _standings(block: Block) -> pa.Array:
    """What may be said of each unit beside those it is compared with."""
    code = np.full(len(block.cells.period), -1)
    if block.scored is not None:
        e = block.scored.estimates
        code[block.scored.at] = np.select(
            [np.isnan(e.value), e.rivals == 0, e.worse_probability >= CERTAIN, e.better_probability >= CERTAIN],
            [-1, 3, 0, 1],
            2,
        )
    words = pa.array(["worse", "better", "not distinguishable", "not compared", None], pa.string())
    return words.take(pa.array(code % 5))


def _methods(block: Block) -> pa.Array:
    """How each estimate was made, in words."""
    code = np.full(len(block.cells.period), 16)
    if block.scored is not None:
        e, period = block.scored.estimates, block.cells.period[block.scored.at]
        in_period = np.bincount(period)[period]
        facts = (e.slopes > 0, e.rivals > 0, e.rivals < in_period - 1, e.mixed)
        code[block.scored.at] = sum(fact.astype(np.int64) << bit for bit, fact in enumerate(facts))
    words = [_method(block, *((code >> bit) & 1 == 1 for bit in range(4))) for code in range(16)]
    return pa.array([*words, "nothing observed"], pa.string()).take(pa.array(code))


def _method(block: Block, sloped: bool, compared: bool, parted: bool, mixed: bool) -> str:
    within = "units" if block.kind == "agent" else "agents"
    parts = [
        "mean of calibrated readings",
        _SHARING[block.measure.sharing] if block.kind == "agent" else "",
        f"case mix within {within} ({block.mix})" if sloped else "no case-mix adjustment (too few contacts or no mix)",
        "one-way REML, normal shrinkage" if compared else "not shrunken: nobody to compare with",
        "compared only with units whose case mix somebody's contacts link with its own" if parted else "",
        "nearly always worked with others: not told apart from them" if mixed else "",
    ]
    return "; ".join(part for part in parts if part)
