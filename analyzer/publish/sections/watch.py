"""What is watched from week to week: signals of control charts beside the false alarms to be expected, measures beside
their counter-measures, and groups that the machine may hear differently."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from scipy import stats

from analyzer.publish.agents import AgentPolicy
from analyzer.publish.estimates import Estimate
from analyzer.publish.reading import Tables
from analyzer.publish.wording import Kind, kind_of

ALARMS_SHOWN, PAIRS_SHOWN, GAPS_SHOWN = 8, 8, 8
WEEK_DAYS: Final = 7
SURE: Final = 0.05
CENTER: Final = "center"
Row = dict[str, Any]
Kinds = Mapping[str, Kind]


@dataclass(frozen=True, slots=True)
class Lead:
    """Who watches ``charts`` charts, how many ``false_alarms`` a week that brings, and the ``signals`` of the last."""

    name: str
    charts: int
    false_alarms: float
    signals: int


@dataclass(frozen=True, slots=True)
class Alarm:
    """A day that a unit's own past does not explain; ``low``–``high`` are the limits of that day."""

    unit: str
    measure: str
    kind: Kind
    day: date
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Pair:
    """A measure of a unit, and beside it what would get worse if it were bought and not earned."""

    unit: str
    measure: str
    kind: Kind
    estimate: Estimate
    counter_measure: str
    counter_kind: Kind
    counter: Estimate
    reading: str


@dataclass(frozen=True, slots=True)
class Gap:
    """A group whose scores differ from the others' where the same work was done."""

    group_kind: str
    group: str
    measure: str
    kind: Kind
    difference: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Watch:
    """``pairs`` to look at closer, or where there are none those of the channel with most contacts (``example``)."""

    leads: tuple[Lead, ...]
    alarms: tuple[Alarm, ...]
    alarm_count: int
    pairs: tuple[Pair, ...]
    compared: int
    example: bool
    gaps: tuple[Gap, ...]
    groups: int

    @property
    def expected(self) -> float:
        """False alarms of a week over all leads."""
        return sum(lead.false_alarms for lead in self.leads)

    @property
    def chance(self) -> float:
        """How likely so many signals, or more, are while nothing changes: the upper tail of a Poisson distribution."""
        return float(stats.poisson.sf(self.alarm_count - 1, self.expected)) if self.alarm_count else 1.0

    @property
    def is_noise(self) -> bool:
        return self.chance >= SURE


def watch(tables: Tables, policy: AgentPolicy, last: date, min_n: int = 1) -> Watch:
    """Of the seven days up to ``last``, and of the latest month with counter-measures of ``min_n`` contacts."""
    units = tables.read("unit_scores", columns=["measure", "unit"]).group_by(["measure", "unit"]).aggregate([])
    kinds = {row["measure"]: kind_of(row["unit"]) for row in units.to_pylist()}
    week = tuple(last - timedelta(days=back) for back in range(WEEK_DAYS))
    charted = policy.shown("control_chart_points", tables.read("control_chart_points")).to_pylist()
    points = [row for row in charted if row["day"] in week and row["false_alarms_per_week"] is not None]
    signals = sorted((row for row in points if row["signal"]), key=lambda row: (row["day"], row["unit_id"]))
    pairs = policy.shown("counter_measures", tables.read("counter_measures")).to_pylist()
    latest = _latest([row for row in pairs if min(row["n"], row["counter_n"]) >= min_n])
    closer = [row for row in latest if row["reading"] == "look closer"]
    groups = [row for row in tables.read("bias_watch").to_pylist() if row["difference"] is not None]
    differing = [row for row in groups if row["standing"] == "differs"]
    return Watch(
        leads=_leads(points),
        alarms=tuple(_alarm(row, kinds) for row in reversed(signals[-ALARMS_SHOWN:])),
        alarm_count=len(signals),
        pairs=tuple(_pair(row, kinds) for row in (closer or _example(latest))[:PAIRS_SHOWN]),
        compared=sum(row["reading"] != "not compared" for row in latest),
        example=not closer,
        gaps=tuple(_gap(row, kinds) for row in differing[:GAPS_SHOWN]),
        groups=len(groups),
    )


def _leads(points: Sequence[Row]) -> tuple[Lead, ...]:
    """By lead, the charts and false alarms stated on the latest of the days."""
    latest: dict[str, Row] = {}
    for row in points:
        if row["lead"] not in latest or row["day"] >= latest[row["lead"]]["day"]:
            latest[row["lead"]] = row
    return tuple(
        Lead(name, row["charts"], row["false_alarms_per_week"], sum(p["signal"] for p in points if p["lead"] == name))
        for name, row in sorted(latest.items())
    )


def _latest(pairs: Sequence[Row]) -> list[Row]:
    """Pairs of the latest month, of agents first, then of the others."""
    months = [row["period"] for row in pairs if "-W" not in row["period"]]
    return [row for row in pairs if months and row["period"] == max(months)]


def _example(pairs: Sequence[Row]) -> list[Row]:
    channels = [row for row in pairs if row["unit_kind"] == "channel" and row["value"] is not None]
    if not channels:
        return []
    most = max(channels, key=lambda row: (row["n"], row["unit_id"]))["unit_id"]
    return [row for row in channels if row["unit_id"] == most and row["counter_value"] is not None]


def _alarm(row: Row, kinds: Kinds) -> Alarm:
    return Alarm(
        row["unit_id"], row["measure"], kinds.get(row["measure"], "number"), row["day"], row["value"],
        row["lower_limit"], row["upper_limit"],
    )  # fmt: skip


def _pair(row: Row, kinds: Kinds) -> Pair:
    return Pair(
        row["unit_id"], row["measure"], kinds.get(row["measure"], "number"),
        Estimate(row["n"], row["value"], row["low"], row["high"]), row["counter_measure"],
        kind_of(row["counter_unit"]),
        Estimate(row["counter_n"], row["counter_value"], row["counter_low"], row["counter_high"]), row["reading"],
    )  # fmt: skip


def _gap(row: Row, kinds: Kinds) -> Gap:
    return Gap(
        row["group_kind"], row["group_id"], row["measure"], kinds.get(row["measure"], "number"), row["difference"],
        row["low"], row["high"],
    )  # fmt: skip
