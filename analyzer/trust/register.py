"""Which column of which table names whom: the one place that subject, forget and retain go by.

Every column of text is named here, of the store's tables, its ledger and the review database; numbers, times and yes or
no name nobody by themselves and go with their row. A table or column that is missing fails tests/trust, so a new one
is thought about before it holds anybody's data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final


@dataclass(frozen=True, slots=True)
class Held:
    """The columns of a table by what they hold.

    contact, customer: the row is of that contact or customer and goes with them. link: another contact or matter of
    the same customer. agent: an agent's id, or a list. own_agent: the row is of that agent and goes with
    them, or with the last contact that names them. unit: an agent's id where unit_kind says so. account: somebody of
    the review app. follows: column → table and column of the row that it hangs on. words: what somebody said or
    wrote. place: a file's name, which may hold an id. log: text that may name any id. plain: nobody.
    """

    contact: tuple[str, ...] = ()
    customer: tuple[str, ...] = ()
    link: tuple[str, ...] = ()
    agent: tuple[str, ...] = ()
    own_agent: tuple[str, ...] = ()
    unit: tuple[str, ...] = ()
    account: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    place: tuple[str, ...] = ()
    log: tuple[str, ...] = ()
    plain: tuple[str, ...] = ()
    follows: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    notes: str = ""  # SQL: which rows are free words about a contact, and so about its agents too

    @property
    def columns(self) -> set[str]:
        """All columns that are named."""
        return {
            *self.contact, *self.customer, *self.link, *self.agent, *self.own_agent, *self.unit,
            *self.account, *self.words, *self.place, *self.log, *self.plain, *self.follows,
        }  # fmt: skip

    @property
    def owners(self) -> tuple[str, ...]:
        """The columns that make a row somebody's."""
        return (*self.contact, *self.customer)


def _held(follows: Mapping[str, tuple[str, str]] | None = None, notes: str = "", **columns: str) -> Held:
    return replace(_of(columns), follows=follows or {}, notes=notes)


def _of(columns: Mapping[str, str]) -> Held:
    def named(kind: str) -> tuple[str, ...]:
        return tuple(columns.get(kind, "").split())

    return Held(
        named("contact"), named("customer"), named("link"), named("agent"), named("own_agent"), named("unit"),
        named("account"), named("words"), named("place"), named("log"), named("plain"),
    )  # fmt: skip


NOTES: Final = ("comment", "coaching")  # verdicts that are free words
_UNIT: Final = "measure method error_basis unit_kind"

STORE: Final[Mapping[str, Held]] = {
    "interaction_facts": _held(
        contact="interaction_id", customer="customer_key", agent="agent_id agent_ids", place="source_uri",
        plain="source_id chain_id source_format content_hash channel direction language started_at_source team queue "
        "product_line segment disposition resolution reason",
    ),
    "outcomes": _held(
        contact="interaction_id", link="episode_id repeat_of next_contact_id", plain="fcr_status run_id"
    ),
    "turns": _held(contact="interaction_id", agent="agent_id", words="text", place="part", plain="speaker"),
    "cues": _held(contact="interaction_id", words="reason", plain="cue_id label detector"),
    "findings": _held(contact="interaction_id", plain="name value detector model_version"),
    "contributions": _held(contact="interaction_id", plain="component"),
    "interaction_agents": _held(contact="interaction_id", agent="agent_id", plain="role"),
    "fcr": _held(contact="interaction_id", plain="matter status maturity"),
    "commitments": _held(
        contact="interaction_id", link="evidence_interaction_id", words="text", plain="status"
    ),
    "flags": _held(contact="interaction_id", words="explanation", plain="flag_id rule polarity"),
    "episodes": _held(
        contact="first_interaction_id last_interaction_id", customer="customer_key", plain="episode_id channels reason"
    ),
    "verdicts": _held(
        contact="interaction_id", account="reviewer", words="answer",
        plain="verdict_id finding content_hash model_version use",
    ),
    "scorecards": _held(
        contact="interaction_id", account="reviewer", words="answer",
        plain="card_id form version form_hash filled_by section item state failed_item content_hash",
    ),
    "reveals": _held(contact="interaction_id", account="revealed_by"),
    "rejects": _held(place="source_uri", plain="source_format code message run_id"),
    "loyalty_records": _held(customer="customer_key", words="text", place="source_uri", plain="fact"),
    "surveys": _held(
        customer="customer_key", contact="interaction_id", words="text", place="source_uri",
        plain="survey_id item mode",
    ),
    "customers": _held(customer="customer_key", words="reasons", plain="definition quadrant value_tier"),
    "action_lists": _held(customer="customer_key", words="reasons", plain="list value_tier"),
    "initiatives": _held(customer="customer_key", place="source_uri", plain="list kind"),
    "unit_scores": _held(unit="unit_id", plain=f"{_UNIT} period unit standing"),
    "control_chart_points": _held(unit="unit_id", plain="unit_kind measure method lead"),
    "counter_measures": _held(
        unit="unit_id", plain="period unit_kind measure counter_measure counter_unit reading error_basis"
    ),
    "agent_names": _held(own_agent="agent_id", words="name"),
    # Figures of groups: nobody's.
    "fcr_rates": _held(plain="period matter error_basis method"),
    "score_weights": _held(plain="version component source note"),
    "score_calibration": _held(plain="item method"),
    "weight_trials": _held(plain="item method"),
    "bias_watch": _held(plain="measure group_kind group_id method standing error_basis"),
    "audit_corrections": _held(plain="measure group_kind group_id error_basis method"),
    "runs": _held(plain="run_id config_hash model_version engine"),
    "loyalty_matrix": _held(plain="segment measure error_basis method"),
    "loyalty_drivers": _held(plain="segment outcome driver scale method family error_basis verdict"),
    "loyalty_dynamics": _held(plain="segment path method error_basis"),
    "expectation_gap": _held(plain="segment topic error_basis method"),
    "perception_gap": _held(plain="segment topic error_basis method"),
    "survey_checks": _held(plain="mode item check method"),
    "initiative_effects": _held(plain="list kind outcome method"),
    "organisational_gaps": _held(plain="segment kind sign error_basis method"),
    "staff_mood": _held(plain="period team method error_basis"),
}  # fmt: skip

