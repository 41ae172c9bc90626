"""Channels, agents and teams as dots with intervals: who can be told apart from the average, and who cannot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor
from typing import Any, Literal, get_args

from analyzer.publish.agents import AgentPolicy
from analyzer.publish.charts import Axis, Dot, Picture, Tone, drawn, intervals
from analyzer.publish.estimates import Estimate
from analyzer.publish.reading import Tables
from analyzer.publish.wording import Kind, Wording, kind_of

Standing = Literal["better", "worse", "same", "insufficient"]
Size = Literal["none", "small", "large"]
Row = dict[str, Any]

SHOWN = (
    "experience_contact",
    "fcr_rate",
    "resolved_rate",
    "sentiment_end",
    "effort",
    "empathy",
    "opportunities_met_rate",
)
FULL_RANGE: dict[Kind, tuple[float, float]] = {"share": (0, 1), "points": (0, 100), "grade": (1, 5), "feeling": (-1, 1)}
STANDINGS: tuple[Standing, ...] = get_args(Standing)
# How ``unit_scores.standing`` is told here.
_TOLD: dict[str | None, Standing] = {
    "better": "better",
    "worse": "worse",
    "not distinguishable": "same",
    "not compared": "same",
}
TONES: dict[Standing, Tone] = {"better": "accent", "worse": "concern", "same": "muted", "insufficient": "faint"}


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit's measure; ``adjusted`` for case mix, ``estimate`` drawn towards the average as n allows."""

    name: str
    estimate: Estimate
    standing: Standing
    worse_probability: float | None


@dataclass(frozen=True, slots=True)
class Measured:
    """All units on one measure; ``average`` is the mean over units weighted by contacts."""

    measure: str
    kind: Kind
    average: float | None
    units: tuple[Unit, ...]
    method: str
    picture: Picture | None

    def names(self, standing: Standing) -> list[str]:
        return [unit.name for unit in self.units if unit.standing == standing]

    def of(self, name: str) -> Unit | None:
        return next((unit for unit in self.units if unit.name == name), None)


@dataclass(frozen=True, slots=True)
class Units:
    """Estimates of one kind of unit in one period; the first measure is the one in the picture."""

    kind: str
    period: str
    is_final: bool
    measures: tuple[Measured, ...]

    @property
    def names(self) -> list[str]:
        return [unit.name for unit in self.measures[0].units]


def units(tables: Tables, policy: AgentPolicy, kind: str, w: Wording, pictured: int) -> Units | None:
    """None where nothing of this kind may be or can be shown. The first ``pictured`` measures get a
    picture, small ones side by side if there are several."""
    rows = [
        row for row in policy.shown("unit_scores", tables.read("unit_scores")).to_pylist() if row["unit_kind"] == kind
    ]
    period = telling_period(rows)
    if period is None:
        return None
    rows = [row for row in rows if row["period"] == period]
    present = [measure for measure in SHOWN if any(row["measure"] == measure for row in rows)]
    size: Size = "large" if pictured == 1 else "small"
    order: list[str] = []
    measures: list[Measured] = []
    for measure in present:
        measured = _measured(
            measure,
            [row for row in rows if row["measure"] == measure],
            order,
            w,
            size if len(measures) < pictured else "none",
        )
        order = order or [unit.name for unit in measured.units]
        measures.append(measured)
    return Units(kind, period, all(row["is_final"] for row in rows), tuple(measures)) if measures else None


def telling_period(rows: Sequence[Row]) -> str | None:
    """Of the last two periods of each length, the one in which most units have enough contacts."""
    enough: dict[str, set[str]] = {}
    for row in rows:
        enough.setdefault(row["period"], set()).update({row["unit_id"]} if row["sufficient"] else ())
    by_length: dict[tuple[int, bool], list[str]] = {}
    for period in sorted(enough):
        by_length.setdefault((len(period), "W" in period), []).append(period)
    candidates = [(len(enough[p]), -len(p), p) for periods in by_length.values() for p in periods[-2:]]
    return max(candidates)[2] if candidates else None


def _measured(measure: str, rows: list[Row], order: Sequence[str], w: Wording, size: Size) -> Measured:
    """Units in ``order``, so that neighbouring pictures compare; best first where it is empty."""
    weighed = [
        (row["n_effective"], row["value"]) for row in rows if row["value"] is not None and row["n_effective"] > 0
    ]
    whole = sum(n for n, _ in weighed)
    average = sum(n * value for n, value in weighed) / whole if whole else None
    kind, higher = kind_of(rows[0]["unit"]), rows[0]["higher_is_better"]
    found = sorted((_unit(row, average) for row in rows), key=lambda unit: _order(unit, higher))
    places = {name: place for place, name in enumerate(order)}
    found.sort(key=lambda unit: places.get(unit.name, len(places)))
    method = next((row["method"] for row in rows if row["value"] is not None), rows[0]["method"])
    picture = _picture(measure, kind, average, found, w, size == "small") if size != "none" else None
    return Measured(measure, kind, average, tuple(found), method, picture)


