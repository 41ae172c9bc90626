"""The Arrow schema of every table: the contract with all that reads our results.

Columns may be added, never renamed or given another meaning. ``STORED`` are the Delta tables of a store,
``EXPORTED`` the names that ``analyzer export`` writes. A table with ``by_day`` is partitioned by its business ``day``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import pyarrow as pa

STRING: Final = pa.string()
FLOAT: Final = pa.float64()
INT: Final = pa.int32()
LONG: Final = pa.int64()
BOOL: Final = pa.bool_()
DATE: Final = pa.date32()
TIME: Final = pa.timestamp("us", tz="UTC")
STRINGS: Final = pa.list_(pa.string())


@dataclass(frozen=True)
class Column:
    """``nullable`` columns are null where nothing was observed. ``one_of`` lists the only values allowed.

    ``default`` is what rows written before the column was added hold; a column added later that may not be null needs one.
    """

    name: str
    type: pa.DataType
    meaning: str
    nullable: bool = False
    one_of: tuple[str, ...] = ()
    unit: str = ""
    default: str | int | float | bool | None = None


@dataclass(frozen=True)
class Table:
    """``key`` identifies a row. ``personal`` columns never enter a commit log's statistics."""

    name: str
    meaning: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    by_day: bool = False

    @cached_property
    def schema(self) -> pa.Schema:
        return pa.schema([pa.field(c.name, c.type, nullable=c.nullable) for c in self.columns])

    @cached_property
    def column_names(self) -> tuple[str, ...]:
        return tuple(c.name for c in self.columns)

    def from_rows(self, rows: list[dict[str, Any]]) -> pa.Table:
        """An Arrow table of exactly this schema; a key that is no column raises ``KeyError``, a missing one is null, or
        the column's default."""
        known = set(self.column_names)
        for row in rows:
            if unknown := row.keys() - known:
                raise KeyError(f"{self.name} has no column {sorted(unknown)}")
        defaults = {column.name: column.default for column in self.columns if column.default is not None}
        return pa.Table.from_pylist([{**defaults, **row} for row in rows] if defaults else rows, schema=self.schema)

    def empty(self) -> pa.Table:
        return self.schema.empty_table()


def _c(name: str, type_: pa.DataType, meaning: str, *one_of: str, unit: str = "") -> Column:
    return Column(name, type_, meaning, False, one_of, unit)


def _n(name: str, type_: pa.DataType, meaning: str, *one_of: str, unit: str = "") -> Column:
    return Column(name, type_, meaning, True, one_of, unit)


_INTERACTION = _c("interaction_id", STRING, "the contact")
_DAY = _c("day", DATE, "business day of the contact's start; storage partition")
_AS_OF = _c("as_of", TIME, "the data's own clock for which this holds")

# of what the machine's readings alone make
_MODEL_ONLY = Column("error_basis", STRING, "whether ears' errors were corrected",
                     one_of=("model_only", "audit_corrected"), default="model_only")  # fmt: skip

FACT_COLUMNS: Final = (
    _INTERACTION,
    _c("source_id", STRING, "the id in the source"),
    _c("source_uri", STRING, "file and archive member it was read from"),
    _c("source_format", STRING, "reader that read it"),
    _c("content_hash", STRING, "hash of the masked content; detects change only"),
    _n("chain_id", STRING, "legs of one call share it and count as one contact in FCR"),
    _DAY,
    _c("channel", STRING, "channel of the contact", "voice", "chat", "email", "messaging", "social"),
    _n("direction", STRING, "who began it", "inbound", "outbound", "internal"),
    _c("language", STRING, "language of the contact; und where it cannot be told", "de", "en", "und"),
    _c("started_at", TIME, "start of the contact"),
    _n("ended_at", TIME, "end of the contact"),
    _c("started_at_source", STRING, "where the start was found", "record", "metadata", "file_name", "first_seen"),
    _n("customer_key", STRING, "the customer, clear or hashed as configured"),
    _n("agent_id", STRING, "the human agent who closed it"),
    _c("agent_ids", STRINGS, "all human agents, in order of appearance"),
    _n("team", STRING, "the closing agent's team"),
    _n("queue", STRING, "queue"),
    _n("product_line", STRING, "product line"),
    _n("segment", STRING, "customer segment"),
    _c("turn_count", INT, "turns", unit="turns"),
    _c("customer_turns", INT, "turns by the customer", unit="turns"),
    _c("agent_turns", INT, "turns by human agents", unit="turns"),
    _n("handle_s", FLOAT, "handle time", unit="s"),
    _n("wait_s", FLOAT, "time in the queue", unit="s"),
    _n("hold_s", FLOAT, "time on hold", unit="s"),
    _n("transfers", INT, "transfers"),
    _n("disposition", STRING, "wrap-up code as given"),
    _n("csat", FLOAT, "the source's own CSAT on 1–5, only where its scale was declared", unit="1–5"),
    _n("resolution", STRING, "most probable resolution", "resolved", "partial", "pending", "unresolved", "unclear"),
    _n("resolved_probability", FLOAT, "probability that the matter was resolved in this contact", unit="0–1"),
    _n("sentiment_start", FLOAT, "mean feeling of the first third of customer turns", unit="−1…1"),
    _n("sentiment_end", FLOAT, "mean feeling of the last third of customer turns", unit="−1…1"),
    _n("sentiment_mean", FLOAT, "mean feeling of all customer turns", unit="−1…1"),
    _n("sentiment_low", FLOAT, "lowest feeling of a customer turn", unit="−1…1"),
    _n("sentiment_shift", FLOAT, "end − start", unit="−2…2"),
    _c("empathic_opportunities", INT, "runs of customer turns with a feeling or complaint that an agent could answer"),
    _c("opportunities_met", INT, "of these, answered with empathy"),
    _c("opportunities_hurt", INT, "of these, answered with dismissal or bare policy"),
    Column(
        "opportunities_met_by_action", INT, "of these, answered with a solution and no word to the person", default=0
    ),
    _n("empathy", FLOAT, "how well the agent met the person", unit="1–5"),
    _n("effort", FLOAT, "how hard the customer had to work; high = hard", unit="1–5"),
    _n("satisfaction", FLOAT, "how satisfied the customer is at the end", unit="1–5"),
    _n("expectation_balance", FLOAT, "exceeded − unmet; null if neither was spoken of", unit="−1…1"),
    _n("churn_talk_probability", FLOAT, "probability that the customer spoke of leaving", unit="0–1"),
    _n("reason", STRING, "main contact reason"),
    _c("role_confidence", FLOAT, "probability that the speakers are labelled the right way round", unit="0–1"),
)

