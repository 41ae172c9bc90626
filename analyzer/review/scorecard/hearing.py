"""Whether a condition of a form holds for contacts, from what is published of them: labels, words, numbers, judgements.

Every condition says yes, says no, or leaves it open where it is less sure than the form asks. A label says yes by its
strongest cue and no only if it is improbable in all turns together, so that a long contact full of faint cues is left
open instead of counted either way.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy.stats import norm

from analyzer.review.scorecard.form import Condition

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

FLOOR: Final = 0.05  # cues below it are not kept, so no label is known to be rarer in a contact
_WIDTH: Final = 2 * 1.959963984540054  # standard errors in a 95 % interval


@dataclass(frozen=True)
class Contacts:
    """Rows of the published tables of some contacts; ``swap_below``: as the settings of understanding have it."""

    facts: pa.Table
    cues: pa.Table
    turns: pa.Table
    findings: pa.Table
    swap_below: float

    @cached_property
    def ids(self) -> pd.Index[str]:
        ids: pd.Index[str] = pd.Index(self.facts["interaction_id"].to_pylist(), dtype=object)
        return ids

    @property
    def size(self) -> int:
        return int(self.facts.num_rows)

    @cached_property
    def unheard(self) -> Bools:
        """Contacts of which nothing can be said: speakers perhaps swapped, or a language we do not understand."""
        swapped = self.number("role_confidence") < self.swap_below
        return swapped | ~(self.in_language("de") | self.in_language("en"))

    def number(self, column: str) -> Floats:
        values: Floats = self.facts[column].cast(pa.float64()).to_numpy().astype(np.float64)
        return values

    def in_language(self, language: str) -> Bools:
        told: Bools = pc.equal(self.facts["language"], language).to_numpy().astype(np.bool_)
        return told

    def where(self, rows: pa.Table) -> NDArray[np.intp]:
        """The place of each row's contact."""
        found: NDArray[np.intp] = self.ids.get_indexer(pd.Index(rows["interaction_id"].to_pylist(), dtype=object))
        return found


@dataclass(frozen=True)
class Reading:
    """A condition of each contact: yes, no, or neither. ``probability`` of what it says, nan where it is no estimate;
    ``turn``: where it was found, nan for none; ``heard``: whether there was anything to go by."""

    yes: Bools
    no: Bools
    probability: Floats
    turn: Floats
    heard: Bools

    def reversed(self) -> Reading:
        return Reading(self.no, self.yes, self.probability, self.turn, self.heard)


def reading(asked: Condition, contacts: Contacts) -> Reading:
    """What ``asked`` says of every contact."""
    if asked.label:
        told = _label(asked, contacts)
    elif asked.phrase:
        told = _phrase(asked, contacts)
    elif asked.measure is not None:
        told = _measure(asked, contacts)
    else:
        told = _finding(asked, contacts)
    return told.reversed() if asked.reverse else told


def _label(asked: Condition, contacts: Contacts) -> Reading:
    cues = contacts.cues.filter(pc.is_in(contacts.cues["label"], pa.array(asked.label, pa.string())))
    frame = pd.DataFrame({
        "at": contacts.where(cues), "turn": cues["turn"].to_numpy(), "probability": cues["probability"].to_numpy()
    })  # fmt: skip
    frame = frame[frame["at"] >= 0].sort_values(["at", "probability", "turn"], ascending=[True, False, True])
    turns = frame.drop_duplicates(["at", "turn"])
    strongest, turn, quiet = np.zeros(contacts.size), np.full(contacts.size, np.nan), np.ones(contacts.size)
    first = turns.drop_duplicates("at")
    strongest[first["at"]], turn[first["at"]] = first["probability"], first["turn"]
    np.multiply.at(quiet, turns["at"].to_numpy(), 1 - turns["probability"].to_numpy())
    quiet = np.minimum(quiet, 1 - FLOOR)
    yes, no = strongest >= asked.sure, quiet >= asked.sure
    return Reading(yes, no, np.where(no, quiet, strongest), np.where(no, np.nan, turn), np.ones(contacts.size, bool))


