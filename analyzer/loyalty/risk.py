"""The probability that a customer gives notice within the horizon, learned from this company's own past notices.

At up to four past dates, one horizon apart back from where the records end, we ask what was known then (landmarks) and
whether notice followed within the horizon. Who moved away or died first gave none; who came onto the record later was
not yet watched. A logistic regression with an L2 penalty, fitted on these rows, is recalibrated on customers it
had not seen (Platt 1999, five folds by customer) and applied to what is known today. With fewer than 30 notices
nothing is claimed.

Assumes that leaving keeps following the same signs. Only backward-looking facts serve: whether a promise of a
contact was later broken, or its matter came back, would smuggle the future into a landmark. Reference: van
Houwelingen (2007), Dynamic prediction by landmarking.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from analyzer.config import LoyaltySettings
from analyzer.loyalty.asof import Register
from analyzer.loyalty.reasons import recent_contacts

MIN_NOTICES: Final = 30
SHIFT: Final = 0.2  # standard deviation of what log odds move from one landmark to the next
LANDMARKS: Final = 4
FOLDS: Final = 5
OBSERVED_SHARE: Final = 0.5  # a sign known of fewer landmark customers than this is not used
Floats = NDArray[np.float64]
StateAt = Callable[[datetime], pd.DataFrame]


def signs(state: pd.DataFrame, contacts: pd.DataFrame, as_of: datetime, settings: LoyaltySettings) -> pd.DataFrame:
    """What may announce a notice, as known on ``as_of``; one row a customer, NaN where not observed."""
    recent = recent_contacts(contacts, as_of, settings.horizon_days).groupby("customer_key")
    found = state[["satisfaction_index", "attitudinal_index", "behavioural_index"]].astype("float64")
    days_left = (state["contract_end"] - pd.Timestamp(as_of)).dt.total_seconds() / 86400
    found["contract_ends"] = days_left.between(0, settings.horizon_days).astype("float64").where(days_left.notna())
    found["contacts"] = np.log1p(recent.size().reindex(state.index).fillna(0).astype("float64"))
    found["churn_talk"] = recent["churn_talk_probability"].max().reindex(state.index).fillna(0.0)
    found["prior_contacts"] = recent["prior_contacts"].max().reindex(state.index).fillna(0.0)
    for name, column in (("resolved", "resolved_probability"), ("effort", "effort"), ("feeling", "sentiment_end")):
        found[name] = recent[column].mean().reindex(state.index)
    return found


def notice_probability(
    state: pd.DataFrame, state_at: StateAt, contacts: pd.DataFrame, register: Register | None, as_of: datetime,
    settings: LoyaltySettings,
) -> pd.Series[float]:  # fmt: skip
    """The probability of each customer on record who has not left; NaN for others, and for all if not estimable."""
    unknown = pd.Series(np.nan, index=state.index, dtype="float64")
    past = None if register is None else _landmarks(state, state_at, contacts, register, settings)
    if past is None:
        return unknown
    rows, followed, newest = past
    used = [name for name in rows.columns if rows[name].notna().mean() >= OBSERVED_SHARE and rows[name].nunique() > 1]
    if not used:
        return unknown
    customers = rows.index.to_numpy()
    middle, spread = rows[used].median(), rows[used].std()
    before = _standard(rows[used], middle, spread)
    fit = _fit(before, followed, customers)
    shift = _shift(fit(before[newest:]), followed[newest:])
    now = fit(_standard(signs(state, contacts, as_of, settings)[used], middle, spread))
    found = pd.Series(expit(logit(now) + shift), index=state.index)
    return found.where(state["on_record"] & ~state["left"])


def _landmarks(
    state: pd.DataFrame, state_at: StateAt, contacts: pd.DataFrame, register: Register, settings: LoyaltySettings
) -> tuple[pd.DataFrame, Floats, int] | None:
    """Signs at the landmarks, whether notice followed, and the first row of the newest; None with too few notices."""
    horizon = timedelta(days=settings.horizon_days)
    notice_at = state["notice_at"]
    if int((notice_at > register.until - LANDMARKS * horizon).sum()) < MIN_NOTICES:
        return None
    parts: list[pd.DataFrame] = []
    labels: list[Floats] = []
    for step in range(LANDMARKS, 0, -1):
        date = register.until - step * horizon
        then = state_at(date)
        at_risk = _at_risk(state.reindex(then.index), register, date)
        parts.append(signs(then, contacts, date, settings)[at_risk])
        labels.append(np.asarray(notice_at.reindex(then.index)[at_risk] <= date + horizon, dtype=np.float64))
    followed = np.concatenate(labels).astype(np.float64)
    enough = bool(followed.sum() >= MIN_NOTICES and (1 - followed).sum() >= MIN_NOTICES)
    return (pd.concat(parts), followed, len(followed) - len(labels[-1])) if enough else None


def _at_risk(now: pd.DataFrame, register: Register, date: datetime) -> pd.Series[bool]:
    """Who was there on ``date``, not gone yet, and watched; as is known ``now``."""
    undated = now["left"].eq(True) & now["exit_at"].isna()
    there = now["on_record"].eq(True) & ~undated & ~(now["exit_at"] <= date)
    return there if register.looks_back else there & (register.first.reindex(now.index) <= date)


def _standard(signs_: pd.DataFrame, middle: pd.Series[float], spread: pd.Series[float]) -> Floats:
    """Signs in standard deviations from the middle of the past; 0 where not observed."""
    return ((signs_ - middle) / spread).fillna(0.0).to_numpy(dtype="float64")


def _fit(rows: Floats, followed: Floats, customers: NDArray[Any]) -> Callable[[Floats], Floats]:
    """The recalibrated model: from signs to probabilities."""
    order = np.lexsort((followed, customers))  # folds must not depend on the order of rows
    rows, followed, customers = rows[order], followed[order], customers[order]
    model = _logistic(rows, followed)
    unseen = np.zeros(len(rows))
    for train, test in GroupKFold(FOLDS).split(rows, followed, customers):
        unseen[test] = _logistic(rows[train], followed[train]).decision_function(rows[test])
    platt = LogisticRegression(C=1e6, max_iter=1000).fit(unseen[:, None], followed)
    if platt.coef_[0, 0] <= 0:  # it ranks unseen customers the wrong way round, so it knows nothing: the base rate
        return lambda now: np.full(len(now), float(followed.mean()))
    return lambda now: np.asarray(platt.predict_proba(model.decision_function(now)[:, None])[:, 1], dtype="float64")


def _shift(said: Floats, followed: Floats) -> float:
    """What to add to the log odds so that the newest landmark comes out right, drawn to 0.

    Those likely to leave are gone first, so customers who are still there leave less than those of the past did.
    """
    shift = 0.0
    for _ in range(20):
        chance = expit(logit(said) + shift)
        slope = float((followed - chance).sum()) - shift / SHIFT**2
        shift += slope / (float((chance * (1 - chance)).sum()) + SHIFT**-2)
    return shift


def _logistic(rows: Floats, followed: Floats) -> LogisticRegression:
    return LogisticRegression(C=1.0, max_iter=1000).fit(rows, followed)
