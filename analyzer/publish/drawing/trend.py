"""An estimate over days or weeks, with its interval; periods that may still change are drawn hollow and dashed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import altair as alt

from analyzer.publish.charts import COLOURS, WIDE
from analyzer.publish.estimates import Estimate

HEIGHT = 150
LABEL_WIDTH, AXIS_WIDTH = 44, 46
AIR = 0.08


@dataclass(frozen=True, slots=True)
class Point:
    """One period: ``key`` is unlike any other's, ``label`` is what the axis says. A period without value is a gap."""

    key: str
    label: str
    estimate: Estimate
    provisional: bool = False


@dataclass(frozen=True, slots=True)
class Scale:
    """``least``–``most`` is what the measure can be; ``label_expression`` writes a tick; ``level`` is a line to see
    the course against; ``last`` names the latest value."""

    least: float
    most: float
    label_expression: str
    level: float | None = None
    last: str = ""


def trend(points: Sequence[Point], scale: Scale, width: int) -> alt.LayerChart | alt.FacetChart:
    """A band for the interval, a line for the estimate, a dot for each period."""
    told = [point for point in points if point.estimate.value is not None]
    rows = [_row(point, run) for run, points_of_run in enumerate(_runs(points)) for point in points_of_run]
    values = alt.InlineData(values=rows)
    x = _time_axis(points, width)
    low, high = _bounds(told, scale)
    y_axis = alt.Axis(labelExpr=scale.label_expression, tickCount=4, domain=False, ticks=False)
    y = alt.Y("value:Q", title=None, scale=alt.Scale(domain=[low, high], zero=False, nice=False), axis=y_axis)
    base = alt.Chart(values)
    final, open_ = base.transform_filter("!datum.open"), base.transform_filter("datum.open")
    colour = COLOURS["accent"]
    strokes = alt.Chart(alt.InlineData(values=_strokes(points)))
    layers: list[alt.Chart] = [
        base.mark_area(opacity=0.16, color=colour).encode(x=x, y=alt.Y("low:Q"), y2="high:Q", detail="run:N"),
        *_level(scale),
        *(
            strokes.transform_filter(f"datum.open == {json.dumps(dashed)}")
            .mark_line(strokeWidth=2.2, color=colour, strokeDash=[4, 3] if dashed else [1, 0])
            .encode(x=x, y=y, detail="stroke:N")
            for dashed in (False, True)
        ),
        base.mark_rule(color=colour, strokeWidth=1, opacity=0.4).encode(x=x, y="low:Q", y2="high:Q"),
        final.mark_point(filled=True, size=34, opacity=1, color=colour).encode(x=x, y=y),
        open_.mark_point(filled=True, size=40, opacity=1, color=colour, fill=COLOURS["card"], stroke=colour,
                         strokeWidth=1.8).encode(x=x, y=y),
    ]  # fmt: skip
    if told and scale.last:
        latest = alt.Chart(alt.InlineData(values=[_row(told[-1], 0) | {"text": scale.last}]))
        name = latest.mark_text(align="left", dx=9, fontSize=13, fontWeight=600, color=COLOURS["ink"])
        layers.append(name.encode(x=x, y=y, text="text:N"))
    return alt.layer(*layers).properties(width=width - LABEL_WIDTH - AXIS_WIDTH, height=HEIGHT)


def _row(point: Point, run: int) -> dict[str, Any]:
    e = point.estimate
    value = e.value or 0.0
    low, high = (value if end is None else end for end in (e.low, e.high))
    return {"at": point.key, "value": value, "low": low, "high": high, "open": point.provisional, "run": run}


def _runs(points: Sequence[Point]) -> list[list[Point]]:
    """Stretches of periods that have a value."""
    runs: list[list[Point]] = [[]]
    for point in points:
        if point.estimate.value is not None:
            runs[-1].append(point)
        elif runs[-1]:
            runs.append([])
    return runs


def _strokes(points: Sequence[Point]) -> list[dict[str, Any]]:
    """A line from each period to the next, dashed where one of them may still change."""
    pairs = [pair for run in _runs(points) for pair in pairwise(run)]
    return [
        _row(end, 0) | {"stroke": i, "open": any(one.provisional for one in pair)}
        for i, pair in enumerate(pairs)
        for end in pair
    ]


def _time_axis(points: Sequence[Point], width: int) -> alt.X:
    step = max(1, -(-len(points) // (10 if width >= WIDE else 4)))
    shown = [point.key for point in points[::-1][::step]][::-1]
    names = json.dumps({point.key: point.label for point in points}, ensure_ascii=False)
    axis = alt.Axis(
        values=shown, labelExpr=f"({names})[datum.value]", labelAngle=0, ticks=False, domainColor=COLOURS["rule"],
        labelPadding=6, grid=False, labelOverlap=False,
    )  # fmt: skip
    scale = alt.Scale(domain=[point.key for point in points], padding=0.3)
    return alt.X("at:N", sort=None, title=None, axis=axis, scale=scale)


def _level(scale: Scale) -> list[alt.Chart]:
    if scale.level is None:
        return []
    line = alt.Chart(alt.InlineData(values=[{"level": scale.level}]))
    return [line.mark_rule(color=COLOURS["muted"], strokeDash=[2, 3], strokeWidth=1).encode(y="level:Q")]


def _bounds(told: Sequence[Point], scale: Scale) -> tuple[float, float]:
    """All intervals with some air, inside what the measure can be."""
    ends = [end for p in told for end in (p.estimate.value, p.estimate.low, p.estimate.high) if end is not None]
    ends += [scale.level] if scale.level is not None else []
    low, high = (min(ends), max(ends)) if ends else (scale.least, scale.most)
    air = max((high - low) * AIR, 1e-6)
    return max(scale.least, low - air), min(scale.most, high + air)
