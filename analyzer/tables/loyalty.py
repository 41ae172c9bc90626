"""Loyalty: what was given of customers, where each stands, what moves them, and where the center loses them."""

from __future__ import annotations

from typing import Final

from analyzer.tables.columns import AS_OF, CUSTOMER, ERROR_BASIS, HORIZON, INTERVAL, MODEL_ONLY, OBSERVATIONS
from analyzer.tables.schema import BOOL, FLOAT, INT, LONG, STRING, STRINGS, TIME, Column, column, nullable, table

_SEGMENT: Final = column("segment", STRING, "segment or product line; 'all' for everybody")
# customers and what an estimate of them rests on, in tables that came first without
_RESTS_ON: Final = (
    nullable("customers", LONG, "customers behind n"),
    nullable("error_basis", STRING, "whether ears' errors were corrected", "model_only", "audit_corrected"),
    nullable("method", STRING, "estimator, or 'not estimable: why'"),
)

LOYALTY_RECORDS: Final = table(
    "loyalty_records",
    "loyalty facts as given, one row a fact",
    "customer_key as_of known_at fact",
    CUSTOMER,
    column("as_of", TIME, "date the fact holds for"),
    column("known_at", TIME, "when the company could know it"),
    column("fact", STRING, "tenure_months, nps, …"),
    nullable("number", FLOAT, "value of a number, amount or yes (1) / no (0)"),
    nullable("text", STRING, "value of a word"),
    nullable("time", TIME, "value of a date"),
    column("source_uri", STRING, "file"),
)

SURVEYS: Final = table(
    "surveys",
    "survey answers as given, on their own scale and on 0–1",
    "survey_id",
    column("survey_id", STRING, "hash of customer, contact, answer time, item"),
    CUSTOMER,
    nullable("interaction_id", STRING, "contact asked about"),
    nullable("invited_at", TIME, "invited"),
    nullable("answered_at", TIME, "answered"),
    column("item", STRING, "csat, nps, ces or a named item"),
    nullable("answer", FLOAT, "as given"),
    nullable("scale_min", FLOAT, "lowest answer"),
    nullable("scale_max", FLOAT, "highest answer"),
    nullable("good", FLOAT, "answer on 0–1 with 1 the best, direction applied", unit="0–1"),
    nullable("text", STRING, "open text, masked"),
    column("source_uri", STRING, "file"),
    nullable("mode", STRING, "how it was asked: mail, phone, web, …"),
)

SURVEY_CHECKS: Final = table(
    "survey_checks",
    "what the surveys are worth: who answered, and which answers cannot be used",
    "mode item check",
    column("mode", STRING, "how it was asked; 'all' for every mode"),
    column("item", STRING, "item; '' for responses"),
    column(
        "check",
        STRING,
        "what is counted or averaged",
        "response_rate",
        "control_failed",
        "straight_lined",
        "same_everywhere",
        "no_scale",
        "no_direction",
        "mean",
        "mean_weighted",
    ),
    OBSERVATIONS,
    column("customers", LONG, "customers behind n"),
    nullable("value", FLOAT, "share, or mean answer with 1 the best", unit="0–1"),
    *INTERVAL,
    column("method", STRING, "estimator"),
    AS_OF,
)

CUSTOMERS: Final = table(
    "customers",
    "loyalty of each customer as of a date",
    "customer_key as_of definition",
    CUSTOMER,
    AS_OF,
    column("definition", STRING, "loyalty definition in config"),
    nullable("attitudinal_index", FLOAT, "attitude", unit="0–100"),
    nullable("behavioural_index", FLOAT, "behaviour", unit="0–100"),
    nullable("loyalty_index", FLOAT, "both", unit="0–100"),
    nullable("locked_in", BOOL, "bound by contract"),
    nullable("satisfaction_index", FLOAT, "satisfaction from surveys and contacts", unit="0–100"),
    nullable("quadrant", STRING, "null where its probability < .8", "loyalist", "hostage", "mercenary", "defector"),
    nullable("value_tier", STRING, "value tier as given or by revenue"),
    nullable("at_risk_probability", FLOAT, "probability to give notice within horizon_days", unit="0–1"),
    HORIZON,
    column("reasons", STRINGS, "why at risk or loyal, in words"),
)

LOYALTY_MATRIX: Final = table(
    "loyalty_matrix",
    "shares and conditionals of loyalty and satisfaction",
    "segment as_of horizon_days measure",
    _SEGMENT,
    AS_OF,
    HORIZON,
    column("measure", STRING, "quadrant share, leaves_given_satisfied, unhappy_given_loyal, …"),
    OBSERVATIONS,
    nullable("raw", FLOAT, "counted", unit="0–1"),
    nullable("corrected", FLOAT, "corrected for measurement error", unit="0–1"),
    *INTERVAL,
    Column(
        "error_basis",
        STRING,
        "whether readings are calibrated against answers or audits",
        one_of=("model_only", "audit_corrected"),
        default="model_only",
    ),
    Column("method", STRING, "estimator, or why it is only counted or not estimable", default="counted"),
    nullable("claimed", FLOAT, "share that a source of ours claims, without a source of its own", unit="0–1"),
)

