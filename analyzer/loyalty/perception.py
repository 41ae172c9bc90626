"""Our view of a contact against the customers' own: what they answered, and what they did.

All on 0–1 with 1 the best; ours less theirs, so above 0 we flatter ourselves.

    satisfaction, resolution, effort    what we read in the contact, against the answer about the same contact
    experience                          our score of the contact, against the customer's CSAT
    <topic>.reviewed                    what our reviewers judged, against the answer
    resolution.returned                 what we read, against whether the customer stayed away with the matter

Where invitations are known, each answer stands for the silent like it (``survey_checks.silence_weights``). A return
counts once its window is over, and only for contacts of customers we would know again. A reading that is compared with
an answer is not corrected for its error: its error is what is measured.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa

from analyzer.codebook import RESOLUTIONS
from analyzer.loyalty.clusters import Mean, clustered_balance, clustered_mean
from analyzer.loyalty.gaps import by_segment, gap_row
from analyzer.loyalty.survey_checks import UNWEIGHTED, WEIGHTED
from analyzer.loyalty.values import read_boolean, read_number
from analyzer.tables import STORED

# topic: what we read, the survey item asked about it, and the worst and the best that our number can be
COMPARED: Final = {
    "satisfaction": ("satisfaction", "csat", (1.0, 5.0)),
    "resolution": ("resolved_probability", "resolved", (0.0, 1.0)),
    "effort": ("effort", "ces", (5.0, 1.0)),
    "experience": ("experience_contact", "csat", (0.0, 100.0)),
}
RETURNED: Final = "resolution.returned"
RETURN_DAYS: Final = 30  # by then the headline window is over, and its outcome known
JUDGED: Final = ("confirmed", "refuted", "silent", "open")


def perception_gap(
    contacts: pd.DataFrame, answers: pa.Table, verdicts: pa.Table, weights: pd.Series[float] | None, as_of: datetime
) -> pa.Table:
    """STORED["perception_gap"]; ``n`` counts the contacts of which both sides say something."""
    theirs = customers_view(contacts, answers)
    ours = pd.concat([_read(contacts), _reviewed(verdicts, as_of)], ignore_index=True)
    both = ours.merge(theirs, on=["interaction_id", "item"])
    both = both.assign(value=both["ours"] - both["theirs"], drawn=both["drawn"].fillna(1.0))
    both = both[["interaction_id", "topic", "value", "invited", "drawn"]]
    rows = []
    for segment, topic, part in by_segment(both, contacts):
        weight = _weights(part, weights)
        silent = weights is not None and part["invited"].astype(bool).all()
        method = f"mean difference, CR2 by customer; {WEIGHTED if silent else UNWEIGHTED}"
        basis = None if topic.endswith(".reviewed") else "model_only"
        rows.append(gap_row(segment, topic, _mean(part, weight), len(part), method, basis))
    for segment, topic, part in by_segment(_returns(contacts, as_of), contacts):
        method = "mean difference, CR2 by customer; contacts whose time to return is over"
        rows.append(gap_row(segment, topic, _mean(part, None), len(part), method, "model_only"))
    return STORED["perception_gap"].from_rows(rows)


def customers_view(contacts: pd.DataFrame, answers: pa.Table) -> pd.DataFrame:
    """The newest answer to each item about each contact: ``theirs`` 0–1, ``invited`` where it was asked for by name.

    A rating that came with the contact's own record counts where no survey asked.
    """
    columns = ["interaction_id", "item", "good", "answered_at", "survey_id", "invited_at"]
    frame = answers.select(columns).to_pandas()
    frame = frame[frame["good"].notna() & frame["interaction_id"].notna()].sort_values(["answered_at", "survey_id"])
    frame = frame.drop_duplicates(["interaction_id", "item"], keep="last")
    asked = frame[["interaction_id", "item"]].assign(theirs=frame["good"], invited=frame["invited_at"].notna())
    rated = contacts.loc[contacts["csat"].notna(), ["interaction_id", "csat"]]
    of_survey = pd.Index(asked.loc[asked["item"] == "csat", "interaction_id"])
    rated = rated[of_survey.get_indexer(pd.Index(rated["interaction_id"])) < 0]
    own = pd.DataFrame({"interaction_id": rated["interaction_id"], "item": "csat", "theirs": (rated["csat"] - 1) / 4,
                        "invited": False})  # fmt: skip
    both: pd.DataFrame = pd.concat([part for part in (asked, own) if len(part)] or [own], ignore_index=True)
    return both


def _read(contacts: pd.DataFrame) -> pd.DataFrame:
    parts = []
    for topic, (column, item, (worst, best)) in COMPARED.items():
        seen = contacts.loc[contacts[column].notna(), ["interaction_id", column]]
        ours = (seen[column].astype("float64") - worst) / (best - worst)
        parts.append(
            pd.DataFrame({"interaction_id": seen["interaction_id"], "item": item, "topic": topic, "ours": ours})
        )
    return pd.concat(parts, ignore_index=True)


def _reviewed(verdicts: pa.Table, as_of: datetime) -> pd.DataFrame:
    """Blind verdicts known by ``as_of``: of each reviewer the last, of several reviewers the mean.

    Each stands for the contacts that its draw passed over: those flagged for a look are not like the others.
    """
    frame = verdicts.to_pandas()
    frame = frame[(frame["answered_at"] <= as_of) & frame["blind"].astype(bool) & (frame["sampling_probability"] > 0)]
    frame = frame.sort_values(["answered_at", "verdict_id"], kind="stable")
    frame = frame.drop_duplicates(["interaction_id", "finding", "reviewer"], keep="last")
    parts = [pd.DataFrame({"interaction_id": [], "item": [], "topic": [], "ours": [], "drawn": []})]
    for topic, (_, item, (worst, best)) in COMPARED.items():
        judged = frame[frame["finding"] == topic]
        said = judged["answer"].map(lambda answer, topic=topic: _answer(answer, topic)).astype("float64")
        rows = judged[["interaction_id", "sampling_probability"]].assign(ours=(said - worst) / (best - worst))
        rows = rows[rows["ours"].between(0, 1)].groupby("interaction_id", sort=True).mean().reset_index()
        rows = rows.rename(columns={"sampling_probability": "drawn"})
        parts.append(rows.assign(item=item, topic=f"{topic}.reviewed"))
    return pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)


def _answer(answer: str, topic: str) -> float:
    """A verdict as a number; NaN where it is none, or the reviewer could not tell."""
    word = answer.strip().lower()
    if topic == "resolution" and word in RESOLUTIONS:
        return float("nan") if word == "unclear" else float(word == "resolved")
    found = read_boolean(word)
    found = read_number(word) if found is None else found
    return float("nan") if found is None else found


def _returns(contacts: pd.DataFrame, as_of: datetime) -> pd.DataFrame:
    """Our probability that it was resolved, less the probability that the customer did not have to come back."""
    over = contacts["known_at"] <= pd.Timestamp(as_of - timedelta(days=RETURN_DAYS))
    seen = contacts[over & contacts["fcr_status"].isin(JUDGED) & contacts["resolved_probability"].notna()]
    seen = seen[seen["repeat_probability"].notna() & seen["customer_key"].notna()]
    value = seen["resolved_probability"] - (1 - seen["repeat_probability"])
    return pd.DataFrame({"interaction_id": seen["interaction_id"], "topic": RETURNED, "value": value})


def _weights(part: pd.DataFrame, weights: pd.Series[float] | None) -> pd.Series[float] | None:
    """What each answer stands for: the silent like it, if all were asked for; and what the draw passed over."""
    of_draw = pd.Series(1 / part["drawn"].to_numpy(dtype="float64"), index=part["interaction_id"])
    if weights is None or not part["invited"].astype(bool).all():
        return of_draw if (of_draw != 1).any() else None
    return weights.reindex(part["interaction_id"]).fillna(1.0) * of_draw


def _mean(part: pd.DataFrame, weights: pd.Series[float] | None) -> Mean:
    values, customers = part["value"].to_numpy(dtype="float64"), pd.factorize(part["cluster"])[0]
    of_each = None if weights is None else np.asarray(weights, dtype=np.float64)
    plain = bool(np.isin(values, (-1.0, 0.0, 1.0)).all())
    return clustered_balance(values, customers, of_each) if plain else clustered_mean(values, customers, of_each)
