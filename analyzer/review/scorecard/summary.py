"""What scorecards say of teams, agents and items: people's and the program's beside each other, never put together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from statsmodels.stats.proportion import proportion_confint

from analyzer.review.scorecard.agreement import Agreement, agreement
from analyzer.review.scorecard.cards import Card
from analyzer.review.scorecard.form import Form, Item
from analyzer.review.scorecard.in_force import AllCards
from analyzer.review.scorecard.interval import mean_interval
from analyzer.review.scorecard.scoring import score_all

MISSED: Final = 0.5  # points below the middle of a scale


@dataclass(frozen=True, slots=True)
class Mean:
    """The mean score of ``n`` contacts with its 95 % interval; ``failed``: in how many a fatal item failed the card."""

    value: float
    low: float
    high: float
    n: int
    failed: int


@dataclass(frozen=True, slots=True)
class Unit:
    """A team or agent, with what people's cards say and what the program's do; none where there is no score."""

    unit_id: str
    people: Mean | None
    program: Mean | None


@dataclass(frozen=True, slots=True)
class Share:
    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class Missed:
    """In how many contacts an item was answered worst or below its middle; two cards of a contact count half each."""

    item: Item
    people: Share | None
    program: Share | None


@dataclass(frozen=True)
class Counted:
    """The cards that count: by the form in force, about the transcript as it stands, of the contacts asked for.

    ``people`` has a row a card and ``program`` a row a contact, both with interaction_id, score, failed and, by item,
    points; ``older`` cards are left out.
    """

    form: Form
    facts: pd.DataFrame
    people: pd.DataFrame
    program: pd.DataFrame
    older: int


def counted(form: Form, cards: Sequence[Card], every: AllCards, wanted: NDArray[np.bool_]) -> Counted:
    """The cards of the contacts ``wanted``, which says so for each row of ``every``."""
    facts = every.facts[wanted]
    own = [card for card in cards if card.form.id == form.id and card.judged.interaction_id in facts.index]
    valid = [
        card for card in own
        if card.form.version == form.version
        and facts.at[card.judged.interaction_id, "content_hash"] == card.judged.content_hash
    ]  # fmt: skip
    return Counted(form, facts, _people(form, valid), every.machine[form.id][wanted], len(own) - len(valid))


def _people(form: Form, cards: Sequence[Card]) -> pd.DataFrame:
    found = score_all(form, "human", [card.answers for card in cards])
    frame = pd.DataFrame({
        "interaction_id": pd.Series([card.judged.interaction_id for card in cards], dtype=object),
        "blind": pd.Series([card.judged.blind for card in cards], dtype=bool),
        "score": pd.Series([each.value for each in found], dtype=np.float64),
        "failed": pd.Series([each.failed is not None for each in found], dtype=np.float64),
        **{item.id: pd.Series([_points(item, card) for card in cards], dtype=np.float64)
           for item in form.items_of("human")},
    })  # fmt: skip
    return frame.set_index("interaction_id")


def _points(item: Item, card: Card) -> float | None:
    answer = card.answers.get(item.id)
    return None if answer is None else item.points(answer)


def teams(told: Counted) -> list[Unit]:
    """Every team, the lowest mean of people first, then of the program."""
    return _units(told, told.facts["team"].dropna())


def agents(told: Counted) -> list[Unit]:
    """Every agent, by the contacts that they held alone: of others nobody knows whose the mistake was."""
    return _units(told, told.facts["alone"].dropna())


def _units(told: Counted, unit_of: pd.Series[str]) -> list[Unit]:
    people, program = (_means(frame, unit_of) for frame in (told.people, told.program))
    units = [Unit(unit, people.get(unit), program.get(unit)) for unit in sorted({*people, *program})]
    return sorted(units, key=lambda unit: (unit.people is None, _value(unit.people), _value(unit.program)))


def _value(mean: Mean | None) -> float:
    return 100.0 if mean is None else mean.value


def _means(frame: pd.DataFrame, unit_of: pd.Series[str]) -> dict[str, Mean]:
    """By unit; a contact that two people judged counts once, with their mean."""
    known = frame[frame["score"].notna()].groupby(level=0, sort=False).agg({"score": "mean", "failed": "max"})
    joined = pd.DataFrame({"unit": unit_of}).join(known, how="inner")  # keeps the order of the contacts
    return {str(unit): _mean(rows) for unit, rows in joined.groupby("unit")}


def _mean(rows: pd.DataFrame) -> Mean:
    scores = rows["score"].to_list()
    low, high = mean_interval(scores) or (0.0, 100.0)
    return Mean(float(np.mean(scores)), low, high, len(scores), int(rows["failed"].sum()))


def missed(told: Counted) -> list[Missed]:
    """The items by how often people answered them worst, then the program; those that nobody answered are left out."""
    rows = [
        Missed(item, _share(told.people, item, item.answered_by("human")),
               _share(told.program, item, item.is_scored("machine")))
        for item in told.form.items
    ]  # fmt: skip
    known = [row for row in rows if row.people or row.program]
    return sorted(known, key=lambda row: (row.people is None, -_rate(row.people), -_rate(row.program)))


def _rate(share: Share | None) -> float:
    return share.value if share else 0.0


def _share(frame: pd.DataFrame, item: Item, asked: bool) -> Share | None:
    points = frame[item.id].dropna() if asked else pd.Series(dtype=np.float64)
    if points.empty:
        return None
    contacts = (points < MISSED).groupby(level=0).mean()  # what two people say of one contact hangs together
    low, high = proportion_confint(float(contacts.sum()), len(contacts), method="wilson")
    return Share(float(contacts.mean()), float(low), float(high), len(contacts))


def agreements(told: Counted) -> list[tuple[Item, Agreement]]:
    """For each item that both answer, how far they agree, over the first blind card of each contact."""
    blind = told.people[told.people["blind"]]
    first = blind[~blind.index.duplicated()]
    both = [item for item in told.form.items_of("human") if item.is_scored("machine")]
    return [(item, _agreement(item, first[item.id], told.program[item.id])) for item in both]


def _agreement(item: Item, people: pd.Series[float], program: pd.Series[float]) -> Agreement:
    pairs = pd.DataFrame({"people": people, "program": program.reindex(people.index)}).dropna()
    low, high = item.scale
    steps = 2 if item.answers == "yes_no" else high - low + 1
    return agreement(pairs["people"].to_list(), pairs["program"].to_list(), steps)


def seen_first(told: Counted) -> int:
    """How many people's cards were filled in with the program's answers in view."""
    return int((~told.people["blind"]).sum())