LOYALTY_DRIVERS: Final = table(
    "loyalty_drivers",
    "what moves notice and repurchase",
    "segment outcome horizon_days driver",
    _SEGMENT,
    column("outcome", STRING, "notice or repurchase"),
    HORIZON,
    column("driver", STRING, "driver"),
    column("scale", STRING, "HR or OR per sd"),
    nullable("effect", FLOAT, "effect"),
    *INTERVAL,
    nullable("p_adjusted", FLOAT, "p value, FDR within the report", unit="0–1"),
    OBSERVATIONS,
    column("method", STRING, "estimator, or 'not estimable: why'"),
    nullable("uncorrected", FLOAT, "effect before the correction for detector error, per sd of the reading"),
    nullable("events", LONG, "notices or purchases in it"),
    nullable("family", STRING, "tests that p_adjusted looks at together"),
    nullable(
        "error_basis", STRING, "how detector error was corrected", "model_only", "stated_reliability", "audit_corrected"
    ),
    nullable("verdict", STRING, "what the row says, in words"),
)

LOYALTY_DYNAMICS: Final = table(
    "loyalty_dynamics",
    "satisfaction and loyalty moving each other",
    "segment path lag_days",
    _SEGMENT,
    column("path", STRING, "direction"),
    column("lag_days", INT, "lag", unit="days"),
    nullable("effect", FLOAT, "effect"),
    *INTERVAL,
    OBSERVATIONS,
    column("method", STRING, "estimator, or 'not estimable: why'"),
    MODEL_ONLY,
)

EXPECTATION_GAP: Final = table(
    "expectation_gap",
    "got against wanted, by topic",
    "segment topic",
    _SEGMENT,
    column("topic", STRING, "topic of what was expected"),
    nullable("value", FLOAT, "exceeded − unmet share", unit="−1…1"),
    *INTERVAL,
    OBSERVATIONS,
    *_RESTS_ON,
)

PERCEPTION_GAP: Final = table(
    "perception_gap",
    "our view against the customers' own",
    "segment topic",
    _SEGMENT,
    column("topic", STRING, "what is compared"),
    nullable("value", FLOAT, "ours − theirs"),
    *INTERVAL,
    OBSERVATIONS,
    *_RESTS_ON,
)

ORGANISATIONAL_GAPS: Final = table(
    "organisational_gaps",
    "gaps of procedure, skill and tool by the loyalty at stake",
    "segment sign",
    _SEGMENT,
    column("kind", STRING, "kind of gap", "procedure", "skill", "tool"),
    column("sign", STRING, "what customers met"),
    HORIZON,
    OBSERVATIONS,
    column("customers", LONG, "customers behind n"),
    nullable("met_share", FLOAT, "share of customers in touch who met it within a horizon", unit="0–1"),
    nullable("met_low", FLOAT, "lower end of its 95 % interval"),
    nullable("met_high", FLOAT, "upper end of its 95 % interval"),
    nullable("at_stake", FLOAT, "notices within the horizon that go with it, per 100 customers in touch"),
    *INTERVAL,
    nullable("rank", INT, "1 for the most at stake"),
    nullable("rank_low", INT, "best rank that the errors leave open"),
    nullable("rank_high", INT, "worst rank that the errors leave open"),
    ERROR_BASIS,
    column("method", STRING, "estimator, or 'not estimable: why'"),
    AS_OF,
)

STAFF_MOOD: Final = table(
    "staff_mood",
    "tone of a team of eight or more beside the mood of its customers",
    "period team",
    column("period", STRING, "month, 2026-11"),
    column("team", STRING, "team; 'all' for everybody"),
    column("agents", INT, "agents behind it, each counting the same"),
    column("n", LONG, "contacts of one agent"),
    nullable("staff_tone", FLOAT, "words to the person less dismissal and bare policy, per agent turn"),
    nullable("staff_low", FLOAT, "lower end of its 95 % interval"),
    nullable("staff_high", FLOAT, "upper end of its 95 % interval"),
    column("customers", LONG, "customers behind the mood"),
    nullable("customer_mood", FLOAT, "feeling at the end of the same contacts", unit="−1…1"),
    nullable("customer_low", FLOAT, "lower end of its 95 % interval"),
    nullable("customer_high", FLOAT, "upper end of its 95 % interval"),
    column("method", STRING, "estimator"),
    AS_OF,
    MODEL_ONLY,
)
