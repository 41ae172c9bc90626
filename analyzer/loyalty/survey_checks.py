"""What surveys are worth: who answered, how it was asked, which answers cannot be used; and the weights that follow.

    response_rate       invitations at least ANSWER_DAYS old that were answered within as many days
    no_scale            answers whose scale nobody declared
    no_direction        answers whose scale is known, but not which end is the good one
    control_failed      responses with a control item that failed
    straight_lined      responses with one and the same answer to items that mean opposite things
    same_everywhere     responses with one and the same answer to five or more items that mean the same: odd, no proof
    mean                mean of ``good`` over sound answers
    mean_weighted       the same, each answer standing for the invited like it who did not answer

A response that failed a control or was straight-lined is counted here and nowhere else. Silence is weighted only where
invitations without an answer are known: that nobody is on record as silent does not mean that all answered. Weights
are 1 / the probability to answer, by logistic regression on what we read from the contact; they mend who answers
as far as that shows in the contact, and no further (Little & Rubin 2019, ch. 3).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from sklearn.linear_model import LogisticRegression

from analyzer.loyalty.clusters import Floats, Mean, clustered_mean, clustered_share
from analyzer.loyalty.surveys import CONTROL, INVITATION
from analyzer.tables import STORED

ANSWER_DAYS: Final = 7
ALL: Final = "all"
MIN_EACH: Final = 30  # answered and unanswered invitations from which a probability to answer is learned
LEAST_PROBABILITY: Final = 0.05  # nobody stands for more than twenty
SAME_ITEMS: Final = 5
OPPOSED_ITEMS: Final = 3
READ: Final = ("satisfaction", "sentiment_end", "resolved_probability", "effort")
_RESPONSE: Final = ["customer_key", "interaction_id", "answered_at"]
WEIGHTED: Final = "weighted for silence (inverse probability to answer)"
UNWEIGHTED: Final = "not weighted: invitations not known"


def answers_frame(surveys: pa.Table, as_of: datetime | None) -> pd.DataFrame:
    """Answers known by ``as_of`` (None: all) with the response each belongs to; one without a date has no place."""
    frame: pd.DataFrame = surveys.to_pandas()
    frame = frame[frame["answered_at"].notna() & (frame["item"] != INVITATION)]
    frame = frame if as_of is None else frame[frame["answered_at"] <= as_of]
    frame = frame.sort_values("survey_id", kind="stable", ignore_index=True)
    return frame.assign(response=frame.groupby(_RESPONSE, dropna=False, sort=True).ngroup())


def unsound(answers: pd.DataFrame) -> pd.DataFrame:
    """``control_failed``, ``straight_lined``, ``same_everywhere`` of each response; NaN where it could not show."""
    controls = answers[answers["item"].str.startswith(CONTROL) & answers["good"].notna()]
    rated = answers[~answers["item"].str.startswith(CONTROL) & answers["answer"].notna() & answers["scale_max"].notna()]
    place = (rated["answer"] - rated["scale_min"]) / (rated["scale_max"] - rated["scale_min"])
    rated = rated.assign(turned=(place - rated["good"]).abs() > 1e-9, known=rated["good"].notna())
    by = rated.groupby(["response", "scale_min", "scale_max"])
    sets = by.agg(items=("answer", "size"), answers=("answer", "nunique"), turned=("turned", "sum"),
                  known=("known", "sum"))  # fmt: skip
    opposed = (sets["known"] == sets["items"]) & sets["turned"].between(1, sets["items"] - 1)
    # The middle of the scale, said to everything, is turned to itself and contradicts nothing.
    lined = (sets["answers"] == 1).where(opposed & (sets["items"] >= OPPOSED_ITEMS))
    same = (sets["answers"] == 1).where(~opposed & (sets["items"] >= SAME_ITEMS))
    index = pd.Index(answers["response"].unique(), name="response").sort_values()
    return pd.DataFrame(
        {
            "control_failed": (controls["good"] < 0.5).groupby(controls["response"]).max().reindex(index),
            "straight_lined": lined.astype("float64").groupby("response").max().reindex(index),
            "same_everywhere": same.astype("float64").groupby("response").max().reindex(index),
        }
    ).astype("float64")


def sound_surveys(surveys: pa.Table) -> pa.Table:
    """``surveys`` without control items and without responses that failed a control or were straight-lined."""
    answers = answers_frame(surveys, None)
    if answers.empty:
        return surveys
    found = unsound(answers)
    bad = found.index[(found["control_failed"] >= 1) | (found["straight_lined"] >= 1)]
    left_out = answers[answers["response"].isin(bad) | answers["item"].str.startswith(CONTROL)]["survey_id"]
    return surveys.filter(pc.invert(pc.is_in(surveys["survey_id"], pa.array(left_out, pa.string()))))


def invitations(surveys: pa.Table, as_of: datetime) -> pd.DataFrame:
    """One row an invitation old enough to have been answered: ``customer_key``, ``interaction_id``, ``answered``."""
    frame: pd.DataFrame = surveys.to_pandas()
    frame = frame[frame["invited_at"].notna() & (frame["invited_at"] <= as_of - timedelta(days=ANSWER_DAYS))]
    answered = frame["answered_at"].where(frame["item"] != INVITATION)
    frame = frame.assign(answered_at=answered.where(answered <= as_of))
    keys = ["customer_key", "interaction_id", "invited_at"]
    found = frame.groupby(keys, dropna=False, sort=True).agg(at=("answered_at", "min"), mode=("mode", "first"))
    found = found.reset_index()
    found["answered"] = found["at"] <= found["invited_at"] + pd.Timedelta(days=ANSWER_DAYS)
    # An answer that came in a later file has its own row beside the invitation that stood without it.
    return found.sort_values("answered", kind="stable").drop_duplicates(keys, keep="last", ignore_index=True)


def silence_weights(invited: pd.DataFrame, contacts: pd.DataFrame) -> pd.Series[float] | None:
    """Weight of an answer about each of ``contacts``; None where too little is known of those who are silent."""
    asked = invited[pd.Index(contacts["interaction_id"]).get_indexer(pd.Index(invited["interaction_id"])) >= 0]
    answered = asked["answered"].to_numpy(dtype=bool)
    if min(answered.sum(), (~answered).sum()) < MIN_EACH:
        return None
    read = contacts.set_index("interaction_id")[list(READ)].astype("float64")
    middle, spread = read.median().fillna(0.0), read.std().fillna(0.0)
    standard = ((read - middle) / spread.where(spread > 0, 1.0)).fillna(0.0)
    order = np.lexsort((answered, asked["interaction_id"].to_numpy(dtype="str")))
    rows = standard.loc[asked["interaction_id"]].to_numpy()[order]
    model = LogisticRegression(C=100.0, max_iter=1000).fit(rows, answered[order])
    probability = model.predict_proba(standard.to_numpy())[:, 1]
    return pd.Series(1 / np.maximum(probability, LEAST_PROBABILITY), index=standard.index)


def survey_checks(surveys: pa.Table, weights: pd.Series[float] | None, as_of: datetime) -> pa.Table:
    """STORED["survey_checks"]: for all and for each mode, what the surveys are worth; ``weights`` against silence."""
    answers, invited = answers_frame(surveys, as_of), invitations(surveys, as_of)
    if answers.empty and invited.empty:
        return STORED["survey_checks"].empty()
    found = unsound(answers)
    bad = found.index[(found["control_failed"] >= 1) | (found["straight_lined"] >= 1)]
    sound = answers[~answers["response"].isin(bad) & ~answers["item"].str.startswith(CONTROL)]
    if weights is not None:
        sound = sound.assign(weight=weights.reindex(sound["interaction_id"]).to_numpy(dtype="float64"))
    rows: list[dict[str, Any]] = []
    for mode in [ALL, *sorted({str(m) for m in [*answers["mode"].dropna(), *invited["mode"].dropna()]} - {ALL})]:
        ours, asked, theirs = (
            part if mode == ALL else part[part["mode"] == mode] for part in (answers, invited, sound)
        )
        checks = [*_of_responses(ours, asked, found), *_of_items(theirs)]
        rows += [{"mode": mode, "as_of": as_of, **check} for check in checks]
    return STORED["survey_checks"].from_rows(rows)


def _of_responses(answers: pd.DataFrame, invited: pd.DataFrame, found: pd.DataFrame) -> list[dict[str, Any]]:
    rows = []
    if (~invited["answered"].astype(bool)).any():
        rows.append(_row("", "response_rate", _shared(invited["answered"], invited["customer_key"]), len(invited)))
    responses = answers.drop_duplicates("response").set_index("response")["customer_key"]
    for check in ("control_failed", "straight_lined", "same_everywhere"):
        seen = found[check].reindex(responses.index).dropna()
        if len(seen):
            rows.append(_row("", check, _shared(seen, responses.loc[seen.index]), len(seen)))
    return rows


def _of_items(answers: pd.DataFrame) -> list[dict[str, Any]]:
    rows = []
    given = answers[answers["answer"].notna()]
    for item in sorted(set(given["item"])):
        said = given[given["item"] == item]
        unscaled = said["scale_max"].isna()
        undirected = (said["good"].isna() & ~unscaled)[~unscaled]
        rows.append(_row(item, "no_scale", _shared(unscaled, said["customer_key"]), len(said)))
        if len(undirected):
            customers = said["customer_key"][~unscaled]
            rows.append(_row(item, "no_direction", _shared(undirected, customers), len(undirected)))
        good = said[said["good"].notna()]
        if len(good):
            rows.append(_row(item, "mean", _mean(good["good"], good["customer_key"], None), len(good)))
        about = good[good["weight"].notna()] if "weight" in good.columns else good[:0]
        if len(about):
            mean = _mean(about["good"], about["customer_key"], np.asarray(about["weight"], dtype=np.float64))
            rows.append(_row(item, "mean_weighted", mean, len(about)) | {"method": WEIGHTED})
    return rows


def _shared(values: pd.Series[Any], customers: pd.Series[Any]) -> Mean:
    return clustered_share(values.to_numpy(dtype="float64"), pd.factorize(customers)[0])


def _mean(values: pd.Series[Any], customers: pd.Series[Any], weights: Floats | None) -> Mean:
    """Of answers on 0–1, moved to −1…1, where an interval by customers has its ends."""
    found = clustered_mean(2 * values.to_numpy(dtype="float64") - 1, pd.factorize(customers)[0], weights)
    if found.value is None or found.low is None or found.high is None:
        return found
    return Mean(found.customers, (found.value + 1) / 2, (found.low + 1) / 2, (found.high + 1) / 2)


def _row(item: str, check: str, mean: Mean, n: int) -> dict[str, Any]:
    counted = "share, Wilson at the customers' worth of answers"
    method = "mean, CR2 by customer" if check == "mean" else counted
    return {
        "item": item, "check": check, "n": n, "customers": mean.customers, "value": mean.value, "low": mean.low,
        "high": mean.high, "method": method,
    }  # fmt: skip
