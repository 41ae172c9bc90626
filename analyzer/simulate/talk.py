"""The talk of a contact, composed of invented turns so that what is said agrees with what is true.

The stock is some 3,000 dialogues: in a large dump sentences recur between customers and matters more than in life, and
turns of two dialogues do not always fit. Errors of hearing in such a dump are not those on real talk.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from analyzer.simulate.cues import said
from analyzer.simulate.draws import Draws, Ints
from analyzer.simulate.lives import Lives
from analyzer.simulate.rows import Rows
from analyzer.simulate.spec import CHANNELS, RESOLUTIONS, WorldSpec
from analyzer.simulate.stock import Frame, Stock

Pick = Callable[..., str]
Turn = tuple[str, str, bool]  # speaker, text, whether the opener of a handed contact speaks it
_MOST_FEELINGS: Final = 3  # opportunities beyond these are true and not spoken
_PUT_ON: Final = 1.2  # style from which an agent says the same warm sentence in every contact


@dataclass(frozen=True, slots=True)
class _Contact:
    """What of a contact its talk depends on."""

    number: int
    opened_spoken: bool  # the matter's first contact was a call
    opened_resolution: str  # how the matter's first contact ended
    frame: int  # place of the matter's frame: different matters of a customer differ where the stock allows it
    returns: bool  # not the matter's first contact
    language: str
    spoken: bool
    reason: str
    resolution: str
    feeling_end: float
    opportunities: int
    met: int
    hurt: int
    handed: bool
    churn: bool
    says: frozenset[str]
    put_on: int  # place of the sentence that this agent always says, −1 for none


def talks(spec: WorldSpec, lives: Lives, draws: Draws, stock: Stock) -> Iterator[list[Turn]]:
    """The turns of each contact, in their order."""
    for contact in _contacts(spec, lives, draws):
        yield list(_spoken(contact, stock, draws.seed))


def _contacts(spec: WorldSpec, lives: Lives, draws: Draws) -> Iterator[_Contact]:
    contacts = lives.contacts
    german = lives.customers["german"][contacts["customer"]]
    style = lives.agents["style"][contacts["agent"]]
    put_on = np.where(style > _PUT_ON, contacts["agent"], -1)
    spoken = said(lives, draws.stream("said"))
    names = tuple(spoken)
    told = np.column_stack(list(spoken.values())) if len(contacts) else np.zeros((0, len(names)), dtype=bool)
    voice = contacts["channel"] == CHANNELS.index("voice")
    first, frame = _matters(contacts)
    for place in range(len(contacts)):
        yield _Contact(
            place, bool(voice[first[place]]), RESOLUTIONS[contacts["resolution"][first[place]]], int(frame[place]),
            bool(contacts["attempt"][place] > 0), "de" if german[place] else "en", bool(voice[place]),
            spec.reasons[contacts["reason"][place]].name, RESOLUTIONS[contacts["resolution"][place]],
            float(contacts["sentiment_end"][place]), int(contacts["opportunities"][place]), int(contacts["met"][place]),
            int(contacts["hurt"][place]), bool(contacts["handed"][place]), bool(contacts["churn_talk"][place]),
            frozenset(name for name, yes in zip(names, told[place], strict=True) if yes), int(put_on[place]),
        )  # fmt: skip


def _matters(contacts: Rows) -> tuple[Ints, Ints]:
    """Of each contact's matter: the place of its first contact, and its number within the customer."""
    _, first, matter = np.unique(contacts["matter"], return_index=True, return_inverse=True)
    customer = contacts["customer"][first]
    order = np.lexsort((first, customer))
    begins = np.searchsorted(customer[order], customer[order])
    rank = np.empty(len(first), dtype=np.int64)
    rank[order] = np.arange(len(first)) - begins
    return first[matter], (7 * customer + rank)[matter]


