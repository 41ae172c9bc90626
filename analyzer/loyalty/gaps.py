"""What customers got against what they wanted, by topic and segment: as they said it, and as they were asked.

Said in contacts (topic ``all``, ``time``, …): of the contacts in which a customer spoke of an expectation, the share
exceeded less the share unmet. Probabilities are summed, not labels counted: a label's threshold hears one of both more
often than the other, and calibrated probabilities do not. The codebook gives such a turn exactly one topic; its
probability is shared out among the topics heard in the turn. ``n`` counts the contacts where it was found.

No audit corrects what was said (``model_only``): people are asked, blind, how a contact ended, what was felt, how hard
it was and whether it was met with empathy, not whether it spoke of an expectation. Verdicts on single cues do not stand
in for that: right or wrong is said of what was found, with the finding in view, and words marked blind show what is
there, never that nothing is. It would take a blind question to the whole contact: exceeded, unmet, both or neither.

Asked (topic ``asked.<topic>``): survey items ``wanted_<topic>`` and ``got_<topic>`` on one scale (or
``expectation_``/``perception_``), got less wanted in shares of the scale.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from analyzer.codebook import TOPIC_LABELS
from analyzer.loyalty.clusters import MIN_CUSTOMERS, Mean, clustered_balance, clustered_mean
from analyzer.tables import STORED

ALL: Final = "all"
EXPECTED: Final = ("exceeded", "unmet")
SUMMED: Final = (
    "ratio of summed probabilities, CR2 by customer with one customer added; not audited: reviewers are not asked "
    "whether expectations were exceeded or unmet"
)
ASKED: Final = "mean of got − wanted, CR2 by customer"
_PAIR: Final = re.compile(r"(wanted|got|expectation|perception)_([a-z0-9_]{1,40})")
_SIDE: Final = {"wanted": "wanted", "expectation": "wanted", "got": "got", "perception": "got"}


def expectation_gap(contacts: pd.DataFrame, cues: pd.DataFrame, answers: pa.Table) -> pa.Table:
    """STORED["expectation_gap"]; ``contacts`` has ``segment_of_customer``, ``cues`` may lack ``probability``."""
    spoken, asked = spoken_expectations(cues), asked_expectations(answers)
    heard = [(segment, topic, part) for segment, topic, part in by_segment(spoken, contacts) if part["found"].any()]
    rows = [_spoken_row(segment, topic, part) for segment, topic, part in heard]
    rows += [_asked_row(segment, topic, part) for segment, topic, part in by_segment(asked, contacts)]
    return STORED["expectation_gap"].from_rows(rows)


def spoken_expectations(cues: pd.DataFrame) -> pd.DataFrame:
    """One row a contact and topic: ``value`` (exceeded − unmet) / ``weight``, the probability that it was spoken of."""
    heard = cues[["interaction_id", "turn", "label", "found"]].assign(p=_probability(cues))
    expected = heard[heard["label"].isin([f"expect.{label}" for label in EXPECTED])]
    topics = heard[heard["label"].isin(TOPIC_LABELS)].rename(columns={"found": "topic_found"})
    topics["topic"] = topics["label"].astype("str").str.removeprefix("topic.")
    topics["of_turn"] = topics["p"] / topics.groupby(["interaction_id", "turn"])["p"].transform("sum")
    topics = topics[["interaction_id", "turn", "topic", "topic_found", "of_turn"]]
    named = expected.merge(topics, on=["interaction_id", "turn"])
    named = named.assign(p=named["p"] * named["of_turn"], found=named["found"] & named["topic_found"])
    rows = pd.concat([expected.assign(topic=ALL), named], ignore_index=True)
    none = np.log1p(-rows["p"].clip(upper=1 - 1e-9))
    by = [rows["interaction_id"], rows["topic"]]
    either = {label: 1 - np.exp(none.where(rows["label"] == f"expect.{label}", 0.0).groupby(by).sum())
              for label in EXPECTED}  # fmt: skip
    found = rows["found"].groupby(by).any()
    weight = 1 - (1 - either["exceeded"]) * (1 - either["unmet"])
    value = (either["exceeded"] - either["unmet"]) / weight
    spoken: pd.DataFrame = pd.DataFrame({"value": value, "weight": weight, "found": found}).reset_index()
    return spoken


def asked_expectations(answers: pa.Table) -> pd.DataFrame:
    """One row a response and topic with both sides on one scale: ``value`` got − wanted in shares of the scale."""
    frame = answers.select(["survey_id", "customer_key", "interaction_id", "answered_at", "item", "answer", "scale_min",
                            "scale_max"]).to_pandas()  # fmt: skip
    matched = [_PAIR.fullmatch(item) for item in frame["item"]]
    frame = frame.assign(side=[_SIDE[m[1]] if m else None for m in matched], topic=[m[2] if m else "" for m in matched])
    frame = frame[frame["side"].notna() & frame["answer"].notna() & frame["scale_max"].notna()]
    frame = frame.sort_values("survey_id").drop_duplicates(
        ["customer_key", "interaction_id", "answered_at", "topic", "side"]
    )
    on = ["customer_key", "interaction_id", "answered_at", "topic", "scale_min", "scale_max"]
    both = frame[frame["side"] == "got"].merge(frame[frame["side"] == "wanted"], on=on, suffixes=("", "_wanted"))
    value = (both["answer"] - both["answer_wanted"]) / (both["scale_max"] - both["scale_min"])
    asked: pd.DataFrame = both[["customer_key", "interaction_id"]].assign(
        topic=[f"asked.{topic}" for topic in both["topic"]], value=value.astype("float64")
    )
    return asked


def by_segment(values: pd.DataFrame, contacts: pd.DataFrame) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Rows of each segment and topic with ``cluster`` codes; contacts not known are left out, answers about none stay.

    A contact without a customer is a customer of its own.
    """
    known = contacts.drop_duplicates("interaction_id").set_index("interaction_id")
    about = known.index.get_indexer(pd.Index(values["interaction_id"], dtype=known.index.dtype)) >= 0
    values = values[about | values["interaction_id"].isna().to_numpy()]
    customer = values["interaction_id"].map(known["customer_key"])
    segment = values["interaction_id"].map(known["segment_of_customer"]).astype("object")
    if "customer_key" in values.columns:
        customer = customer.fillna(values["customer_key"])
        of_customer = contacts.dropna(subset=["customer_key"]).drop_duplicates("customer_key", keep="last")
        told = values["customer_key"].map(of_customer.set_index("customer_key")["segment_of_customer"])
        segment = segment.where(segment.notna(), told)
    rows = values.assign(segment=segment, cluster=customer.fillna(values["interaction_id"]))
    rows = rows.sort_values(["topic", "interaction_id", "cluster", "value"], kind="stable")
    for name in [ALL, *sorted({str(s) for s in segment.dropna()} - {ALL})]:
        part = rows if name == ALL else rows[rows["segment"] == name]
        for topic in sorted(set(part["topic"])):
            yield name, topic, part[part["topic"] == topic]


