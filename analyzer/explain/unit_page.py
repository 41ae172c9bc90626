"""The page of a unit: from contacts seen to the published value, step by step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from analyzer.explain.parts import Page, Step, facts_grid, listing, points_bar, scale, signed, steps_table
from analyzer.explain.unit import UnitContact, UnitExplained
from analyzer.publish.estimates import Estimate
from analyzer.publish.terminal import visible
from analyzer.publish.wording import Kind, Wording, kind_of

Row = dict[str, Any]


def unit_page(unit: UnitExplained, w: Wording) -> Page:
    kind = kind_of(unit.estimate["unit"])
    return Page(
        _head(unit, kind, w),
        (
            (w("explain.way"), Group(steps_table(list(_steps(unit, kind, w))), *_picture(unit, kind, w))),
            (w("explain.parts"), _parts(unit, w)),
            (w("explain.behind", n=unit.contacts), _contacts(unit, kind, w)),
            (w("explain.beside"), _beside(unit, w)),
            (w("explain.method"), _method(unit, w)),
        ),
    )


def _head(unit: UnitExplained, kind: Kind, w: Wording) -> RenderableType:
    row = unit.estimate
    title = Text(visible(_name(unit, w)), style="bold")
    title.append(f"  {w.name('unit_kind', unit.kind)} · {w.period(row['period'])} · {w.times_in}", style="dim")
    measure = w.name("measure", row["measure"])
    better = w("explain.higher_better" if row["higher_is_better"] else "explain.lower_better")
    if row["value"] is None:
        said = w("explain.no_value", n=row["n"])
        return Group(title, Text(f"{measure}: {said}"))
    number = w.estimate(Estimate(row["n"], row["value"], row["low"], row["high"]), kind)
    line = Text.assemble((f"{measure} ", ""), (number, "bold"), (f"  {better}", "dim"))
    return Group(title, line, Text(_standing(unit, w), style="italic"))


def _name(unit: UnitExplained, w: Wording) -> str:
    return w.name("channel", unit.unit_id) if unit.kind == "channel" else unit.called


def _standing(unit: UnitExplained, w: Wording) -> str:
    """What may be said of the unit beside the others."""
    row, average = unit.estimate, unit.average
    if not row["sufficient"]:
        return w("explain.insufficient", n=row["n"])
    standing = row["standing"]
    if standing is None and average is not None and row["low"] is not None:
        above = row["low"] > average, row["high"] < average
        good, bad = above if row["higher_is_better"] else above[::-1]
        standing = "better" if good else "worse" if bad else "not distinguishable"
    return w(f"explain.standing_{(standing or 'not compared').replace(' ', '_')}")


def _steps(unit: UnitExplained, kind: Kind, w: Wording) -> Iterator[Step]:
    row = unit.estimate
    total = round(row["n"] / row["coverage_rate"]) if row["coverage_rate"] else row["n"]
    share = w.value(row["coverage_rate"], "share")
    seen = w("explain.seen", total=w.count(total), observed=w.count(row["n"]), share=share)
    if abs(row["n_effective"] - row["n"]) >= 0.5:
        seen += " " + w("explain.effective", n_effective=w.decimal(row["n_effective"], 1))
    yield Step(w("explain.step_seen"), w.count(row["n"]), seen)
    if row["raw_mean"] is None:
        return
    yield Step(w("explain.step_raw"), w.value(row["raw_mean"], kind), w("explain.raw"))
    if row["adjusted"] is not None:
        yield Step(w("explain.step_mix"), w.value(row["adjusted"], kind), _case_mix(row, kind, w))
    if row["value"] is not None:
        yield Step(w("explain.step_shrunk"), w.value(row["value"], kind), _shrinkage(unit, kind, w))
        span = w.interval(row["low"], row["high"], kind)
        yield Step(w("explain.step_interval"), span, _interval(unit, kind, w))
    yield Step(w("explain.step_basis"), w.name("basis_short", row["error_basis"]), w(f"explain.{row['error_basis']}"))
    if not row["is_final"]:
        yield Step(w("explain.step_final"), "", w("explain.provisional"))


def _case_mix(row: Row, kind: Kind, w: Wording) -> str:
    moved = row["adjusted"] - row["raw_mean"]
    if row["compared_units"] == 0:
        return w("explain.mix_alone")
    if w.value(row["adjusted"], kind) == w.value(row["raw_mean"], kind):
        return w("explain.mix_none")
    harder = (moved > 0) == row["higher_is_better"]
    return w("explain.mix_harder" if harder else "explain.mix_easier", moved=_by(w, moved, kind))


def _shrinkage(unit: UnitExplained, kind: Kind, w: Wording) -> str:
    row = unit.estimate
    if row["adjusted"] is None or unit.units < 2:
        return w("explain.shrunk_alone")
    moved = row["value"] - row["adjusted"]
    if w.value(row["value"], kind) == w.value(row["adjusted"], kind):
        return w("explain.shrunk_none", n=row["n"])
    said = w("explain.shrunk", n=row["n"], moved=_by(w, moved, kind))
    if row["icc"] is not None:
        said += " " + w("explain.icc", share=w.value(row["icc"], "share"))
    return said


def _interval(unit: UnitExplained, kind: Kind, w: Wording) -> str:
    row = unit.estimate
    said = w("explain.interval")
    if unit.average is not None and unit.units > 1:
        said += " " + w("explain.average", units=w.count(unit.units), average=w.value(unit.average, kind))
    if row["worse_probability"] is not None:
        said += " " + w("explain.worse", share=w.value(row["worse_probability"], "share"))
    return said


def _by(w: Wording, moved: float, kind: Kind) -> str:
    """How much higher or lower."""
    size = abs(moved)
    far = (
        w("explain.percentage_points", moved=w.decimal(100 * size, 1))
        if kind == "share"
        else w.decimal(size, 1 if kind == "points" else 2)
    )
    return w("explain.by" if moved > 0 else "explain.by_less", moved=far)


def _picture(unit: UnitExplained, kind: Kind, w: Wording) -> list[RenderableType]:
    row = unit.estimate
    if row["value"] is None or row["low"] is None or row["high"] is None:
        return []
    ends = w.value(row["low"], kind), w.value(row["high"], kind)
    average = unit.average if unit.units > 1 else None
    legend = w("explain.legend" if average is not None else "explain.legend_alone")
    return [Text(), scale(row["value"], row["low"], row["high"], average, ends), Text(legend, style="dim")]


def _parts(unit: UnitExplained, w: Wording) -> RenderableType | None:
    if not unit.parts:
        return None
    apart = [part.points - part.all_points for part in unit.parts]
    most = max(map(abs, apart))
    rows = [
        (w.name("part", part.part), signed(w, part.points, 2), signed(w, part.all_points, 2), signed(w, gap, 2),
         points_bar(gap, most))
        for part, gap in zip(unit.parts, apart, strict=True) if abs(gap) >= 0.005
    ]  # fmt: skip
    heads = [(w("show.part"), "left"), (w("explain.here"), "right"), (w("explain.all"), "right"),
             (w("explain.difference"), "right"), ("", "left")]  # fmt: skip
    table = listing(heads, rows)
    return None if table is None else Group(Text(w("explain.parts_note"), style="dim"), table)


def _contacts(unit: UnitExplained, kind: Kind, w: Wording) -> RenderableType | None:
    if not unit.contacts:
        return None
    rows = [*(_contact(contact, kind, w) for contact in unit.highest)]
    gap = unit.contacts - len(unit.highest) - len(unit.lowest)
    if gap > 0:
        rows.append(["⋮", "", w("explain.more", n=gap), "", ""])
    rows += [_contact(contact, kind, w) for contact in reversed(unit.lowest)]
    heads = [(w("show.contact"), "left"), (w("word.day"), "left"), (w("explain.part_in"), "right"),
             (w.name("measure", unit.estimate["measure"]), "right"),
             (w("explain.moved_by") if unit.parts else "", "left")]  # fmt: skip
    return listing(heads, rows)


def _contact(contact: UnitContact, kind: Kind, w: Wording) -> list[str]:
    share = w.value(contact.share, "share")
    moved = ", ".join(f"{w.name('part', part)} {signed(w, points)}" for part, points in contact.moved_by)
    return [contact.interaction_id, w.day(contact.day), share, w.value(contact.value, kind), moved]


def _beside(unit: UnitExplained, w: Wording) -> RenderableType | None:
    rows = []
    for row in unit.beside:
        kind = kind_of(row["unit"])
        if row["value"] is not None and row["low"] is not None:
            span = w.interval(row["low"], row["high"], kind)
            numbers = (
                w.value(row["raw_mean"], kind),
                w.value(row["adjusted"], kind),
                w.value(row["value"], kind),
                span,
            )
            rows.append((w.name("measure", row["measure"]), *numbers, w.count(row["n"])))
    heads = [(w("explain.measure"), "left"), (w("explain.step_raw"), "right"), (w("explain.step_mix"), "right"),
             (w("explain.step_shrunk"), "right"), (w("explain.step_interval"), "right"), ("n", "right")]  # fmt: skip
    return listing(heads, rows)


def _method(unit: UnitExplained, w: Wording) -> RenderableType:
    longer = [period for period in unit.periods if len(period) < len("2026-11-21")]
    days = len(unit.periods) - len(longer)
    periods = ", ".join([*([w("explain.and_days", n=days)] if days else []), *longer[-12:]])
    facts = [(w("explain.estimator"), w.method(unit.estimate["method"])),
             (w("explain.as_of"), w.time(unit.estimate["as_of"])),
             (w("explain.other_periods"), f"{periods}  (--period)")]  # fmt: skip
    return facts_grid(facts)
