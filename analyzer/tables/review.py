"""What people are asked to look at, what they decided, and what that says of the machine."""

from __future__ import annotations

from typing import Final

from analyzer.tables.columns import AS_OF, DAY, ERROR_BASIS, INTERACTION, INTERVAL, OBSERVATIONS
from analyzer.tables.schema import BOOL, FLOAT, INT, STRING, TIME, column, nullable, table

FLAGS: Final = table(
    "flags",
    "contacts worth a person's look, and the random audit draw",
    "flag_id",
    column("flag_id", STRING, "hash of contact, rule, turn"),
    INTERACTION,
    DAY,
    column("rule", STRING, "rule in config, or random_audit"),
    column("severity", INT, "1 notice … 3 urgent"),
    column("polarity", STRING, "concern or praise", "concern", "praise"),
    nullable("turn", INT, "turn it points to"),
    column("explanation", STRING, "why, in plain words"),
    column("sampling_probability", FLOAT, "1 for rules; the draw's for the audit", unit="0–1"),
    by_day=True,
)

VERDICTS: Final = table(
    "verdicts",
    "what a person decided in review; never a finding",
    "verdict_id",
    column("verdict_id", STRING, "verdict"),
    INTERACTION,
    column("finding", STRING, "what was judged"),
    column("answer", STRING, "the person's answer"),
    column("reviewer", STRING, "who"),
    column("answered_at", TIME, "when"),
    column("blind", BOOL, "the machine's findings were hidden"),
    column("sampling_probability", FLOAT, "of the draw that brought it up", unit="0–1"),
    nullable("assigned_at", TIME, "when it was assigned"),
    column("content_hash", STRING, "transcript judged"),
    column("model_version", STRING, "weights judged"),
    column("use", STRING, "what it may serve", "audit", "training"),
    nullable("turn", INT, "turn that was judged; empty: the whole contact"),
    nullable("start_char", INT, "first code point of the words that were judged"),
    nullable("end_char", INT, "code point after them"),
)

SCORECARDS: Final = table(
    "scorecards",
    "one row an item of a quality form in a card, by a person or by the program; never mixed",
    "card_id item",
    column("card_id", STRING, "card"),
    INTERACTION,
    DAY,
    column("form", STRING, "form"),
    column("version", STRING, "version of the form"),
    column("form_hash", STRING, "hash of the form's content"),
    column("filled_by", STRING, "who answered", "human", "machine"),
    nullable("reviewer", STRING, "the person; empty for the program"),
    column("section", STRING, "section of the form"),
    column("item", STRING, "item of the form"),
    nullable("answer", STRING, "yes, no, a step of the scale, or not_applicable; empty where it is left open"),
    column(
        "state",
        STRING,
        "what became of the item: unsure and not_heard are the program's, open a person's",
        "answered",
        "not_applicable",
        "unsure",
        "not_heard",
        "open",
    ),
    nullable("points", FLOAT, "share of its weight that the answer earns", unit="0–1"),
    column("weight", FLOAT, "weight of the item; 0 where the program's answer does not count"),
    column("fatal", BOOL, "whether the worst answer fails the card"),
    nullable("probability", FLOAT, "of the program's answer, where it is an estimate", unit="0–1"),
    nullable("turn", INT, "turn the program's answer rests on, 0-based"),
    nullable(
        "card_score",
        FLOAT,
        "score of the whole card, the same in each of its rows; empty: too few answers",
        unit="0–100",
    ),
    nullable("failed_item", STRING, "fatal item that failed the card"),
    nullable("blind", BOOL, "a person's card: the program's answers were hidden"),
    nullable("sampling_probability", FLOAT, "a person's card: of the draw that brought the contact up", unit="0–1"),
    nullable("saved_at", TIME, "a person's card: when"),
    column("content_hash", STRING, "transcript judged"),
    by_day=True,
)

REVEALS: Final = table(
    "reveals",
    "looks at the machine's findings of a drawn contact before its audit was answered",
    "interaction_id revealed_at revealed_by",
    INTERACTION,
    column("revealed_at", TIME, "when; verdicts after it are not blind"),
    column("revealed_by", STRING, "who, as the machine knows them"),
)

AUDIT_CORRECTIONS: Final = table(
    "audit_corrections",
    "what the machine says of all contacts, and what people would have said",
    "measure group_kind group_id",
    column("measure", STRING, "measure"),
    column("group_kind", STRING, "whose contacts", "all", "language", "channel"),
    column("group_id", STRING, "the group"),
    OBSERVATIONS,
    column("n_audited", INT, "of these, judged by people"),
    nullable("machine", FLOAT, "mean of the machine's readings"),
    nullable("value", FLOAT, "mean as people would judge; the machine's where the audit is too small"),
    *INTERVAL,
    nullable("tuning", FLOAT, "weight of the machine's readings in value; 0: the audit alone"),
    ERROR_BASIS,
    column("method", STRING, "estimator, or why there is no correction"),
    AS_OF,
)
