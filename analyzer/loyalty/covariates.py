"""Covariates of contacts for models of what follows: drivers, controls, and what people found of the same contacts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd

from analyzer.config import LoyaltySettings
from analyzer.loyalty.definition import on_scale
from analyzer.loyalty.reliability import AUDITED, Design, Floats

JOINT: Final = ("empathy", "effort", "resolved", "handle_s", "wait_s", "prior_contacts")
ALONE: Final = ("satisfaction", "experience", "churn_free")
READ: Final = frozenset({
    "empathy", "effort", "resolved", "satisfaction", "experience", "churn_free", "sentiment_start", "failed",
    "failed_loyal", "exceeded", "unmet",
})  # fmt: skip
# Shares and indicators keep their own unit, from 0 to 1.
PLAIN: Final = frozenset({"failed", "failed_loyal", "exceeded", "unmet"})
OBSERVED_SHARE: Final = 0.5
ABSENT_SHARE: Final = 0.02
REASON_SHARE: Final = 0.1
MAX_REASONS: Final = 4
# Tenure is the clock of the regression, so it cannot be a control in it.
_NO_CONTROL: Final = frozenset({"tenure_months"})


def driver_values(contacts: pd.DataFrame) -> pd.DataFrame:
    """Drivers and controls of each contact; times and counts as logarithms: the second hour matters less."""
    return pd.DataFrame(
        {
            "empathy": contacts["empathy"],
            "effort": contacts["effort"],
            "resolved": contacts["resolved_probability"],
            "handle_s": np.log1p(contacts["handle_s"].clip(lower=0)),
            "wait_s": np.log1p(contacts["wait_s"].clip(lower=0)),
            "prior_contacts": np.log1p(contacts["prior_contacts"]),
            "satisfaction": contacts["satisfaction"],
            "experience": contacts["experience_contact"],
            "churn_free": 1 - contacts["churn_talk_probability"],
            "sentiment_start": contacts["sentiment_start"],
        }
    ).astype("float64")


def audited_values(contacts: pd.DataFrame, answers: pd.DataFrame) -> tuple[pd.DataFrame, Floats]:
    """What people found of each contact, a column an audited driver, and its weight (0: not audited)."""
    keys = pd.Index(contacts["interaction_id"])
    wide = answers.pivot_table(index="interaction_id", columns="driver", values="answer", aggfunc="last")
    weight = answers.groupby("interaction_id")["weight"].max().reindex(keys).fillna(0.0)
    found = wide.reindex(index=keys, columns=list(AUDITED)).astype("float64")
    return found.reset_index(drop=True), np.asarray(weight, dtype=np.float64)


def loyalty_before(contacts: pd.DataFrame, frame: pd.DataFrame, settings: LoyaltySettings) -> pd.Series[float]:
    """0–100 of each contact's customer by the facts known before the contact; NaN where none was."""
    if contacts.empty:
        return pd.Series(dtype="float64")
    asked = [fact for fact in (*settings.attitudinal, *settings.behavioural) if fact not in _NO_CONTROL]
    scaled = {}
    left = in_order(contacts[["customer_key", "known_at"]].reset_index(), "known_at")
    for fact in asked:
        told = frame[(frame["fact"] == fact) & frame["number"].notna()]
        told = told.assign(since=told[["as_of", "known_at"]].max(axis=1))[["customer_key", "since", "number"]]
        if told.empty:
            continue
        told = in_order(told, "since")
        match = pd.merge_asof(
            left, told, left_on="known_at", right_on="since", by="customer_key", allow_exact_matches=False
        )
        scaled[fact] = on_scale(match.set_index("index")["number"].reindex(contacts.index), settings.scale[fact])
    return pd.DataFrame(scaled, index=contacts.index).mean(axis=1)


def in_order(rows: pd.DataFrame, moment: str) -> pd.DataFrame:
    """The rows by ``moment``, keys and moments as pandas' join by time wants them on both sides."""
    kinds = {"customer_key": "object", moment: "datetime64[us, UTC]"}
    return rows.astype(kinds).sort_values(moment, kind="stable")


def refusal(values: pd.Series[float]) -> str:
    """Why a driver cannot be estimated; empty if it can."""
    seen = int(values.notna().sum())
    if seen < OBSERVED_SHARE * len(values) or seen == 0:
        return f"not estimable: observed in {seen} of {len(values)} contacts"
    return "not estimable: the same in all contacts" if values.nunique() < 2 else ""


def reasons_of(contacts: pd.DataFrame) -> dict[str, pd.Series[float]]:
    """An indicator of each frequent reason but the most frequent."""
    shares = contacts["reason"].value_counts(normalize=True)
    frequent = sorted(shares.index[shares >= REASON_SHARE], key=lambda name: (-shares[name], name))[: MAX_REASONS + 1]
    return {f"reason {name}": (contacts["reason"] == name).astype("float64") for name in frequent[1:]}


def design_of(
    values: pd.DataFrame, names: Sequence[str], indicators: Mapping[str, pd.Series[float]], found: pd.DataFrame,
    weight: Floats,
) -> Design:  # fmt: skip
    """``names`` of ``values`` in standard deviations, an indicator of each distinct pattern of absence, indicators.

    What was not observed stands at the mean, 0, as a reading and as a truth.
    """
    columns: dict[str, Floats] = {}
    truth: dict[str, Floats] = {}
    absences: dict[bytes, tuple[str, Floats]] = {}
    for name in names:
        value = values[name].astype("float64")
        centre, spread = value.mean(), 1.0 if name in PLAIN else value.std()
        columns[name] = np.asarray(((value - centre) / spread).fillna(0.0), dtype=np.float64)
        truth[name] = columns[name]
        if name in READ and name in found.columns:
            answer = (found[name].set_axis(value.index) - centre) / spread
            truth[name] = np.asarray(answer.where(value.notna(), 0.0), dtype=np.float64)
        elif name in READ:
            truth[name] = np.full(len(value), np.nan)
        absent = np.asarray(value.isna(), dtype=np.float64)
        if absent.mean() >= ABSENT_SHARE:
            absences.setdefault(absent.tobytes(), (f"{name} absent", absent))
    for label, indicator in [
        *absences.values(),
        *((k, np.asarray(v, dtype=np.float64)) for k, v in indicators.items()),
    ]:
        columns[label] = truth[label] = indicator - indicator.mean()
    labels = tuple(columns)
    return Design(
        labels,
        np.column_stack([columns[label] for label in labels]),
        np.column_stack([truth[label] for label in labels]),
        weight,
        tuple(label in READ and label in names for label in labels),
        tuple(label in names and label not in PLAIN for label in labels),
    )
