"""Whether the score means what customers say: their survey answers by band of the score of the contact."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import numpy as np
import pyarrow as pa
from scipy import stats

from analyzer.config import ScoreSettings
from analyzer.score.clustered import sum_variance
from analyzer.score.correction import wilson
from analyzer.score.frames import Floats, Ints
from analyzer.score.weights_learned import Answers, Trial
from analyzer.tables import STORED

BANDS: Final = (0.0, 20.0, 40.0, 50.0, 60.0, 70.0, 80.0, 100.0)


def score_calibration(told: Answers, settings: ScoreSettings, as_of: datetime) -> pa.Table:
    """A row a band: mean score, mean answer on 0–1 and its interval; nulls under ``min_n`` answers."""
    band = np.clip(np.searchsorted(BANDS, told.score, side="right") - 1, 0, len(BANDS) - 2)
    rows = [
        {"item": settings.survey_item, "band_low": BANDS[place], "band_high": BANDS[place + 1], "as_of": as_of}
        | _row(told.score[band == place], told.answer[band == place] / 100, told.customer[band == place], settings)
        for place in range(len(BANDS) - 1)
    ]
    return STORED["score_calibration"].from_rows(rows)


def _row(score: Floats, answer: Floats, customer: Ints, settings: ScoreSettings) -> dict[str, Any]:
    n, customers = len(answer), len(np.unique(customer))
    if n < settings.min_n or customers < 2:
        return {"n": n, "mean_score": float(score.mean()) if n else None,
                "method": f"not estimable: {n} answers of {settings.min_n} needed"}  # fmt: skip
    low, high = bounded_mean_interval(answer, customer, settings.interval)
    return {
        "n": n, "mean_score": float(score.mean()), "mean_answer": float(answer.mean()), "low": low, "high": high,
        "method": f"mean of linked answers of {customers} customers; Wilson at what their variance is worth",
    }  # fmt: skip


def bounded_mean_interval(values: Floats, cluster: Ints, level: float) -> tuple[float, float]:
    """Of the mean of values in 0–1: Wilson's at the number of yes-or-no answers that the clustered variance is worth.

    Stays inside 0–1, and does not collapse where all said the same: then each cluster is worth one answer.
    """
    mean = float(values.mean())
    of_sum, groups = sum_variance(values, cluster)
    variance = of_sum / len(values) ** 2
    inside = float(np.clip(mean, 0.5 / len(values), 1 - 0.5 / len(values)))
    worth = inside * (1 - inside) / variance if variance > 0 else float(groups)
    low, high = wilson(np.array([mean]), np.array([worth]), float(stats.t.ppf(0.5 + level / 2, groups - 1)))
    return float(low[0]), float(high[0])


def weight_trials(trial: Trial, item: str, was_adopted: bool, as_of: datetime) -> pa.Table:
    """The one row of the trial."""
    numbers = {name: getattr(trial, name) for name in ("error", "learned_error", "gain", "low", "high")}
    row = {name: None if np.isnan(number) else number for name, number in numbers.items()} | {
        "item": item, "n": trial.n, "customers": trial.customers, "adopted": was_adopted, "method": trial.method,
        "as_of": as_of,
    }  # fmt: skip
    return STORED["weight_trials"].from_rows([row])
