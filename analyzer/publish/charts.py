"""Pictures of estimates as inline SVG, drawn by Altair and vl-convert once for wide and once for narrow pages.

Colours are written as names of CSS variables after drawing, so that one picture serves light, dark and paper.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import altair as alt
import vl_convert

from analyzer.publish.estimates import Estimate

WIDE, NARROW = 980, 314
ROW = 27

# Each must be a colour of its own: it is looked for in the drawing and replaced by var(--name).
COLOURS: Final = {
    "ink": "#15181b",
    "muted": "#5d656d",
    "rule": "#dde1e5",
    "accent": "#1d5c9e",
    "concern": "#b5470b",
    "faint": "#a5adb5",
    "soft": "#c9d9ea",
}
Tone = Literal["accent", "concern", "faint", "muted"]


@dataclass(frozen=True, slots=True)
class Picture:
    """The same picture for a wide (or empty) and a narrow page, and its numbers: a header and rows of text."""

    title: str
    wide: str
    narrow: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Dot:
    """One row of an interval picture. ``note`` stands at the right edge; ``wide_note`` where there is room for more."""

    label: str
    estimate: Estimate
    note: str
    tone: Tone = "accent"
    wide_note: str = ""


@dataclass(frozen=True, slots=True)
class Axis:
    """``low``–``high`` is what the axis shows; ``label_expression`` is the Vega expression of a tick's label."""

    low: float
    high: float
    missing: str
    label_expression: str = "datum.label"
    reference: float | None = None
    reference_label: str = ""


def drawn(
    title: str,
    draw: Callable[[int], alt.TopLevelMixin],
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    small: bool = False,
) -> Picture:
    """``draw(width)`` as a picture with its numbers; a ``small`` one is the same on wide pages as on narrow ones."""
    narrow = _svg(draw(NARROW), title)
    wide = "" if small else _svg(draw(WIDE), title)
    return Picture(title, wide, narrow, tuple(header), tuple(tuple(row) for row in rows))


def intervals(dots: Sequence[Dot], axis: Axis, width: int) -> alt.LayerChart | alt.FacetChart:
    """A dot and its interval a row, in the order given, with a dashed line at the reference.

    A row that is not estimable keeps its place and says ``axis.missing`` instead.
    """
    wide = width >= WIDE
    longest = max((len(dot.label) for dot in dots), default=0)
    label_limit = 260 if wide else 138
    label_width = min(round(longest * 6.6) + 14, label_limit)
    note_width = (max((len(dot.wide_note or dot.note) for dot in dots), default=0) * 6 + 24) if wide else 54
    plot_width = width - label_width - note_width
    label = alt.Axis(labelLimit=label_limit, labelPadding=8, minExtent=label_width, domain=False, ticks=False)
    y = alt.Y("label:N", sort=None, title=None, axis=label)
    ticks = alt.Axis(labelExpr=axis.label_expression, tickCount=6 if wide else 3, domain=False, ticks=False)
    x = alt.X("low:Q", title=None, scale=alt.Scale(domain=[axis.low, axis.high], zero=False, nice=False), axis=ticks)
    base = alt.Chart(alt.InlineData(values=[_dot_row(dot, axis, wide) for dot in dots]))
    shown, missing = base.transform_filter("datum.value != null"), base.transform_filter("datum.value == null")
    colour = alt.Color("colour:N", scale=None)
    quiet: dict[str, Any] = {"align": "left", "color": COLOURS["muted"], "fontSize": 12}
    layers = [
        *_reference(axis),
        shown.mark_rule(strokeWidth=2.5, strokeCap="round").encode(x=x, x2="high:Q", y=y, color=colour),
        shown.mark_point(filled=True, size=72, opacity=1).encode(x="value:Q", y=y, color=colour),
        missing.mark_text(fontStyle="italic", **quiet).encode(y=y, x=alt.value(2), text=alt.value(axis.missing)),
        base.mark_text(**quiet).encode(y=y, x=alt.value(plot_width + 12), text="note:N"),
    ]
    return alt.layer(*layers).properties(width=plot_width, height=ROW * max(len(dots), 1))


def _reference(axis: Axis) -> list[alt.Chart]:
    """The dashed line and its name above the plot."""
    if axis.reference is None:
        return []
    chart = alt.Chart(alt.InlineData(values=[{"at": axis.reference, "label": axis.reference_label}]))
    line = chart.mark_rule(strokeDash=[4, 3], color=COLOURS["muted"]).encode(x="at:Q")
    name = chart.mark_text(dy=-7, baseline="bottom", color=COLOURS["muted"], fontSize=11.5)
    return [line, name.encode(x="at:Q", y=alt.value(0), text="label:N")]


def _dot_row(dot: Dot, axis: Axis, wide: bool) -> dict[str, Any]:
    e = dot.estimate
    row: dict[str, Any] = {"value": None, "low": axis.low, "high": axis.low}
    if e.value is not None:
        low, high = (e.value if end is None else end for end in (e.low, e.high))
        row = {"value": e.value, "low": max(low, axis.low), "high": min(high, axis.high)}
    note = dot.wide_note or dot.note if wide else dot.note
    return row | {"label": dot.label, "note": note, "colour": COLOURS[dot.tone]}


