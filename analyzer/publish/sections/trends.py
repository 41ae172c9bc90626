"""Trends: four measures of the whole center by week (or by day, where there are few weeks), each with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import sqrt
from typing import Any, Final

import pandas as pd
from scipy import stats

from analyzer.publish.charts import HALF, Absent, Picture, drawn
from analyzer.publish.drawing.trend import Point, Scale, trend
from analyzer.publish.estimates import Estimate, Rules
from analyzer.publish.reading import Tables
from analyzer.publish.sections.history import WEEKS, History, pair
from analyzer.publish.sections.units import FULL_RANGE, label_expression
from analyzer.publish.wording import Kind, Wording

FROM_WEEKS, FROM_DAYS = 5, 7  # fewer weeks are drawn by day, if so many days have enough contacts
# measure, kind, column of the history; first-contact resolution comes from its own table
FOLLOWED: Final[tuple[tuple[str, Kind, str], ...]] = (
    ("experience_score", "points", "experience_score"),
    ("sentiment_end", "feeling", "sentiment_end"),
    ("effort", "grade", "effort"),
)
FCR: Final = "fcr_rate"
# Narrower than this, ticks need a decimal more to differ.
FINE: Final[dict[Kind, float]] = {"share": 0.04, "points": 4.0, "grade": 0.4, "feeling": 0.4}
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Period:
    """A day or a week of ``first``–``last``."""

    first: date
    last: date

    @property
    def key(self) -> str:
        year, week, _ = self.first.isocalendar()
        return self.first.isoformat() if self.first == self.last else f"{year}-W{week:02d}"


@dataclass(frozen=True, slots=True)
class Trends:
    """``by_week`` tells whether periods are weeks; first-contact resolution is always by week."""

    by_week: bool
    provisional: bool
    pictures: tuple[Picture | Absent, ...]

    @property
    def told(self) -> bool:
        """Whether any of the pictures has something to show."""
        return any(isinstance(picture, Picture) for picture in self.pictures)


def trends(tables: Tables, history: History, w: Wording, headline_days: int | None) -> Trends:
    weeks = weeks_of(history)
    days = days_of(history)
    enough = int((history.contacts.groupby("day").size() >= history.rules.min_n).sum())
    by_week = len(weeks) >= FROM_WEEKS or enough < FROM_DAYS
    periods = weeks if by_week else days
    rates = tables.read("fcr_rates").to_pylist()
    fcr = _fcr_points(rates, headline_days, history, w)
    comparisons = len(FOLLOWED) + 1
    courses: list[tuple[str, Kind, list[Point], Change | None, bool]] = [
        (FCR, "share", fcr, _fcr_change(fcr, comparisons, history.rules), True)
    ]
    for measure, kind, column in FOLLOWED:
        points = [_point(history, period, column, w) for period in periods]
        change = _change(history, periods, points, column, comparisons)
        courses.append((measure, kind, points, change, by_week))
    return Trends(
        by_week,
        any(point.provisional and point.estimate.estimable for _, _, points, _, _ in courses for point in points),
        tuple(_picture(measure, kind, points, change, weekly, w) for measure, kind, points, change, weekly in courses),
    )


def weeks_of(history: History) -> list[Period]:
    """Calendar weeks up to the last day, the oldest first."""
    monday = history.last - timedelta(days=history.last.weekday())
    starts = [monday - timedelta(weeks=back) for back in range(WEEKS - 1, -1, -1)]
    return [Period(start, start + timedelta(days=6)) for start in starts if start + timedelta(days=6) >= history.first]


def days_of(history: History) -> list[Period]:
    """Every day, with or without contacts."""
    count = (history.last - history.first).days + 1
    return [Period(day, day) for day in (history.first + timedelta(days=i) for i in range(count))]


def _point(history: History, period: Period, column: str, w: Wording) -> Point:
    contacts = history.of_days(period.first, period.last)
    running = period.last > history.last
    waiting = column == "experience_score" and not contacts["is_final"].fillna(False).astype(bool).all()
    return Point(period.key, w.short_day(period.first), history.mean(column, contacts), running or waiting)


def _fcr_points(rates: Sequence[Row], days: int | None, history: History, w: Wording) -> list[Point]:
    rows = {
        row["period"]: row
        for row in rates
        if "-W" in row["period"] and (row["matter"], row["window_days"]) == ("same", days)
    }
    points = []
    for period in weeks_of(history):
        row = rows.get(period.key)
        estimate = Estimate(row["n"] if row else 0)
        if row and row["value"] is not None and row["n"] >= history.rules.min_n:
            estimate = Estimate(row["n"], row["value"], row["low"], row["high"])
        points.append(Point(period.key, w.short_day(period.first), estimate, row is not None and not row["is_final"]))
    return points


@dataclass(frozen=True, slots=True)
class Change:
    """The last settled period beside all before it; None where there are not two."""

    latest: Estimate
    before: float
    moved: Estimate


def _change(
    history: History, periods: Sequence[Period], points: Sequence[Point], column: str, comparisons: int
) -> Change | None:
    settled = [(period, point) for period, point in zip(periods, points, strict=True)
               if point.estimate.estimable and not point.provisional]  # fmt: skip
    if len(settled) < 2:
        return None
    period, point = settled[-1]
    earlier = history.of_days(periods[0].first, period.first - timedelta(days=1))
    moved = history.rules.change(
        pair(history.of_days(period.first, period.last), column), pair(earlier, column), comparisons
    )
    before = history.mean(column, earlier).value
    return Change(point.estimate, before, moved) if before is not None else None


def _fcr_change(points: Sequence[Point], comparisons: int, rules: Rules) -> Change | None:
    """Weeks are taken as independent; the spread of an interval is its half width over the normal quantile."""
    settled = [point.estimate for point in points if point.estimate.estimable and not point.provisional]
    if len(settled) < 2:
        return None
    frame = pd.DataFrame([(e.n, e.value, e.low, e.high) for e in settled], columns=["n", "value", "low", "high"])
    usual = float(stats.norm.ppf((1 + rules.level) / 2))
    frame["variance"] = ((frame["high"] - frame["low"]) / 2 / usual) ** 2
    past, latest = frame.iloc[:-1], settled[-1]
    weights = past["n"] / past["n"].sum()
    before = float((weights * past["value"]).sum())
    error = sqrt(float((weights**2 * past["variance"]).sum()) + float(frame["variance"].iloc[-1]))
    half = float(stats.norm.isf((1 - rules.level) / 2 / comparisons)) * error
    moved = (latest.value or 0.0) - before
    return Change(latest, before, Estimate(latest.n, moved, moved - half, moved + half))


def _picture(
    measure: str, kind: Kind, points: Sequence[Point], change: Change | None, weekly: bool, w: Wording
) -> Picture | Absent:
    told = [point for point in points if point.estimate.value is not None]
    name, called = f"trend_{measure}", w.name("measure", measure)
    if len(told) < 2:
        return Absent(name, called, w("trends.too_short"))
    least, most = FULL_RANGE[kind]
    latest = told[-1].estimate.value or 0.0
    spread = [end for p in told for end in (p.estimate.low, p.estimate.high) if end is not None]
    fine = bool(spread) and max(spread) - min(spread) < FINE[kind]
    scale = Scale(
        least, most, label_expression(kind, w, fine=fine), change.before if change else None, w.value(latest, kind)
    )
    unit = w("trends.by_week" if weekly else "trends.by_day")
    header = (w("trends.week" if weekly else "word.day"), called, w("word.interval"), "n", w("trends.state"))
    return drawn(
        finding(called, kind, change, w), lambda width: trend(points, scale, width), header,
        [_numbers(point, kind, weekly, w) for point in points],
        name=name, subtitle=f"{called}{_range(kind, measure, w)}, {unit}", width=HALF,
    )  # fmt: skip


def finding(called: str, kind: Kind, change: Change | None, w: Wording) -> str:
    """What the course says, in a sentence."""
    if change is None or change.moved.low is None or change.moved.high is None:
        return w("trends.unsettled", measure=called)
    if change.moved.low <= 0 <= change.moved.high:
        return w("trends.steady", measure=called)
    now, before = w.value(change.latest.value or 0.0, kind), w.value(change.before, kind)
    return w("trends.up" if change.moved.low > 0 else "trends.down", measure=called, now=now, before=before)


def _range(kind: Kind, measure: str, w: Wording) -> str:
    scale = w.texts.get(f"scale.{measure}", "")
    return f" ({scale})" if scale else ""


def _numbers(point: Point, kind: Kind, weekly: bool, w: Wording) -> tuple[str, ...]:
    e = point.estimate
    value = w("word.not_yet") if e.value is None else w.value(e.value, kind)
    span = "" if e.value is None else w.interval(e.low, e.high, kind)
    state = "" if e.value is None else w("trends.provisional" if point.provisional else "trends.final")
    return (w.period(point.key) if weekly else w.day(date.fromisoformat(point.key)), value, span, w.count(e.n), state)
