"""Cards that people filled in. Only ever added: a later one of the same person replaces an earlier one, and taking one
back brings the earlier one to light again; all of them stay on record with the form they were filled in by."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from analyzer.errors import ConfigError, UsageError
from analyzer.review.database import Connection, Row, text_of, time_of
from analyzer.review.disputes import overruled_cards
from analyzer.review.scorecard.form import Form, form_of


@dataclass(frozen=True, slots=True)
class Judged:
    """What a card is about: the version that was read, how it came up, whether the program's side was hidden."""

    interaction_id: str
    content_hash: str
    model_version: str
    blind: bool
    sampling_probability: float


@dataclass(frozen=True, slots=True)
class Card:
    """A card that stands. ``form`` is the one it was filled in by, ``answers`` are by item."""

    card_id: str
    judged: Judged
    form: Form
    reviewer: str
    saved_at: datetime
    answers: Mapping[str, str]


def checked(form: Form, answers: Mapping[str, str]) -> dict[str, str]:
    """The answers that people may give; raises UsageError for another one, or none at all."""
    items = {item.id: item for item in form.items_of("human")}
    for item_id, answer in answers.items():
        if item_id not in items or answer not in items[item_id].choices:
            raise UsageError("That is no answer to an item of this form.", hint="Reload the page and choose again.")
    if not answers:
        raise UsageError("Nothing was answered.", hint="Answer at least one item.")
    return dict(answers)


def save(
    connection: Connection, form: Form, judged: Judged, answers: Mapping[str, str], reviewer: str, now: datetime
) -> str:
    """The id under which the card stands from now on. Raises UsageError where the form changed under its version."""
    _keep_form(connection, form, now)
    card_id = secrets.token_hex(8)
    before = connection.rows("SELECT COALESCE(MAX(number), 0) AS n FROM cards")[0]["n"]
    connection.change(
        "INSERT INTO cards (card_id, number, interaction_id, form, version, reviewer, saved_at, blind, "
        "sampling_probability, content_hash, model_version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        card_id, before + 1, judged.interaction_id, form.id, form.version, reviewer, text_of(now), int(judged.blind),
        judged.sampling_probability, judged.content_hash, judged.model_version,
    )  # fmt: skip
    for item_id, answer in answers.items():
        connection.change("INSERT INTO card_answers (card_id, item, answer) VALUES (?, ?, ?)", card_id, item_id, answer)
    return card_id


def undo(connection: Connection, card_id: str, name: str, now: datetime) -> str:
    """Takes back a card of one's own, and returns its contact. Raises UsageError where that cannot be."""
    found = connection.rows("SELECT interaction_id, reviewer FROM cards WHERE card_id = ?", card_id)
    if not found or found[0]["reviewer"] != name:
        raise UsageError("There is no such card of yours.", hint="Only who filled it in can take it back.")
    connection.change(
        "INSERT INTO cards_undone (card_id, at, name) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        card_id, text_of(now), name,
    )  # fmt: skip
    contact: str = found[0]["interaction_id"]
    return contact


def standing(connection: Connection, interaction_id: str | None = None) -> list[Card]:
    """The cards that stand, of one contact or of all: the last one of each person by a form, in order of saving."""
    of, values = ("AND c.interaction_id = ?", (interaction_id,)) if interaction_id is not None else ("", ())
    rows = connection.rows(
        "SELECT c.* FROM cards c LEFT JOIN cards_undone u ON u.card_id = c.card_id "
        f"WHERE u.card_id IS NULL {of} ORDER BY c.saved_at, c.number",
        *values,
    )
    last = {(row["interaction_id"], row["form"], row["reviewer"]): row for row in rows}
    kept = sorted(last.values(), key=lambda row: (row["saved_at"], row["number"]))
    return _cards(connection, kept, interaction_id)


def counting(connection: Connection) -> list[Card]:
    """The cards that stand and count: not those that lost a dispute."""
    lost = overruled_cards(connection)
    return [card for card in standing(connection) if card.card_id not in lost]


def refuse_changed(connection: Connection, forms: Iterable[Form]) -> None:
    """Raises ConfigError for a form by whose version cards were filled in when it read otherwise."""
    for form in forms:
        if _kept_hash(connection, form) not in (None, form.hash):
            raise ConfigError(
                f"Form {form.id}: version {form.version} has changed since cards were filled in by it.",
                hint="Give it a new version.",
            )


def _kept_hash(connection: Connection, form: Form) -> str | None:
    rows = connection.rows("SELECT hash FROM card_forms WHERE form = ? AND version = ?", form.id, form.version)
    return rows[0]["hash"] if rows else None


def _keep_form(connection: Connection, form: Form, now: datetime) -> None:
    kept = _kept_hash(connection, form)
    if kept is None:
        connection.change(
            "INSERT INTO card_forms (form, version, hash, content, used_at) VALUES (?, ?, ?, ?, ?)",
            form.id, form.version, form.hash, form.content, text_of(now),
        )  # fmt: skip
    elif kept != form.hash:
        raise UsageError("The form has changed without a new version.", hint="Whoever runs the server gives it one.")


def _cards(connection: Connection, rows: Sequence[Row], interaction_id: str | None) -> list[Card]:
    forms = {
        (row["form"], row["version"]): form_of(row["content"]) for row in connection.rows("SELECT * FROM card_forms")
    }
    of, values = ("WHERE c.interaction_id = ?", (interaction_id,)) if interaction_id is not None else ("", ())
    answers: dict[str, dict[str, str]] = {row["card_id"]: {} for row in rows}
    for told in connection.rows(
        f"SELECT a.* FROM card_answers a JOIN cards c ON c.card_id = a.card_id {of}", *values
    ):  # fmt: skip
        if told["card_id"] in answers:
            answers[told["card_id"]][told["item"]] = told["answer"]
    return [
        Card(
            row["card_id"],
            Judged(row["interaction_id"], row["content_hash"], row["model_version"], bool(row["blind"]),
                   row["sampling_probability"]),
            forms[row["form"], row["version"]], row["reviewer"], time_of(row["saved_at"]), answers[row["card_id"]],
        )
        for row in rows
    ]  # fmt: skip
