"""Contacts worth a person's look, by the rules in the configuration.

A condition compares one measure of the contact: a number or word of its facts, a count of opportunities or promises,
its experience, a phrase of the settings (1 where it was said, 0 where not), or a codebook label, which stands for the
highest probability that its cues reach, or by ``heard`` for whether it was found. ``wants_to_leave`` is 1 where the
customer spoke of leaving or came to cancel. What was not observed meets no condition. Where speakers seem swapped, only
what the record itself says can raise a flag.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from analyzer.codebook import LABELS
from analyzer.config import Condition, FlagRule, FlagSettings
from analyzer.errors import ConfigError
from analyzer.records import stable_id
from analyzer.score.frames import Bools, Days, Floats, Objects, days, linked, numbers, texts, to_table
from analyzer.score.phrases import check_phrases, measure_of, phrases_said
from analyzer.score.urgency import rare
from analyzer.tables import FACT_COLUMNS

RECORDED: Final = frozenset(
    {"turn_count", "customer_turns", "agent_turns", "handle_s", "wait_s", "hold_s", "transfers", "csat"}
    | {"channel", "direction", "language", "team", "queue", "product_line", "segment", "disposition"}
    | {"role_confidence", "prior_contacts"}
)
FACT_NUMBERS: Final = tuple(c.name for c in FACT_COLUMNS if pa.types.is_floating(c.type) or pa.types.is_int32(c.type))
FACT_WORDS: Final = ("channel", "direction", "language", "team", "queue", "product_line", "segment", "disposition",
                     "resolution", "reason")  # fmt: skip
LINK_NUMBERS: Final = ("prior_contacts", "promises_kept", "promises_broken", "fcr_probability", "repeat_probability")
LINK_WORDS: Final = ("fcr_status",)
EXPERIENCE: Final = ("experience_contact", "experience_score")
OPPORTUNITIES: Final[Mapping[str, Callable[[pd.DataFrame], Floats]]] = {
    "opportunities": lambda facts: numbers(facts, "empathic_opportunities"),
    "opportunities_unmet": lambda facts: np.maximum(
        numbers(facts, "empathic_opportunities")
        - numbers(facts, "opportunities_met")
        - numbers(facts, "opportunities_hurt")
        - numbers(facts, "opportunities_met_by_action"),
        0.0,
    ),
}
LEAVING: Final = "wants_to_leave"
CHURN_LABEL, CANCEL_REASON = "loyal.churn", "contract_cancel"
WORDS: Final = frozenset(FACT_WORDS + LINK_WORDS)
MEASURES: Final = (
    frozenset(FACT_NUMBERS + LINK_NUMBERS + EXPERIENCE + LABELS) | OPPORTUNITIES.keys() | WORDS | {LEAVING}
)


@dataclass(frozen=True, slots=True)
class _Contacts:
    """Everything rules may ask of the contacts, all in the order of ``ids``."""

    ids: Objects
    day: Days
    facts: pd.DataFrame
    links: pd.DataFrame
    experience: pd.DataFrame
    strongest: Mapping[str, pd.DataFrame]  # label → probability, found and turn of its strongest cue, by contact
    phrases: Mapping[str, pd.DataFrame]  # measure → whether it was said, and in which turn first
    unheard: Bools  # nothing can be said of labels: swapped, or a language we do not understand
    swapped: Bools


def raise_flags(
    facts: pd.DataFrame,
    cues: pd.DataFrame,
    links: pd.DataFrame,
    flag_settings: FlagSettings,
    *,
    swap_below: float,
    experience: pd.DataFrame | None = None,
    turns: pd.DataFrame | None = None,
) -> pa.Table:
    """The flags of all rules, by contact and rule; ``turn`` is that of the strongest cue of the rule's first label, or
    where its phrase was said first.

    ``experience`` (score_contacts) is needed where a rule asks for it, and tells the gravest of the urgent; ``turns``
    where one asks for a phrase. Raises ConfigError for an unknown measure or a pattern that is none.
    """
    check_phrases(flag_settings.phrases)
    phrases = frozenset(measure_of(phrase) for phrase in flag_settings.phrases)
    for rule in flag_settings.rules:
        _check(rule, experience is not None, phrases)
    said = phrases_said(pd.DataFrame() if turns is None else turns, facts, flag_settings.phrases)
    contacts = _gather(facts, cues, links, experience, swap_below, _labels(flag_settings), said)
    rows = [row for rule in flag_settings.rules for row in _rows(rule, contacts)]
    rows = rare(rows, Counter(contacts.day.tolist()), flag_settings.urgent_share, _scores(contacts))
    rows.sort(key=lambda row: (row["interaction_id"], row["rule"]))
    columns = ("flag_id", "interaction_id", "day", "rule", "severity", "polarity", "turn", "explanation",
               "sampling_probability")  # fmt: skip
    return to_table("flags", {name: [row[name] for row in rows] for name in columns})


def _scores(contacts: _Contacts) -> dict[str, float]:
    scores = numbers(contacts.experience, "experience_contact")
    return {str(i): float(score) for i, score in zip(contacts.ids, scores, strict=True) if not np.isnan(score)}


def _check(rule: FlagRule, has_experience: bool, phrases: frozenset[str]) -> None:
    known = (MEASURES if has_experience else MEASURES - set(EXPERIENCE)) | phrases
    for condition in rule.when:
        where = f"flags.rules {rule.name}: {condition.measure}"
        if condition.measure not in known:
            raise ConfigError(f"{where} is no measure of a contact.", hint=f"Known: {', '.join(sorted(known))}.")
        if condition.heard is not None and condition.measure not in LABELS:
            raise ConfigError(f"{where} is no label: heard asks for one.")
        is_word = condition.measure in WORDS
        if is_word != isinstance(condition.equals, str):
            kind = 'a word: compare it with equals = "…".' if is_word else "a number: give above, below or equals."
            raise ConfigError(f"{where} is {kind}")


def _labels(flag_settings: FlagSettings) -> list[str]:
    asked = {condition.measure for rule in flag_settings.rules for condition in rule.when} | {CHURN_LABEL}
    return [label for label in LABELS if label in asked]


def _gather(
    facts: pd.DataFrame,
    cues: pd.DataFrame,
    links: pd.DataFrame,
    experience: pd.DataFrame | None,
    swap_below: float,
    labels: list[str],
    said: Mapping[str, pd.DataFrame],
) -> _Contacts:
    swapped = numbers(facts, "role_confidence") < swap_below
    unheard = swapped | np.asarray(texts(facts, "language") == "und", dtype=np.bool_)
    nobody = pd.DataFrame(columns=list(EXPERIENCE), dtype=np.float64)
    return _Contacts(
        texts(facts, "interaction_id"),
        days(facts),
        facts,
        linked(links, facts),
        linked(nobody if experience is None else experience, facts),
        {label: linked(_strongest(cues, label), facts) for label in labels},
        said,
        unheard,
        swapped,
    )


def _strongest(cues: pd.DataFrame, label: str) -> pd.DataFrame:
    """By contact, probability, found and turn of the label's strongest cue; the earlier turn of two equals."""
    heard = cues.loc[cues["label"] == label, ["interaction_id", "turn", "probability", "found"]]
    heard = heard.sort_values(["interaction_id", "probability", "turn"], ascending=[True, False, True])
    return heard.drop_duplicates("interaction_id").set_index("interaction_id")