def _spoken(contact: _Contact, stock: Stock, seed: int) -> Iterator[Turn]:
    """The frame of the matter, with what this customer says, feels and is told in its place.

    Who comes back opens in the matter's own words, and may hear another end.
    """
    rng = random.Random(f"{seed} contact {contact.number}")
    frames = stock.frames_of(contact.language, contact.opened_spoken, contact.reason, contact.opened_resolution)
    frame = frames[contact.frame % len(frames)]
    fits = frame.resolution == contact.resolution and not contact.returns
    kept = [(speaker, text) for speaker, text, is_outcome in frame.turns if fits or not is_outcome]
    pick = _picker(contact, stock, rng, frame)
    ends = kept and kept[-1][0] == "agent"
    rest, goodbye = (kept[:-1], kept[-1:]) if ends else (kept, [])
    yield from (("agent", text, contact.handed) for text in frame.greeting)
    yield "customer", frame.opening, contact.handed
    yield from _claims(contact, pick)
    yield from _feelings(contact, pick)
    if contact.put_on >= 0:
        always = stock.turns_of(contact.language, contact.spoken, "empathy")
        yield "agent", always[contact.put_on % len(always)], False
    if contact.handed:
        yield "agent", pick("svc.transfer"), True
    yield from ((speaker, text, False) for speaker, text in rest)
    if not fits:
        yield from _outcome(contact, pick)
    if contact.churn:
        yield "customer", pick("loyal.churn"), False
    yield from _ending(contact, pick)
    yield "agent", (goodbye[0][1] if goodbye else pick("svc.check")), False


def _picker(contact: _Contact, stock: Stock, rng: random.Random, frame: Frame) -> Pick:
    """Picks a turn of the first of the names that has any, none twice: of the reason or the industry where it can."""
    used = {frame.opening, *frame.greeting, *(text for _, text, _ in frame.turns)}

    def pick(*names: str) -> str:
        near = (f":{contact.reason}", f":@{frame.industry}", "")
        wanted = [f"{name}{where}" for where in near for name in names]
        for name in wanted:
            found = stock.turns_of(contact.language, contact.spoken, name, names[-1])
            if fresh := [text for text in found if text not in used]:
                break
        chosen = rng.choice(fresh or list(found))
        used.add(chosen)
        return chosen

    return pick


def _claims(contact: _Contact, pick: Pick) -> Iterator[Turn]:
    for label in ("effort.repeat_contact", "res.denied", "expect.unmet"):
        if label in contact.says:
            yield "customer", pick(label), contact.handed


def _feelings(contact: _Contact, pick: Pick) -> Iterator[Turn]:
    """Each feeling shown, and how the agent answers it."""
    hard = contact.feeling_end < -0.5
    for number in range(min(contact.opportunities, _MOST_FEELINGS)):
        yield "customer", pick("mood:-2" if hard and number == 0 else "mood:-1"), contact.handed
        if number < contact.met:
            yield "agent", pick("empathy"), contact.handed
        elif number < contact.met + contact.hurt:
            yield "agent", pick("hurt"), contact.handed
        else:
            yield "agent", pick("plain"), contact.handed


def _outcome(contact: _Contact, pick: Pick) -> Iterator[Turn]:
    if contact.resolution in ("resolved", "partial"):
        yield "agent", pick("svc.solution"), False
    if contact.resolution in ("partial", "unresolved"):
        yield "agent", pick("svc.decline"), False
    if contact.resolution == "pending":
        yield "agent", pick("svc.commit"), False


def _ending(contact: _Contact, pick: Pick) -> Iterator[Turn]:
    """The customer's last words, by how they feel."""
    if "res.confirmed" in contact.says:
        yield "customer", pick("res.confirmed"), False
    if contact.feeling_end > 0.35:
        yield "customer", pick("closing:2", "closing:1") if contact.feeling_end > 0.8 else pick("closing:1"), False
    elif contact.feeling_end < -0.25:
        yield "customer", pick("closing:-2", "mood:-2") if contact.feeling_end < -0.6 else pick("closing:-1"), False
    elif "res.confirmed" not in contact.says:
        yield "customer", pick("closing:0"), False
