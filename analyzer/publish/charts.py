"""Pictures of estimates as inline SVG, drawn by Altair and vl-convert once for wide and once for narrow pages.

The kinds of drawing stand in ``drawing``; here stand the ones that several sections share, and what makes a drawing fit
to stand in a page.

Colours are written as names of CSS variables after drawing, so that one picture serves light, dark and paper.
"""

from __future__ import annotations

import html
import re
import textwrap
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import altair as alt
import vl_convert
from altair.utils.schemapi import debug_mode

from analyzer.publish.estimates import Estimate

WIDE, HALF, NARROW = 980, 440, 314
ROW, MARKED_ROW = 27, 50
CHAR = 6.2  # mean width of a letter of a row name, in pixels

# Each must be a colour of its own: it is looked for in the drawing and replaced by var(--name).
COLOURS: Final = {
    "ink": "#15181b",
    "muted": "#5d656d",
    "rule": "#dde1e5",
    "accent": "#1d5c9e",
    "concern": "#b5470b",
    "faint": "#a5adb5",
    "soft": "#c9d9ea",
    "card": "#fefdfc",
}
# A fill that becomes stripes: "nothing can be told here".
HATCH: Final = "#010203"
STRIPES: Final = (
    '<defs><pattern id="{id}" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<line x1="0" y1="0" x2="0" y2="6" stroke="var(--rule)" stroke-width="2.5"/></pattern></defs>'
)
Tone = Literal["accent", "concern", "faint", "muted"]


@dataclass(frozen=True, slots=True)
class Picture:
    """The same picture for a wide (or empty) and a narrow page, and its numbers: a header and rows of text.

    ``title`` says what is to be seen, ``subtitle`` what is shown; ``name`` is what it is called on the command line.
    """

    title: str
    wide: str
    narrow: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    name: str = ""
    subtitle: str = ""


@dataclass(frozen=True, slots=True)
class Absent:
    """A picture that has nothing to show, and why in a sentence."""

    name: str
    title: str
    why: str


@dataclass(frozen=True, slots=True)
class Dot:
    """One row of an interval picture. ``note`` stands at the right edge; ``wide_note`` where there is room for more.

    ``mark`` is a figure to compare with, drawn as a dashed stroke across the row and named ``mark_label`` above it.
    """

    label: str
    estimate: Estimate
    note: str
    tone: Tone = "accent"
    wide_note: str = ""
    mark: float | None = None
    mark_label: str = ""


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
    name: str = "",
    subtitle: str = "",
    width: int = WIDE,
) -> Picture:
    """``draw(width)`` as a picture with its numbers; a ``small`` one is the same on wide pages as on narrow ones, one
    of HALF the ``width`` stands beside another."""
    told = f"{title}: {subtitle}" if subtitle else title
    with debug_mode(False):  # what is drawn here is right or fails a test: checking it costs half of the drawing
        narrow = _svg(draw(NARROW), told)
        wide = "" if small else _svg(draw(width), told)
    return Picture(title, wide, narrow, tuple(header), tuple(tuple(row) for row in rows), name, subtitle)


def row_name(label: str, width: int) -> str:
    """A label in at most two lines that fit into ``width``."""
    letters = max(8, int((width - 8) / CHAR))
    return "\n".join(textwrap.wrap(label, letters, max_lines=2, placeholder="…", break_long_words=True)) or label


def row_names(width: int) -> alt.Axis:
    """The axis of row names of just this width: Vega's own measure of text depends on the fonts at hand."""
    return alt.Axis(
        labelExpr="split(datum.value, '\\n')", labelLimit=0, labelPadding=8, labelLineHeight=13, minExtent=width,
        maxExtent=width, domain=False, ticks=False, labelColor=COLOURS["ink"],
    )  # fmt: skip


