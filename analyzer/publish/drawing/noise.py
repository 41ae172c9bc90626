"""Changes of several measures on one scale: how far each moved, in multiples of what chance does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt

from analyzer.publish.charts import COLOURS, HALF, ROW, WIDE, Tone, row_name, row_names

MOST = 3.2
BARE = alt.Axis(labels=False, ticks=False, domain=False, grid=False)


@dataclass(frozen=True, slots=True)
class Move:
    """``strength`` is the change divided by half its interval, positive for the better; 1 is the border of chance."""

    label: str
    strength: float
    note: str
    tone: Tone


def moves(rows: Sequence[Move], labels: tuple[str, str, str], width: int) -> alt.LayerChart | alt.FacetChart:
    """A dot a measure; the band in the middle is chance. ``labels``: worse, chance, better."""
    wide = width >= WIDE
    label_width = 200 if wide else 128
    note_width = 260 if wide else 0
    plot = width - label_width - note_width - 8
    most = max(MOST, *(abs(row.strength) * 1.06 for row in rows))
    values = [
        {"label": row_name(row.label, label_width), "at": row.strength, "low": row.strength - 1,
         "high": row.strength + 1, "note": row.note, "colour": COLOURS[row.tone]}
        for row in rows
    ]  # fmt: skip
    base = alt.Chart(alt.InlineData(values=values))
    x = alt.X("at:Q", title=None, scale=alt.Scale(domain=[-most, most], nice=False), axis=BARE)
    y = alt.Y("label:N", sort=None, title=None, axis=row_names(label_width))
    band = alt.Chart(alt.InlineData(values=[{"from": -1, "to": 1, "middle": 0}]))
    words = alt.Chart(alt.InlineData(values=[
        {"at": at, "text": text} for at, text in zip((-most, 0, most), labels, strict=True)
    ]))  # fmt: skip
    colour = alt.Color("colour:N", scale=None)
    layers: list[alt.Chart] = [
        band.mark_rect(color=COLOURS["rule"], opacity=0.6).encode(x=alt.X("from:Q"), x2="to:Q"),
        band.mark_rule(color=COLOURS["muted"], strokeWidth=1).encode(x="middle:Q"),
        base.mark_rule(strokeWidth=2.5, strokeCap="round", clip=True).encode(
            x=alt.X("low:Q"), x2="high:Q", y=y, color=colour
        ),
        base.mark_point(filled=True, size=76, opacity=1).encode(x=x, y=y, color=colour),
    ]
    for index, align in enumerate(("left", "center", "right")):
        some = words.transform_filter(f"datum.at {('<', '==', '>')[index]} 0")
        layers.append(
            some.mark_text(align=align, baseline="bottom", dy=-6, fontSize=11.5, color=COLOURS["muted"])  # type: ignore[arg-type]
            .encode(x=x, y=alt.value(0), text="text:N")
        )  # fmt: skip
    if note_width:
        note = base.mark_text(align="left", color=COLOURS["muted"], fontSize=12)
        layers.append(note.encode(y=y, x=alt.value(plot + 14), text="note:N"))
    height = (ROW if width >= HALF else ROW + 2) * max(len(rows), 1)
    return alt.layer(*layers).properties(width=plot, height=height)
