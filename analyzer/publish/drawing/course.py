"""How feeling moves from the first to the last part of a contact."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt

from analyzer.publish.charts import COLOURS, WIDE, Tone
from analyzer.publish.estimates import Estimate


def course(
    lines: Sequence[tuple[str, Tone, Sequence[Estimate]]], ends: tuple[str, str, str], number: str, width: int
) -> alt.LayerChart | alt.FacetChart:
    """Feeling from the first to the last part of a contact, with bands; each line named at its end; ``number``
    is the Vega expression of a tick."""
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
                            labelExpr=number))  # fmt: skip
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