OUTCOME_COLUMNS: Final = (
    _INTERACTION,
    _DAY,
    _c("fcr_status", STRING, "first-contact resolution, headline row (same matter, configured window)",
       "confirmed", "refuted", "open", "silent", "not_first", "not_applicable"),
    _n("fcr_probability", FLOAT, "probability that the matter was resolved at the first contact", unit="0–1"),
    _n("episode_id", STRING, "the matter this contact belongs to"),
    _n("repeat_of", STRING, "previous contact of the episode"),
    _n("next_contact_id", STRING, "the customer's next contact of any matter"),
    _n("experience_contact", FLOAT, "experience of the contact alone, frozen with it", unit="0–100"),
    _n("experience_score", FLOAT, "experience with the journey; provisional until is_final", unit="0–100"),
    _c("is_final", BOOL, "whether nothing that time brings can change this row"),
    _AS_OF,
    _c("run_id", STRING, "run that wrote the row"),
)  # fmt: skip

_INTERVAL = (_n("low", FLOAT, "lower end of the 95 % interval"), _n("high", FLOAT, "upper end of the 95 % interval"))
_N = _c("n", LONG, "observations")
# customers and what an estimate of them rests on, in tables that came first without
_GAP = (_n("customers", LONG, "customers behind n"),
        _n("error_basis", STRING, "whether ears' errors were corrected", "model_only", "audit_corrected"),
        _n("method", STRING, "estimator, or 'not estimable: why'"))  # fmt: skip
_SEGMENT = _c("segment", STRING, "segment or product line; 'all' for everybody")


def _table(name: str, meaning: str, key: str, *columns: Column, by_day: bool = False) -> Table:
    return Table(name, meaning, tuple(key.split()), columns, by_day)


