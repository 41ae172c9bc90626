"""What people judged of audited contacts, in place of what the machine read: only verdicts that may correct.

A verdict corrects if it was given blind, in a random draw whose probability is known, for the audit and not for
training, on the transcript as it stands now. Where a verdict of the contact may have been trained on, it corrects only
readings of the weights that were judged: later ones may have seen the answer. Left out are not contacts but verdicts:
people correct the machine for training where it errs, and without those contacts it would look better than it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa

from analyzer.codebook import RESOLUTIONS
from analyzer.score.frames import Bools, Floats
from analyzer.tables import STORED

RESOLUTION: Final = "resolution"
_WORDS: Final = {"yes": 1.0, "true": 1.0, "no": 0.0, "false": 0.0}


@dataclass(frozen=True, slots=True)
class Judgeable:
    """A finding that people can judge: the column of facts it stands for, and the scale of answers."""

    column: str
    lowest: float
    highest: float


# finding of a verdict → what it says of the contact. Answers are numbers of the scale, yes or no, or a resolution.
JUDGEABLE: Final[Mapping[str, Judgeable]] = {
    RESOLUTION: Judgeable("resolved_probability", 0, 1),
    "satisfaction": Judgeable("satisfaction", 1, 5),
    "effort": Judgeable("effort", 1, 5),
    "empathy": Judgeable("empathy", 1, 5),
    "sentiment_start": Judgeable("sentiment_start", -1, 1),
    "sentiment_end": Judgeable("sentiment_end", -1, 1),
    "expectation_balance": Judgeable("expectation_balance", -1, 1),
    "empathic_opportunities": Judgeable("empathic_opportunities", 0, 1000),
    "opportunities_met": Judgeable("opportunities_met", 0, 1000),
    "opportunities_hurt": Judgeable("opportunities_hurt", 0, 1000),
    "loyal.churn": Judgeable("churn_talk_probability", 0, 1),
}


@dataclass(frozen=True, slots=True)
class Judgements:
    """``facts``: rows of the audited contacts with judged values; ``judged`` (contacts × findings) says of which.

    ``sampling_probability`` is by contact, in the order of ``facts``. ``left_out`` counts verdicts by why they do not
    count.
    """

    facts: pd.DataFrame
    judged: pd.DataFrame
    sampling_probability: Floats
    left_out: Mapping[str, int]

    def of(self, findings: tuple[str, ...]) -> Bools:
        """Whether all of ``findings`` were judged, by contact."""
        return np.asarray(self.judged[list(findings)].all(axis=1), dtype=np.bool_)


def judgements(
    verdicts: pa.Table,
    facts: pd.DataFrame,
    reveals: pa.Table | None = None,
    model_versions: pd.Series[str] | None = None,
) -> Judgements:
    """The judged contacts among ``facts``. Several reviewers of a finding count as their mean, each with their last.

    ``reveals``: looks at the machine's findings before the answer; what was answered after one was not blind.
    ``model_versions``: of each contact, the weights that read it (None: those that were judged).
    """
    told = verdicts.to_pandas()
    told["revealed_at"] = _first_look(told["interaction_id"], reveals)
    told["read_by"] = told["model_version"]
    if model_versions is not None:
        told["read_by"] = model_versions.reindex(told["interaction_id"].to_numpy()).to_numpy()
    known = facts.drop_duplicates("interaction_id").set_index("interaction_id")
    told["number"] = [_number(finding, answer) for finding, answer in zip(told["finding"], told["answer"], strict=True)]
    why = _why_not(told, known)
    counted = told[why.eq("")].sort_values(["answered_at", "verdict_id"])
    last = counted.drop_duplicates(["interaction_id", "finding", "reviewer"], keep="last")
    numbers = last.pivot_table(index="interaction_id", columns="finding", values="number", aggfunc="mean")
    numbers = numbers.reindex(columns=list(JUDGEABLE)).astype(float)
    share = last.groupby("interaction_id")["sampling_probability"].last().reindex(numbers.index)
    classes = last[last["finding"] == RESOLUTION].groupby("interaction_id")["answer"].last()
    left_out = {str(reason): int(n) for reason, n in why[why.ne("")].value_counts().items()}
    judged = numbers.notna()
    return Judgements(
        _as_judged(known.loc[numbers.index], numbers, classes), judged, share.to_numpy(dtype=np.float64), left_out
    )


def _why_not(told: pd.DataFrame, known: pd.DataFrame) -> pd.Series[str]:
    """By verdict, why it corrects nothing; empty where it does. The first reason that holds."""
    trained = told["interaction_id"].isin(told.loc[told["use"] == "training", "interaction_id"])
    share = told["sampling_probability"]
    standing = told["interaction_id"].map(known["content_hash"])
    turn = told["turn"] if "turn" in told else pd.Series(None, index=told.index, dtype=object)
    reasons = (
        (told["use"] != "audit", "not an audit"),
        (trained & (told["read_by"] != told["model_version"]), "may have been trained on"),
        (~told["blind"].eq(True), "not blind"),
        (told["answered_at"] > told["revealed_at"], "findings seen before"),
        (~((share > 0) & (share <= 1)), "not drawn at random"),
        (~told["interaction_id"].isin(known.index), "contact not known"),
        (standing != told["content_hash"], "another version of the contact"),
        (~told["finding"].isin(list(JUDGEABLE)), "finding not corrected"),
        (turn.notna(), "of a turn, not of the contact"),
        (told["number"].isna(), "answer not on the scale"),
    )
    why = np.select([np.asarray(holds, dtype=bool) for holds, _ in reasons], [name for _, name in reasons], "")
    return pd.Series(why, index=told.index, dtype=object)


def _first_look(contacts: pd.Series[str], reveals: pa.Table | None) -> pd.DatetimeIndex:
    looks = (STORED["reveals"].empty() if reveals is None else reveals).to_pandas()
    first = looks.groupby("interaction_id")["revealed_at"].min().reindex(contacts.to_numpy())
    return pd.DatetimeIndex(pd.to_datetime(first, utc=True))


def _number(finding: str, answer: str) -> float:
    """The answer as a number of its scale; NaN where it is none."""
    if finding not in JUDGEABLE:
        return float("nan")
    word = answer.strip().lower()
    if finding == RESOLUTION:
        return float(word == "resolved") if word in RESOLUTIONS else float("nan")
    scale = JUDGEABLE[finding]
    try:
        number = _WORDS[word] if word in _WORDS and scale.highest == 1 else float(word)
    except ValueError:
        return float("nan")
    return number if scale.lowest <= number <= scale.highest else float("nan")


def _as_judged(facts: pd.DataFrame, numbers: pd.DataFrame, classes: pd.Series[str]) -> pd.DataFrame:
    facts = facts.copy()
    for finding, scale in JUDGEABLE.items():
        said = numbers[finding]
        facts[scale.column] = said.where(said.notna(), facts[scale.column].astype(float))
    facts["resolution"] = classes.reindex(facts.index).fillna(facts["resolution"])
    both = numbers["sentiment_start"].notna() & numbers["sentiment_end"].notna()
    shift = facts["sentiment_end"] - facts["sentiment_start"]
    facts["sentiment_shift"] = shift.where(both, facts["sentiment_shift"].astype(float))
    return facts.reset_index()
