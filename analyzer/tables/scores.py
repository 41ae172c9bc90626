"""Scores: of a contact and why, of units and what may be said beside them, and what the weights are worth."""

from __future__ import annotations

from typing import Final

from analyzer.tables.columns import AS_OF, DAY, ERROR_BASIS, INTERACTION, INTERVAL, IS_FINAL, MODEL_ONLY, OBSERVATIONS
from analyzer.tables.schema import BOOL, DATE, FLOAT, INT, STRING, TIME, column, nullable, table

CONTRIBUTIONS: Final = table(
    "contributions",
    "why a score is what it is; base + Σ points = experience_score",
    "interaction_id component",
    INTERACTION,
    DAY,
    column("component", STRING, "part of the score; 'base' is its own row"),
    column("observed", BOOL, "whether the part was observed"),
    nullable("value", FLOAT, "observed value"),
    column("reference", FLOAT, "value that adds nothing"),
    column("weight", FLOAT, "points per unit of value"),
    column("points", FLOAT, "weight × (value − reference); 0 if not observed", unit="0–100 scale"),
    by_day=True,
)

UNIT_SCORES: Final = table(
    "unit_scores",
    "published estimates of agents, teams, channels and more",
    "period unit_kind unit_id measure",
    column("period", STRING, "2026-11-21, 2026-W47 or 2026-11"),
    column("unit_kind", STRING, "kind of unit", "agent", "team", "channel", "queue", "product_line", "segment"),
    column("unit_id", STRING, "the unit"),
    column("measure", STRING, "what is estimated"),
    column("unit", STRING, "unit of the measure"),
    column("higher_is_better", BOOL, "direction"),
    column("n", INT, "contacts in the estimate"),
    column("n_effective", FLOAT, "effective contacts (shares, weights)"),
    column("coverage_rate", FLOAT, "share of the unit's contacts where the measure was observed", unit="0–1"),
    nullable("raw_mean", FLOAT, "plain mean"),
    nullable("adjusted", FLOAT, "case-mix adjusted, not shrunken"),
    nullable("value", FLOAT, "adjusted and shrunken"),
    *INTERVAL,
    nullable("spread", FLOAT, "within-unit standard deviation"),
    nullable("worse_probability", FLOAT, "chance of being worse than the standard by more than the margin", unit="0–1"),
    nullable("lowest_decile_probability", FLOAT, "chance of being in the lowest tenth; 50 units or more", unit="0–1"),
    column("sufficient", BOOL, "enough contacts to be published"),
    ERROR_BASIS,
    column("method", STRING, "estimator"),
    AS_OF,
    IS_FINAL,
    nullable("compared_units", INT, "other units whose case mix is linked with its own; 0: not compared"),
    nullable(
        "standing", STRING, "what may be said beside them", "better", "worse", "not distinguishable", "not compared"
    ),
    nullable("icc", FLOAT, "share of the variance that lies between the units of the period (REML)", unit="0–1"),
    nullable("icc_low", FLOAT, "lower end of its 95 % interval", unit="0–1"),
    nullable("icc_high", FLOAT, "upper end of its 95 % interval", unit="0–1"),
)

CONTROL_CHART_POINTS: Final = table(
    "control_chart_points",
    "a unit's measure day by day against its limits",
    "unit_kind unit_id measure day",
    column("unit_kind", STRING, "kind of unit"),
    column("unit_id", STRING, "the unit"),
    column("measure", STRING, "measure"),
    DAY,
    column("n", INT, "contacts"),
    nullable("value", FLOAT, "mean of the day"),
    nullable("center", FLOAT, "centre line"),
    nullable("lower_limit", FLOAT, "lower limit"),
    nullable("upper_limit", FLOAT, "upper limit"),
    column("signal", BOOL, "outside the limits"),
    column("method", STRING, "chart"),
    nullable("from_day", DATE, "first day of the point: rates gather days until there are events enough"),
    nullable("ewma", FLOAT, "means: weighted average of standardised errors", unit="standard errors"),
    nullable("false_alarm_probability", FLOAT, "chance of a signal on this point while nothing changes", unit="0–1"),
    nullable("lead", STRING, "who watches: the agents' team, or 'center' for channels and queues"),
    nullable("charts", INT, "charts that this lead watches that day"),
    nullable("false_alarms_per_week", FLOAT, "false alarms a week that they bring this lead"),
    nullable("restarted_on", DATE, "first day of the chart: since then the same models have listened"),
)

