"""The Arrow schema of every table: the contract with all that reads our results.

Columns may be added, never renamed or given another meaning. ``STORED`` are the Delta tables of a store,
``EXPORTED`` the names that ``analyzer export`` writes. A table with ``by_day`` is partitioned by its business ``day``.
A table is declared in the module of its subject and named once in ``STORED``, whose order is that of every listing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from analyzer.tables import actions, contacts, journeys, loyalty, review, runs, scores
from analyzer.tables.columns import DAY, INTERACTION
from analyzer.tables.contacts import FACT_COLUMNS
from analyzer.tables.journeys import OUTCOME_COLUMNS
from analyzer.tables.schema import BOOL, DATE, FLOAT, INT, LONG, STRING, STRINGS, TIME, Column, Table

__all__ = [
    "BOOL", "DATE", "EXPORTED", "FACT_COLUMNS", "FACT_TABLES", "FLOAT", "INT", "INTERACTIONS", "LONG",
    "OUTCOME_COLUMNS", "STORED", "STRING", "STRINGS", "TIME", "VIEWS", "Column", "Table",
]  # fmt: skip

STORED: Final[Mapping[str, Table]] = {
    table.name: table
    for table in (
        contacts.FACTS,
        journeys.OUTCOMES,
        contacts.TURNS,
        contacts.CUES,
        contacts.FINDINGS,
        scores.CONTRIBUTIONS,
        contacts.INTERACTION_AGENTS,
        journeys.FCR,
        journeys.FCR_RATES,
        journeys.COMMITMENTS,
        review.FLAGS,
        journeys.EPISODES,
        review.VERDICTS,
        review.SCORECARDS,
        review.REVEALS,
        runs.REJECTS,
        scores.UNIT_SCORES,
        scores.CONTROL_CHART_POINTS,
        scores.SCORE_WEIGHTS,
        scores.SCORE_CALIBRATION,
        scores.WEIGHT_TRIALS,
        scores.COUNTER_MEASURES,
        scores.BIAS_WATCH,
        review.AUDIT_CORRECTIONS,
        runs.RUNS,
        loyalty.LOYALTY_RECORDS,
        loyalty.SURVEYS,
        loyalty.CUSTOMERS,
        loyalty.LOYALTY_MATRIX,
        loyalty.LOYALTY_DRIVERS,
        loyalty.LOYALTY_DYNAMICS,
        loyalty.EXPECTATION_GAP,
        loyalty.PERCEPTION_GAP,
        loyalty.SURVEY_CHECKS,
        actions.ACTION_LISTS,
        actions.INITIATIVES,
        actions.INITIATIVE_EFFECTS,
        loyalty.ORGANISATIONAL_GAPS,
        loyalty.STAFF_MOOD,
        runs.AGENT_NAMES,
    )
}

# Written once with the contact; everything else is what time brings, estimates, or given by people.
FACT_TABLES: Final = ("interaction_facts", "turns", "cues", "findings", "interaction_agents")

INTERACTIONS: Final = Table(
    "interactions",
    "one row a contact: facts and, as of the last run, outcomes",
    ("interaction_id",),
    FACT_COLUMNS
    + tuple(
        Column(c.name, c.type, c.meaning, True, c.one_of, c.unit)
        for c in OUTCOME_COLUMNS
        if c not in (INTERACTION, DAY)
    ),
)

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
