"""Gaps of the organisation (procedure, skill, tool) by the loyalty at stake: notices that would not be, if one closed.

At up to four past dates, one horizon apart, customers on record who had been in touch within the horizon before are
asked two questions: was a sign of the gap heard then, and did notice follow within the horizon after. A linear model
of notice on all signs at once, the number of contacts, the feeling in which contacts began and the date gives what each
sign adds to the share that leaves; times the share of customers who met it, it is the loyalty at stake, in notices
per 100 such customers and horizon (population attributable risk, Greenland & Drescher 1993). Variances are clustered by
customer (Liang & Zeger 1986).

A sign enters with its calibrated probability, not as heard or not: errors of a label would water its effect down, a
calibrated probability does not (Berkson's error). An association, though adjusted: whoever meets a gap may differ.
Contacts about cancelling are left out, they are the notice. Fewer than MIN_NOTICES notices, or a sign that hardly
anybody or nearly everybody met: the row keeps who met it and says that the rest is not estimable.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from scipy import stats

from analyzer.config import LoyaltySettings
from analyzer.loyalty.asof import exits_of
from analyzer.loyalty.clusters import clustered_share
from analyzer.tables import STORED

Kind = Literal["procedure", "skill", "tool"]
Floats = NDArray[np.float64]

# sign: what it is a gap of, the label heard, and the topic it must be about
SIGNS: Final[dict[str, tuple[Kind, str, str | None]]] = {
    "had_to_come_back": ("procedure", "effort.repeat_contact", None),
    "had_to_repeat": ("procedure", "effort.repeat_info", None),
    "passed_on": ("procedure", "effort.handoff", None),
    "rule_instead_of_help": ("procedure", "anti.policy", None),
    "brushed_off": ("skill", "anti.dismiss", None),
    "conduct_below_expectation": ("skill", "expect.unmet", "topic.conduct"),
    "information_below_expectation": ("skill", "expect.unmet", "topic.information"),
    "kept_waiting": ("tool", "effort.wait", None),
    "site_app_or_form_failed": ("tool", "effort.hurdle", None),
    "hard_to_reach": ("tool", "expect.unmet", "topic.access"),
}
LANDMARKS: Final = 4
MIN_NOTICES: Final = 30
MIN_EACH: Final = 30.0  # customers who met a sign, and who did not
COUNTS: Final = (2, 3)  # contacts from which a customer counts as having had more
DRAWS: Final = 2000
DRAW_SEED: Final = 20_261_126
PER: Final = 100.0


@dataclass(frozen=True, slots=True)
class _Panel:
    """A row a customer and date: ``met`` probabilities (rows, signs), ``adjust`` held equal, ``left`` 0 or 1."""

    met: Floats
    adjust: Floats
    left: Floats
    customer: NDArray[np.int64]


def organisational_gaps(
    contacts: pd.DataFrame, cues: pd.DataFrame, customers: pd.DataFrame, recorded: bool, as_of: datetime,
    settings: LoyaltySettings,
) -> pa.Table:  # fmt: skip
    """STORED["organisational_gaps"], the most at stake first; ``contacts`` with ``segment_of_customer``."""
    signs = contact_signs(contacts, cues)
    segments = sorted({str(name) for name in customers["segment"].dropna()} - {"all"})
    rows: list[dict[str, Any]] = []
    for segment in ("all", *segments):
        ours = customers if segment == "all" else customers[customers["segment"] == segment]
        panel = _panel(contacts, signs, ours, as_of, settings.horizon_days)
        if panel is not None:
            rows += [{"segment": segment, "horizon_days": settings.horizon_days, "as_of": as_of, **row}
                     for row in _rows(panel, recorded)]  # fmt: skip
    return STORED["organisational_gaps"].from_rows(rows)


def contact_signs(contacts: pd.DataFrame, cues: pd.DataFrame) -> pd.DataFrame:
    """Probability that each sign was heard in each contact (index ``interaction_id``); 0 where no cue speaks for it."""
    p = cues["probability" if "probability" in cues.columns else "found"].astype("float64").clip(upper=1 - 1e-9)
    heard = cues[["interaction_id", "turn", "label"]].assign(p=p)
    topics = heard[heard["label"].astype("str").str.startswith("topic.")]
    share = topics["p"] / topics.groupby(["interaction_id", "turn"])["p"].transform("sum")
    topics = topics.assign(share=share)[["interaction_id", "turn", "label", "share"]]
    index = pd.Index(contacts["interaction_id"], name="interaction_id")
    found = {}
    for sign, (_, label, topic) in SIGNS.items():
        rows = heard[heard["label"] == label]
        if topic is not None:
            rows = rows.merge(topics[topics["label"] == topic], on=["interaction_id", "turn"])
            rows = rows.assign(p=rows["p"] * rows["share"])
        none = np.log1p(-rows["p"]).groupby(rows["interaction_id"]).sum()
        found[sign] = (1 - np.exp(none)).reindex(index).fillna(0.0)
    return pd.DataFrame(found, index=index)


def _panel(
    contacts: pd.DataFrame, signs: pd.DataFrame, customers: pd.DataFrame, as_of: datetime, days: int
) -> _Panel | None:
    undated = customers["left"] & exits_of(customers).isna()
    known = customers[customers["on_record"] & ~undated]
    of_known = known.index.get_indexer(pd.Index(contacts["customer_key"], dtype="object")) >= 0
    rows = contacts[of_known & (contacts["reason"] != "contract_cancel").to_numpy()]
    parts = []
    for step in range(LANDMARKS, 0, -1):
        date = pd.Timestamp(as_of - step * timedelta(days=days))
        seen = rows[(rows["known_at"] <= date) & (rows["known_at"] > date - pd.Timedelta(days=days))]
        gone = exits_of(known).reindex(seen["customer_key"])
        seen = seen[~(gone <= date).to_numpy()]
        if len(seen):
            parts.append(_at(date, seen, signs, known, days).assign(date=step))
    if not parts:
        return None
    frame = pd.concat(parts)
    dates = pd.get_dummies(frame["date"], drop_first=True).to_numpy(dtype="float64")
    counts = np.column_stack([frame["contacts"].to_numpy() >= least for least in COUNTS]).astype("float64")
    feeling = frame["feeling"].fillna(frame["feeling"].mean()).fillna(0.0).to_numpy(dtype="float64")
    adjust = np.column_stack([np.ones(len(frame)), dates, counts, feeling])
    customer = pd.factorize(frame.index, sort=True)[0]
    return _Panel(frame[list(SIGNS)].to_numpy(dtype="float64"), adjust, frame["left"].to_numpy(), customer)


def _at(date: pd.Timestamp, seen: pd.DataFrame, signs: pd.DataFrame, known: pd.DataFrame, days: int) -> pd.DataFrame:
    """One row a customer in touch before ``date``."""
    of_contacts = signs.loc[seen["interaction_id"]].to_numpy(dtype="float64")
    none = pd.DataFrame(np.log1p(-np.minimum(of_contacts, 1 - 1e-9)), columns=list(SIGNS))
    none.index = pd.Index(seen["customer_key"], name="customer_key")
    found: pd.DataFrame = none.groupby(level=0, sort=True).sum().apply(np.expm1).mul(-1.0)  # 1 − Π (1 − p)
    by_customer = seen.groupby("customer_key", sort=True)
    notice_at = known["notice_at"].reindex(found.index)
    left = (notice_at > date) & (notice_at <= date + pd.Timedelta(days=days))
    return found.assign(
        contacts=by_customer.size(), feeling=by_customer["sentiment_start"].mean(), left=left.astype("float64")
    )


def _rows(panel: _Panel, recorded: bool) -> list[dict[str, Any]]:
    why = "" if recorded else "no notices are recorded"
    if recorded and panel.left.sum() < MIN_NOTICES:
        why = f"fewer than {MIN_NOTICES} notices"
    met = panel.met.sum(axis=0)
    used = (met >= MIN_EACH) & (len(panel.met) - met >= MIN_EACH) & (not why)
    at_stake = _at_stake(panel, used) if used.any() else None
    rows = []
    for place, (sign, (kind, _, _)) in enumerate(SIGNS.items()):
        share = clustered_share(panel.met[:, place], panel.customer)
        row: dict[str, Any] = {
            "kind": kind, "sign": sign, "n": len(panel.met), "customers": share.customers, "met_share": share.value,
            "met_low": share.low, "met_high": share.high, "error_basis": "model_only",
            "method": f"not estimable: {why or 'hardly anybody, or nearly everybody, met it'}",
        }  # fmt: skip
        rows.append(row | (at_stake[place] if at_stake is not None and used[place] else {}))
    return sorted(rows, key=lambda row: (row.get("rank", np.inf), -(row["met_share"] or 0.0), row["sign"]))


def _at_stake(panel: _Panel, used: NDArray[np.bool_]) -> dict[int, dict[str, Any]]:
    """Notices per 100 customers of each used sign, with interval and rank; keyed by the sign's place."""
    met = panel.met[:, used]
    tells = np.ptp(panel.adjust, axis=0) > 0
    tells[0] = True  # the constant
    x = np.column_stack([met, panel.adjust[:, tells]])
    effect, covariance, clusters = _ols(x, panel.left, panel.customer)
    k, mean = met.shape[1], met.mean(axis=0)
    value = PER * effect[:k] * mean
    between = np.cov(_by_customer(met, panel.customer).T).reshape(k, k) * clusters / len(met) ** 2
    error = PER * np.sqrt(mean**2 * np.diag(covariance)[:k] + effect[:k] ** 2 * np.diag(between))
    half = float(stats.t.ppf(0.975, max(clusters - 1, 1))) * error
    first, last = _ranks(value, PER**2 * np.outer(mean, mean) * covariance[:k, :k])
    order = np.argsort(np.argsort(-value, kind="stable"), kind="stable") + 1
    places = np.flatnonzero(used)
    method = "linear model of notice on all signs, number of contacts, feeling and date; clustered by customer"
    return {
        int(place): {
            "at_stake": float(value[i]), "low": float(value[i] - half[i]), "high": float(value[i] + half[i]),
            "rank": int(order[i]), "rank_low": int(first[i]), "rank_high": int(last[i]), "method": method,
        }
        for i, place in enumerate(places)
    }  # fmt: skip


