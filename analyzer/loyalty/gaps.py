"""Two gaps: what customers got against what they wanted, and our view of a contact against their own.

Expectation: of the contacts in which a customer spoke of an expectation, the share exceeded less the share unmet,
for all and by the topic named in the same turn. Perception: our reading of a contact less the customer's answer
about the same contact, both on 0–1 with 1 the best: above 0 we flatter ourselves. Intervals count each
customer as one.
"""

from __future__ import annotations

from typing import Any, Final

import pandas as pd
import pyarrow as pa

from analyzer.codebook import TOPIC_LABELS
from analyzer.loyalty.intervals import clustered_mean
from analyzer.tables import STORED

ALL_TOPICS: Final = "all"
# what we read, the survey item asked about it, and the worst and the best that our number can be
COMPARED: Final = (
    ("satisfaction", "csat", (1.0, 5.0)),
    ("resolved_probability", "resolved", (0.0, 1.0)),
    ("effort", "ces", (5.0, 1.0)),
)
TOPICS: Final = {"satisfaction": "satisfaction", "resolved_probability": "resolution", "effort": "effort"}


def expectation_gap(contacts: pd.DataFrame, cues: pd.DataFrame) -> pa.Table:
    """STORED["expectation_gap"]; ``n`` counts the contacts where an expectation on the topic was spoken of."""
    found = cues.loc[cues["found"].astype(bool), ["interaction_id", "turn", "label"]]
    spoken = found[found["label"].isin(["expect.exceeded", "expect.unmet"])]
    topics = found[found["label"].isin(TOPIC_LABELS)].rename(columns={"label": "topic"})
    topics = topics.assign(topic=topics["topic"].astype("str").str.removeprefix("topic."))
    named = spoken.merge(topics[["interaction_id", "turn", "topic"]], on=["interaction_id", "turn"])
    heard = pd.concat([spoken.assign(topic=ALL_TOPICS), named], ignore_index=True)
    both = pd.DataFrame(
        {label: heard["label"].eq(f"expect.{label}").groupby([heard["interaction_id"], heard["topic"]]).any()
         for label in ("exceeded", "unmet")}
    )  # fmt: skip
    values = both["exceeded"].astype("float64") - both["unmet"].astype("float64")
    return STORED["expectation_gap"].from_rows(_gaps(values.rename("value").reset_index(), contacts))


def perception_gap(contacts: pd.DataFrame, surveys: pa.Table) -> pa.Table:
    """STORED["perception_gap"]; ``n`` counts the contacts where we and the customer both said something."""
    answers = surveys.select(["interaction_id", "item", "good", "answered_at", "survey_id"]).to_pandas()
    answers = answers[answers["good"].notna() & answers["interaction_id"].notna()]
    answers = answers.sort_values(["answered_at", "survey_id"]).drop_duplicates(["interaction_id", "item"], keep="last")
    rated = contacts.loc[contacts["csat"].notna(), ["interaction_id", "csat"]]
    rated = rated[~rated["interaction_id"].isin(answers.loc[answers["item"] == "csat", "interaction_id"])]
    told = pd.DataFrame({"interaction_id": rated["interaction_id"], "item": "csat", "good": (rated["csat"] - 1) / 4})
    theirs = pd.concat([part for part in (answers[["interaction_id", "item", "good"]], told) if len(part)] or [told])
    parts = []
    for column, item, (worst, best) in COMPARED:
        asked = theirs[theirs["item"] == item].set_index("interaction_id")["good"]
        ours = contacts.set_index("interaction_id")[column].dropna().reindex(asked.index)
        gap = (
            ((ours - worst) / (best - worst) - asked)
            .dropna()
            .rename("value")
            .rename_axis("interaction_id")
            .reset_index()
        )
        parts.append(gap.assign(topic=TOPICS[column]))
    return STORED["perception_gap"].from_rows(_gaps(pd.concat(parts, ignore_index=True), contacts))


def _gaps(values: pd.DataFrame, contacts: pd.DataFrame) -> list[dict[str, Any]]:
    """One row a segment and topic of ``values`` (interaction_id, topic, value); contacts not known are left out."""
    place = contacts.set_index("interaction_id")
    known = values[values["interaction_id"].isin(place.index)].sort_values(["interaction_id", "topic"])
    segment = known["interaction_id"].map(place["segment_of_customer"])
    customer = known["interaction_id"].map(place["customer_key"])
    known = known.assign(segment=segment, cluster=customer.fillna(known["interaction_id"]))
    rows = []
    for name in ["all", *sorted({str(s) for s in segment.dropna()} - {"all"})]:
        part = known if name == "all" else known[known["segment"] == name]
        for topic, group in part.groupby("topic", sort=True):
            value, low, high = clustered_mean(group["value"], group["cluster"])
            rows.append({"segment": name, "topic": topic, "value": value, "low": low, "high": high, "n": len(group)})
    return rows