def _rows(rule: FlagRule, contacts: _Contacts) -> list[dict[str, Any]]:
    met = np.ones(len(contacts.ids), dtype=np.bool_)
    for condition in rule.when:
        met &= _meets(condition, contacts)
    turns = _turns(rule, contacts)
    return [_row(rule, str(contacts.ids[i]), contacts.day[i], turns[i]) for i in np.flatnonzero(met)]


def _row(rule: FlagRule, interaction_id: str, day: np.datetime64, turn: float) -> dict[str, Any]:
    turn_or_none = None if np.isnan(turn) else int(turn)
    return {
        "flag_id": stable_id(interaction_id, rule.name, "" if turn_or_none is None else str(turn_or_none)),
        "interaction_id": interaction_id,
        "day": day.item(),
        "rule": rule.name,
        "severity": rule.severity,
        "polarity": rule.polarity,
        "turn": turn_or_none,
        "explanation": rule.explanation,
        "sampling_probability": 1.0,
    }


def _meets(condition: Condition, contacts: _Contacts) -> Bools:
    if condition.measure in WORDS:
        frame = contacts.facts if condition.measure in FACT_WORDS else contacts.links
        met = np.asarray(texts(frame, condition.measure) == condition.equals, dtype=np.bool_)
        return met if condition.measure in RECORDED else met & ~contacts.swapped
    if condition.heard is not None:
        return np.equal(_found(condition.measure, contacts), float(condition.heard))
    value = _value(condition.measure, contacts)
    # Comparisons with NaN are false, so what was not observed meets nothing.
    if condition.above is not None:
        return np.greater(value, condition.above)
    if condition.below is not None:
        return np.less(value, condition.below)
    return np.equal(value, float(condition.equals or 0.0))


def _found(label: str, contacts: _Contacts) -> Floats:
    """1 where the label was found, 0 where it was listened for in vain, NaN where nothing could be heard."""
    found = np.nan_to_num(numbers(contacts.strongest[label], "found"))
    return np.where(contacts.unheard, np.nan, found)


def _value(measure: str, contacts: _Contacts) -> Floats:
    if measure == LEAVING:
        cancels = np.asarray(texts(contacts.facts, "reason") == CANCEL_REASON, dtype=np.float64)
        return np.maximum(_found(CHURN_LABEL, contacts), cancels)
    if measure in contacts.strongest:
        # A label without a cue was listened for and not heard: 0, unless nothing could be heard.
        heard = np.nan_to_num(numbers(contacts.strongest[measure], "probability"))
        return np.where(contacts.unheard, np.nan, heard)
    if measure in contacts.phrases:
        return np.where(contacts.swapped, np.nan, numbers(contacts.phrases[measure], "said"))
    value = _number(measure, contacts)
    return value if measure in RECORDED else np.where(contacts.swapped, np.nan, value)


def _number(measure: str, contacts: _Contacts) -> Floats:
    if measure in OPPORTUNITIES:
        return OPPORTUNITIES[measure](contacts.facts)
    if measure in EXPERIENCE:
        return numbers(contacts.experience, measure)
    return numbers(contacts.links if measure in LINK_NUMBERS else contacts.facts, measure)


def _turns(rule: FlagRule, contacts: _Contacts) -> Floats:
    for condition in rule.when:
        if condition.measure in contacts.strongest and condition.below is None and condition.heard is not False:
            return numbers(contacts.strongest[condition.measure], "turn")
        if condition.measure in contacts.phrases and condition.below is None:
            return numbers(contacts.phrases[condition.measure], "turn")
    return np.full(len(contacts.ids), np.nan)
