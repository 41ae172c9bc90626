"""Units as a funnel plot: each value against how many contacts it rests on, and how far chance alone carries it.

Spiegelhalter (2005), Funnel plots for comparing institutional performance, Statistics in Medicine 24: limits around the
mean of all, target ± z · s / √n, are drawn for what is expected, not for what is seen; nobody is put in an order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any, Final, Literal

import altair as alt
import numpy as np
from scipy import stats

from analyzer.publish.charts import COLOURS, HALF, WIDE

LEVELS: Final = (0.95, 0.998)
STEPS: Final = 40
DOT, CHAR = 5.0, 7.2  # half a dot, and the mean width of a letter of a name, in pixels
Zone = Literal["inside", "between", "below", "above"]


@dataclass(frozen=True, slots=True)
class Funnel:
    """``centre`` is the mean of all, ``spread`` the standard deviation of single contacts within units."""

    centre: float
    spread: float
    least: float
    most: float

    def limits(self, n: float, level: float) -> tuple[float, float]:
        """Where a unit of ``n`` contacts lies with probability ``level`` if it is like the others.

        >>> Funnel(50.0, 10.0, 0.0, 100.0).limits(100, 0.95)
        (48.04003601545995, 51.95996398454005)
        """
        half = float(stats.norm.ppf((1 + level) / 2)) * self.spread / sqrt(n)
        return max(self.least, self.centre - half), min(self.most, self.centre + half)

    def zone(self, value: float, n: float) -> Zone:
        """``inside`` the 95 % limits, ``between`` them and the 99.8 % ones, or beyond: ``below``, ``above``."""
        (low, high), (lowest, highest) = (self.limits(n, level) for level in LEVELS)
        if lowest <= value <= highest:
            return "inside" if low <= value <= high else "between"
        return "below" if value < lowest else "above"


@dataclass(frozen=True, slots=True)
class Member:
    """A unit: its ``value`` from ``n`` effective contacts; ``tone`` is a name of COLOURS; a name is shown where it is
    told apart."""

    name: str
    value: float
    n: float
    tone: str
    named: bool


def funnel(
    members: Sequence[Member], shape: Funnel, labels: Sequence[str], expression: str, width: int
) -> alt.LayerChart | alt.FacetChart:
    """``labels`` name the x axis, the 95 % and the 99.8 % limits and the centre; ``expression`` writes a y tick."""
    most = max(member.n for member in members) * 1.06
    least = max(2.0, min(member.n for member in members) * 0.7)
    sizes = np.geomspace(least, most, STEPS)
    lines = [
        {"n": float(n), "limit": limit, "curve": f"{level}{side}", "level": level}
        for level in LEVELS
        for side in (0, 1)
        for n in sizes
        if (limit := shape.limits(float(n), level)[side]) is not None
    ]
    low, high = _bounds(members, shape, least)
    right = 96 if width >= HALF else 58
    x = alt.X("n:Q", title=labels[0], scale=alt.Scale(domain=[least, most], nice=False, zero=False),
              axis=alt.Axis(grid=False, domainColor=COLOURS["rule"], ticks=False,
                            tickCount=5 if width >= WIDE else 3))  # fmt: skip
    y = alt.Y("limit:Q", title=None, scale=alt.Scale(domain=[low, high], nice=False, zero=False),
              axis=alt.Axis(labelExpr=expression, domain=False, ticks=False, tickCount=5))  # fmt: skip
    curves = alt.Chart(alt.InlineData(values=lines))
    ends = [
        {"n": most, "limit": limit, "text": text, "colour": COLOURS["muted"]}
        for limit, text in _ends(shape, most, labels, (high - low) / 14)
    ]
    layers: list[alt.Chart] = [
        curves.transform_filter(f"datum.level == {level}")
        .mark_line(color=COLOURS["muted"], strokeWidth=1.3, strokeDash=dash, clip=True)
        .encode(x=x, y=y, detail="curve:N")
        for level, dash in zip(LEVELS, ([5, 3], [1, 0]), strict=True)
    ]
    centre = alt.Chart(alt.InlineData(values=[{"limit": shape.centre}]))
    layers.append(centre.mark_rule(color=COLOURS["muted"], strokeWidth=1).encode(y="limit:Q"))
    dots = alt.Chart(alt.InlineData(values=[_dot(member) for member in members]))
    layers.append(
        dots.mark_point(filled=True, size=64, opacity=0.95).encode(x=x, y=y, color=alt.Color("colour:N", scale=None))
    )
    plot = (width - right - 46, 320 if width >= WIDE else 230)
    names = [_dot(member) | {"side": side} for member, side in placed(members, (least, most), (low, high), plot)]
    sides: tuple[tuple[Literal["left", "right"], int], ...] = (("left", 8), ("right", -8))
    for align, dx in sides:
        some = alt.Chart(alt.InlineData(values=[row for row in names if row["side"] == align]))
        layers.append(
            some.mark_text(align=align, dx=dx, fontSize=12, fontWeight=600)
            .encode(x=x, y=y, text="name:N", color=alt.Color("colour:N", scale=None))
        )  # fmt: skip
    edge = alt.Chart(alt.InlineData(values=ends)).mark_text(align="left", dx=6, fontSize=11.5, color=COLOURS["muted"])
    layers.append(edge.encode(x=x, y=y, text="text:N"))
    return alt.layer(*layers).properties(width=plot[0], height=plot[1])


def _dot(member: Member) -> dict[str, Any]:
    return {"n": member.n, "limit": member.value, "name": member.name, "colour": COLOURS[member.tone]}


def placed(
    members: Sequence[Member], sizes: tuple[float, float], values: tuple[float, float], plot: tuple[int, int]
) -> list[tuple[Member, str]]:
    """Names that find room to the right (text ``left``-aligned) or left of their dot without touching another dot or
    name, the outermost first; ``plot`` is width and height in pixels."""

    def at(member: Member) -> tuple[float, float]:
        x = (member.n - sizes[0]) / (sizes[1] - sizes[0]) * plot[0]
        return x, (values[1] - member.value) / (values[1] - values[0]) * plot[1]

    taken = [(x - DOT, y - DOT, x + DOT, y + DOT) for x, y in map(at, members)]
    found: list[tuple[Member, str]] = []
    for member in (member for member in members if member.named):
        x, y = at(member)
        long = CHAR * len(member.name)
        for side, box in (
            ("left", (x + 8, y - 8, x + 8 + long, y + 8)),
            ("right", (x - 8 - long, y - 8, x - 8, y + 8)),
        ):
            if box[0] >= 0 and box[2] <= plot[0] and not any(_touch(box, other) for other in taken):
                found.append((member, side))
                taken.append(box)
                break
    return found


def _touch(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _ends(shape: Funnel, n: float, labels: Sequence[str], apart: float) -> list[tuple[float, str]]:
    """Names of the upper limits and of the centre at the right end of the curves, kept ``apart``."""
    wanted = [
        (shape.centre, labels[3]),
        *((shape.limits(n, level)[1], labels[i + 1]) for i, level in enumerate(LEVELS)),
    ]
    placed: list[tuple[float, str]] = []
    for limit, text in wanted:
        placed.append((max(limit, placed[-1][0] + apart) if placed else limit, text))
    return placed


def _bounds(members: Sequence[Member], shape: Funnel, least: float) -> tuple[float, float]:
    """All units, and of the limits as much as the middle half of the sizes needs."""
    middle = float(np.quantile([member.n for member in members], 0.25))
    ends = [member.value for member in members] + list(shape.limits(max(middle, least), LEVELS[1]))
    air = (max(ends) - min(ends)) * 0.06 or 1e-3
    return max(shape.least, min(ends) - air), min(shape.most, max(ends) + air)
