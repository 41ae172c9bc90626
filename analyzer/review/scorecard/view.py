"""The scorecards of one contact as a page shows them: people's answers and the program's beside each other, item by
item, with two scores that are never put together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analyzer.review.desk import Contact
from analyzer.review.roles import User
from analyzer.review.scorecard.cards import Card
from analyzer.review.scorecard.form import Form, Item
from analyzer.review.scorecard.in_force import FormsInForce
from analyzer.review.scorecard.machine import STATES, Answers, MachineCards, State, shown_answer
from analyzer.review.scorecard.scoring import Score, score, score_at


@dataclass(frozen=True, slots=True)
class MachineAnswer:
    """What the program says of an item: ``answer`` is none where it leaves it open; ``turn`` is what it rests on."""

    answer: str | None
    state: State
    probability: float | None
    turn: int | None
    counts: bool


@dataclass(frozen=True, slots=True)
class ItemView:
    item: Item
    text: str
    hint: str
    mine: str | None
    others: tuple[tuple[str, str], ...]  # reviewer and answer
    machine: MachineAnswer | None


@dataclass(frozen=True, slots=True)
class Filled:
    """A person's card: ``failed`` is the text of the fatal item, ``other_version`` the form's where it is another."""

    card: Card
    score: Score
    failed: str | None
    is_mine: bool
    is_stale: bool
    other_version: str | None


@dataclass(frozen=True, slots=True)
class CardView:
    """``hidden``: the program's side and the cards of others must not be seen yet."""

    form: Form
    name: str
    sections: tuple[tuple[str, tuple[ItemView, ...]], ...]
    filled: tuple[Filled, ...]
    machine: Score | None
    machine_failed: str | None
    hidden: bool

    @property
    def mine(self) -> Filled | None:
        return next((each for each in self.filled if each.is_mine), None)


def card_views(
    forms: FormsInForce, contact: Contact, standing: Sequence[Card], user: User, *, hidden: bool, language: str
) -> list[CardView]:
    """A card for each form that is for the contact; ``standing``: the cards that people filled in about it."""
    seen = [card for card in standing if not hidden or card.reviewer == user.name]
    return [_view(cards, contact, seen, user, hidden, language) for cards in forms.of_contact(contact)]


def _view(
    cards: MachineCards, contact: Contact, standing: Sequence[Card], user: User, hidden: bool, language: str
) -> CardView:
    form, told = cards.form, {} if hidden else _machine_answers(cards)
    own = [card for card in standing if card.form.id == form.id]
    same = [card for card in own if card.form.version == form.version]
    machine = None if hidden else score_at(form, "machine", cards.scores, 0)
    sections = tuple(
        (section.name.of(language), tuple(_item(item, same, told, user, language) for item in section.items))
        for section in form.sections if section.items
    )  # fmt: skip
    return CardView(
        form, form.name.of(language), sections,
        tuple(_filled(card, form, contact, user, language) for card in own),
        machine, _text(form, machine.failed, language) if machine else None, hidden,
    )  # fmt: skip


def _item(item: Item, cards: Sequence[Card], told: Mapping[str, MachineAnswer], user: User, language: str) -> ItemView:
    given = [(card.reviewer, card.answers[item.id]) for card in cards if item.id in card.answers]
    return ItemView(
        item, item.text.of(language), item.hint.of(language) if item.hint else "", dict(given).get(user.name),
        tuple(pair for pair in given if pair[0] != user.name), told.get(item.id),
    )  # fmt: skip


def _filled(card: Card, form: Form, contact: Contact, user: User, language: str) -> Filled:
    found = score(card.form, "human", card.answers)
    return Filled(
        card, found, _text(card.form, found.failed, language), card.reviewer == user.name,
        card.judged.content_hash != contact.facts["content_hash"],
        None if card.form.version == form.version else card.form.version,
    )  # fmt: skip


def _text(form: Form, item_id: str | None, language: str) -> str | None:
    return next((item.text.of(language) for item in form.items if item.id == item_id), None)


def _machine_answers(cards: MachineCards) -> dict[str, MachineAnswer]:
    items = cards.form.items_of("machine")
    return {item.id: _machine_answer(item, told) for item, told in zip(items, cards.answers, strict=True)}


def _machine_answer(item: Item, told: Answers) -> MachineAnswer:
    state = STATES[int(told.state[0])]
    probability, turn = float(told.probability[0]), float(told.turn[0])
    return MachineAnswer(
        shown_answer(item, float(told.points[0]), state), state, None if np.isnan(probability) else probability,
        None if np.isnan(turn) else int(turn), item.is_scored("machine"),
    )  # fmt: skip
