"""What pages show of disputes beside themselves: the answers they are about, and who objects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from analyzer.publish.agents import AgentPolicy
from analyzer.review import disputes
from analyzer.review.database import Connection, Row
from analyzer.review.desk import Contact
from analyzer.review.disputes import Dispute
from analyzer.review.roles import User
from analyzer.review.scorecard import cards


def on_contact(connection: Connection, contact: Contact, user: User, policy: AgentPolicy) -> dict[str, object]:
    """For the contact's own page: disputes by answer or card, and whether ``user`` may object to more."""
    interaction_id = contact.facts["interaction_id"]
    found = disputes.of_contact(connection, interaction_id)
    rows = disputed_answers(connection, found.values())
    found = {subject: each for subject, each in found.items() if is_told(each, rows.get(subject), user)}
    return {
        "disputes": found, "objectors": objectors(connection, policy),
        "may_object": disputes.may_raise(user, contact.facts["agent_ids"]),
        "disputed_rows": rows,
        "cards_filled_in": cards.standing(connection, interaction_id),
    }  # fmt: skip


def is_told(dispute: Dispute, answer: Row | None, user: User) -> bool:
    """Whether ``user`` may read the dispute: agents do not read what colleagues object to in their coaching notes."""
    about_coaching = answer is not None and answer["finding"] == "coaching"
    return user.role != "agent" or dispute.raised_by == user.name or not about_coaching


def disputed_answers(connection: Connection, told: Iterable[Dispute]) -> Mapping[str, Row]:
    """The verdicts that are disputed, by id; ``taken_back`` tells when, if who answered took one back since."""
    ids = [each.about.subject_id for each in told if each.about.kind == "answer"]
    places = ", ".join("?" * len(ids))
    rows = connection.rows(
        "SELECT v.*, u.at AS taken_back FROM verdicts v LEFT JOIN undone u ON u.verdict_id = v.verdict_id "
        f"WHERE v.verdict_id IN ({places})",
        *ids,
    ) if ids else []  # fmt: skip
    return {row["verdict_id"]: row for row in rows}


def objectors(connection: Connection, policy: AgentPolicy) -> Mapping[str, str | None]:
    """By account, the agent as they may be shown; the account's own name may be a person's."""
    rows = connection.rows("SELECT name, agent_id FROM users WHERE agent_id IS NOT NULL")
    return {row["name"]: policy.label(row["agent_id"]) for row in rows}
