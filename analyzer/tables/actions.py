"""Whom to call and whom to thank, what was done with it, and what that changed."""

from __future__ import annotations

from typing import Final

from analyzer.tables.columns import AS_OF, CUSTOMER, HORIZON, INTERVAL
from analyzer.tables.schema import BOOL, FLOAT, LONG, STRING, STRINGS, TIME, Column, column, nullable, table

ACTION_LISTS: Final = table(
    "action_lists",
    "whom to call and whom to thank",
    "list customer_key",
    column("list", STRING, "list", "at_risk", "thank"),
    CUSTOMER,
    column("reasons", STRINGS, "why"),
    nullable("value_tier", STRING, "value tier"),
    column("may_contact", BOOL, "the company may contact them"),
    AS_OF,
    Column("held_out", BOOL, "drawn to be left alone, so that the effect of acting can be told", default=False),
)

INITIATIVES: Final = table(
    "initiatives",
    "what was done with a list, as given",
    "customer_key list kind done_at",
    CUSTOMER,
    column("list", STRING, "list acted on"),
    column("done_at", TIME, "when it was done, or would have been"),
    column("kind", STRING, "what was done"),
    column("held_out", BOOL, "left alone on purpose"),
    column("source_uri", STRING, "file"),
)

INITIATIVE_EFFECTS: Final = table(
    "initiative_effects",
    "what initiatives changed, against the customers held out",
    "list kind outcome horizon_days",
    column("list", STRING, "list acted on"),
    column("kind", STRING, "what was done"),
    column("outcome", STRING, "notice or repurchase"),
    HORIZON,
    column("n_done", LONG, "customers done whose horizon is over"),
    column("n_held_out", LONG, "customers held out whose horizon is over"),
    column("n_running", LONG, "customers whose horizon is still running"),
    nullable("done_share", FLOAT, "share with the outcome among the done", unit="0–1"),
    nullable("held_out_share", FLOAT, "the same among the held out", unit="0–1"),
    nullable("effect", FLOAT, "done − held out", unit="−1…1"),
    *INTERVAL,
    column("method", STRING, "estimator, or 'not estimable: why'"),
    AS_OF,
)
