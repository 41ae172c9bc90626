"""Contacts whose customers answered a survey, where what they weigh is known."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pyarrow as pa

from analyzer.tables import STORED
from tests.score import worlds

NOISE: float = 22.0
AT = datetime(2026, 11, 20, tzinfo=UTC)


def contacts(n: int, rng: np.random.Generator) -> pd.DataFrame:
    """``n`` contacts with the columns of a score, about 1.5 a customer, parts moving together as they do."""
    feeling = np.clip(rng.normal(0.1, 0.4, n), -1, 1)
    resolved = np.clip(0.6 + 0.4 * feeling + rng.normal(0, 0.3, n), 0, 1)
    return pd.DataFrame({
        "interaction_id": [f"c-{i:06d}" for i in range(n)],
        "day": worlds.MONDAY,
        "role_confidence": 1.0,
        "customer_key": [f"k-{k}" for k in rng.integers(0, max(int(n / 1.5), 1), n)],
        "resolved_probability": resolved,
        "sentiment_end": feeling,
        "sentiment_shift": np.where(rng.random(n) < 0.6, rng.normal(0.1, 0.4, n), np.nan),
        "empathy": np.clip(3 + 0.5 * feeling + rng.normal(0, 0.6, n), 1, 5),
        "effort": np.clip(2.5 - feeling + rng.normal(0, 0.7, n), 1, 5),
        "expectation_balance": np.nan,
        "empathic_opportunities": 0,
        "opportunities_met": 0,
        "opportunities_hurt": 0,
    })  # fmt: skip


def surveys(facts: pd.DataFrame, expected: np.ndarray, rng: np.random.Generator, item: str = "csat") -> pa.Table:
    """An answer of 1–5 to every contact, ``expected`` on 0–100 before noise, rounding and the ends of the scale."""
    said = np.clip(np.round(1 + (expected + rng.normal(0, NOISE, len(facts))) / 25), 1, 5)
    rows = pd.DataFrame({
        "survey_id": facts["interaction_id"], "customer_key": facts["customer_key"],
        "interaction_id": facts["interaction_id"], "invited_at": None, "answered_at": AT, "item": item, "answer": said,
        "scale_min": 1.0, "scale_max": 5.0, "good": (said - 1) / 4, "text": None, "source_uri": "s.csv",
    })  # fmt: skip
    schema = STORED["surveys"].schema
    return pa.Table.from_pandas(rows.reindex(columns=schema.names), schema=schema, preserve_index=False)