def _ols(x: Floats, y: Floats, clusters: NDArray[np.int64]) -> tuple[Floats, Floats, int]:
    """Coefficients, their covariance clustered (with Stata's small-sample factor), and the number of clusters."""
    bread = np.linalg.pinv(x.T @ x)
    effect = bread @ (x.T @ y)
    scores = _by_customer(x * (y - x @ effect)[:, None], clusters)
    groups, n, k = len(scores), *x.shape
    factor = groups / max(groups - 1, 1) * (n - 1) / max(n - k, 1)
    return effect, factor * bread @ (scores.T @ scores) @ bread, groups


def _by_customer(rows: Floats, customers: NDArray[np.int64]) -> Floats:
    return np.column_stack([np.bincount(customers, weights=column) for column in rows.T])


def _ranks(value: Floats, covariance: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The best and the worst rank of each that the errors leave open (95 % of draws)."""
    root = np.linalg.svd(covariance)
    spread = root[0] * np.sqrt(np.maximum(root[1], 0.0))
    drawn = value + np.random.default_rng(DRAW_SEED).standard_normal((DRAWS, len(value))) @ spread.T
    ranks = np.argsort(np.argsort(-drawn, axis=1), axis=1) + 1
    low, high = np.quantile(ranks, (0.025, 0.975), axis=0, method="closest_observation")
    return low.astype(np.int64), high.astype(np.int64)
