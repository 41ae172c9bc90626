"""fcr_rates with the error of the ears taken out: first-contact resolution as people would have heard it.

Contacts that people judged go through the same journeys with what they said, so that a judged contact is resolved at
the first contact if people say it was solved and nobody came back. Its window must be over: what is still running says
nothing of the ears. The machine is taken to err alike in all periods within a stratum of class, language and channel,
so that a week whose audits are not answered yet is corrected by the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
from scipy import stats

from analyzer.score.correction import too_small, wilson
from analyzer.score.correction_readings import Readings, common_variance, corrected_readings
from analyzer.score.correction_samples import Audit, Scored, sample_of
from analyzer.score.correction_verdicts import RESOLUTION
from analyzer.score.frames import Floats, in_order, texts
from analyzer.score.measures import FCR_COUNTED
from analyzer.tables import STORED

LEVEL: Final = 0.95
Moves = dict[str, tuple[float, float, int]]  # by period: what to add to its rate, the variance of that, n audited


def correct_fcr_rates(rates: pa.Table, fcr: pa.Table, judged_fcr: pa.Table, scored: Scored, audit: Audit) -> pa.Table:
    """``rates`` as corrected as far as the audit tells; ``fcr`` and ``judged_fcr`` as machine and people heard it."""
    facts = in_order(scored.facts)
    kinds, judged = dict(_kinds(fcr)), dict(_kinds(judged_fcr))
    rows = [dict(row) for row in rates.to_pylist()]
    told: dict[tuple[str, int], Moves | str] = {
        kind: _told(facts, part, judged.get(kind, part.iloc[:0]), audit) for kind, part in kinds.items()
    }
    for row in rows:
        what = told.get((row["matter"], row["window_days"]), "no contacts")
        row |= {"method": f"{row['method']}; model only: {what}"} if isinstance(what, str) else _row(row, what)
    return STORED["fcr_rates"].from_rows(rows)


def _kinds(fcr: pa.Table) -> Iterator[tuple[tuple[str, int], pd.DataFrame]]:
    frame = fcr.to_pandas()
    for (matter, window), part in frame.groupby(["matter", "window_days"]):
        yield (str(matter), int(window)), part.set_index("interaction_id")


def _told(facts: pd.DataFrame, heard: pd.DataFrame, judged: pd.DataFrame, audit: Audit) -> Moves | str:
    """The moves of one kind of matter and window, or why there are none."""
    ids = pd.Index(texts(facts, "interaction_id"))
    reading = _counted(heard.reindex(ids), facts)
    at = np.flatnonzero(~np.isnan(reading))
    people = audit.judgements
    known = pd.Series(people.of((RESOLUTION,)), index=texts(people.facts, "interaction_id"))
    mature = judged[judged["maturity"] == "mature"]["probability"].where(known.reindex(judged.index).eq(True))
    verdict = mature.reindex(ids).to_numpy(dtype=np.float64)
    sample = sample_of(facts, reading, verdict, audit, (0.0, 1.0), at)
    seen = ~np.isnan(sample.verdict)
    if why := too_small(int(seen.sum()), len(np.unique(sample.cluster[seen]))):
        return why
    readings = corrected_readings(sample)
    days = pd.DatetimeIndex(facts["day"])[at]
    week = days.isocalendar()
    weeks = (week["year"].astype(str) + "-W" + week["week"].astype(str).str.zfill(2)).to_numpy(dtype=object)
    months = days.strftime("%Y-%m").to_numpy(dtype=object)
    return _by_period(readings, sample.reading, weeks) | _by_period(readings, sample.reading, months)


def _counted(rows: pd.DataFrame, facts: pd.DataFrame) -> Floats:
    """The probability of first contacts of known customers; NaN for others."""
    counted = rows["status"].isin(FCR_COUNTED).to_numpy(dtype=np.bool_) & facts["customer_key"].notna().to_numpy()
    return np.where(counted, rows["probability"].to_numpy(dtype=np.float64, na_value=np.nan), np.nan)


def _by_period(readings: Readings, heard: Floats, periods: np.ndarray) -> Moves:
    codes, names = pd.factorize(periods, sort=True)
    n = np.bincount(codes, minlength=len(names))
    variance = common_variance(readings, codes.astype(np.int64), len(names))
    shift = np.bincount(codes, weights=readings.corrected - heard, minlength=len(names)) / n
    return {str(name): (float(shift[i]), float(variance[i]), readings.n_audited) for i, name in enumerate(names)}


def _row(row: dict[str, Any], told: Moves) -> dict[str, Any]:
    if row["value"] is None or row["period"] not in told:
        return {"method": f"{row['method']}; model only: nothing to correct"}
    shift, variance, n_audited = told[row["period"]]
    value = float(np.clip(row["value"] + shift, 0, 1))
    z = float(stats.norm.ppf(0.5 + LEVEL / 2))
    total = ((row["high"] - row["low"]) / (2 * z)) ** 2 + variance
    inside = float(np.clip(value, 0.5 / max(n_audited, 1), 1 - 0.5 / max(n_audited, 1)))
    low, high = wilson(np.array([value]), np.array([inside * (1 - inside) / total]), z)
    moved = {
        "value": value, "low": float(low[0]), "high": float(high[0]), "error_basis": "audit_corrected",
        "method": f"{row['method']}; corrected by {n_audited} audited contacts; returned, left and quiet as heard",
    }  # fmt: skip
    if row["success_rate"] is not None and row["value"] > 0:
        moved["success_rate"] = min(row["success_rate"] * value / row["value"], 1.0)
    if row["lowest"] is not None:
        moved["lowest"] = float(np.clip(row["lowest"] + shift, 0, value))
        moved["highest"] = float(np.clip(row["highest"] + shift, value, 1))
    return moved
