"""Small worlds for gaps: customers who differ, a detector that errs and knows how often, answers and silence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from scipy import stats

from analyzer.tables import STORED

Floats = NDArray[np.float64]
FLOOR = 0.05  # cues below it are not stored
START = pd.Timestamp("2026-06-01T08:00Z")


@dataclass(frozen=True, slots=True)
class Contacts:
    """``customer`` codes of each contact of ``count`` customers."""

    customer: NDArray[np.int64]
    count: int

    @property
    def n(self) -> int:
        return len(self.customer)

    def frame(self, world: int = 0, **columns: object) -> pd.DataFrame:
        """The contacts as the loyalty stage has them, an hour apart; each world is a segment, so many fit one call."""
        ids = np.char.add(f"{world}c", np.arange(self.n).astype(str))
        keys = np.char.add(f"{world}k", self.customer.astype(str))
        at = START + pd.to_timedelta(np.arange(self.n), unit="h")
        plain = {"interaction_id": ids, "customer_key": keys, "segment_of_customer": str(world), "known_at": at}
        nothing = ("csat", "satisfaction", "resolved_probability", "effort", "experience_contact", "sentiment_end",
                   "repeat_probability")  # fmt: skip
        return pd.DataFrame({**plain, **dict.fromkeys(nothing, np.nan), "fcr_status": "silent", **columns})


def some_contacts(rng: np.random.Generator, least: int = 20, most: int = 150) -> Contacts:
    """Between ``least`` and ``most`` customers; some come once, some again and again."""
    count = int(np.exp(rng.uniform(np.log(least), np.log(most))))
    often = rng.choice([0.3, 1.0, 2.5])
    return Contacts(np.repeat(np.arange(count), 1 + rng.poisson(often * rng.gamma(1.0, 1.0, count))), count)


def within(rng: np.random.Generator, contacts: Contacts, spread: float) -> Floats:
    """What a customer's contacts have in common."""
    return rng.normal(0, spread, contacts.count)[contacts.customer]


def drawn(rng: np.random.Generator, contacts: Contacts, rate: float, spread: float) -> NDArray[np.bool_]:
    """True for ``rate`` of all contacts of all customers there could be; ``spread``: how much customers differ."""
    height = within(rng, contacts, spread) + rng.normal(0, 1, contacts.n)
    return np.asarray(height > stats.norm.isf(rate) * np.hypot(1, spread))


def heard(rng: np.random.Generator, true: NDArray[np.bool_], rate: float, distance: float) -> Floats:
    """Calibrated probabilities of a detector that tells true from false by ``distance`` standard deviations."""
    score = rng.normal(0, 1, len(true)) + distance * true
    odds = np.log(rate / (1 - rate)) + distance * score - distance**2 / 2
    return np.asarray(1 / (1 + np.exp(-odds)))


def cues(contacts: pd.DataFrame, label: str, probability: Floats, threshold: float, turn: int = 1) -> pd.DataFrame:
    seen = probability >= FLOOR
    return pd.DataFrame(
        {
            "interaction_id": contacts["interaction_id"].to_numpy()[seen],
            "turn": turn,
            "label": label,
            "probability": probability[seen],
            "found": probability[seen] >= threshold,
        }
    )


def answers(contacts: pd.DataFrame, item: str, good: Floats, answered: NDArray[np.bool_]) -> pa.Table:
    """Everybody is invited the next hour; who answers does so two hours later."""
    invited = contacts["known_at"] + pd.Timedelta(hours=1)
    rows = {
        "survey_id": contacts["interaction_id"],
        "customer_key": contacts["customer_key"],
        "interaction_id": contacts["interaction_id"],
        "invited_at": invited,
        "answered_at": (invited + pd.Timedelta(hours=2)).where(answered),
        "item": np.where(answered, item, "invitation"),
        "answer": np.where(answered, good, np.nan),
        "scale_min": np.where(answered, 0.0, np.nan),
        "scale_max": np.where(answered, 1.0, np.nan),
        "good": np.where(answered, good, np.nan),
        "text": None,
        "source_uri": "f",
        "mode": None,
    }
    schema = STORED["surveys"].schema
    return pa.Table.from_pandas(pd.DataFrame(rows)[schema.names], schema=schema, preserve_index=False)
