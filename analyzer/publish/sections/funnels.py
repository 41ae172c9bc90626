"""Agents (or teams) as funnel plots: who lies further from the mean of all than chance carries, and who does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import sqrt
from typing import Any, Final

import pyarrow.compute as pc

from analyzer.publish.agents import AgentPolicy
from analyzer.publish.charts import HALF, WIDE, Absent, Picture, drawn
from analyzer.publish.drawing.funnel import LEVELS, Funnel, Member, funnel
from analyzer.publish.reading import Tables
from analyzer.publish.sections.units import FULL_RANGE, TONES, Measured, Standing, Units, label_expression
from analyzer.publish.wording import Kind, Wording

MEASURES: Final = ("experience_contact", "fcr_rate", "empathy")
FEWEST: Final = 4  # fewer units have no spread to be seen against
NAMED: Final = 6
Row = dict[str, Any]


def funnels(tables: Tables, policy: AgentPolicy, shown: Units, w: Wording) -> tuple[Picture | Absent, ...]:
    """A funnel a measure for the units that are ``shown``; the first large, the others side by side.

    Who is told apart is what the published estimates say (``Unit.standing``), the same everywhere on the page.
    """
    scores = tables.read("unit_scores")
    mine = pc.and_(pc.equal(scores["period"], shown.period), pc.equal(scores["unit_kind"], shown.kind))
    rows = policy.shown("unit_scores", scores.filter(mine)).to_pylist()
    present = [measured for measured in shown.measures if measured.measure in MEASURES]
    return tuple(
        _picture(measured, [row for row in rows if row["measure"] == measured.measure], shown.kind, w, width)
        for measured, width in zip(present, (WIDE, *[HALF] * len(MEASURES)), strict=False)
    )


def shape_of(rows: Sequence[Row], kind: Kind) -> Funnel:
    """The mean over units weighted by contacts, and the pooled standard deviation of contacts within units."""
    whole = sum(row["n_effective"] for row in rows)
    centre = sum(row["n_effective"] * row["adjusted"] for row in rows) / whole
    pooled = sqrt(sum(row["n_effective"] * row["spread"] ** 2 for row in rows) / whole)
    least, most = FULL_RANGE.get(kind, (float("-inf"), float("inf")))
    return Funnel(centre, pooled, least, most)


def _picture(measured: Measured, rows: Sequence[Row], unit_kind: str, w: Wording, width: int) -> Picture | Absent:
    name, called, kind = f"funnel_{measured.measure}", w.name("measure", measured.measure), measured.kind
    told = [row for row in rows if row["sufficient"] and row["adjusted"] is not None and row["spread"]]
    if len(told) < FEWEST:
        return Absent(name, called, w("funnel.too_few", n=len(told), fewest=FEWEST))
    shape = shape_of(told, kind)
    told.sort(key=lambda row: (-row["n_effective"], row["unit_id"]))
    standings = {unit.name: unit.standing for unit in measured.units}
    members = [_member(row, standings[row["unit_id"]], w) for row in told]
    levels = (
        w("funnel.limit", level=w.decimal(100 * level, 1).removesuffix(".0").removesuffix(",0")) for level in LEVELS
    )
    labels = (w("funnel.contacts"), *levels, w("funnel.mean"))
    header = (w("word.unit"), called, w("funnel.contacts"), w("funnel.within_95"), w("funnel.within_998"),
              w("word.standing"))  # fmt: skip
    units_told = w(f"funnel.{unit_kind}", n=len(told))
    few = sum(1 for row in rows if not row["sufficient"])
    left_out = f" {w('funnel.left_out', n=few)}" if few else ""
    return drawn(
        _finding(called, members, unit_kind, w),
        lambda at: funnel(_labelled(members, shape), shape, labels, label_expression(kind, w), at),
        header, [_numbers(row, shape, standings[row["unit_id"]], kind, w) for row in told], name=name, width=width,
        subtitle=w("funnel.subtitle", measure=called, units=units_told) + left_out,
    )  # fmt: skip


def _finding(called: str, members: Sequence[Member], unit_kind: str, w: Wording) -> str:
    """How many can be told apart from the mean, and how many cannot."""
    apart = sum(member.tone in (TONES["better"], TONES["worse"]) for member in members)
    units_told = w(f"funnel.{unit_kind}", n=len(members))
    key = "funnel.apart" if apart else "funnel.none_apart"
    return w(key, measure=called, n=apart, units=units_told, rest=w.count(len(members) - apart))


def _member(row: Row, standing: Standing, w: Wording) -> Member:
    name, value, n = w.name("channel", row["unit_id"]), row["adjusted"], row["n_effective"]
    return Member(name, value, n, TONES[standing], standing in ("better", "worse"))


def _labelled(members: Sequence[Member], shape: Funnel) -> list[Member]:
    """The outermost first; of those told apart only NAMED keep their names."""
    ordered = sorted(members, key=lambda m: -abs(m.value - shape.centre) * sqrt(m.n))
    furthest = [member for member in ordered if member.named][:NAMED]
    return [replace(member, named=member in furthest) for member in ordered]


def _numbers(row: Row, shape: Funnel, standing: Standing, kind: Kind, w: Wording) -> tuple[str, ...]:
    spans = (w.interval(*shape.limits(row["n_effective"], level), kind) for level in LEVELS)
    return (
        w.name("channel", row["unit_id"]), w.value(row["adjusted"], kind), w.decimal(row["n_effective"], 0), *spans,
        w(f"standing.{standing}"),
    )  # fmt: skip
