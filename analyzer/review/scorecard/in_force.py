"""The forms in force, and the program's cards by them: of one contact, of days, and of a whole published state.

The program's cards are not kept in the store: they follow from what is published and from the form, so they are made
when somebody reads them, always of both as they stand.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from threading import Lock
from typing import Any, Final

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.config import ReviewSettings
from analyzer.publish.reading import Tables, day_spans
from analyzer.review.desk import Contact
from analyzer.review.scorecard.form import Form
from analyzer.review.scorecard.forms import MEASURES, load_forms
from analyzer.review.scorecard.hearing import Contacts
from analyzer.review.scorecard.machine import MachineCards, machine_cards
from analyzer.tables import STORED

FACTS: Final = (
    "interaction_id", "day", "content_hash", "channel", "language", "agent_id", "agent_ids", "team", "started_at",
    *sorted(MEASURES),
)  # fmt: skip
_WHOSE: Final = ("interaction_id", "day", "content_hash", "agent_ids", "team", "started_at")
_CUES: Final = ("interaction_id", "turn", "label", "probability")
_TURNS: Final = ("interaction_id", "turn", "speaker", "text")
_FINDINGS: Final = ("interaction_id", "name", "value", "probability", "low", "high")


@dataclass(frozen=True)
class AllCards:
    """``facts``: whose contact each is, a row a contact in order of their start, by id. ``machine``: for each form by
    its id the program's cards, in rows of the same order with score, failed and, by item, points; nan for no card."""

    facts: pd.DataFrame
    machine: Mapping[str, pd.DataFrame]


@dataclass(frozen=True)
class FormsInForce:
    """``swap_below``: as the settings of understanding have it, below which nobody knows who spoke."""

    forms: tuple[Form, ...]
    swap_below: float
    _kept: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)
    _lock: Lock = field(default_factory=Lock, repr=False, compare=False)

    def named(self, form_id: str | None) -> Form | None:
        """The form of that id; the first where none is asked for."""
        return next((form for form in self.forms if form_id in (None, form.id)), None)

    def of_contact(self, contact: Contact) -> list[MachineCards]:
        """The program's card of a contact by each form that is for it."""
        contacts = Contacts(
            _table("interaction_facts", [contact.facts]), _table("cues", contact.cues),
            _table("turns", contact.turns), _table("findings", contact.findings), self.swap_below,
        )  # fmt: skip
        return [machine_cards(form, contacts) for form in self.forms if form.is_for(contact.facts)]

    def of_days(self, tables: Tables, days: Sequence[date]) -> Iterator[tuple[MachineCards, pa.Table]]:
        """The program's cards of the contacts of some days by each form, with the facts they rest on."""
        facts = tables.read("interaction_facts", columns=FACTS, days=days)
        contacts = Contacts(
            facts, tables.read("cues", columns=_CUES, days=days), tables.read("turns", columns=_TURNS, days=days),
            tables.read("findings", columns=_FINDINGS, days=days), self.swap_below,
        )  # fmt: skip
        for form in self.forms:
            yield machine_cards(form, contacts), facts

    def of_state(self, tables: Tables, vector: Mapping[str, int]) -> AllCards:
        """All of the program's cards of one published state; kept until another is published."""
        with self._lock:
            if self._kept.get("vector") != dict(vector):
                self._kept.update(vector=dict(vector), cards=self._of_all(tables))
            cards: AllCards = self._kept["cards"]
            return cards

    def _of_all(self, tables: Tables) -> AllCards:
        facts = tables.read("interaction_facts", columns=_WHOSE).to_pandas().set_index("interaction_id")
        facts = facts.sort_values("started_at", kind="stable")
        facts["alone"] = [spoken[0] if len(spoken) == 1 else None for spoken in facts.pop("agent_ids")]
        parts: dict[str, list[pd.DataFrame]] = {form.id: [] for form in self.forms}
        for days in ((), *day_spans(tables)):  # no days give the columns where there are none
            for cards, _ in self.of_days(tables, days):
                parts[cards.form.id].append(points_of(cards))
        return AllCards(facts, {form: pd.concat(some).reindex(facts.index) for form, some in parts.items()})


def forms_in_force(settings: ReviewSettings, swap_below: float) -> FormsInForce:
    """The forms that the settings name. Raises ConfigError for one that is wrong."""
    return FormsInForce(load_forms(settings.forms), swap_below)


def points_of(cards: MachineCards) -> pd.DataFrame:
    """A row a card: its score, whether a fatal item failed it, and the points of each item."""
    found, items = cards.scores, cards.form.items_of("machine")
    columns = {item.id: told.points for item, told in zip(items, cards.answers, strict=True)}
    index = pd.Index(list(cards.ids), dtype=object, name="interaction_id")
    return pd.DataFrame({"score": found.value, "failed": 1.0 * (found.failed >= 0), **columns}, index=index)


def _table(name: str, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    known = STORED[name].column_names
    return STORED[name].from_rows([{column: row.get(column) for column in known} for row in rows])


def of_ids(facts: pa.Table, ids: Sequence[str]) -> pa.Table:
    """The facts of the contacts ``ids``, in their order."""
    return facts.take(pc.index_in(pa.array(ids, pa.string()), value_set=facts["interaction_id"].combine_chunks()))
