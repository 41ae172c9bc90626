"""Given tables within the days that are kept: loyalty facts, survey answers, initiatives, verdicts."""

from __future__ import annotations

from datetime import date
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

# The time that makes a row old; of several the first that is known.
_TIMES: Final = {"surveys": ("answered_at", "invited_at"), "initiatives": ("done_at",)}


def within(name: str, table: pa.Table, from_day: date | None) -> pa.Table:
    """``table`` without rows from before ``from_day`` (UTC). Of loyalty facts the one that held that day stays."""
    if from_day is None or not table.num_rows:
        return table
    if name == "loyalty_records":
        return _still_in_force(table, from_day)
    if name not in _TIMES:
        return table
    moment = pc.coalesce(*(table[column] for column in _TIMES[name]))
    return table.filter(pc.fill_null(pc.greater_equal(pc.cast(moment, pa.date32()), from_day), True))


def _still_in_force(records: pa.Table, from_day: date) -> pa.Table:
    """Facts of that day and later, and of each customer's earlier facts of a kind the latest one."""
    day = pc.cast(records["as_of"], pa.date32())
    old = records.filter(pc.less(day, from_day))
    if not old.num_rows:
        return records
    newest = old.group_by(["customer_key", "fact"]).aggregate([("as_of", "max")]).rename_columns(
        ["customer_key", "fact", "as_of"]
    )  # fmt: skip
    kept = old.join(newest, ["customer_key", "fact", "as_of"], join_type="left semi")
    if kept.num_rows == old.num_rows:
        return records
    young = records.filter(pc.greater_equal(day, from_day))
    return pa.concat_tables([kept.select(records.column_names).cast(records.schema), young])
