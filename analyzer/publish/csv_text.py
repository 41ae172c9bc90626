"""CSV that a spreadsheet cannot be made to run: RFC 4180, ISO-8601 UTC times, lists as JSON, formulas disarmed.

Text is always quoted, so that an empty text ("") stays apart from a missing one (nothing between the commas).
"""

from __future__ import annotations

import json

import pyarrow as pa
import pyarrow.compute as pc

# What spreadsheets take for the start of a formula (OWASP ASVS 1.2.10); numbers are never touched.
FORMULA_START = r"^[=+\-@\t\r\x00]"
ROW_END = "\r\n"


def csv_header(schema: pa.Schema) -> bytes:
    """The header line; our own column names need no quotes."""
    return (",".join(schema.names) + ROW_END).encode()


def csv_rows(table: pa.Table, *, disarmed: bool = True) -> bytes:
    """The rows as UTF-8 CSV without header; empty for an empty table. ``disarmed`` is for eyes, not for databases."""
    if not table.num_rows:
        return b""
    table = table.combine_chunks()
    cells = [_cells(column.combine_chunks(), disarmed) for column in table.columns]
    lines = pc.binary_join_element_wise(*cells, ",", null_handling="replace", null_replacement="")
    return (ROW_END.join(lines.to_pylist()) + ROW_END).encode()


def _cells(column: pa.Array, disarmed: bool) -> pa.Array:
    """Each value as it stands in the file; null where nothing stands."""
    if pa.types.is_string(column.type):
        return _quoted(_disarmed(column) if disarmed else column)
    if pa.types.is_list(column.type):
        texts = [None if v is None else json.dumps(v, ensure_ascii=False) for v in column.to_pylist()]
        return _quoted(pa.array(texts, pa.string()))  # they begin with a bracket
    if pa.types.is_timestamp(column.type):
        return pc.strftime(column, format="%Y-%m-%dT%H:%M:%SZ")
    return column.cast(pa.string())


def _disarmed(texts: pa.Array) -> pa.Array:
    armed = pc.match_substring_regex(texts, FORMULA_START)
    return pc.if_else(armed, pc.binary_join_element_wise("'", texts, ""), texts)


def _quoted(texts: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise('"', pc.replace_substring(texts, '"', '""'), '"', "")
