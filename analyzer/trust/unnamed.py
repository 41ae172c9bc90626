"""Agents who have no name any more: the turns they spoke stay, and no figure is made of them."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from analyzer.records import UNNAMED


def without_unnamed(table: pa.Table) -> pa.Table:
    """Facts that name no closing agent where it is unnamed, or parts in contacts without those of the unnamed.

    What is scored must not know them: one score for all who were forgotten is nobody's, and of one it is theirs.
    """
    is_unnamed = pc.fill_null(pc.equal(table["agent_id"], UNNAMED), False)
    if not pc.any(is_unnamed).as_py():
        return table
    if "leg" in table.column_names:
        return table.filter(pc.invert(is_unnamed))
    where = table.schema.get_field_index("agent_id")
    named = pc.if_else(is_unnamed, pa.scalar(None, pa.string()), table["agent_id"])
    return table.set_column(where, table.schema.field(where), named)


def unnamed_in(values: pa.ChunkedArray, agents: pa.Array) -> pa.ChunkedArray:
    """``values`` (ids, or lists of ids) with ``unnamed`` in place of ``agents``; a list names it once."""
    if not pa.types.is_list(values.type):
        return pc.if_else(pc.is_in(values, value_set=agents), pa.scalar(UNNAMED), values)
    gone = set(agents.to_pylist())
    lists = [
        None if ids is None else list(dict.fromkeys(UNNAMED if each in gone else each for each in ids))
        for ids in values.to_pylist()
    ]
    return pa.chunked_array([pa.array(lists, values.type)])
