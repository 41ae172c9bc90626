"""How exported tables hang together: foreign keys, and for databases a view for each question people ask.

Only keys that always have their row are named. A verdict or a survey may speak of a contact that is no longer, or not
yet, in the store, so those two hang on nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from analyzer.publish.dimensions import DIMENSIONS
from analyzer.tables import EXPORTED, Table


class ForeignKey(NamedTuple):
    """``table.column`` is null or stands in ``parent.key``."""

    table: str
    column: str
    parent: str
    key: str


_OF_CONTACTS: Final = (
    "turns", "cues", "findings", "contributions", "interaction_agents", "fcr", "commitments", "flags", "scorecards",
)  # fmt: skip
_OF_DIMENSIONS: Final = (
    ("interactions", "day", "dim_date"), ("interactions", "channel", "dim_channel"),
    ("interactions", "queue", "dim_queue"), ("interactions", "reason", "dim_reason"),
    ("interactions", "customer_key", "dim_customer"), ("interactions", "agent_id", "dim_agent"),
    ("interaction_agents", "agent_id", "dim_agent"), ("turns", "agent_id", "dim_agent"),
    ("episodes", "customer_key", "dim_customer"), ("customers", "customer_key", "dim_customer"),
    ("loyalty_records", "customer_key", "dim_customer"), ("surveys", "customer_key", "dim_customer"),
    ("action_lists", "customer_key", "dim_customer"),
)  # fmt: skip

FOREIGN_KEYS: Final = (
    *(ForeignKey(name, "interaction_id", "interactions", "interaction_id") for name in _OF_CONTACTS),
    *(ForeignKey(name, column, parent, DIMENSIONS[parent].key[0]) for name, column, parent in _OF_DIMENSIONS),
)

# In the order in which they can be filled: parents first.
PUBLISHED: Final[Mapping[str, Table]] = {
    **DIMENSIONS,
    "interactions": EXPORTED["interactions"],
    **{name: table for name, table in EXPORTED.items() if name != "interactions"},
}

# SQL that SQLite and PostgreSQL both understand.
VIEWS: Final[Mapping[str, str]] = {
    "which_agents": """
        SELECT s.period, a.team, s.unit_id AS agent_id, s.measure, s.unit, s.higher_is_better, s.n, s.raw_mean,
               s.adjusted, s.value, s.low, s.high, s.standing, s.worse_probability, s.error_basis, s.is_final,
               COALESCE(a.name, s.unit_id) AS agent
        FROM unit_scores s LEFT JOIN dim_agent a ON a.agent_id = s.unit_id
        WHERE s.unit_kind = 'agent' AND s.sufficient""",
    "which_channels": """
        SELECT s.period, s.unit_id AS channel, c.name_en, c.name_de, s.measure, s.unit, s.higher_is_better, s.n,
               s.raw_mean, s.adjusted, s.value, s.low, s.high, s.standing, s.error_basis, s.is_final
        FROM unit_scores s LEFT JOIN dim_channel c ON c.channel = s.unit_id
        WHERE s.unit_kind = 'channel' AND s.sufficient""",
    "who_is_at_risk": """
        SELECT l.customer_key, c.at_risk_probability, c.horizon_days, l.reasons, l.value_tier, c.quadrant,
               d.segment, d.product_line, d.last_day, l.as_of
        FROM action_lists l
        JOIN dim_customer d ON d.customer_key = l.customer_key
        LEFT JOIN customers c ON c.customer_key = l.customer_key AND c.as_of = l.as_of
        WHERE l.list = 'at_risk' AND l.may_contact""",
    "what_drives_loyalty": """
        SELECT segment, outcome, horizon_days, driver, scale, effect, low, high, p_adjusted, n, method
        FROM loyalty_drivers""",
    "how_often_solved_at_once": """
        SELECT i.day, i.channel, i.queue, i.reason, f.matter, f.window_days, COUNT(*) AS contacts,
               SUM(f.probability) AS solved, SUM(CASE WHEN f.maturity = 'open' THEN 1 ELSE 0 END) AS still_open
        FROM fcr f JOIN interactions i ON i.interaction_id = f.interaction_id
        WHERE f.probability IS NOT NULL
        GROUP BY i.day, i.channel, i.queue, i.reason, f.matter, f.window_days""",
    "which_promises_were_broken": """
        SELECT i.day, i.channel, i.queue, i.agent_id, i.customer_key, p.interaction_id, p.turn, p.text, p.promised_by,
               p.evidence_interaction_id, p.probability
        FROM commitments p JOIN interactions i ON i.interaction_id = p.interaction_id
        WHERE p.status = 'broken'""",
    "what_needs_a_look": """
        SELECT f.day, f.severity, f.rule, f.explanation, f.interaction_id, f.turn, i.channel, i.queue, i.agent_id,
               i.customer_key
        FROM flags f JOIN interactions i ON i.interaction_id = f.interaction_id
        WHERE f.polarity = 'concern' AND f.rule <> 'random_audit'""",
}
