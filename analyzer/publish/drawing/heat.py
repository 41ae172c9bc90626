"""Channels against reasons: a number in every cell, colour where it stands out, stripes where there is too little."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from analyzer.publish.charts import COLOURS, HATCH, WIDE, row_name, row_names
from analyzer.publish.estimates import Estimate

ROW_WIDE, ROW_NARROW = 38, 44
LABEL_WIDE, LABEL_NARROW = 210, 104
WHOLE_STRENGTH = 0.3  # a difference of so much gets the strongest colour
LEAST_STRENGTH, MOST_STRENGTH = 0.18, 0.5


@dataclass(frozen=True, slots=True)
class Cell:
    """``apart`` is how far the value lies from the average where that is told beyond chance, else None."""

    row: str
    column: str
    estimate: Estimate
    text: str
    note: str
    apart: float | None


def heat(
    cells: Sequence[Cell], rows: Sequence[str], columns: Sequence[str], width: int
) -> alt.LayerChart | alt.FacetChart:
    """Rows from top to bottom and columns from left to right as given."""
    wide = width >= WIDE
    label_width = LABEL_WIDE if wide else LABEL_NARROW
    x = alt.X("column:N", sort=None, title=None, scale=alt.Scale(domain=list(columns), paddingInner=0.03),
              axis=alt.Axis(orient="top", labelAngle=0, domain=False, ticks=False, labelColor=COLOURS["ink"],
                            labelLimit=0))  # fmt: skip
    names = [row_name(row, label_width) for row in rows]
    y = alt.Y("row:N", sort=None, title=None, scale=alt.Scale(domain=names, paddingInner=0.06),
              axis=row_names(label_width))  # fmt: skip
    base = alt.Chart(alt.InlineData(values=[_cell(cell) | {"row": row_name(cell.row, label_width)} for cell in cells]))
    told, untold = base.transform_filter("datum.told"), base.transform_filter("!datum.told")
    layers = [
        base.mark_rect(stroke=COLOURS["rule"], strokeWidth=1).encode(
            x=x, y=y, color=alt.Color("colour:N", scale=None), fillOpacity=alt.FillOpacity("strength:Q", scale=None)
        ),
        told.mark_text(dy=-6 if not wide else 0, dx=-20 if wide else 0, fontSize=13, fontWeight=600,
                       color=COLOURS["ink"]).encode(x=x, y=y, text="text:N"),
        told.mark_text(dy=9 if not wide else 0, dx=22 if wide else 0, fontSize=11 if not wide else 12,
                       color=COLOURS["muted"]).encode(x=x, y=y, text="note:N"),
        untold.mark_text(fontSize=11 if not wide else 12, color=COLOURS["muted"]).encode(x=x, y=y, text="note:N"),
    ]  # fmt: skip
    height = (ROW_WIDE if wide else ROW_NARROW) * len(rows)
    return alt.layer(*layers).properties(width=width - label_width, height=height)


def _cell(cell: Cell) -> dict[str, Any]:
    told = cell.estimate.value is not None
    apart = cell.apart or 0.0
    strength = 0.0
    if not told:
        strength = 1.0 if cell.estimate.n else 0.0
    elif apart:
        strength = min(LEAST_STRENGTH + abs(apart) / WHOLE_STRENGTH * (MOST_STRENGTH - LEAST_STRENGTH), MOST_STRENGTH)
    colour = COLOURS["accent" if apart > 0 else "concern"] if told else HATCH
    return {
        "column": cell.column, "text": cell.text, "note": cell.note if cell.estimate.n else "",
        "told": told, "colour": colour, "strength": round(strength, 3),
    }  # fmt: skip