COUNTER_MEASURES: Final = table(
    "counter_measures",
    "beside each measure of a unit what would get worse if it were bought, not earned",
    "period unit_kind unit_id measure counter_measure",
    column("period", STRING, "2026-W47 or 2026-11"),
    column("unit_kind", STRING, "kind of unit", "agent", "team", "channel", "queue"),
    column("unit_id", STRING, "the unit"),
    column("measure", STRING, "what is estimated"),
    column(
        "counter_measure",
        STRING,
        "what stands beside it",
        "returns_8_14_rate",
        "transfer_out_rate",
        "short_contact_rate",
        "template_share",
        "next_feeling",
    ),
    column("n", INT, "contacts in the measure"),
    nullable("value", FLOAT, "the measure, as in unit_scores"),
    *INTERVAL,
    column("counter_n", INT, "contacts in the counter-measure"),
    nullable("counter_value", FLOAT, "the counter-measure, adjusted and shrunken like the measure"),
    nullable("counter_low", FLOAT, "lower end of its 95 % interval"),
    nullable("counter_high", FLOAT, "upper end of its 95 % interval"),
    column("counter_unit", STRING, "unit of the counter-measure"),
    column("counter_higher_is_better", BOOL, "its direction"),
    column(
        "reading",
        STRING,
        "look closer: the measure is better than the others' and its counter-measure worse",
        "look closer",
        "no sign",
        "not compared",
    ),
    column("is_final", BOOL, "neither can change by time alone"),
    AS_OF,
    MODEL_ONLY,
)

BIAS_WATCH: Final = table(
    "bias_watch",
    "whether a measure differs by group where it should not",
    "measure group_kind group_id",
    column("measure", STRING, "measure"),
    column("group_kind", STRING, "language, channel, segment, or the agent's style: address, wordiness"),
    column("group_id", STRING, "the group"),
    OBSERVATIONS,
    nullable("difference", FLOAT, "mean of the group − mean of the others"),
    *INTERVAL,
    column("method", STRING, "estimator"),
    AS_OF,
    nullable("p_adjusted", FLOAT, "p value, FDR within the report", unit="0–1"),
    nullable("standing", STRING, "what may be said", "differs", "not distinguishable", "not estimable"),
    MODEL_ONLY,
)

SCORE_WEIGHTS: Final = table(
    "score_weights",
    "weights of the experience score, versioned",
    "version component",
    column("version", STRING, "hash of the weights"),
    column("component", STRING, "part of the score"),
    column("weight", FLOAT, "points per unit"),
    column("reference", FLOAT, "value that adds nothing"),
    column("source", STRING, "config or learned"),
    column("valid_from", TIME, "first as_of it served; learned weights: beginning of the first day they serve"),
    nullable("note", STRING, "what learned weights were learned from, and how much better they foretold answers"),
)

SCORE_CALIBRATION: Final = table(
    "score_calibration",
    "what customers answered in surveys, by band of the score of the contact",
    "item band_low",
    column("item", STRING, "survey item"),
    column("band_low", FLOAT, "experience_contact from", unit="0–100"),
    column("band_high", FLOAT, "up to, excluding; 100 including", unit="0–100"),
    OBSERVATIONS,
    nullable("mean_score", FLOAT, "mean experience_contact of these contacts", unit="0–100"),
    nullable("mean_answer", FLOAT, "mean answer, 1 the best", unit="0–1"),
    *INTERVAL,
    column("method", STRING, "estimator, or why there is none"),
    AS_OF,
)

WEIGHT_TRIALS: Final = table(
    "weight_trials",
    "whether weights learned from surveys foretell answers better than those in force",
    "item",
    column("item", STRING, "survey item"),
    OBSERVATIONS,
    nullable("customers", INT, "customers who answered"),
    nullable("error", FLOAT, "mean squared error of the weights in force, cross-validated", unit="points²"),
    nullable("learned_error", FLOAT, "the same of learned weights", unit="points²"),
    nullable("gain", FLOAT, "error − learned_error", unit="points²"),
    *INTERVAL,
    column("adopted", BOOL, "learned weights serve once all published periods begin anew"),
    column("method", STRING, "what was compared, or why nothing was"),
    AS_OF,
)