def day_bars(
    days: Sequence[tuple[str, int, int]], labels: tuple[str, str], width: int
) -> alt.LayerChart | alt.FacetChart:
    """Contacts a day, of which those to look at in another colour; ``days`` holds label, contacts, of these flagged."""
    rows = [
        {"day": day, "order": i, "n": n, "part": part, "colour": COLOURS[colour], "rank": rank}
        for i, (day, contacts, flagged) in enumerate(days)
        for rank, (n, part, colour) in enumerate(
            ((flagged, labels[1], "concern"), (contacts - flagged, labels[0], "soft"))
        )
    ]
    step = max(1, -(-len(days) // (10 if width >= WIDE else 4)))
    shown = [day for i, (day, _, _) in enumerate(days) if i % step == 0]
    x = alt.X("day:N", sort=None, title=None, scale=alt.Scale(paddingInner=0.25),
              axis=alt.Axis(values=shown, labelAngle=0, ticks=False, domainColor=COLOURS["rule"]))  # fmt: skip
    y = alt.Y("n:Q", title=None, stack="zero", axis=alt.Axis(tickMinStep=1, tickCount=3, domain=False, ticks=False))
    bars = alt.Chart(alt.InlineData(values=rows)).mark_bar().encode(
        x=x, y=y, color=alt.Color("colour:N", scale=None), order=alt.Order("rank:Q")
    )  # fmt: skip
    return alt.layer(bars).properties(width=width - 40, height=130)


def course(
    lines: Sequence[tuple[str, Tone, Sequence[Estimate]]], ends: tuple[str, str, str], width: int
) -> alt.LayerChart | alt.FacetChart:
    """Feeling from the first to the last part of a contact, with bands; each line named at its end."""
    rows = [
        {"line": name, "at": at, "value": e.value, "low": e.low, "high": e.high, "colour": COLOURS[tone]}
        for name, tone, estimates in lines
        for at, e in enumerate(estimates)
        if e.value is not None
    ]
    last = max((len(estimates) for _, _, estimates in lines), default=2) - 1
    named = [row for row in rows if row["at"] == last]
    label_width = 190 if width >= WIDE else 128
    ticks = f"datum.value == 0 ? '{ends[0]}' : datum.value == {last} ? '{ends[2]}' : '{ends[1]}'"
    parts = alt.Axis(labelExpr=ticks, values=[0.0, last / 2, float(last)], grid=False, domain=False, ticks=False)
    x = alt.X("at:Q", title=None, scale=alt.Scale(domain=[0, last], nice=False), axis=parts)
    y = alt.Y("low:Q", title=None, scale=alt.Scale(domain=[-1, 1], nice=False),
              axis=alt.Axis(values=[-1, -0.5, 0, 0.5, 1], domain=False, ticks=False,
                            labelExpr="(datum.value > 0 ? '+' : '') + replace(datum.label, '-', '−')"))  # fmt: skip
    base, colour = alt.Chart(alt.InlineData(values=rows)), alt.Color("colour:N", scale=None)
    zero = (
        alt.Chart(alt.InlineData(values=[{"z": 0}]))
        .mark_rule(color=COLOURS["muted"], strokeDash=[4, 3])
        .encode(y="z:Q")
    )
    band = base.mark_area(opacity=0.16, line=False).encode(x=x, y=y, y2="high:Q", color=colour, detail="line:N")
    line = base.mark_line(strokeWidth=2.5).encode(x=x, y="value:Q", color=colour, detail="line:N")
    dots = base.mark_point(filled=True, size=48, opacity=1).encode(x=x, y="value:Q", color=colour)
    names = (
        alt.Chart(alt.InlineData(values=named)).mark_text(align="left", dx=10, fontSize=12, fontWeight=600)
        .encode(x=x, y="value:Q", text="line:N", color=colour)
    )  # fmt: skip
    return alt.layer(zero, band, line, dots, names).properties(width=width - label_width - 44, height=240)


def _svg(chart: alt.TopLevelMixin, title: str) -> str:
    config: dict[str, Any] = {
        "background": "transparent", "font": "Arial", "aria": False, "padding": 2,
        "view": {"stroke": None},
        "axis": {"labelColor": COLOURS["muted"], "titleColor": COLOURS["muted"], "gridColor": COLOURS["rule"],
                 "labelFontSize": 12, "titleFontSize": 11, "titleFontWeight": 400, "titlePadding": 10},
        "axisY": {"labelColor": COLOURS["ink"]},
    }  # fmt: skip
    specification = chart.to_dict(validate=False) | {"config": config}
    return inline(vl_convert.vegalite_to_svg(specification), title)


def inline(svg: str, title: str) -> str:
    """A drawing fit to stand in a page: named for screen readers, no addresses, colours from the page's variables."""
    svg = re.sub(r' xmlns(:\w+)?="[^"]*"', "", svg)
    svg = re.sub(r' (aria-\w+|role)="[^"]*"', "", svg)
    for name, colour in COLOURS.items():
        svg = svg.replace(f'"{colour}"', f'"var(--{name})"')
    named = f'<svg role="img" aria-label="{html.escape(title)}"'
    return svg.replace("<svg", named, 1).replace(">", f"><title>{html.escape(title)}</title>", 1)
