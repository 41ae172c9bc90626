"""Control charts: does a unit's day differ from its own past by more than chance?

Each day is compared with what was to be expected of it: the unit's own past level, the weekday, and the case mix that
day brought (``forecast``, ``charting``). Means have an EWMA chart, rates a Laney p′ chart (``signals``), with limits
such that a lead who watches all charts of a team, or of all channels and queues, has no more false alarms a week than
the settings allow (``leads``). Limits are given on the scale of the value: given the days before, the chart signals
exactly if the value lies outside them. They rest on earlier days alone, and charts begin anew when a model changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from analyzer.config import ScoreSettings
from analyzer.errors import ConfigError
from analyzer.score.casemix import Design, case_mix_design
from analyzer.score.cells import Cells, day_cells, sorted_rows
from analyzer.score.charting import FEW_UNITS, Charted, Layout, points
from analyzer.score.frames import Days, Ints, days, in_order, texts, to_table
from analyzer.score.leads import lead_of, watch
from analyzer.score.measures import MEASURES, Measure, measure_values, measure_weights, unit_memberships
from analyzer.score.signals import EWMA_WEIGHT
from analyzer.tables import STORED

UNIT_KINDS: Final = ("agent", "channel", "queue")
_METHODS: Final = (
    "",
    f"EWMA (weight {EWMA_WEIGHT}) of standardised one-day-ahead errors; starts again after a signal",
    f"Shewhart's chart of standardised one-day-ahead errors: fewer than {FEW_UNITS} units of its kind",
    "Laney p′ of days gathered until a point has events enough",
)


def control_points(
    facts: pd.DataFrame,
    links: pd.DataFrame,
    experience: pd.DataFrame,
    interaction_agents: pd.DataFrame,
    settings: ScoreSettings,
    model_versions: pd.Series | None = None,
) -> pa.Table:
    """control_chart_points of agents, channels and queues for the configured measures.

    ``model_versions`` by interaction_id says which models listened; without it they are taken never to have changed.
    Raises ConfigError for a measure that is unknown, or that later contacts still move.
    """
    asked = _asked(settings)
    facts = in_order(facts)
    if not len(facts):
        return STORED["control_chart_points"].empty()
    day = days(facts)
    calendar = np.arange(day.min(), day.max() + 1)
    column = (day - day.min()).astype(np.int64)
    charted = list(_charted(facts, links, experience, interaction_agents, asked, column, len(calendar), settings))
    if not charted:
        return STORED["control_chart_points"].empty()
    layout = Layout.of(charted, calendar)
    leads = [lead for one in charted for lead in lead_of(one.kind, one.unit_ids, facts)]
    blocks = [
        _epoch(layout, leads, slice(first, stop), calendar, settings)
        for first, stop in pairwise(_epochs(facts, model_versions, column, len(calendar)))
    ]
    order_by = [(name, "ascending") for name in ("unit_kind", "unit_id", "measure", "day")]
    return pa.concat_tables(blocks).sort_by(order_by).combine_chunks()


def _asked(settings: ScoreSettings) -> list[Measure]:
    known = {measure.name: measure for measure in MEASURES if not measure.journey}
    if unknown := sorted(set(settings.charted) - known.keys()):
        raise ConfigError(
            f"score.charted: {', '.join(unknown)} cannot be charted day by day.", hint=f"Known: {', '.join(known)}."
        )
    return [known[name] for name in settings.charted]


def _charted(
    facts: pd.DataFrame,
    links: pd.DataFrame,
    experience: pd.DataFrame,
    interaction_agents: pd.DataFrame,
    asked: list[Measure],
    column: Ints,
    n_days: int,
    settings: ScoreSettings,
) -> Iterator[Charted]:
    values, weights = measure_values(facts, links, experience), measure_weights(facts)
    everything = case_mix_design(facts, links, settings.case_mix)
    for kind in UNIT_KINDS:
        members = unit_memberships(facts, interaction_agents, kind)
        order = np.lexsort((members.contact, members.unit, column[members.contact]))
        contact = members.contact[order]
        design: Design = everything.without(kind)
        rows = sorted_rows(column[contact], members.unit[order], design.x[contact], n_days)
        for measure in asked:
            weight = members.weights(measure.sharing)[order]
            answers = weight > 0
            if measure.name in weights:
                weight = weight * weights[measure.name][contact]
            value = values[measure.name][contact]
            if measure.sharing == "time":
                value = value * members.time_share[order]
            cells = _observed(day_cells(rows, value, answers, weight))
            if len(cells.unit):
                yield Charted(kind, measure, members.unit_ids, cells)


def _observed(cells: Cells) -> Cells:
    """Cells with a value."""
    at = cells.n > 0
    return Cells(
        *(cells.period[at], cells.unit[at], cells.eligible[at], cells.n[at]),
        *(cells.w[at], cells.w2[at], cells.y[at], cells.yy[at], cells.x[at], cells.xx, cells.xy),
    )


def _epochs(facts: pd.DataFrame, versions: pd.Series | None, column: Ints, n_days: int) -> list[int]:
    """First days of the times in which the same models listened, and the day after the last.

    A day belongs to the models that heard most of its contacts; days without contacts to those before them.
    """
    if versions is None:
        return [0, n_days]
    heard = versions.reindex(pd.Index(texts(facts, "interaction_id")))
    frame = pd.DataFrame({"column": column, "version": heard.to_numpy(dtype=object)}).dropna()
    counted = frame.groupby(["column", "version"]).size().reset_index(name="n")
    chosen = counted.sort_values(["column", "n", "version"]).groupby("column")["version"].last()
    changes = chosen.index[(chosen != chosen.shift()) & chosen.shift().notna()]
    return [0, *(int(day) for day in changes), n_days]


def _epoch(layout: Layout, leads: list[str], epoch: slice, calendar: Days, settings: ScoreSettings) -> pa.Table:
    charted = points(layout, epoch, settings.min_n, settings.chart_min_days)
    names, lead = np.unique(np.array(leads, dtype=object).astype(str), return_inverse=True)
    watched = watch(charted, layout, np.asarray(lead, dtype=np.int64), settings.false_alarms_per_week)
    signals = watched.signals
    # Days gathered into a later point have a value of their own, but are no point.
    row, day = np.nonzero(~np.isnan(charted.value))
    at = (row, day)
    limited = ~np.isnan(charted.forecast.sd[at])
    method = np.where(layout.rate[:, None], 3, np.where(layout.few(charted.contacts), 2, 1))
    group = layout.group[row]
    low = np.array([one.measure.lowest for one in layout.charted])[group]
    high = np.array([one.measure.highest for one in layout.charted])[group]
    columns: dict[str, Any] = {
        "unit_kind": [layout.charted[g].kind for g in group],
        "unit_id": [layout.charted[g].unit_ids[u] for g, u in zip(group, row - layout.starts[group], strict=True)],
        "measure": [layout.charted[g].measure.name for g in group],
        "day": calendar[epoch][day],
        "from_day": calendar[epoch][charted.since[at]],
        "n": charted.contacts[at].astype(np.int32),
        "value": charted.value[at],
        "center": np.clip(charted.forecast.center[at], low, high),
        "lower_limit": np.clip(signals.lower[at], low, high),
        "upper_limit": np.clip(signals.upper[at], low, high),
        "signal": signals.signal[at],
        "ewma": signals.ewma[at],
        "false_alarm_probability": signals.chance[at],
        "lead": names[lead[row]],
        "charts": np.where(limited, watched.charts[lead[row], day], 0).astype(np.int32),
        "false_alarms_per_week": np.where(limited, watched.per_week[lead[row], day], np.nan),
        "restarted_on": np.full(len(row), calendar[epoch.start]),
        "method": np.array(_METHODS, dtype=object)[np.where(limited, method[at], 0)],
    }
    return to_table("control_chart_points", columns)
