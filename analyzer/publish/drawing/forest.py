"""Drivers as a forest plot: ratios on a logarithmic axis, and beside each its placebo, what it "did" beforehand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import altair as alt

from analyzer.publish.charts import COLOURS, HALF, ROW, WIDE, row_name, row_names
from analyzer.publish.estimates import Estimate

LABEL_WIDE, LABEL_NARROW = 250, 126
Mark = Literal["told", "untold", "confounded"]


@dataclass(frozen=True, slots=True)
class Branch:
    """``ratio`` with its interval (none: ``why`` not), ``placebo`` beside it; ``told``: beyond chance in all tests."""

    label: str
    ratio: Estimate
    placebo: Estimate
    mark: Mark
    why: str
    placebo_told: bool


@dataclass(frozen=True, slots=True)
class Titles:
    """Above the two panels; ``number`` is the Vega expression of a tick."""

    ratio: str
    placebo: str
    number: str


def forest(branches: Sequence[Branch], titles: Titles, width: int) -> alt.HConcatChart | alt.VConcatChart:
    """Both panels side by side, one above the other where the page is narrow."""
    wide = width >= WIDE
    label_width = LABEL_WIDE if wide else LABEL_NARROW
    room = width - label_width - (60 if wide else 16)
    ratios = _panel(branches, "ratio", titles, round(room * 0.62) if wide else room, label_width)
    if all(branch.placebo.value is None for branch in branches):
        return alt.hconcat(ratios)
    placebos = _panel(branches, "placebo", titles, round(room * 0.38) if wide else room, 0 if wide else label_width)
    return alt.hconcat(ratios, placebos, spacing=36) if wide else alt.vconcat(ratios, placebos, spacing=18)


def _panel(
    branches: Sequence[Branch], kind: Literal["ratio", "placebo"], titles: Titles, width: int, label_width: int
) -> alt.LayerChart | alt.FacetChart:
    rows = [_row(branch, kind) | {"label": row_name(branch.label, label_width or LABEL_WIDE)} for branch in branches]
    low, high = _bounds(rows, kind)
    base = alt.Chart(alt.InlineData(values=rows))
    y = alt.Y("label:N", sort=None, title=None, axis=row_names(label_width) if label_width else None)
    scale = alt.Scale(
        domain=[low, high], type="log" if kind == "ratio" else "linear", nice=False, zero=False, clamp=True
    )
    values = (
        [tick for tick in (0.1, 0.25, 0.5, 0.8, 1, 1.25, 2, 4, 10) if low <= tick <= high] if kind == "ratio" else None
    )
    axis = alt.Axis(domain=False, ticks=False, labelExpr=titles.number, tickCount=4)
    if values:
        axis["values"] = values
    x = alt.X("low:Q", title=None, scale=scale, axis=axis)
    shown, missing = base.transform_filter("datum.value != null"), base.transform_filter("datum.value == null")
    colour, fill = alt.Color("colour:N", scale=None), alt.Fill("fill:N", scale=None)
    nothing = alt.Chart(alt.InlineData(values=[{"at": 1 if kind == "ratio" else 0}]))
    head = alt.Chart(alt.InlineData(values=[{"text": titles.ratio if kind == "ratio" else titles.placebo}]))
    shape: Literal["circle", "diamond"] = "circle" if kind == "ratio" else "diamond"
    layers: list[alt.Chart] = [
        nothing.mark_rule(color=COLOURS["muted"], strokeDash=[4, 3]).encode(x="at:Q"),
        shown.mark_rule(strokeWidth=2.2).encode(x=x, x2="high:Q", y=y, color=colour),
        shown.mark_point(shape=shape, size=70, opacity=1, strokeWidth=1.8).encode(
            x="value:Q", y=y, color=colour, fill=fill
        ),
        missing.mark_text(align="left", fontSize=11.5, fontStyle="italic", color=COLOURS["muted"]).encode(
            y=y, x=alt.value(2), text="why:N"
        ),
        head.mark_text(align="left", baseline="bottom", dy=-7, fontSize=11.5, color=COLOURS["muted"]).encode(
            x=alt.value(0), y=alt.value(0), text="text:N"
        ),
    ]
    height = (ROW if width >= HALF else ROW - 1) * max(len(rows), 1)
    return alt.layer(*layers).properties(width=width, height=height)


def _row(branch: Branch, kind: Literal["ratio", "placebo"]) -> dict[str, Any]:
    e = branch.ratio if kind == "ratio" else branch.placebo
    told = branch.mark != "untold" if kind == "ratio" else branch.placebo_told
    tone = "muted" if not told else "concern" if branch.mark == "confounded" or kind == "placebo" else "accent"
    return {
        "value": e.value, "low": e.low, "high": e.high, "colour": COLOURS[tone],
        "fill": COLOURS[tone if told else "card"], "why": branch.why if kind == "ratio" else "",
    }  # fmt: skip


def _bounds(rows: Sequence[dict[str, Any]], kind: str) -> tuple[float, float]:
    ends = [row[end] for row in rows for end in ("low", "high", "value") if row[end] is not None]
    if kind == "ratio":
        return max(0.1, min([0.8, *ends]) * 0.95), min(10.0, max([1.25, *ends]) * 1.05)
    most = max((abs(end) for end in ends), default=1.0) * 1.08
    return -most, most