STORED: Final[Mapping[str, Table]] = {
    table.name: table
    for table in (
        Table("interaction_facts", "one row a contact: what was read and understood; written once",
              ("interaction_id",), FACT_COLUMNS, True),
        Table("outcomes", "one row a contact: what time brings; rewritten as time passes",
              ("interaction_id",), OUTCOME_COLUMNS, True),
        _table("turns", "one row a turn", "interaction_id turn",
               _INTERACTION, _DAY, _c("turn", INT, "0-based"),
               _c("speaker", STRING, "who speaks", "customer", "agent", "bot", "system"),
               _n("agent_id", STRING, "the human agent speaking"), _c("text", STRING, "masked text"),
               _n("start_ms", LONG, "start since the contact's start", unit="ms"),
               _n("end_ms", LONG, "end since the contact's start", unit="ms"),
               _n("negative_probability", FLOAT, "customer turns: negative feeling", unit="0–1"),
               _n("neutral_probability", FLOAT, "customer turns: no feeling", unit="0–1"),
               _n("positive_probability", FLOAT, "customer turns: positive feeling", unit="0–1"),
               _n("sentiment", FLOAT, "positive − negative", unit="−1…1"),
               _n("source_sentiment", FLOAT, "feeling as the source gives it; not used in scores", unit="−1…1"),
               _n("part", STRING, "leg or page it came in, where a source writes a contact as several"),
               _n("is_supervisor", BOOL, "a supervisor who joined speaks: no agent's part"),
               by_day=True),
        _table("cues", "one row a label heard in a turn with probability ≥ 0.05", "cue_id",
               _c("cue_id", STRING, "hash of contact, label, turn, span"), _INTERACTION, _DAY,
               _c("turn", INT, "0-based"), _c("label", STRING, "codebook label"),
               _c("probability", FLOAT, "calibrated", unit="0–1"), _c("found", BOOL, "above the label's threshold"),
               _c("start_char", INT, "first code point of the span"), _c("end_char", INT, "after its last code point"),
               _c("detector", STRING, "detector"), _c("reason", STRING, "the words that carried it"), by_day=True),
        _table("findings", "one row a judgement of the whole contact", "interaction_id name value",
               _INTERACTION, _DAY,
               _c("name", STRING, "resolution, satisfaction, effort, empathy, reason, role, language"),
               _c("value", STRING, "class or number as text"), _n("number", FLOAT, "number, where it is one"),
               _n("probability", FLOAT, "calibrated", unit="0–1"), *_INTERVAL,
               _c("abstained", BOOL, "the detector cannot tell"), _c("detector", STRING, "detector"),
               _c("model_version", STRING, "weights that gave it"), by_day=True),
        _table("contributions", "why a score is what it is; base + Σ points = experience_score",
               "interaction_id component",
               _INTERACTION, _DAY, _c("component", STRING, "part of the score; 'base' is its own row"),
               _c("observed", BOOL, "whether the part was observed"), _n("value", FLOAT, "observed value"),
               _c("reference", FLOAT, "value that adds nothing"), _c("weight", FLOAT, "points per unit of value"),
               _c("points", FLOAT, "weight × (value − reference); 0 if not observed", unit="0–100 scale"), by_day=True),
        _table("interaction_agents", "one row a human agent's part in a contact", "interaction_id leg",
               _INTERACTION, _DAY, _c("agent_id", STRING, "human agent"), _c("leg", INT, "0-based order of the parts"),
               _c("first_turn", INT, "first turn of the leg"), _c("last_turn", INT, "last turn of the leg"),
               _c("agent_turns", INT, "turns the agent spoke"), _n("seconds", FLOAT, "length of the leg", unit="s"),
               _c("role", STRING, "place in the contact", "opener", "middle", "closer", "sole"),
               _c("share", FLOAT, "share of agent turns; sums to 1", unit="0–1"), by_day=True),
        _table("fcr", "first-contact resolution for each kind of matter and window",
               "interaction_id matter window_days",
               _INTERACTION, _DAY, _c("matter", STRING, "same matter or any contact", "same", "any"),
               _c("window_days", INT, "window", unit="days"),
               _c("status", STRING, "status",
                  "confirmed", "refuted", "open", "silent", "not_first", "not_applicable"),
               _n("probability", FLOAT, "probability of first-contact resolution", unit="0–1"),
               _c("maturity", STRING, "whether the window is over", "mature", "open"), _AS_OF,
               _c("is_final", BOOL, "cannot change by time alone"),
               _n("returned_probability", FLOAT, "probability that the customer comes back within the window; first contacts of known customers", unit="0–1"),
               _n("left_probability", FLOAT, "probability that the customer leaves within it instead; null where no notices are recorded", unit="0–1"),
               by_day=True),
        _table("fcr_rates", "first-contact resolution of weeks and months, a nowcast while windows run",
               "period matter window_days",
               _c("period", STRING, "2026-W47 or 2026-11"), _c("matter", STRING, "same matter or any contact", "same", "any"),
               _c("window_days", INT, "window", unit="days"), _c("n", LONG, "first contacts of known customers"),
               _n("value", FLOAT, "share solved at the first contact: mean probability", unit="0–1"),
               _n("low", FLOAT, "lower end of the 95 % interval of what the period comes to"),
               _n("high", FLOAT, "upper end of the 95 % interval of what the period comes to"),
               _c("mature_share", FLOAT, "share of the contacts it rests on whose windows are over", unit="0–1"),
               _c("silent", LONG, "contacts that ended without a word either way"),
               _n("lowest", FLOAT, "value if no silent contact was solved", unit="0–1"),
               _n("highest", FLOAT, "value if every silent contact was solved", unit="0–1"),
               _c("unidentified", LONG, "contacts without a customer, not in n"),
               _n("unidentified_rate", FLOAT, "their mean probability, from the text alone", unit="0–1"),
               *(_n(f"{way}_{end}", FLOAT, f"{meaning}, {what}", unit="0–1")
                 for way, meaning in (("returned", "share taken up again within the window"),
                                      ("left", "share whose customer left instead"),
                                      ("quiet", "share quiet and still a customer"))
                 for end, what in (("rate", "expected"), ("low", "lower end of its 95 % interval"),
                                   ("high", "upper end of its 95 % interval"))),
               _n("success_rate", FLOAT, "value less the contacts whose customer left", unit="0–1"),
               _c("error_basis", STRING, "whether ears' errors were corrected", "model_only", "audit_corrected"),
               _c("method", STRING, "estimator, or 'not estimable yet'"), _AS_OF,
               _c("is_final", BOOL, "cannot change by time alone")),
        _table("commitments", "one row a promise by an agent", "interaction_id turn",
               _INTERACTION, _DAY, _c("turn", INT, "agent turn that promised"), _c("text", STRING, "masked words"),
               _n("promised_by", TIME, "due, where the words say so"),
               _c("status", STRING, "outcome", "open", "kept", "broken", "unknown"),
               _n("evidence_interaction_id", STRING, "later contact that shows the outcome"),
               _c("probability", FLOAT, "probability that it is a promise", unit="0–1"), by_day=True),
        _table("flags", "contacts worth a person's look, and the random audit draw", "flag_id",
               _c("flag_id", STRING, "hash of contact, rule, turn"), _INTERACTION, _DAY,
               _c("rule", STRING, "rule in config, or random_audit"), _c("severity", INT, "1 notice … 3 urgent"),
               _c("polarity", STRING, "concern or praise", "concern", "praise"), _n("turn", INT, "turn it points to"),
               _c("explanation", STRING, "why, in plain words"),
               _c("sampling_probability", FLOAT, "1 for rules; the draw's for the audit", unit="0–1"), by_day=True),
        _table("episodes", "one row a matter of one customer", "episode_id",
               _c("episode_id", STRING, "hash of the first contact"), _c("customer_key", STRING, "the customer"),
               _c("first_interaction_id", STRING, "first contact"), _c("last_interaction_id", STRING, "last contact"),
               _c("contacts", INT, "contacts"), _c("channels", STRINGS, "channels in order of first use"),
               _c("started_at", TIME, "start of the first contact"), _c("ended_at", TIME, "end of the last contact"),
               _n("reason", STRING, "reason of the first contact"),
               _c("link_probability", FLOAT, "probability that all links hold; 1 for a single contact", unit="0–1")),
        _table("verdicts", "what a person decided in review; never a finding", "verdict_id",
               _c("verdict_id", STRING, "verdict"), _INTERACTION, _c("finding", STRING, "what was judged"),
               _c("answer", STRING, "the person's answer"), _c("reviewer", STRING, "who"),
               _c("answered_at", TIME, "when"), _c("blind", BOOL, "the machine's findings were hidden"),
               _c("sampling_probability", FLOAT, "of the draw that brought it up", unit="0–1"),
               _n("assigned_at", TIME, "when it was assigned"), _c("content_hash", STRING, "transcript judged"),
               _c("model_version", STRING, "weights judged"), _c("use", STRING, "what it may serve", "audit", "training"),
               _n("turn", INT, "turn that was judged; empty: the whole contact"),
               _n("start_char", INT, "first code point of the words that were judged"),
               _n("end_char", INT, "code point after them")),
        _table("scorecards", "one row an item of a quality form in a card, by a person or by the program; never mixed",
               "card_id item",
               _c("card_id", STRING, "card"), _INTERACTION, _DAY, _c("form", STRING, "form"),
               _c("version", STRING, "version of the form"), _c("form_hash", STRING, "hash of the form's content"),
               _c("filled_by", STRING, "who answered", "human", "machine"),
               _n("reviewer", STRING, "the person; empty for the program"), _c("section", STRING, "section of the form"),
               _c("item", STRING, "item of the form"),
               _n("answer", STRING, "yes, no, a step of the scale, or not_applicable; empty where it is left open"),
               _c("state", STRING, "what became of the item: unsure and not_heard are the program's, open a person's",
                  "answered", "not_applicable", "unsure", "not_heard", "open"),
               _n("points", FLOAT, "share of its weight that the answer earns", unit="0–1"),
               _c("weight", FLOAT, "weight of the item; 0 where the program's answer does not count"),
               _c("fatal", BOOL, "whether the worst answer fails the card"),
               _n("probability", FLOAT, "of the program's answer, where it is an estimate", unit="0–1"),
               _n("turn", INT, "turn the program's answer rests on, 0-based"),
               _n("card_score", FLOAT, "score of the whole card, the same in each of its rows; empty: too few answers",
                  unit="0–100"),
               _n("failed_item", STRING, "fatal item that failed the card"),
               _n("blind", BOOL, "a person's card: the program's answers were hidden"),
               _n("sampling_probability", FLOAT, "a person's card: of the draw that brought the contact up", unit="0–1"),
               _n("saved_at", TIME, "a person's card: when"), _c("content_hash", STRING, "transcript judged"),
               by_day=True),
        _table("reveals", "looks at the machine's findings of a drawn contact before its audit was answered",
               "interaction_id revealed_at revealed_by",
               _INTERACTION, _c("revealed_at", TIME, "when; verdicts after it are not blind"),
               _c("revealed_by", STRING, "who, as the machine knows them")),
        _table("rejects", "conversation records that could not be read", "source_uri position",
               _c("source_uri", STRING, "file and archive member"), _c("position", LONG, "0-based record in the file"),
               _n("source_format", STRING, "reader"), _c("code", STRING, "stable reject code"),
               _c("message", STRING, "what is wrong and what to do; no transcript text"),
               _c("run_id", STRING, "run that saw it last")),
        _table("unit_scores", "published estimates of agents, teams, channels and more",
               "period unit_kind unit_id measure",
               _c("period", STRING, "2026-11-21, 2026-W47 or 2026-11"),
               _c("unit_kind", STRING, "kind of unit",
                  "agent", "team", "channel", "queue", "product_line", "segment"),
               _c("unit_id", STRING, "the unit"), _c("measure", STRING, "what is estimated"),
               _c("unit", STRING, "unit of the measure"), _c("higher_is_better", BOOL, "direction"),
               _c("n", INT, "contacts in the estimate"), _c("n_effective", FLOAT, "effective contacts (shares, weights)"),
               _c("coverage_rate", FLOAT, "share of the unit's contacts where the measure was observed", unit="0–1"),
               _n("raw_mean", FLOAT, "plain mean"), _n("adjusted", FLOAT, "case-mix adjusted, not shrunken"),
               _n("value", FLOAT, "adjusted and shrunken"), *_INTERVAL,
               _n("spread", FLOAT, "within-unit standard deviation"),
               _n("worse_probability", FLOAT, "chance of being worse than the standard by more than the margin",
                  unit="0–1"),
               _n("lowest_decile_probability", FLOAT, "chance of being in the lowest tenth; 50 units or more", unit="0–1"),
               _c("sufficient", BOOL, "enough contacts to be published"),
               _c("error_basis", STRING, "whether ears' errors were corrected", "model_only", "audit_corrected"),
               _c("method", STRING, "estimator"), _AS_OF, _c("is_final", BOOL, "cannot change by time alone"),
               _n("compared_units", INT, "other units whose case mix is linked with its own; 0: not compared"),
               _n("standing", STRING, "what may be said beside them",
                  "better", "worse", "not distinguishable", "not compared"),
               _n("icc", FLOAT, "share of the variance that lies between the units of the period (REML)", unit="0–1"),
               _n("icc_low", FLOAT, "lower end of its 95 % interval", unit="0–1"),
               _n("icc_high", FLOAT, "upper end of its 95 % interval", unit="0–1")),
        _table("control_chart_points", "a unit's measure day by day against its limits",
               "unit_kind unit_id measure day",
               _c("unit_kind", STRING, "kind of unit"), _c("unit_id", STRING, "the unit"), _c("measure", STRING, "measure"),
               _DAY, _c("n", INT, "contacts"), _n("value", FLOAT, "mean of the day"), _n("center", FLOAT, "centre line"),
               _n("lower_limit", FLOAT, "lower limit"), _n("upper_limit", FLOAT, "upper limit"),
               _c("signal", BOOL, "outside the limits"), _c("method", STRING, "chart"),
               _n("from_day", DATE, "first day of the point: rates gather days until there are events enough"),
               _n("ewma", FLOAT, "means: weighted average of standardised errors", unit="standard errors"),
               _n("false_alarm_probability", FLOAT, "chance of a signal on this point while nothing changes", unit="0–1"),
               _n("lead", STRING, "who watches: the agents' team, or 'center' for channels and queues"),
               _n("charts", INT, "charts that this lead watches that day"),
               _n("false_alarms_per_week", FLOAT, "false alarms a week that they bring this lead"),
               _n("restarted_on", DATE, "first day of the chart: since then the same models have listened")),
        _table("score_weights", "weights of the experience score, versioned", "version component",
               _c("version", STRING, "hash of the weights"), _c("component", STRING, "part of the score"),
               _c("weight", FLOAT, "points per unit"), _c("reference", FLOAT, "value that adds nothing"),
               _c("source", STRING, "config or learned"),
               _c("valid_from", TIME, "first as_of it served; learned weights: beginning of the first day they serve"),
               _n("note", STRING, "what learned weights were learned from, and how much better they foretold answers")),
        _table("score_calibration", "what customers answered in surveys, by band of the score of the contact",
               "item band_low",
               _c("item", STRING, "survey item"), _c("band_low", FLOAT, "experience_contact from", unit="0–100"),
               _c("band_high", FLOAT, "up to, excluding; 100 including", unit="0–100"), _N,
               _n("mean_score", FLOAT, "mean experience_contact of these contacts", unit="0–100"),
               _n("mean_answer", FLOAT, "mean answer, 1 the best", unit="0–1"), *_INTERVAL,
               _c("method", STRING, "estimator, or why there is none"), _AS_OF),
        _table("weight_trials", "whether weights learned from surveys foretell answers better than those in force", "item",
               _c("item", STRING, "survey item"), _N, _n("customers", INT, "customers who answered"),
               _n("error", FLOAT, "mean squared error of the weights in force, cross-validated", unit="points²"),
               _n("learned_error", FLOAT, "the same of learned weights", unit="points²"),
               _n("gain", FLOAT, "error − learned_error", unit="points²"), *_INTERVAL,
               _c("adopted", BOOL, "learned weights serve once all published periods begin anew"),
               _c("method", STRING, "what was compared, or why nothing was"), _AS_OF),
        _table("counter_measures", "beside each measure of a unit what would get worse if it were bought, not earned",
               "period unit_kind unit_id measure counter_measure",
               _c("period", STRING, "2026-W47 or 2026-11"),
               _c("unit_kind", STRING, "kind of unit", "agent", "team", "channel", "queue"),
               _c("unit_id", STRING, "the unit"), _c("measure", STRING, "what is estimated"),
               _c("counter_measure", STRING, "what stands beside it", "returns_8_14_rate", "transfer_out_rate",
                  "short_contact_rate", "template_share", "next_feeling"),
               _c("n", INT, "contacts in the measure"), _n("value", FLOAT, "the measure, as in unit_scores"), *_INTERVAL,
               _c("counter_n", INT, "contacts in the counter-measure"),
               _n("counter_value", FLOAT, "the counter-measure, adjusted and shrunken like the measure"),
               _n("counter_low", FLOAT, "lower end of its 95 % interval"),
               _n("counter_high", FLOAT, "upper end of its 95 % interval"),
               _c("counter_unit", STRING, "unit of the counter-measure"),
               _c("counter_higher_is_better", BOOL, "its direction"),
               _c("reading", STRING, "look closer: the measure is better than the others' and its counter-measure worse",
                  "look closer", "no sign", "not compared"),
               _c("is_final", BOOL, "neither can change by time alone"), _AS_OF,
               _MODEL_ONLY),
        _table("bias_watch", "whether a measure differs by group where it should not", "measure group_kind group_id",
               _c("measure", STRING, "measure"), _c("group_kind", STRING, "language, channel, segment, or the agent's style: address, wordiness"),
               _c("group_id", STRING, "the group"), _N, _n("difference", FLOAT, "mean of the group − mean of the others"),
               *_INTERVAL, _c("method", STRING, "estimator"), _AS_OF,
               _n("p_adjusted", FLOAT, "p value, FDR within the report", unit="0–1"),
               _n("standing", STRING, "what may be said", "differs", "not distinguishable", "not estimable"),
               _MODEL_ONLY),
        _table("audit_corrections", "what the machine says of all contacts, and what people would have said",
               "measure group_kind group_id",
               _c("measure", STRING, "measure"), _c("group_kind", STRING, "whose contacts", "all", "language", "channel"),
               _c("group_id", STRING, "the group"), _N, _c("n_audited", INT, "of these, judged by people"),
               _n("machine", FLOAT, "mean of the machine's readings"),
               _n("value", FLOAT, "mean as people would judge; the machine's where the audit is too small"), *_INTERVAL,
               _n("tuning", FLOAT, "weight of the machine's readings in value; 0: the audit alone"),
               _c("error_basis", STRING, "whether ears' errors were corrected", "model_only", "audit_corrected"),
               _c("method", STRING, "estimator, or why there is no correction"), _AS_OF),
        _table("runs", "one row a run", "run_id",
               _c("run_id", STRING, "run"), _c("started_at", TIME, "start"), _c("finished_at", TIME, "end"), _AS_OF,
               _c("config_hash", STRING, "hash of the settings"), _c("model_version", STRING, "weights"),
               _c("read", LONG, "conversation records read = accepted + rejected + duplicate"),
               _c("accepted", LONG, "accepted"), _c("rejected", LONG, "rejected"), _c("duplicate", LONG, "already there"),
               _c("replaced", LONG, "of the accepted, new content for a known id"),
               _c("skipped", LONG, "files that hold no transcripts"), _c("seconds", FLOAT, "duration", unit="s"),
               _c("engine", STRING, "engine and workers")),
        _table("loyalty_records", "loyalty facts as given, one row a fact", "customer_key as_of known_at fact",
               _c("customer_key", STRING, "the customer"), _c("as_of", TIME, "date the fact holds for"),
               _c("known_at", TIME, "when the company could know it"), _c("fact", STRING, "tenure_months, nps, …"),
               _n("number", FLOAT, "value of a number, amount or yes (1) / no (0)"), _n("text", STRING, "value of a word"),
               _n("time", TIME, "value of a date"), _c("source_uri", STRING, "file")),
        _table("surveys", "survey answers as given, on their own scale and on 0–1", "survey_id",
               _c("survey_id", STRING, "hash of customer, contact, answer time, item"),
               _c("customer_key", STRING, "the customer"), _n("interaction_id", STRING, "contact asked about"),
               _n("invited_at", TIME, "invited"), _n("answered_at", TIME, "answered"),
               _c("item", STRING, "csat, nps, ces or a named item"), _n("answer", FLOAT, "as given"),
               _n("scale_min", FLOAT, "lowest answer"), _n("scale_max", FLOAT, "highest answer"),
               _n("good", FLOAT, "answer on 0–1 with 1 the best, direction applied", unit="0–1"),
               _n("text", STRING, "open text, masked"), _c("source_uri", STRING, "file"),
               _n("mode", STRING, "how it was asked: mail, phone, web, …")),
        _table("customers", "loyalty of each customer as of a date", "customer_key as_of definition",
               _c("customer_key", STRING, "the customer"), _AS_OF, _c("definition", STRING, "loyalty definition in config"),
               _n("attitudinal_index", FLOAT, "attitude", unit="0–100"),
               _n("behavioural_index", FLOAT, "behaviour", unit="0–100"),
               _n("loyalty_index", FLOAT, "both", unit="0–100"), _n("locked_in", BOOL, "bound by contract"),
               _n("satisfaction_index", FLOAT, "satisfaction from surveys and contacts", unit="0–100"),
               _n("quadrant", STRING, "null where its probability < .8", "loyalist", "hostage", "mercenary", "defector"),
               _n("value_tier", STRING, "value tier as given or by revenue"),
               _n("at_risk_probability", FLOAT, "probability to give notice within horizon_days", unit="0–1"),
               _c("horizon_days", INT, "horizon", unit="days"), _c("reasons", STRINGS, "why at risk or loyal, in words")),
        _table("loyalty_matrix", "shares and conditionals of loyalty and satisfaction",
               "segment as_of horizon_days measure",
               _SEGMENT, _AS_OF, _c("horizon_days", INT, "horizon", unit="days"),
               _c("measure", STRING, "quadrant share, leaves_given_satisfied, unhappy_given_loyal, …"), _N,
               _n("raw", FLOAT, "counted", unit="0–1"), _n("corrected", FLOAT, "corrected for measurement error", unit="0–1"),
               *_INTERVAL,
               Column("error_basis", STRING, "whether readings are calibrated against answers or audits",
                      one_of=("model_only", "audit_corrected"), default="model_only"),
               Column("method", STRING, "estimator, or why it is only counted or not estimable", default="counted"),
               _n("claimed", FLOAT, "share that a source of ours claims, without a source of its own", unit="0–1")),
        _table("loyalty_drivers", "what moves notice and repurchase", "segment outcome horizon_days driver",
               _SEGMENT, _c("outcome", STRING, "notice or repurchase"), _c("horizon_days", INT, "horizon", unit="days"),
               _c("driver", STRING, "driver"), _c("scale", STRING, "HR or OR per sd"), _n("effect", FLOAT, "effect"),
               *_INTERVAL, _n("p_adjusted", FLOAT, "p value, FDR within the report", unit="0–1"), _N,
               _c("method", STRING, "estimator, or 'not estimable: why'"),
               _n("uncorrected", FLOAT, "effect before the correction for detector error, per sd of the reading"),
               _n("events", LONG, "notices or purchases in it"), _n("family", STRING, "tests that p_adjusted looks at together"),
               _n("error_basis", STRING, "how detector error was corrected",
                  "model_only", "stated_reliability", "audit_corrected"),
               _n("verdict", STRING, "what the row says, in words")),
        _table("loyalty_dynamics", "satisfaction and loyalty moving each other", "segment path lag_days",
               _SEGMENT, _c("path", STRING, "direction"), _c("lag_days", INT, "lag", unit="days"),
               _n("effect", FLOAT, "effect"), *_INTERVAL, _N, _c("method", STRING, "estimator, or 'not estimable: why'"),
               _MODEL_ONLY),
        _table("expectation_gap", "got against wanted, by topic", "segment topic",
               _SEGMENT, _c("topic", STRING, "topic of what was expected"),
               _n("value", FLOAT, "exceeded − unmet share", unit="−1…1"), *_INTERVAL, _N, *_GAP),
        _table("perception_gap", "our view against the customers' own", "segment topic",
               _SEGMENT, _c("topic", STRING, "what is compared"), _n("value", FLOAT, "ours − theirs"), *_INTERVAL, _N, *_GAP),
        _table("survey_checks", "what the surveys are worth: who answered, and which answers cannot be used",
               "mode item check",
               _c("mode", STRING, "how it was asked; 'all' for every mode"), _c("item", STRING, "item; '' for responses"),
               _c("check", STRING, "what is counted or averaged", "response_rate", "control_failed", "straight_lined",
                  "same_everywhere", "no_scale", "no_direction", "mean", "mean_weighted"), _N,
               _c("customers", LONG, "customers behind n"), _n("value", FLOAT, "share, or mean answer with 1 the best",
                  unit="0–1"), *_INTERVAL, _c("method", STRING, "estimator"), _AS_OF),
        _table("action_lists", "whom to call and whom to thank", "list customer_key",
               _c("list", STRING, "list", "at_risk", "thank"), _c("customer_key", STRING, "the customer"),
               _c("reasons", STRINGS, "why"), _n("value_tier", STRING, "value tier"),
               _c("may_contact", BOOL, "the company may contact them"), _AS_OF,
               Column("held_out", BOOL, "drawn to be left alone, so that the effect of acting can be told", default=False)),
        _table("initiatives", "what was done with a list, as given", "customer_key list kind done_at",
               _c("customer_key", STRING, "the customer"), _c("list", STRING, "list acted on"),
               _c("done_at", TIME, "when it was done, or would have been"), _c("kind", STRING, "what was done"),
               _c("held_out", BOOL, "left alone on purpose"), _c("source_uri", STRING, "file")),
        _table("initiative_effects", "what initiatives changed, against the customers held out",
               "list kind outcome horizon_days",
               _c("list", STRING, "list acted on"), _c("kind", STRING, "what was done"),
               _c("outcome", STRING, "notice or repurchase"), _c("horizon_days", INT, "horizon", unit="days"),
               _c("n_done", LONG, "customers done whose horizon is over"),
               _c("n_held_out", LONG, "customers held out whose horizon is over"),
               _c("n_running", LONG, "customers whose horizon is still running"),
               _n("done_share", FLOAT, "share with the outcome among the done", unit="0–1"),
               _n("held_out_share", FLOAT, "the same among the held out", unit="0–1"),
               _n("effect", FLOAT, "done − held out", unit="−1…1"), *_INTERVAL,
               _c("method", STRING, "estimator, or 'not estimable: why'"), _AS_OF),
        _table("organisational_gaps", "gaps of procedure, skill and tool by the loyalty at stake", "segment sign",
               _SEGMENT, _c("kind", STRING, "kind of gap", "procedure", "skill", "tool"),
               _c("sign", STRING, "what customers met"), _c("horizon_days", INT, "horizon", unit="days"), _N,
               _c("customers", LONG, "customers behind n"),
               _n("met_share", FLOAT, "share of customers in touch who met it within a horizon", unit="0–1"),
               _n("met_low", FLOAT, "lower end of its 95 % interval"),
               _n("met_high", FLOAT, "upper end of its 95 % interval"),
               _n("at_stake", FLOAT, "notices within the horizon that go with it, per 100 customers in touch"), *_INTERVAL,
               _n("rank", INT, "1 for the most at stake"), _n("rank_low", INT, "best rank that the errors leave open"),
               _n("rank_high", INT, "worst rank that the errors leave open"),
               _c("error_basis", STRING, "whether ears' errors were corrected", "model_only", "audit_corrected"),
               _c("method", STRING, "estimator, or 'not estimable: why'"), _AS_OF),
        _table("staff_mood", "tone of a team of eight or more beside the mood of its customers", "period team",
               _c("period", STRING, "month, 2026-11"), _c("team", STRING, "team; 'all' for everybody"),
               _c("agents", INT, "agents behind it, each counting the same"), _c("n", LONG, "contacts of one agent"),
               _n("staff_tone", FLOAT, "words to the person less dismissal and bare policy, per agent turn"),
               _n("staff_low", FLOAT, "lower end of its 95 % interval"),
               _n("staff_high", FLOAT, "upper end of its 95 % interval"),
               _c("customers", LONG, "customers behind the mood"),
               _n("customer_mood", FLOAT, "feeling at the end of the same contacts", unit="−1…1"),
               _n("customer_low", FLOAT, "lower end of its 95 % interval"),
               _n("customer_high", FLOAT, "upper end of its 95 % interval"),
               _c("method", STRING, "estimator"), _AS_OF,
               _MODEL_ONLY),
        _table("agent_names", "what the roster calls agents; nobody unless publish.agents was named", "agent_id",
               _c("agent_id", STRING, "human agent"), _c("name", STRING, "name as the roster has it")),
    )
}  # fmt: skip

# Written once with the contact; everything else is what time brings, estimates, or given by people.
FACT_TABLES: Final = ("interaction_facts", "turns", "cues", "findings", "interaction_agents")

INTERACTIONS: Final = Table(
    "interactions",
    "one row a contact: facts and, as of the last run, outcomes",
    ("interaction_id",),
    FACT_COLUMNS + tuple(
        Column(c.name, c.type, c.meaning, True, c.one_of, c.unit) for c in OUTCOME_COLUMNS if c not in (_INTERACTION, _DAY)
    ),
)  # fmt: skip

VIEWS: Final[Mapping[str, Table]] = {
    name: Table(name, f"unit_scores of every {kind}", STORED["unit_scores"].key, STORED["unit_scores"].columns)
    for name, kind in (("agent_scores", "agent"), ("channel_scores", "channel"))
}

# Shown as others of their rows have it: facts and outcomes in ``interactions``, names in ``dim_agent``.
_WITHIN_OTHERS: Final = ("interaction_facts", "outcomes", "agent_names")

EXPORTED: Final[Mapping[str, Table]] = {
    INTERACTIONS.name: INTERACTIONS,
    **{name: table for name, table in STORED.items() if name not in _WITHIN_OTHERS},
    **VIEWS,
}
