"""What time brings to a contact: matters, first-contact resolution, promises."""

from __future__ import annotations

from typing import Final

from analyzer.tables.columns import AS_OF, CUSTOMER, DAY, ERROR_BASIS, INTERACTION, IS_FINAL
from analyzer.tables.schema import BOOL, FLOAT, INT, LONG, STRING, STRINGS, TIME, Table, column, nullable, table

OUTCOME_COLUMNS: Final = (
    INTERACTION,
    DAY,
    column(
        "fcr_status",
        STRING,
        "first-contact resolution, headline row (same matter, configured window)",
        "confirmed",
        "refuted",
        "open",
        "silent",
        "not_first",
        "not_applicable",
    ),
    nullable("fcr_probability", FLOAT, "probability that the matter was resolved at the first contact", unit="0–1"),
    nullable("episode_id", STRING, "the matter this contact belongs to"),
    nullable("repeat_of", STRING, "previous contact of the episode"),
    nullable("next_contact_id", STRING, "the customer's next contact of any matter"),
    nullable("experience_contact", FLOAT, "experience of the contact alone, frozen with it", unit="0–100"),
    nullable("experience_score", FLOAT, "experience with the journey; provisional until is_final", unit="0–100"),
    column("is_final", BOOL, "whether nothing that time brings can change this row"),
    AS_OF,
    column("run_id", STRING, "run that wrote the row"),
)

OUTCOMES: Final = Table(
    "outcomes",
    "one row a contact: what time brings; rewritten as time passes",
    ("interaction_id",),
    OUTCOME_COLUMNS,
    by_day=True,
)

EPISODES: Final = table(
    "episodes",
    "one row a matter of one customer",
    "episode_id",
    column("episode_id", STRING, "hash of the first contact"),
    CUSTOMER,
    column("first_interaction_id", STRING, "first contact"),
    column("last_interaction_id", STRING, "last contact"),
    column("contacts", INT, "contacts"),
    column("channels", STRINGS, "channels in order of first use"),
    column("started_at", TIME, "start of the first contact"),
    column("ended_at", TIME, "end of the last contact"),
    nullable("reason", STRING, "reason of the first contact"),
    column("link_probability", FLOAT, "probability that all links hold; 1 for a single contact", unit="0–1"),
)

FCR: Final = table(
    "fcr",
    "first-contact resolution for each kind of matter and window",
    "interaction_id matter window_days",
    INTERACTION,
    DAY,
    column("matter", STRING, "same matter or any contact", "same", "any"),
    column("window_days", INT, "window", unit="days"),
    column("status", STRING, "status", "confirmed", "refuted", "open", "silent", "not_first", "not_applicable"),
    nullable("probability", FLOAT, "probability of first-contact resolution", unit="0–1"),
    column("maturity", STRING, "whether the window is over", "mature", "open"),
    AS_OF,
    IS_FINAL,
    nullable(
        "returned_probability",
        FLOAT,
        "probability that the customer comes back within the window; first contacts of known customers",
        unit="0–1",
    ),
    nullable(
        "left_probability",
        FLOAT,
        "probability that the customer leaves within it instead; null where no notices are recorded",
        unit="0–1",
    ),
    by_day=True,
)

FCR_RATES: Final = table(
    "fcr_rates",
    "first-contact resolution of weeks and months, a nowcast while windows run",
    "period matter window_days",
    column("period", STRING, "2026-W47 or 2026-11"),
    column("matter", STRING, "same matter or any contact", "same", "any"),
    column("window_days", INT, "window", unit="days"),
    column("n", LONG, "first contacts of known customers"),
    nullable("value", FLOAT, "share solved at the first contact: mean probability", unit="0–1"),
    nullable("low", FLOAT, "lower end of the 95 % interval of what the period comes to"),
    nullable("high", FLOAT, "upper end of the 95 % interval of what the period comes to"),
    column("mature_share", FLOAT, "share of the contacts it rests on whose windows are over", unit="0–1"),
    column("silent", LONG, "contacts that ended without a word either way"),
    nullable("lowest", FLOAT, "value if no silent contact was solved", unit="0–1"),
    nullable("highest", FLOAT, "value if every silent contact was solved", unit="0–1"),
    column("unidentified", LONG, "contacts without a customer, not in n"),
    nullable("unidentified_rate", FLOAT, "their mean probability, from the text alone", unit="0–1"),
    *(
        nullable(f"{way}_{end}", FLOAT, f"{meaning}, {what}", unit="0–1")
        for way, meaning in (
            ("returned", "share taken up again within the window"),
            ("left", "share whose customer left instead"),
            ("quiet", "share quiet and still a customer"),
        )
        for end, what in (
            ("rate", "expected"),
            ("low", "lower end of its 95 % interval"),
            ("high", "upper end of its 95 % interval"),
        )
    ),
    nullable("success_rate", FLOAT, "value less the contacts whose customer left", unit="0–1"),
    ERROR_BASIS,
    column("method", STRING, "estimator, or 'not estimable yet'"),
    AS_OF,
    IS_FINAL,
)

COMMITMENTS: Final = table(
    "commitments",
    "one row a promise by an agent",
    "interaction_id turn",
    INTERACTION,
    DAY,
    column("turn", INT, "agent turn that promised"),
    column("text", STRING, "masked words"),
    nullable("promised_by", TIME, "due, where the words say so"),
    column("status", STRING, "outcome", "open", "kept", "broken", "unknown"),
    nullable("evidence_interaction_id", STRING, "later contact that shows the outcome"),
    column("probability", FLOAT, "probability that it is a promise", unit="0–1"),
    by_day=True,
)