def _phrase(asked: Condition, contacts: Contacts) -> Reading:
    spoken = contacts.turns.filter(pc.equal(contacts.turns["speaker"], asked.speaker))
    spoken = spoken.filter(pa.array(contacts.where(spoken) >= 0))
    at, turns = contacts.where(spoken), spoken["turn"].to_numpy()
    looked = _among(at, turns, asked)
    turn, heard = np.full(contacts.size, np.nan), np.zeros(contacts.size, bool)
    for language, patterns in (asked.phrase or {}).items():
        speaks = contacts.in_language(language)
        heard |= speaks
        mask = looked & speaks[at]
        places, numbers = at[mask], turns[mask]
        said = pc.match_substring_regex(spoken["text"].filter(pa.array(mask)), pattern=_any_of(patterns)).to_numpy()
        np.fmin.at(turn, places[said], numbers[said].astype(np.float64))
    found = ~np.isnan(turn)
    no = heard & ~found if asked.missing == "no" else np.zeros(contacts.size, bool)
    return Reading(found, no, np.full(contacts.size, np.nan), turn, found | no)


def _any_of(patterns: tuple[str, ...]) -> str:
    return "(?i)" + "|".join(f"(?:{pattern})" for pattern in patterns)


def _among(at: NDArray[np.intp], turns: NDArray[np.int32], asked: Condition) -> Bools:
    """Which turns are among the first, or last, so many that their speaker has in a contact."""
    count = asked.first or asked.last
    if count is None:
        return np.ones(len(at), bool)
    ranks = pd.Series(turns).groupby(at).rank(ascending=asked.first is not None)
    among: Bools = ranks.to_numpy() <= count
    return among


def _measure(asked: Condition, contacts: Contacts) -> Reading:
    assert asked.measure is not None
    value = contacts.number(asked.measure)
    bound = asked.above if asked.above is not None else asked.below
    assert bound is not None
    is_over = np.greater(value, bound) if asked.above is not None else np.less(value, bound)
    error = standard_error(asked.measure, contacts)
    sign = 1.0 if asked.above is not None else -1.0
    chance = norm.cdf(sign * (value - bound) / error)  # nan where the number is no estimate
    counted = np.isnan(chance) & ~np.isnan(value)
    yes = np.where(counted, is_over, chance >= asked.sure).astype(bool)
    no = np.where(counted, ~is_over, 1 - chance >= asked.sure).astype(bool)
    nowhere = np.full(contacts.size, np.nan)
    return Reading(yes, no, np.where(no, 1 - chance, chance), nowhere, ~np.isnan(value))


def standard_error(measure: str, contacts: Contacts) -> Floats:
    """The standard error of a number that is an estimate, from its interval; nan where it is counted or unknown."""
    rows = contacts.findings.filter(pc.equal(contacts.findings["name"], measure))
    error, at = np.full(contacts.size, np.nan), contacts.where(rows)
    low, high = (rows[end].to_numpy().astype(np.float64) for end in ("low", "high"))
    width = (high - low)[at >= 0] / _WIDTH
    error[at[at >= 0]] = np.where(width > 0, width, np.nan)
    return error


def _finding(asked: Condition, contacts: Contacts) -> Reading:
    rows = contacts.findings.filter(pc.equal(contacts.findings["name"], asked.finding))
    at = contacts.where(rows)
    probability = rows["probability"].to_numpy().astype(np.float64)
    heard, chance = np.zeros(contacts.size, bool), np.zeros(contacts.size)
    known = (at >= 0) & ~np.isnan(probability)
    heard[at[known]] = True
    meant = known & pc.is_in(rows["value"], pa.array(asked.values, pa.string())).to_numpy()
    np.add.at(chance, at[meant], probability[meant])
    yes, no = heard & (chance >= asked.sure), heard & (1 - chance >= asked.sure)
    nowhere = np.full(contacts.size, np.nan)
    return Reading(yes, no, np.where(no, 1 - chance, np.minimum(chance, 1.0)), nowhere, heard)
