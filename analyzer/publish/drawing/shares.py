"""Parts of a whole as one bar a row, the parts in the same order everywhere and named by number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt

from analyzer.publish.charts import COLOURS, WIDE, row_name, row_names

ROW = 34
LEAST_NAMED = 0.06  # of the bar's length: a number fits


@dataclass(frozen=True, slots=True)
class Bar:
    """``counts`` stand in the order of the parts; ``note`` stands at the right edge."""

    label: str
    counts: tuple[int, ...]
    note: str


def shares(bars: Sequence[Bar], tones: Sequence[str], width: int) -> alt.LayerChart | alt.FacetChart:
    """``tones`` are names of COLOURS, one a part."""
    wide = width >= WIDE
    label_width, note_width = (190, 210) if wide else (112, 0)
    rows = []
    for bar in bars:
        whole, start = max(sum(bar.counts), 1), 0
        for tone, count in zip(tones, bar.counts, strict=True):
            if count:
                rows.append({
                    "label": row_name(bar.label, label_width), "from": start / whole, "to": (start + count) / whole,
                    "middle": (start + count / 2) / whole, "colour": COLOURS[tone],
                    "text": str(count) if count / whole >= (LEAST_NAMED if wide else 0.1) else "",
                    "ink": COLOURS["card" if tone in ("accent", "concern") else "ink"],
                })  # fmt: skip
            start += count
    base = alt.Chart(alt.InlineData(values=rows))
    x = alt.X(
        "from:Q",
        title=None,
        scale=alt.Scale(domain=[0, 1]),
        axis=alt.Axis(labels=False, ticks=False, domain=False, grid=False),
    )
    names = [row_name(bar.label, label_width) for bar in bars]
    y = alt.Y("label:N", sort=None, title=None, scale=alt.Scale(domain=names, paddingInner=0.3),
              axis=row_names(label_width))  # fmt: skip
    plot = width - label_width - note_width - 6
    notes = alt.Chart(
        alt.InlineData(values=[{"label": name, "note": bar.note} for name, bar in zip(names, bars, strict=True)])
    )
    layers = [
        base.mark_bar(stroke=COLOURS["card"], strokeWidth=1.5).encode(
            x=x, x2="to:Q", y=y, color=alt.Color("colour:N", scale=None)
        ),
        base.mark_text(fontSize=12, fontWeight=600).encode(
            x="middle:Q", y=y, text="text:N", color=alt.Color("ink:N", scale=None)
        ),
    ]
    if note_width:
        note = notes.mark_text(align="left", fontSize=12, color=COLOURS["muted"])
        layers.append(note.encode(y=y, x=alt.value(plot + 12), text="note:N"))
    return alt.layer(*layers).properties(width=plot, height=ROW * max(len(bars), 1))
