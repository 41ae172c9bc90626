"""Which contacts of the random audit a second person answers too, and for whom they wait.

A draw of a draw: a keyed hash of the contact's id decides, so nobody can choose or foresee which, and a larger share
holds all that a smaller one held. Only drawn contacts take part: of a contact that a rule picked, the first person has
seen what the program found, and agreement would be measured between an answer and an echo. What the second person may
not see is hidden by the contact's own page, as from everybody who has not answered a drawn contact
(``questions.is_hidden``).
"""

from __future__ import annotations

import hashlib
import hmac
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final

from analyzer.review import questions
from analyzer.review.database import Connection, Row
from analyzer.review.desk import Snapshot

SECRET_NAME: Final = "second-review"
_AT_ONCE: Final = 500  # contacts asked for in one statement


def is_chosen(key: bytes, interaction_id: str, share: float) -> bool:
    """Whether the contact is among the ``share`` that two people answer."""
    return _lot(key, interaction_id) < share


@lru_cache(maxsize=100_000)
def _lot(key: bytes, interaction_id: str) -> float:
    """The contact's number in [0, 1)."""
    digest = hmac.new(key, interaction_id.encode("utf-8", "surrogatepass"), hashlib.sha256).digest()
    return (int.from_bytes(digest[:8], "big") >> 11) / 2**53  # 53 bits: more would round up to 1.0


def waiting(connection: Connection, snapshot: Snapshot, name: str, key: bytes, share: float) -> set[str]:
    """The contacts that wait for ``name`` as their second person: one person has answered everything, and it was not
    they; they have seen nothing of what was found or answered, and nobody disputes it. What they began waits on."""
    if share <= 0:
        return set()
    begun = connection.rows("SELECT DISTINCT interaction_id FROM verdicts WHERE finding = 'resolution' AND blind = 1")
    known = _known_to(connection, name)
    chosen = {
        row["interaction_id"]: snapshot.draws[row["interaction_id"]] for row in begun
        if row["interaction_id"] in snapshot.draws and row["interaction_id"] not in known
        and is_chosen(key, row["interaction_id"], share)
    }  # fmt: skip
    return {
        contact
        for contact, people in completed_by(connection, chosen).items()
        if len(people) == 1 and name not in people
    }


def completed_by(connection: Connection, draws: Mapping[str, Row]) -> Mapping[str, frozenset[str]]:
    """By contact of ``draws``, who has answered all that is asked about it without having seen what was found."""
    people: defaultdict[str, set[str]] = defaultdict(set)
    for contacts in _batches(list(draws)):
        for row in _blind_answers(connection, contacts):
            if row["n"] >= len(questions.asked(draws[row["interaction_id"]])):
                people[row["interaction_id"]].add(row["reviewer"])
    return {contact: frozenset(names) for contact, names in people.items()}


def _blind_answers(connection: Connection, contacts: Sequence[str]) -> list[Row]:
    """By contact and person, how many of the questions they have answered blind."""
    these, asked = (", ".join("?" * len(each)) for each in (contacts, questions.ANSWERS))
    return connection.rows(
        "SELECT v.interaction_id, v.reviewer, COUNT(DISTINCT v.finding) AS n FROM verdicts v "
        "LEFT JOIN undone u ON u.verdict_id = v.verdict_id WHERE u.verdict_id IS NULL AND v.blind = 1 "
        f"AND v.turn IS NULL AND v.interaction_id IN ({these}) AND v.finding IN ({asked}) "
        "GROUP BY v.interaction_id, v.reviewer",
        *contacts, *questions.ANSWERS,
    )  # fmt: skip


def _known_to(connection: Connection, name: str) -> set[str]:
    """The contacts of which ``name`` has seen what was found or answered, or of which an answer is disputed: a dispute
    repeats the answer. Who took an answer back has left it; who has only begun, blind, may go on."""
    rows = connection.rows(
        "SELECT interaction_id FROM verdicts WHERE reviewer = ? "
        "AND (blind = 0 OR verdict_id IN (SELECT verdict_id FROM undone)) "
        "UNION SELECT interaction_id FROM looks WHERE name = ? UNION SELECT interaction_id FROM disputes",
        name, name,
    )  # fmt: skip
    return {row["interaction_id"] for row in rows}


def _batches(contacts: Sequence[str]) -> Iterator[Sequence[str]]:
    return (contacts[start : start + _AT_ONCE] for start in range(0, len(contacts), _AT_ONCE))