def intervals(dots: Sequence[Dot], axis: Axis, width: int) -> alt.LayerChart | alt.FacetChart:
    """A dot and its interval a row, in the order given, with a dashed line at the reference.

    A row that is not estimable keeps its place and says ``axis.missing`` instead.
    """
    wide = width >= WIDE
    longest = max((len(dot.label) for dot in dots), default=0)
    label_limit = 260 if wide else 216 if width >= HALF else 138
    label_width = min(round(longest * CHAR) + 14, label_limit)
    note_width = (max((len(dot.wide_note or dot.note) for dot in dots), default=0) * 6 + 24) if wide else 54
    plot_width = width - label_width - note_width
    y = alt.Y("label:N", sort=None, title=None, axis=row_names(label_width))
    ticks = alt.Axis(labelExpr=axis.label_expression, tickCount=6 if wide else 3, domain=False, ticks=False)
    x = alt.X("low:Q", title=None, scale=alt.Scale(domain=[axis.low, axis.high], zero=False, nice=False), axis=ticks)
    base = alt.Chart(alt.InlineData(values=[_dot_row(dot, axis, wide, label_width) for dot in dots]))
    shown, missing = base.transform_filter("datum.value != null"), base.transform_filter("datum.value == null")
    colour = alt.Color("colour:N", scale=None)
    quiet: dict[str, Any] = {"align": "left", "color": COLOURS["muted"], "fontSize": 12}
    layers = [
        *_reference(axis),
        shown.mark_rule(strokeWidth=2.5, strokeCap="round").encode(x=x, x2="high:Q", y=y, color=colour),
        shown.mark_point(filled=True, size=72, opacity=1).encode(x="value:Q", y=y, color=colour),
        missing.mark_text(fontStyle="italic", **quiet).encode(y=y, x=alt.value(2), text=alt.value(axis.missing)),
        base.mark_text(**quiet).encode(y=y, x=alt.value(plot_width + 12), text="note:N"),
        *_marks(base, dots, x, y),
    ]
    height = (MARKED_ROW if any(dot.mark is not None for dot in dots) else ROW) * max(len(dots), 1)
    return alt.layer(*layers).properties(width=plot_width, height=height)


def _marks(base: alt.Chart, dots: Sequence[Dot], x: alt.X, y: alt.Y) -> list[alt.Chart]:
    """What single rows are to be compared with."""
    if all(dot.mark is None for dot in dots):
        return []
    marked = base.transform_filter("datum.mark != null")
    stroke = marked.mark_tick(thickness=1.5, size=22, color=COLOURS["muted"]).encode(x=alt.X("mark:Q"), y=y)
    name = marked.mark_text(align="left", dx=-3, dy=-13, baseline="bottom", color=COLOURS["muted"], fontSize=11.5)
    return [stroke, name.encode(x=alt.X("mark:Q"), y=y, text="mark_label:N")]


def _reference(axis: Axis) -> list[alt.Chart]:
    """The dashed line and its name above the plot."""
    if axis.reference is None:
        return []
    chart = alt.Chart(alt.InlineData(values=[{"at": axis.reference, "label": axis.reference_label}]))
    line = chart.mark_rule(strokeDash=[4, 3], color=COLOURS["muted"]).encode(x="at:Q")
    name = chart.mark_text(dy=-7, baseline="bottom", color=COLOURS["muted"], fontSize=11.5)
    return [line, name.encode(x="at:Q", y=alt.value(0), text="label:N")]


def _dot_row(dot: Dot, axis: Axis, wide: bool, label_width: int) -> dict[str, Any]:
    e = dot.estimate
    row: dict[str, Any] = {"value": None, "low": axis.low, "high": axis.low}
    if e.value is not None:
        low, high = (e.value if end is None else end for end in (e.low, e.high))
        row = {"value": e.value, "low": max(low, axis.low), "high": min(high, axis.high)}
    note = dot.wide_note or dot.note if wide else dot.note
    mark = {"mark": dot.mark, "mark_label": dot.mark_label}
    return row | mark | {"label": row_name(dot.label, label_width), "note": note, "colour": COLOURS[dot.tone]}


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
    svg = _own_ids(svg)
    if f'"{HATCH}"' in svg:
        stripes = f"stripes-{zlib.crc32(svg.encode()):08x}"
        svg = svg.replace(f'"{HATCH}"', f'"url(#{stripes})"').replace(">", f">{STRIPES.format(id=stripes)}", 1)
    named = f'<svg role="img" aria-label="{html.escape(title)}"'
    return svg.replace("<svg", named, 1).replace(">", f"><title>{html.escape(title)}</title>", 1)


def _own_ids(svg: str) -> str:
    """Vega numbers its clips through the whole process: here by their content, unlike those of other pictures, and the
    same whenever the picture is drawn."""
    names = list(dict.fromkeys(re.findall(r'\bid="(clip\d{1,9})"', svg)))
    for place, name in enumerate(names):
        svg = re.sub(rf"\b{name}\b", f"clip_{place}", svg)
    mark = f"{zlib.crc32(svg.encode()):08x}"
    return re.sub(r"\bclip_(\d{1,9})\b", rf"clip-{mark}-\1", svg)