def gap_row(segment: str, topic: str, mean: Mean, n: int, method: str, basis: str | None) -> dict[str, Any]:
    """A row of either gap table; without numbers where fewer than MIN_CUSTOMERS customers stand behind it."""
    if mean.value is None:
        method = f"not estimable: fewer than {MIN_CUSTOMERS} customers"
    return {
        "segment": segment, "topic": topic, "value": mean.value, "low": mean.low, "high": mean.high, "n": n,
        "customers": mean.customers, "error_basis": basis, "method": method,
    }  # fmt: skip


def _spoken_row(segment: str, topic: str, part: pd.DataFrame) -> dict[str, Any]:
    found = part[part["found"].astype(bool)]
    customers = int(found["cluster"].nunique())
    mean = Mean(customers)
    if customers >= MIN_CUSTOMERS:
        numbers = (part[name].to_numpy(dtype="float64") for name in ("value", "weight"))
        values, weights = numbers
        of_all = clustered_balance(values, pd.factorize(part["cluster"])[0], weights)
        mean = Mean(customers, of_all.value, of_all.low, of_all.high)
    return gap_row(segment, topic, mean, len(found), SUMMED, "model_only")


def _asked_row(segment: str, topic: str, part: pd.DataFrame) -> dict[str, Any]:
    mean = clustered_mean(part["value"].to_numpy(dtype="float64"), pd.factorize(part["cluster"])[0])
    return gap_row(segment, topic, mean, len(part), ASKED, None)


def _probability(cues: pd.DataFrame) -> pd.Series[float]:
    """Of each cue; a label that was only found or not is taken at its word."""
    said = cues["found"] if "probability" not in cues.columns else cues["probability"]
    return said.astype("float64")
