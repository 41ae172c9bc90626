"""What was known on a date: of each fact of each customer the newest that held and could be known by then.

A fact counts when both its ``as_of`` (the date it holds for) and its ``known_at`` (when the company could know it)
are not after the date asked for. So a file delivered later, with facts from the future, moves nothing in the past.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import pandas as pd
import pyarrow as pa

from analyzer.config import LoyaltySettings

COLUMNS = ["customer_key", "as_of", "known_at", "fact", "number", "text", "time", "source_uri"]


@dataclass(frozen=True, slots=True)
class KnownFacts:
    """Facts as of one date; each frame has a row a customer (sorted) and a column a fact that anybody has."""

    customers: pd.Index[str]
    numbers: pd.DataFrame
    texts: pd.DataFrame
    times: pd.DataFrame

    def number(self, fact: str) -> pd.Series[float]:
        """The fact of each customer; NaN where it is not known."""
        if fact in self.numbers.columns:
            return self.numbers[fact].astype("float64")
        return pd.Series(float("nan"), index=self.customers, dtype="float64")

    def text(self, fact: str) -> pd.Series[str]:
        """The fact of each customer; None where it is not known."""
        if fact in self.texts.columns:
            found = self.texts[fact].astype("object")
            return found.where(found.notna(), None)
        return pd.Series(None, index=self.customers, dtype="object")

    def time(self, fact: str) -> pd.Series[pd.Timestamp]:
        """The fact of each customer; NaT where it is not known."""
        if fact in self.times.columns:
            return self.times[fact]
        return pd.Series(pd.NaT, index=self.customers, dtype="datetime64[us, UTC]")


def records_frame(records: pa.Table, surveys: pa.Table, settings: LoyaltySettings) -> pd.DataFrame:
    """All facts in long form, with survey answers (``asked``) that settings count as loyalty facts, on their scale."""
    asked = {*settings.attitudinal, *settings.behavioural}
    answers = surveys.select(["customer_key", "answered_at", "item", "good", "source_uri"]).to_pandas()
    answers = answers[answers["item"].isin(asked) & answers["good"].notna() & answers["answered_at"].notna()]
    scale = answers["item"].map(lambda item: settings.scale.get(item, (0.0, 1.0)))
    low, high = scale.map(lambda s: s[0]).astype("float64"), scale.map(lambda s: s[1]).astype("float64")
    said = pd.DataFrame(
        {
            "customer_key": answers["customer_key"],
            "as_of": answers["answered_at"],
            "known_at": answers["answered_at"],
            "fact": answers["item"],
            "number": low + answers["good"] * (high - low),
            "text": None,
            "time": pd.Series(pd.NaT, index=answers.index, dtype="datetime64[us, UTC]"),
            "source_uri": answers["source_uri"],
            "asked": True,
        }
    )
    given: pd.DataFrame = records.select(COLUMNS).to_pandas().assign(asked=False)
    frame = pd.concat([part for part in (given, said) if len(part)], ignore_index=True) if len(said) else given
    return frame.sort_values(
        ["customer_key", "fact", "as_of", "known_at", "source_uri"], kind="stable", ignore_index=True
    )


def known_facts(frame: pd.DataFrame, as_of: datetime) -> KnownFacts:
    """The facts of ``records_frame`` known as of ``as_of``."""
    known = frame[(frame["as_of"] <= as_of) & (frame["known_at"] <= as_of)]
    newest = known.drop_duplicates(["customer_key", "fact"], keep="last")
    customers = pd.Index(sorted(newest["customer_key"].unique()), dtype="object", name="customer_key")

    def wide(field: str) -> pd.DataFrame:
        given = newest[newest[field].notna()].set_index(["customer_key", "fact"])[field]
        return pd.DataFrame(given.unstack("fact"), index=customers)

    return KnownFacts(customers, wide("number"), wide("text"), wide("time"))


def notices(frame: pd.DataFrame, as_of: datetime, other_exits: Collection[str] = ()) -> pd.DataFrame:
    """Who had left or given notice by ``as_of``: ``left``, ``exit_at``, ``notice_at`` (NaT if unknown), ``moved_on``.

    The event is the notice, not the contract's end: the earlier of ``cancel_received_at`` and ``churned_at``, in no
    case later than when the company knew it. A bare ``churned`` = yes is dated by its own record, if an earlier one of
    that customer still said no; else the date stays unknown and whatever needs it leaves the customer out. Who left for
    one of ``other_exits`` (a move, a death) has ``moved_on``, an ``exit_at`` and no notice: that was no choice against
    the company.
    """
    facts = known_facts(frame, as_of)
    dated = pd.concat([_event(frame, fact, as_of) for fact in ("cancel_received_at", "churned_at")], axis=1)
    exit_at = dated.min(axis=1).reindex(facts.customers) if len(dated) else facts.time("cancel_received_at")
    flag = _churned_flag(frame, as_of).reindex(facts.customers)
    left = exit_at.notna() | (facts.number("churned") >= 0.5)
    exit_at = exit_at.fillna(flag.where(left))
    words = {word.casefold() for word in other_exits}
    reason = facts.text("exit_reason").map(lambda said: str(said).strip().casefold() in words)
    moved_on = left & reason.astype(bool)
    return pd.DataFrame(
        {"left": left, "exit_at": exit_at, "notice_at": exit_at.mask(moved_on), "moved_on": moved_on},
        index=facts.customers,
    )


def _event(frame: pd.DataFrame, fact: str, as_of: datetime) -> pd.Series[pd.Timestamp]:
    rows = frame[
        (frame["fact"] == fact) & frame["time"].notna() & (frame["as_of"] <= as_of) & (frame["known_at"] <= as_of)
    ]
    newest = rows.drop_duplicates("customer_key", keep="last").set_index("customer_key")
    return newest[["time", "known_at"]].min(axis=1).rename(fact)


def _churned_flag(frame: pd.DataFrame, as_of: datetime) -> pd.Series[pd.Timestamp]:
    """When ``churned`` turned to yes, for customers of whom it was once no."""
    rows = frame[(frame["fact"] == "churned") & (frame["as_of"] <= as_of) & (frame["known_at"] <= as_of)]
    first_no = rows[rows["number"] < 0.5].groupby("customer_key")["as_of"].min()
    first_yes = rows[rows["number"] >= 0.5].groupby("customer_key")["as_of"].min()
    return first_yes[first_yes > first_no.reindex(first_yes.index)]


def notices_are_recorded(frame: pd.DataFrame) -> bool:
    """Whether the company records notices at all; where it does not, nobody leaving says nothing."""
    return bool(frame["fact"].isin(["cancel_received_at", "churned_at", "churned"]).any())


def exits_of(customers: pd.DataFrame) -> pd.Series[pd.Timestamp]:
    """When each left, for whatever reason; the date of the notice where a state tells no other exits.

    From then on nobody can give notice: who has moved away is at risk until that day, and did not stay.
    """
    return customers["exit_at"] if "exit_at" in customers else customers["notice_at"]


@dataclass(frozen=True, slots=True)
class Register:
    """How far the records reach: nothing is known of exits after ``until``; ``first`` is each customer's first record.

    ``looks_back``: whether records tell exits from before a customer's first record. Where they do not, a customer
    counts as watched only from that record on: who had left before would not be there.
    """

    until: datetime
    first: pd.Series[pd.Timestamp]
    looks_back: bool


LOOKS_BACK_SHARE: Final = 0.05


def register_of(frame: pd.DataFrame, as_of: datetime, exit_at: pd.Series[pd.Timestamp]) -> Register | None:
    """The register as known by ``as_of``; None without records."""
    given = frame[~frame["asked"] & (frame["as_of"] <= as_of) & (frame["known_at"] <= as_of)]
    if given.empty:
        return None
    first = given.groupby("customer_key")["as_of"].min()
    dated = exit_at.dropna()
    before = dated < first.reindex(dated.index)
    looks_back = bool(before.mean() >= LOOKS_BACK_SHARE) if len(dated) else True
    return Register(given["as_of"].max().to_pydatetime(), first, looks_back)