LEDGER: Final[Mapping[str, Held]] = {
    "contacts": _held(
        contact="interaction_id", place="source_uri given", plain="content_hash updated_at day run_id"
    ),
    "parts": _held(contact="interaction_id", place="part_id", plain="digest"),
    "lost_contacts": _held(contact="interaction_id", plain="day"),
    "files": _held(place="name", plain="sha256 run_id"),
    "runs": _held(plain="run_id published_at fingerprint record"),
    "versions": _held(plain="name run_id days"),
    "day_rows": _held(plain="name day"),
    "lost_tables": _held(plain="name"),
    "state": _held(plain="name value"),
}  # fmt: skip

# Times stand as text in the review database, so they are named too.
REVIEW: Final[Mapping[str, Held]] = {
    "review_schema": _held(),
    "users": _held(account="name", agent="agent_id", plain="role password_hash created_at disabled_at"),
    "user_teams": _held(account="name", plain="team"),
    "sessions": _held(account="name", plain="id_hash csrf created_at seen_at"),
    "password_codes": _held(account="name", plain="code_hash made_at"),
    "failures": _held(plain="subject at"),
    "audit_log": _held(account="name", log="object", plain="at action address"),
    "verdicts": _held(
        contact="interaction_id", account="reviewer", words="answer", notes="finding IN ('comment', 'coaching')",
        plain="verdict_id finding answered_at assigned_at content_hash model_version use_for",
    ),
    "undone": _held(follows={"verdict_id": ("verdicts", "verdict_id")}, account="name", plain="at"),
    "views": _held(account="owner", log="query name", plain="view_id created_at"),
    "default_views": _held(account="name", plain="view_id"),
    "last_lists": _held(account="name", log="query"),
    "assignments": _held(contact="interaction_id", account="name assigned_by", plain="assigned_at"),
    "looks": _held(contact="interaction_id", account="name", plain="at"),
    "disputes": _held(
        contact="interaction_id", account="reviewer raised_by", words="reason", notes="1 = 1",
        plain="dispute_id kind subject_id raised_at",
    ),
    "dispute_decisions": _held(
        follows={"dispute_id": ("disputes", "dispute_id")}, account="decided_by", words="reason",
        plain="decision decided_at",
    ),
    "coaching_steps": _held(
        follows={"verdict_id": ("verdicts", "verdict_id")}, account="name", plain="step at"
    ),
    "card_forms": _held(plain="form version hash content used_at"),
    "cards": _held(
        contact="interaction_id", account="reviewer",
        plain="card_id form version saved_at content_hash model_version",
    ),
    "card_answers": _held(follows={"card_id": ("cards", "card_id")}, words="answer", plain="item"),
    "cards_undone": _held(follows={"card_id": ("cards", "card_id")}, account="name", plain="at"),
}  # fmt: skip

# What a column of a table that is not named above holds: a way out for a database of a newer version, never a reason
# to leave a table out.
BY_NAME: Final[Mapping[str, str]] = {
    "interaction_id": "contact", "contact": "contact", "contact_id": "contact", "customer_key": "customer",
    "agent_id": "agent", "agent": "agent", "reviewer": "account", "name": "account", "account": "account",
    "object": "log",
}  # fmt: skip


def held_in(columns: set[str], known: Held | None) -> Held:
    """``known`` as far as those columns are there; a guess by their names where the table is not known."""
    if known is not None:
        return known
    guessed: dict[str, str] = {}
    for column in sorted(columns):
        kind = BY_NAME.get(column, "plain")
        guessed[kind] = f"{guessed.get(kind, '')} {column}"
    return _of(guessed)
