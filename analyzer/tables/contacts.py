"""Contacts as they were read and understood: what was said, heard and judged in them."""

from __future__ import annotations

from typing import Final

from analyzer.tables.columns import DAY, INTERACTION, INTERVAL
from analyzer.tables.schema import BOOL, FLOAT, INT, LONG, STRING, STRINGS, TIME, Column, Table, column, nullable, table

FACT_COLUMNS: Final = (
    INTERACTION,
    column("source_id", STRING, "the id in the source"),
    column("source_uri", STRING, "file and archive member it was read from"),
    column("source_format", STRING, "reader that read it"),
    column("content_hash", STRING, "hash of the masked content; detects change only"),
    nullable("chain_id", STRING, "legs of one call share it and count as one contact in FCR"),
    DAY,
    column("channel", STRING, "channel of the contact", "voice", "chat", "email", "messaging", "social"),
    nullable("direction", STRING, "who began it", "inbound", "outbound", "internal"),
    column("language", STRING, "language of the contact; und where it cannot be told", "de", "en", "und"),
    column("started_at", TIME, "start of the contact"),
    nullable("ended_at", TIME, "end of the contact"),
    column("started_at_source", STRING, "where the start was found", "record", "metadata", "file_name", "first_seen"),
    nullable("customer_key", STRING, "the customer, clear or hashed as configured"),
    nullable("agent_id", STRING, "the human agent who closed it"),
    column("agent_ids", STRINGS, "all human agents, in order of appearance"),
    nullable("team", STRING, "the closing agent's team"),
    nullable("queue", STRING, "queue"),
    nullable("product_line", STRING, "product line"),
    nullable("segment", STRING, "customer segment"),
    column("turn_count", INT, "turns", unit="turns"),
    column("customer_turns", INT, "turns by the customer", unit="turns"),
    column("agent_turns", INT, "turns by human agents", unit="turns"),
    nullable("handle_s", FLOAT, "handle time", unit="s"),
    nullable("wait_s", FLOAT, "time in the queue", unit="s"),
    nullable("hold_s", FLOAT, "time on hold", unit="s"),
    nullable("transfers", INT, "transfers"),
    nullable("disposition", STRING, "wrap-up code as given"),
    nullable("csat", FLOAT, "the source's own CSAT on 1–5, only where its scale was declared", unit="1–5"),
    nullable(
        "resolution", STRING, "most probable resolution", "resolved", "partial", "pending", "unresolved", "unclear"
    ),
    nullable("resolved_probability", FLOAT, "probability that the matter was resolved in this contact", unit="0–1"),
    nullable("sentiment_start", FLOAT, "mean feeling of the first third of customer turns", unit="−1…1"),
    nullable("sentiment_end", FLOAT, "mean feeling of the last third of customer turns", unit="−1…1"),
    nullable("sentiment_mean", FLOAT, "mean feeling of all customer turns", unit="−1…1"),
    nullable("sentiment_low", FLOAT, "lowest feeling of a customer turn", unit="−1…1"),
    nullable("sentiment_shift", FLOAT, "end − start", unit="−2…2"),
    column(
        "empathic_opportunities", INT, "runs of customer turns with a feeling or complaint that an agent could answer"
    ),
    column("opportunities_met", INT, "of these, answered with empathy"),
    column("opportunities_hurt", INT, "of these, answered with dismissal or bare policy"),
    Column(
        "opportunities_met_by_action", INT, "of these, answered with a solution and no word to the person", default=0
    ),
    nullable("empathy", FLOAT, "how well the agent met the person", unit="1–5"),
    nullable("effort", FLOAT, "how hard the customer had to work; high = hard", unit="1–5"),
    nullable("satisfaction", FLOAT, "how satisfied the customer is at the end", unit="1–5"),
    nullable("expectation_balance", FLOAT, "exceeded − unmet; null if neither was spoken of", unit="−1…1"),
    nullable("churn_talk_probability", FLOAT, "probability that the customer spoke of leaving", unit="0–1"),
    nullable("reason", STRING, "main contact reason"),
    column("role_confidence", FLOAT, "probability that the speakers are labelled the right way round", unit="0–1"),
)

FACTS: Final = Table(
    "interaction_facts",
    "one row a contact: what was read and understood; written once",
    ("interaction_id",),
    FACT_COLUMNS,
    by_day=True,
)

TURNS: Final = table(
    "turns",
    "one row a turn",
    "interaction_id turn",
    INTERACTION,
    DAY,
    column("turn", INT, "0-based"),
    column("speaker", STRING, "who speaks", "customer", "agent", "bot", "system"),
    nullable("agent_id", STRING, "the human agent speaking"),
    column("text", STRING, "masked text"),
    nullable("start_ms", LONG, "start since the contact's start", unit="ms"),
    nullable("end_ms", LONG, "end since the contact's start", unit="ms"),
    nullable("negative_probability", FLOAT, "customer turns: negative feeling", unit="0–1"),
    nullable("neutral_probability", FLOAT, "customer turns: no feeling", unit="0–1"),
    nullable("positive_probability", FLOAT, "customer turns: positive feeling", unit="0–1"),
    nullable("sentiment", FLOAT, "positive − negative", unit="−1…1"),
    nullable("source_sentiment", FLOAT, "feeling as the source gives it; not used in scores", unit="−1…1"),
    nullable("part", STRING, "leg or page it came in, where a source writes a contact as several"),
    nullable("is_supervisor", BOOL, "a supervisor who joined speaks: no agent's part"),
    by_day=True,
)

CUES: Final = table(
    "cues",
    "one row a label heard in a turn with probability ≥ 0.05",
    "cue_id",
    column("cue_id", STRING, "hash of contact, label, turn, span"),
    INTERACTION,
    DAY,
    column("turn", INT, "0-based"),
    column("label", STRING, "codebook label"),
    column("probability", FLOAT, "calibrated", unit="0–1"),
    column("found", BOOL, "above the label's threshold"),
    column("start_char", INT, "first code point of the span"),
    column("end_char", INT, "after its last code point"),
    column("detector", STRING, "detector"),
    column("reason", STRING, "the words that carried it"),
    by_day=True,
)

FINDINGS: Final = table(
    "findings",
    "one row a judgement of the whole contact",
    "interaction_id name value",
    INTERACTION,
    DAY,
    column("name", STRING, "resolution, satisfaction, effort, empathy, reason, role, language"),
    column("value", STRING, "class or number as text"),
    nullable("number", FLOAT, "number, where it is one"),
    nullable("probability", FLOAT, "calibrated", unit="0–1"),
    *INTERVAL,
    column("abstained", BOOL, "the detector cannot tell"),
    column("detector", STRING, "detector"),
    column("model_version", STRING, "weights that gave it"),
    by_day=True,
)

INTERACTION_AGENTS: Final = table(
    "interaction_agents",
    "one row a human agent's part in a contact",
    "interaction_id leg",
    INTERACTION,
    DAY,
    column("agent_id", STRING, "human agent"),
    column("leg", INT, "0-based order of the parts"),
    column("first_turn", INT, "first turn of the leg"),
    column("last_turn", INT, "last turn of the leg"),
    column("agent_turns", INT, "turns the agent spoke"),
    nullable("seconds", FLOAT, "length of the leg", unit="s"),
    column("role", STRING, "place in the contact", "opener", "middle", "closer", "sole"),
    column("share", FLOAT, "share of agent turns; sums to 1", unit="0–1"),
    by_day=True,
)
