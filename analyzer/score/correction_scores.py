"""unit_scores with the error of the ears taken out, where an audit tells it.

The corrected readings go through the same estimates as the machine's; what a unit's readings are still off is added
to its value, and its uncertainty to the interval. ``raw_mean``, ``spread``, ``coverage_rate`` stay the machine's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
from scipy import stats

from analyzer.config import ScoreSettings
from analyzer.score.correction import too_small
from analyzer.score.correction_readings import Readings, UnitErrors, corrected_readings, unit_errors
from analyzer.score.correction_samples import EXPERIENCE, NOT_AUDITED, Audit, Audited, Scored, audited_measures
from analyzer.score.frames import Floats, Objects, in_order, texts
from analyzer.score.measures import MEASURES, Measure, unit_memberships
from analyzer.score.unit_table import CERTAIN
from analyzer.score.units import UNIT_KINDS, UnitInputs, score_units
from analyzer.tables import STORED

KEY: Final = ["period", "unit_kind", "unit_id", "measure"]
_MOVED: Final = ("adjusted", "value", "low", "high", "worse_probability", "lowest_decile_probability")
_COLUMNS: Final = {
    "resolved_rate": "resolved_probability",
    "churn_talk_rate": "churn_talk_probability",
    **{name: name for name in ("sentiment_end", "sentiment_shift", "empathy", "effort", "satisfaction")},
}
DECILE_UNITS: Final = 50
_DRAWS: Final = 1000
_SEED: Final = 20_260_101


@dataclass(frozen=True, slots=True)
class Heard:
    """What the audit says of one measure: corrected readings, or why there are none."""

    audited: Audited
    readings: Readings | None
    why: str


def correct_unit_scores(
    model: pa.Table,
    scored: Scored,
    interaction_agents: pd.DataFrame,
    audit: Audit,
    settings: ScoreSettings,
    as_of: datetime,
    *,
    business_timezone: str,
) -> pa.Table:
    """``model`` (unit_scores of the machine's readings) with corrected rows in place of those that the audit reaches.

    Every other row keeps the machine's numbers and says why in ``method``.
    """
    heard = {name: _hear(audited) for name, audited in audited_measures(scored, audit).items()}
    by_name = [m for m in MEASURES if m.name in heard and heard[m.name].readings is not None]
    rows = model.to_pandas().set_index(KEY)
    rows["method"] = [f"{method}; {_why(name, heard)}" for method, name in
                      zip(rows["method"], rows.index.get_level_values("measure"), strict=True)]  # fmt: skip
    if by_name:
        table = score_units(
            UnitInputs(*_with_readings(scored, heard), interaction_agents, settings, as_of, business_timezone),
            measures=by_name,
        )
        moved = _moved(table, _errors(scored, interaction_agents, heard, by_name), settings, by_name)
        rows.loc[moved.index, list(moved.columns)] = moved
    schema = STORED["unit_scores"].schema
    return pa.Table.from_pandas(rows.reset_index()[schema.names], schema=schema, preserve_index=False)


def _hear(audited: Audited) -> Heard:
    judged = ~np.isnan(audited.sample.verdict)
    why = too_small(int(judged.sum()), len(np.unique(audited.sample.cluster[judged])))
    return Heard(audited, None if why else corrected_readings(audited.sample), why and f"model only: {why}")


def _why(measure: str, heard: Mapping[str, Heard]) -> str:
    if measure not in heard:
        return NOT_AUDITED
    return heard[measure].why or "model only: nothing observed"


def _with_readings(scored: Scored, heard: Mapping[str, Heard]) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """facts, links and experience with corrected readings in place of the machine's."""
    facts = in_order(scored.facts).copy()
    links, experience = scored.links.copy(), scored.experience.copy()
    ids = texts(facts, "interaction_id")
    for name, what in heard.items():
        if what.readings is None:
            continue
        corrected = pd.Series(what.readings.corrected, index=ids[what.audited.contact])
        if name == "fcr_rate":
            links.loc[corrected.index, "fcr_probability"] = corrected
        elif name in EXPERIENCE:
            experience.loc[corrected.index, name] = corrected
        else:
            values = facts[_COLUMNS[name]].to_numpy(dtype=np.float64, na_value=np.nan).copy()
            values[what.audited.contact] = what.readings.corrected
            facts[_COLUMNS[name]] = values
    return facts, links, experience


def _errors(
    scored: Scored, interaction_agents: pd.DataFrame, heard: Mapping[str, Heard], measures: list[Measure]
) -> pd.DataFrame:
    """shift, variance, gap_variance, n_audited by (unit_kind, unit_id, measure)."""
    facts = in_order(scored.facts)
    frames = []
    for kind in UNIT_KINDS:
        members = unit_memberships(facts, interaction_agents, kind)
        for measure in measures:
            readings = heard[measure.name].readings
            assert readings is not None
            row = np.full(len(facts), -1)
            row[heard[measure.name].audited.contact] = np.arange(len(readings.corrected))
            at = np.flatnonzero(row[members.contact] >= 0)
            errors = unit_errors(
                readings, row[members.contact][at], members.unit[at], members.weights(measure.sharing)[at],
                len(members.unit_ids),
            )  # fmt: skip
            frames.append(_frame(errors, kind, members.unit_ids, measure.name))
    return pd.concat(frames).set_index(KEY[1:])


def _frame(errors: UnitErrors, kind: str, unit_ids: tuple[str, ...], measure: str) -> pd.DataFrame:
    return pd.DataFrame({
        "unit_kind": kind, "unit_id": list(unit_ids), "measure": measure, "shift": errors.shift,
        "variance": errors.variance, "gap_variance": errors.gap_variance, "n_audited": errors.n_audited,
    })  # fmt: skip


def _moved(table: pa.Table, errors: pd.DataFrame, settings: ScoreSettings, measures: list[Measure]) -> pd.DataFrame:
    """The corrected columns of every row that has an interval and a unit error; by KEY."""
    rows = table.to_pandas()
    rows = rows.join(errors, on=KEY[1:]).set_index(KEY)
    rows = rows[rows["low"].notna() & np.isfinite(rows["variance"].to_numpy(dtype=np.float64))]
    of = {measure.name: measure for measure in measures}
    names = rows.index.get_level_values("measure")
    lowest, highest = (np.array([getattr(of[n], end) for n in names]) for end in ("lowest", "highest"))
    number = {name: rows[name].to_numpy(dtype=np.float64) for name in (*_MOVED, "shift", "variance", "gap_variance")}
    z = float(stats.norm.ppf(0.5 + settings.interval / 2))
    # The longer side: the other may have been cut by the end of the scale.
    half = np.maximum(number["high"] - number["value"], number["value"] - number["low"])
    wide = np.sqrt(half**2 + z**2 * number["variance"])
    value = number["value"] + number["shift"]
    better = np.where([of[n].higher_is_better for n in names], 1.0, -1.0)
    worse = _worse(number["worse_probability"], half / z, better * number["shift"], number["gap_variance"])
    sd = wide / z
    margin = settings.margin * rows["spread"].to_numpy(dtype=np.float64)
    columns: dict[str, Any] = {
        "adjusted": np.clip(number["adjusted"] + number["shift"], lowest, highest),
        "value": np.clip(value, lowest, highest),
        "low": np.clip(value - wide, lowest, highest),
        "high": np.clip(value + wide, lowest, highest),
        "worse_probability": worse,
        "lowest_decile_probability": _lowest_decile(rows.index, better * value, sd),
        "standing": _standing(rows["standing"], worse, margin / sd),
        "error_basis": "audit_corrected",
        "method": [f"{method}; corrected by {n:.0f} audited contacts of its own and those of all"
                   for method, n in zip(rows["method"], rows["n_audited"], strict=True)],
    }  # fmt: skip
    return pd.DataFrame(columns, index=rows.index)


def _worse(probability: Floats, sd: Floats, better_by: Floats, gap_variance: Floats) -> Floats:
    """The chance of being worse once the unit's error is added: a normal gap, moved and widened."""
    gap = stats.norm.ppf(np.clip(probability, 1e-6, 1 - 1e-6)) * sd - better_by
    wide = np.sqrt(sd**2 + gap_variance)
    return np.where(np.isnan(probability), np.nan, stats.norm.cdf(gap / np.where(wide > 0, wide, 1.0)))


def _standing(words: pd.Series[str], worse: Floats, margin: Floats) -> Objects:
    """What may be said of each unit; the chance of being better follows from that of being worse. ``margin`` in sd."""
    better = stats.norm.cdf(-stats.norm.ppf(np.clip(worse, 1e-6, 1 - 1e-6)) - 2 * np.nan_to_num(margin))
    told = np.select([worse >= CERTAIN, better >= CERTAIN], ["worse", "better"], "not distinguishable").astype(object)
    kept = ~words.isin(["worse", "better", "not distinguishable"])
    return np.where(kept, words.to_numpy(dtype=object), told)


def _lowest_decile(index: pd.MultiIndex, good: Floats, sd: Floats) -> Floats:
    """Share of draws in which a unit is among the worst tenth of its kind; NaN where there are fewer than 50."""
    found = np.full(len(good), np.nan)
    groups = pd.Series(np.arange(len(good))).groupby(
        [index.get_level_values(name) for name in ("period", "unit_kind", "measure")]
    )
    for _, places in groups:
        at = places.to_numpy()
        if len(at) < DECILE_UNITS:
            continue
        draws = good[at] + np.random.default_rng(_SEED).standard_normal((_DRAWS, len(at))) * sd[at]
        size = -(-len(at) // 10)
        threshold = np.partition(draws, size - 1, axis=1)[:, size - 1 : size]
        found[at] = np.mean(draws <= threshold, axis=0)
    return found
