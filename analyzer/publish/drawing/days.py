"""Contacts a day, and how many of them need a look."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt

from analyzer.publish.charts import COLOURS, WIDE


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