def _unit(row: Row, average: float | None) -> Unit:
    if not row["sufficient"] or row["value"] is None or average is None:
        return Unit(row["unit_id"], Estimate(row["n"]), "insufficient", None)
    estimate = Estimate(row["n"], row["value"], row["low"], row["high"])
    # What the scores themselves say goes first: who shares no work with others is not beside their average.
    told = _TOLD.get(row.get("standing")) or _standing(estimate, average, row["higher_is_better"])
    return Unit(row["unit_id"], estimate, told, row["worse_probability"])


def _standing(estimate: Estimate, average: float, higher_is_better: bool) -> Standing:
    if estimate.low is None or estimate.high is None or estimate.low <= average <= estimate.high:
        return "same"
    return "better" if (estimate.low > average) == higher_is_better else "worse"


def _order(unit: Unit, higher_is_better: bool) -> tuple[bool, float, str]:
    value = unit.estimate.value
    return (value is None, (-1 if higher_is_better else 1) * (value or 0.0), unit.name)


def _picture(
    measure: str, kind: Kind, average: float | None, found: Sequence[Unit], w: Wording, small: bool
) -> Picture:
    dots = [
        Dot(
            w.name("channel", unit.name),
            unit.estimate,
            n := w("units.n", n=unit.estimate.n),
            TONES[unit.standing],
            f"{n} · {w(f'standing.{unit.standing}')}",
        )
        for unit in found
    ]
    low, high = _bounds(kind, found, average)
    label = w("units.average", value=w.value(average, kind)) if average is not None else ""
    axis = Axis(low, high, w("word.too_few"), label_expression(kind, w), average, label)
    header = (w("word.unit"), w.name("measure", measure), w("word.interval"), "n", w("word.standing"))
    return drawn(
        w.name("measure", measure),
        lambda width: intervals(dots, axis, width),
        header,
        [_numbers(unit, kind, w) for unit in found],
        small=small,
        name=f"channels_{measure}",
    )


def _numbers(unit: Unit, kind: Kind, w: Wording) -> tuple[str, ...]:
    e = unit.estimate
    value = w("word.not_yet") if e.value is None else w.value(e.value, kind)
    span = w.interval(e.low, e.high, kind) if e.value is not None else ""
    return (w.name("channel", unit.name), value, span, w.count(e.n), w(f"standing.{unit.standing}"))


def _bounds(kind: Kind, found: Sequence[Unit], average: float | None) -> tuple[float, float]:
    """What the axis shows: all intervals with some air, inside what the measure can be."""
    ends = [end for unit in found for end in (unit.estimate.low, unit.estimate.high, average) if end is not None]
    low, high = (min(ends), max(ends)) if ends else (0.0, 1.0)
    air = max((high - low) * 0.08, 1e-6)
    least, most = FULL_RANGE.get(kind, (low - air, high + air))
    return max(least, low - air), min(most, high + air)


def share_bounds(estimates: Sequence[Estimate]) -> tuple[float, float]:
    """The tenths of 0–1 around all intervals, at least three of them."""
    ends = [end for e in estimates for end in (e.value, e.low, e.high) if end is not None] or [0.0, 1.0]
    low, high = floor(min(ends) * 10 + 1e-9) / 10, ceil(max(ends) * 10 - 1e-9) / 10
    return (low, high) if high - low > 0.25 else (max(0.0, min(low, 0.7)), min(1.0, max(low + 0.3, high)))


def label_expression(kind: Kind, w: Wording, *, fine: bool = False) -> str:
    """The Vega expression that writes a tick label as the text writes numbers; ``fine`` with a decimal more."""
    if kind == "share":
        sign = w.value(1, "share").removeprefix("100")
        number = (
            f"replace(format(datum.value * 100, '.1f'), '.', '{w.decimal(0.5, 1)[1]}')"
            if fine
            else "round(datum.value * 100)"
        )
        return f"{number} + '{sign}'"
    digits = {"points": 0, "grade": 1, "feeling": 1}.get(kind, 0) + fine
    written = {"points": f"format(datum.value, '.{digits}f')", "grade": f"format(datum.value, '.{digits}f')"}
    text = written.get(
        kind, f"datum.value == 0 ? '0' : format(datum.value, '+.{digits}f')" if kind == "feeling" else "datum.label"
    )
    return f"replace({text}, '.', ',')" if w.language == "de" else text
