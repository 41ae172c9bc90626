"""Channels against reasons: where matters are solved less or more often than on average, beyond chance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from analyzer.publish.charts import Absent, Picture, drawn
from analyzer.publish.drawing.heat import Cell, heat
from analyzer.publish.estimates import Estimate, Rules
from analyzer.publish.sections.window import Window
from analyzer.publish.wording import Wording

NAME: Final = "channels_and_reasons"
REASONS_SHOWN: Final = 12
NAMED: Final = 3
MEASURE: Final = "resolved_probability"


def heat_map(window: Window, w: Wording) -> Picture | Absent:
    """Share solved by channel and reason. A cell is told apart where its interval, widened for the number of cells,
    lies off the average."""
    contacts = window.contacts
    reasons = _by_number(contacts["reason"].dropna().tolist())[:REASONS_SHOWN]
    channels = _by_number(contacts["channel"].tolist())
    average = window.rate(MEASURE).value
    if average is None or not reasons:
        return Absent(NAME, w("heat.title"), w("heat.too_few"))
    where = {
        (reason, channel): (contacts["reason"] == reason) & (contacts["channel"] == channel)
        for reason in reasons
        for channel in channels
    }
    estimates = {key: window.rate(MEASURE, mask) for key, mask in where.items()}
    told = sum(estimate.estimable for estimate in estimates.values())
    if not told:
        return Absent(NAME, w("heat.title"), w("heat.too_few"))
    wide = Window(window.days, contacts, Rules(window.rules.min_n, 1 - (1 - window.rules.level) / told))
    cells = [_cell(key, estimate, wide.rate(MEASURE, where[key]), average, w) for key, estimate in estimates.items()]
    columns = [w.name("channel", channel) for channel in channels]
    header = (w("word.reason"), w("show.channel"), w("measure.resolved_rate"), w("word.standing"))
    return drawn(
        _finding(cells, w),
        lambda width: heat(cells, [w.name("reason", reason) for reason in reasons], columns, width),
        header, [_numbers(cell, w) for cell in cells if cell.estimate.n], name=NAME,
        subtitle=w("heat.subtitle", average=w.value(average, "share"), min_n=window.rules.min_n),
    )  # fmt: skip


def _by_number(names: Sequence[str]) -> list[str]:
    return sorted(set(names), key=lambda name: (-names.count(name), name))


def _cell(key: tuple[str, str], estimate: Estimate, wide: Estimate, average: float, w: Wording) -> Cell:
    reason, channel = w.name("reason", key[0]), w.name("channel", key[1])
    note = w("units.n", n=estimate.n)
    if estimate.value is None or wide.low is None or wide.high is None:
        return Cell(reason, channel, estimate, "", note, None)
    apart = None if wide.low <= average <= wide.high else estimate.value - average
    return Cell(reason, channel, estimate, w.value(estimate.value, "share"), w.count(estimate.n), apart)


def _finding(cells: Sequence[Cell], w: Wording) -> str:
    apart = sorted((cell for cell in cells if cell.apart is not None), key=lambda cell: cell.apart or 0.0)
    worse = [f"{cell.row} ({cell.column})" for cell in apart if (cell.apart or 0.0) < 0][:NAMED]
    better = [f"{cell.row} ({cell.column})" for cell in apart[::-1] if (cell.apart or 0.0) > 0][:NAMED]
    said = [w("heat.worse", names=", ".join(worse))] if worse else []
    said += [w("heat.better", names=", ".join(better))] if better else []
    return " ".join(said) or w("heat.none_apart")


def _numbers(cell: Cell, w: Wording) -> tuple[str, ...]:
    state = "insufficient" if cell.estimate.value is None else "same"
    if cell.apart is not None:
        state = "better" if cell.apart > 0 else "worse"
    return cell.row, cell.column, w.estimate(cell.estimate, "share"), w(f"standing.{state}")
