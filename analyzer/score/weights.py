"""The weights that a score was made with, under a version that changes when any of them does.

The configured weights serve every day. Where ``score.learn_weights`` is set, weights learned from surveys take over on
a day on which every published week and month begins anew, and stay until others do: within a period no score changes
its meaning.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa

from analyzer.config import ScoreSettings
from analyzer.records import stable_id
from analyzer.score.frames import Days, Ints, days, texts
from analyzer.tables import STORED

BASE: Final = "base"
Source = Literal["config", "learned"]


@dataclass(frozen=True, slots=True)
class Weighting:
    """``base`` + Σ ``weights`` × (value − ``references``). ``since``: first business day it serves; None: all days."""

    base: float
    weights: Mapping[str, float]
    references: Mapping[str, float]
    source: Source = "config"
    since: date | None = None
    note: str | None = None

    @property
    def version(self) -> str:
        """16 hex digits; the same whatever the order in which the weights stand in the file."""
        parts = [f"{name} {self.weights[name]!r} {self.references[name]!r}" for name in sorted(self.weights)]
        return stable_id(repr(self.base), *parts)


def configured(settings: ScoreSettings) -> Weighting:
    """The weights of the settings."""
    return Weighting(settings.base, settings.weights, settings.references)


def weights_version(settings: ScoreSettings) -> str:
    """The version of the configured weights."""
    return configured(settings).version


def weightings(settings: ScoreSettings, stored: pa.Table, business_timezone: str) -> tuple[Weighting, ...]:
    """The configured weights, then the learned ones of ``stored`` (score_weights) in the order in which they serve."""
    if not settings.learn_weights:
        return (configured(settings),)
    learned: dict[str, list[dict[str, Any]]] = {}
    for row in stored.to_pylist():
        if row["source"] == "learned":
            learned.setdefault(row["version"], []).append(row)
    found = [_of_rows(rows, ZoneInfo(business_timezone)) for rows in learned.values()]
    # Weights of parts that are no longer scored, or of a score without one that is, serve no more.
    kept = [weighting for weighting in found if weighting.weights.keys() == settings.weights.keys()]
    return (configured(settings), *sorted(kept, key=lambda w: (w.since or date.min, w.version)))


def _of_rows(rows: Sequence[Mapping[str, Any]], zone: ZoneInfo) -> Weighting:
    parts = {row["component"]: row for row in rows}
    base = parts.pop(BASE)
    return Weighting(
        base["weight"],
        {name: row["weight"] for name, row in parts.items()},
        {name: row["reference"] for name, row in parts.items()},
        "learned",
        base["valid_from"].astimezone(zone).date(),
        base["note"],
    )


def serving(weightings: Sequence[Weighting], days: Days) -> Ints:
    """For each day, the place of the weighting that serves it: the last that had begun."""
    begins = np.array([np.datetime64(w.since or date(1, 1, 1), "D") for w in weightings])
    return np.asarray(np.searchsorted(begins, days, side="right") - 1, dtype=np.int64)


def told_by(model_versions: pd.Series, facts: pd.DataFrame, weightings: Sequence[Weighting]) -> pd.Series:
    """Of each contact of ``model_versions``, what its score comes from: the models that heard it and the weights."""
    day = pd.Series(days(facts), index=pd.Index(texts(facts, "interaction_id"))).reindex(model_versions.index)
    known = day.notna().to_numpy() & model_versions.notna().to_numpy()
    versions = np.array([weighting.version for weighting in weightings], dtype=object)
    weighed = versions[serving(weightings, np.asarray(day.to_numpy()[known], dtype="datetime64[D]"))]
    told = pd.Series(None, index=model_versions.index, dtype=object)
    told[known] = model_versions.to_numpy(dtype=object)[known] + "/" + weighed
    return told


def next_beginning(after: date, settings: ScoreSettings) -> date:
    """The first day after ``after`` on which all published periods begin: a Monday, a first of the month, or both."""
    day = after + timedelta(days=1)
    while (settings.weekly and day.weekday() != 0) or (settings.monthly and day.day != 1):
        day += timedelta(days=1)
    return day


def score_weights(weightings: Sequence[Weighting], as_of: datetime, business_timezone: str) -> pa.Table:
    """One row a part of each weighting, and ``base`` with the points every contact starts from as its weight.

    ``valid_from`` of the configured weights is this ``as_of``; who stores it keeps the earliest of a version.
    """
    rows: list[dict[str, Any]] = []
    for weighting in weightings:
        begin = _midnight(weighting.since, business_timezone) if weighting.since else as_of
        parts = {BASE: (weighting.base, 0.0)} | {
            name: (weighting.weights[name], weighting.references[name]) for name in sorted(weighting.weights)
        }
        rows += [
            {
                "version": weighting.version,
                "component": name,
                "weight": weight,
                "reference": reference,
                "source": weighting.source,
                "valid_from": begin,
                "note": weighting.note,
            }
            for name, (weight, reference) in parts.items()
        ]
    return STORED["score_weights"].from_rows(rows)


def _midnight(day: date, business_timezone: str) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(business_timezone))
