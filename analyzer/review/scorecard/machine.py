"""The program's answers to the items of a form, for many contacts at once, from what is published of them.

What it is not sure of it leaves open. Contacts in which no human agent spoke have no card.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy.stats import norm

from analyzer.review.scorecard.form import NOT_APPLICABLE, Form, Item
from analyzer.review.scorecard.hearing import Contacts, Floats, Reading, reading, standard_error
from analyzer.review.scorecard.scoring import Scores, scores

State = Literal["answered", "not_applicable", "unsure", "not_heard"]
STATES: Final[tuple[State, ...]] = get_args(State)
_ANSWERED, _LEFT_OUT, _UNSURE, _UNHEARD = range(4)


@dataclass(frozen=True)
class Answers:
    """An item's answers: ``points`` earned (nan where open or left out), the place of their state in STATES, the
    probability of the answer and the turn it rests on, nan for none."""

    points: Floats
    state: NDArray[np.int8]
    probability: Floats
    turn: Floats


@dataclass(frozen=True)
class MachineCards:
    """The program's cards by ``form``: an Answers an item of its own, in the order of ``ids``."""

    form: Form
    ids: tuple[str, ...]
    answers: tuple[Answers, ...]

    @property
    def scores(self) -> Scores:
        shape = (len(self.answers), len(self.ids))
        points = np.array([each.points for each in self.answers]).reshape(shape)
        left_out = np.array([each.state == _LEFT_OUT for each in self.answers], bool).reshape(shape)
        return scores(self.form, "machine", points, left_out)


def machine_cards(form: Form, contacts: Contacts) -> MachineCards:
    """A card for each contact that the form is for; what ``contacts`` holds of others is passed over."""
    wanted = pc.greater(contacts.facts["agent_turns"], 0)
    if form.channels:
        wanted = pc.and_(wanted, pc.is_in(contacts.facts["channel"], pa.array(form.channels, pa.string())))
    own = Contacts(
        contacts.facts.filter(wanted), contacts.cues, contacts.turns, contacts.findings, contacts.swap_below
    )  # fmt: skip
    return MachineCards(form, tuple(own.ids), tuple(_answers(item, own) for item in form.items_of("machine")))


def shown_answer(item: Item, points: float, state: State) -> str | None:
    """An answer as people give it: yes, no, a step of the scale, or that it does not apply; none where it is open."""
    if state == "not_applicable":
        return NOT_APPLICABLE
    if state != "answered":
        return None
    if item.answers == "yes_no":
        return "yes" if points else "no"
    low, high = item.scale
    return str(round(low + points * (high - low)))


def _answers(item: Item, contacts: Contacts) -> Answers:
    assert item.machine is not None
    told = _yes_or_no(reading(item.machine, contacts)) if item.answers == "yes_no" else _step(item, contacts)
    state, applies = told.state, item.machine.applies
    if applies is not None:
        asked = reading(applies, contacts)
        state = np.where(asked.yes, state, np.where(asked.no, _LEFT_OUT, _UNSURE)).astype(np.int8)
    state = np.where(contacts.unheard, _UNHEARD, state).astype(np.int8)
    known = state == _ANSWERED
    nothing = np.full(contacts.size, np.nan)
    return Answers(
        np.where(known, told.points, nothing), state, np.where(known, told.probability, nothing),
        np.where(known, told.turn, nothing),
    )  # fmt: skip


def _yes_or_no(read: Reading) -> Answers:
    state = np.where(read.yes | read.no, _ANSWERED, np.where(read.heard, _UNSURE, _UNHEARD)).astype(np.int8)
    return Answers(read.yes.astype(np.float64), state, read.probability, read.turn)


def _step(item: Item, contacts: Contacts) -> Answers:
    """The step of the scale that the number rounds to, where it is likely enough to be the right one."""
    assert item.machine is not None and item.machine.measure is not None
    low, high = item.scale
    value = contacts.number(item.machine.measure)
    error = standard_error(item.machine.measure, contacts)
    step = np.clip(np.round(value), low, high)
    ends = np.where(step == low, -np.inf, step - 0.5), np.where(step == high, np.inf, step + 0.5)
    chance = norm.cdf((ends[1] - value) / error) - norm.cdf((ends[0] - value) / error)
    sure = np.isnan(error) | (chance >= item.machine.sure)
    state = np.where(np.isnan(value), _UNHEARD, np.where(sure, _ANSWERED, _UNSURE)).astype(np.int8)
    points = (step - low) / (high - low)
    return Answers(1 - points if item.machine.reverse else points, state, chance, np.full(contacts.size, np.nan))
