"""What a form is made of: sections of items, who answers each, how much it weighs, and how the program may answer it.

A form is a TOML file (forms/default.toml is the shipped one and explains every key). Its hash changes with any part of
it, wording included: another question is another question.
"""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

Side = Literal["machine", "human"]
Channel = Literal["voice", "chat", "email", "messaging", "social"]
Id = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Text = Annotated[str, Meta(min_length=1, max_length=300)]
Share = Annotated[float, Meta(ge=0, le=1)]
Turns = Annotated[int, Meta(ge=1, le=100)]

SURE: Final = 0.7


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass


class Words(Part, frozen=True, kw_only=True):
    """A text in German, English or both; a reader of the other language is shown the one there is."""

    en: Text | None = None
    de: Text | None = None

    def of(self, language: str) -> str:
        first, second = (self.de, self.en) if language == "de" else (self.en, self.de)
        return first or second or ""


class Condition(Part, frozen=True, kw_only=True):
    """What the program asks of a contact: exactly one of ``label``, ``phrase``, ``measure``, ``finding``.

    ``sure``: it answers only where it is at least so sure. ``reverse``: what was found speaks for no.
    """

    label: tuple[str, ...] = ()  # one of these labels of the codebook was heard
    phrase: dict[Literal["en", "de"], tuple[Text, ...]] | None = None  # RE2 patterns, found in a turn
    speaker: Literal["agent", "customer"] = "agent"  # of phrase: whose turns
    first: Turns | None = None  # of phrase: only the first so many turns of the speaker …
    last: Turns | None = None  # … or only the last
    missing: Literal["no", "not_heard"] = "not_heard"  # of phrase: what it means where no pattern is found
    measure: str | None = None  # a number of the contact's facts, such as opportunities_met
    above: float | None = None  # of measure: yes above this …
    below: float | None = None  # … or yes below this
    finding: str | None = None  # a judgement of the whole contact, such as resolution
    values: tuple[str, ...] = ()  # of finding: the classes that mean yes
    reverse: bool = False
    sure: Annotated[float, Meta(ge=0.5, lt=1)] = SURE


class Rule(Condition, frozen=True, kw_only=True):
    """How the program answers an item. ``applies``: where this is not so, the item does not apply."""

    applies: Condition | None = None


class Item(Part, frozen=True, kw_only=True):
    id: Id
    text: Words
    hint: Words | None = None  # what counts as yes, in plain words
    by: Literal["machine", "human", "both"]
    weight: Annotated[float, Meta(gt=0, le=100)] = 1.0
    answers: Literal["yes_no", "scale"] = "yes_no"
    scale: tuple[int, int] = (1, 5)  # of answers = "scale": lowest and highest
    may_not_apply: bool = True  # people may answer that it does not apply
    fatal: bool = False  # the worst answer fails the whole card
    machine: Rule | None = None

    def answered_by(self, side: Side) -> bool:
        return self.by in (side, "both")

    def is_scored(self, side: Side) -> bool:
        """Whether its answers count: not where the program can only find words, never miss them."""
        rule = self.machine
        one_sided = rule is not None and rule.phrase is not None and rule.missing == "not_heard"
        return self.answered_by(side) and not (side == "machine" and one_sided)

    @property
    def choices(self) -> tuple[str, ...]:
        """What can be answered, the worst last but for "does not apply"."""
        low, high = self.scale
        steps = ("yes", "no") if self.answers == "yes_no" else tuple(str(step) for step in range(high, low - 1, -1))
        return (*steps, NOT_APPLICABLE) if self.may_not_apply else steps

    def points(self, answer: str) -> float | None:
        """What share of its weight an answer earns; nothing for one that leaves the item out."""
        if answer == NOT_APPLICABLE:
            return None
        if self.answers == "yes_no":
            return float(answer == "yes")
        low, high = self.scale
        return (int(answer) - low) / (high - low)


class Section(Part, frozen=True, kw_only=True):
    id: Id
    name: Words
    items: tuple[Item, ...] = ()


class Form(Part, frozen=True, kw_only=True, dict=True):
    """``min_answered``: share of the weight that must be answered, or not apply, for a card to have a score."""

    id: Id
    version: Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,19}$")]
    name: Words
    channels: tuple[Channel, ...] = ()  # of which channels the contacts are; none named: all
    min_answered: Share = 0.5
    sections: Annotated[tuple[Section, ...], Meta(min_length=1)]

    @cached_property
    def items(self) -> tuple[Item, ...]:
        return tuple(item for section in self.sections for item in section.items)

    def items_of(self, side: Side) -> tuple[Item, ...]:
        """The items that people, or the program, answer."""
        return tuple(item for item in self.items if item.answered_by(side))

    @cached_property
    def hash(self) -> str:
        """16 hex digits that change with any part of the form."""
        return hashlib.blake2b(self.content.encode(), digest_size=8).hexdigest()

    @cached_property
    def content(self) -> str:
        """The whole form as JSON, as it is kept with the cards that were filled in by it."""
        return msgspec.json.encode(self, order="deterministic").decode()

    def is_for(self, contact: dict[str, Any]) -> bool:
        """Whether a contact with these facts is judged by it: a human agent spoke, in one of its channels."""
        return bool(contact["agent_turns"]) and (not self.channels or contact["channel"] in self.channels)


NOT_APPLICABLE: Final = "not_applicable"


def form_of(content: str) -> Form:
    """The form that was kept as ``content``."""
    return msgspec.json.decode(content, type=Form)
