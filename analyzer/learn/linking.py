"""Learns which contacts are one matter from invented customers' histories, and says how well it does.

Logistic regression with a Gaussian prior and known signs (maximum a posteriori, L-BFGS-B within bounds). The data are
few (56 pairs) and hard on purpose, so every weight may only go the way that sense allows, and two that they cannot
teach lean on their prior: all contacts of a history name the same things, which says nothing of word overlap in a real
store, and none names a product line. Codebook labels stand in for cues at ``HEARD``, near what a detector says of them.
Scores are out of fold, one customer left out at a time; nothing is drawn at random, so the file is the same each time.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from sklearn.metrics import roc_auc_score

from analyzer.config import load_settings
from analyzer.journey.chains import chain_contacts
from analyzer.journey.linking import (
    FEATURES,
    LinkModel,
    candidate_pairs,
    join_episodes,
    pair_features,
    stems,
)
from analyzer.journey.signals import company_openers, hear_signals
from analyzer.learn.corpus import read_rows

HISTORIES: Final = "authored_journeys.jsonl.gz"
DIALOGUES: Final = "authored.jsonl.gz"
HEARD: Final = 0.9
MIN_DOCUMENTS: Final = 3  # rarer stems count as unseen, which keeps the file small and nobody's own words in it
PRECISION: Final = 0.5  # of the prior on each weight; the intercept is free


@dataclass(frozen=True, slots=True)
class Prior:
    """Mean of a weight before any data, and the sign it may take."""

    mean: float
    sign: int


PRIORS: Final = {
    "overlap": Prior(1.0, +1),
    "reason": Prior(1.0, +1),
    "product_differs": Prior(-1.5, -1),
    "claim": Prior(1.0, +1),
    "chase": Prior(0.5, +1),
    "settled": Prior(-1.0, -1),
    "log_days": Prior(-0.3, -1),
    "earlier_resolved": Prior(-0.5, -1),
    "same_channel": Prior(0.0, +1),
}


@dataclass(frozen=True, slots=True)
class LinkReport:
    """Out-of-fold figures over ``pairs`` pairs of ``customers`` customers, beside what joining blindly gives.

    ``f1`` counts pairs that end up in one episode, which is what the tables say; the baselines join all contacts of a
    customer, or those with the same reason.
    """

    pairs: int
    same_matter: int
    customers: int
    auc: float
    precision: float
    recall: float
    f1: float
    auc_same_reason: float
    precision_same_reason: float
    recall_same_reason: float
    f1_same_reason: float
    f1_join_all: float


@dataclass(frozen=True, slots=True)
class Histories:
    """Pairs of contacts with their features and whether they are one matter."""

    contacts: pd.DataFrame
    pairs: pd.DataFrame
    features: pd.DataFrame
    truth: np.ndarray
    customer: np.ndarray


def learn_linking(data_dir: Path) -> tuple[LinkModel, LinkReport]:
    """The link model learned on ``data_dir`` and its report; the same data give the same model to the byte."""
    empty = LinkModel(dict.fromkeys(FEATURES, 0.0), 0.0, *_background(data_dir / DIALOGUES), {})
    histories = _histories(data_dir / HISTORIES, empty)
    held_out = _out_of_fold(histories)
    report = _report(histories, held_out)
    weights, intercept = _fit(histories.features.to_numpy(), histories.truth)
    card: dict[str, str | int | float] = {
        "data": ", ".join(f"{name} sha256 {_sha256(data_dir / name)}" for name in (HISTORIES, DIALOGUES)),
        "method": f"logistic, MAP with signed priors, precision {PRECISION}",
        "seed": "none: folds are customers, nothing is drawn",
        **asdict(report),
    }
    model = LinkModel(
        weights={name: round(float(weight), 4) for name, weight in zip(FEATURES, weights, strict=True)},
        intercept=round(intercept, 4),
        documents=empty.documents,
        document_frequency=empty.document_frequency,
        card=card,
    )
    return model, report


def _background(path: Path) -> tuple[int, dict[str, int]]:
    rows = read_rows(path)
    counts: Counter[str] = Counter()
    for row in rows:
        counts.update(set().union(*(stems(turn["text"]) for turn in row["turns"] if turn["speaker"] == "customer")))
    return len(rows), {stem: count for stem, count in counts.items() if count >= MIN_DOCUMENTS}


def _histories(path: Path, model: LinkModel) -> Histories:
    rows = read_rows(path)
    settings = load_settings().journey
    facts, turns, cues = _facts(rows), _turns(rows), _cues(rows)
    contacts = chain_contacts(facts, company_openers(facts, turns), settings.redial_minutes)
    pairs = candidate_pairs(contacts, settings.horizon_days)
    features = pair_features(pairs, contacts, hear_signals(contacts, cues, turns), turns, model)
    matter = {row["interaction_id"]: row["episode"] for row in rows}
    matters = contacts["contact_id"].map(matter).to_numpy()
    truth = matters[pairs["earlier"]] == matters[pairs["later"]]
    return Histories(
        contacts, pairs, features, truth.astype(float), contacts["customer_key"].to_numpy()[pairs["later"]]
    )


def _facts(rows: list[dict[str, Any]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows)[["interaction_id", "channel", "resolution", "reason"]]
    solved = frame["resolution"].map({"resolved": HEARD, "partial": 0.3, "pending": 0.2}).fillna(1 - HEARD)
    return frame.assign(
        customer_key=[row["customer_id"] for row in rows],
        started_at=pd.to_datetime([row["started_at"] for row in rows], utc=True),
        ended_at=pd.to_datetime([row["started_at"] for row in rows], utc=True) + timedelta(minutes=5),
        agent_turns=[sum(turn["speaker"] == "agent" for turn in row["turns"]) for row in rows],
        resolved_probability=solved,
        chain_id=None, direction=None, product_line=None, disposition=None,
    )  # fmt: skip


def _turns(rows: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"interaction_id": row["interaction_id"], "turn": at, "speaker": turn["speaker"], "text": turn["text"]}
            for row in rows
            for at, turn in enumerate(row["turns"])
        ]
    )


def _cues(rows: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"interaction_id": row["interaction_id"], "turn": at, "label": label, "probability": HEARD}
            for row in rows
            for at, turn in enumerate(row["turns"])
            for label in turn["labels"]
        ]
    )


def _fit(features: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, float]:
    """Weights and intercept that maximise likelihood × prior within the signs."""
    means = np.array([PRIORS[name].mean for name in FEATURES])
    bounds = [(0.0, None) if PRIORS[name].sign > 0 else (None, 0.0) for name in FEATURES]

    def loss(theta: np.ndarray) -> tuple[float, np.ndarray]:
        logit = features @ theta[:-1] + theta[-1]
        pull = theta[:-1] - means
        value = np.logaddexp(0, logit).sum() - (truth * logit).sum() + 0.5 * PRECISION * (pull @ pull)
        residual = 1 / (1 + np.exp(-logit)) - truth
        return float(value), np.append(features.T @ residual + PRECISION * pull, residual.sum())

    start = np.append(means, 0.0)
    options = {"maxiter": 1000, "ftol": 1e-14, "gtol": 1e-9}
    best = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[*bounds, (None, None)], options=options)
    return best.x[:-1], float(best.x[-1])


def _out_of_fold(histories: Histories) -> np.ndarray:
    """Link probability of each pair from a model that never saw its customer."""
    features, held_out = histories.features.to_numpy(), np.zeros(len(histories.truth))
    for customer in sorted(set(histories.customer)):
        mine = histories.customer == customer
        weights, intercept = _fit(features[~mine], histories.truth[~mine])
        held_out[mine] = 1 / (1 + np.exp(-(features[mine] @ weights + intercept)))
    return held_out


def _report(histories: Histories, held_out: np.ndarray) -> LinkReport:
    truth = histories.truth
    same_reason = (histories.features["reason"] == 1.0).to_numpy(dtype=float)
    ours, reason = _agreement(histories, held_out), _agreement(histories, same_reason)
    return LinkReport(
        pairs=len(truth),
        same_matter=int(truth.sum()),
        customers=len(set(histories.customer)),
        auc=round(float(roc_auc_score(truth, held_out)), 4),
        precision=ours[0],
        recall=ours[1],
        f1=ours[2],
        auc_same_reason=round(float(roc_auc_score(truth, same_reason)), 4),
        precision_same_reason=reason[0],
        recall_same_reason=reason[1],
        f1_same_reason=reason[2],
        f1_join_all=_agreement(histories, np.ones(len(truth)))[2],
    )


def _agreement(histories: Histories, probability: np.ndarray) -> tuple[float, float, float]:
    """Precision, recall and F1 of the pairs that end up in one episode."""
    threshold = load_settings().journey.link_threshold
    joined = join_episodes(histories.pairs.assign(probability=probability), histories.contacts, threshold)
    episode = joined["episode"].to_numpy()
    together = episode[histories.pairs["earlier"]] == episode[histories.pairs["later"]]
    hits = float((together & (histories.truth == 1)).sum())
    precision, recall = hits / max(together.sum(), 1), hits / max(histories.truth.sum(), 1)
    f1 = 2 * precision * recall / max(precision + recall, 1e-12)
    return round(float(precision), 4), round(float(recall), 4), round(float(f1), 4)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]
