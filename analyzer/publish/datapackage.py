"""``datapackage.json``: what every column is, for people and programs (Frictionless Data Package 1, Table Schema 1)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa

from analyzer import __version__
from analyzer.publish.relations import FOREIGN_KEYS, PUBLISHED
from analyzer.tables import Column, Table

NAME: Final = "datapackage.json"
_MEDIA: Final = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet"}


def datapackage(paths: Mapping[str, str], format: str) -> bytes:
    """The descriptor of the tables in ``paths`` (name → path beside it) as UTF-8 JSON, the same for the same tables."""
    package = {
        "profile": "tabular-data-package" if format == "csv" else "data-package",
        "name": "interaction-analyzer",
        "title": "Contact center interactions: what was solved, felt and promised, and what loyal customers did",
        "description": "Times are UTC. Empty means not observed, never 0. *_rate and *_probability are 0 to 1. A score "
        "stands with its n and its 95 % interval (low, high): do not average scores over units or periods, count anew.",
        "created_by": f"interaction-analyzer {__version__}",
        "resources": [_resource(PUBLISHED[name], path, format) for name, path in paths.items()],
    }
    return (json.dumps(package, ensure_ascii=False, indent=1) + "\n").encode()


def _resource(table: Table, path: str, format: str) -> dict[str, Any]:
    told: dict[str, Any] = {"name": table.name, "path": path, "description": table.meaning, "format": format}
    if format in _MEDIA:
        told |= {"mediatype": _MEDIA[format], "encoding": "utf-8"}
    if format == "csv":
        told |= {"profile": "tabular-data-resource", "dialect": {"delimiter": ",", "lineTerminator": "\r\n"}}
    keys = [key for key in FOREIGN_KEYS if key.table == table.name]
    schema: dict[str, Any] = {
        "fields": [field(column) for column in table.columns], "missingValues": [""], "primaryKey": list(table.key),
    }  # fmt: skip
    if keys:
        schema["foreignKeys"] = [
            {"fields": [key.column], "reference": {"resource": key.parent, "fields": [key.key]}} for key in keys
        ]
    return {**told, "schema": schema}


def field(column: Column) -> dict[str, Any]:
    """Type, unit, meaning and constraints of one column."""
    told: dict[str, Any] = {"name": column.name, "type": type_name(column.type), "description": column.meaning}
    if column.unit:
        told["unit"] = column.unit
    if told["type"] == "datetime":
        told["format"] = "any"  # ISO 8601 in UTC, with or without fractions of a second
    if told["type"] == "string" and not column.nullable:
        told["missingValues"] = []  # a text that is always there may be empty, as the item of what holds for all items
    constraints: dict[str, Any] = {} if column.nullable else {"required": True}
    if column.one_of:
        constraints["enum"] = list(column.one_of)
    if column.unit == "0–1" and told["type"] == "number":
        constraints |= {"minimum": 0, "maximum": 1}
    return {**told, "constraints": constraints} if constraints else told


def type_name(type_: pa.DataType) -> str:
    """The Table Schema type of an Arrow type; lists are JSON text in formats that have none."""
    if pa.types.is_list(type_):
        return "array"
    if pa.types.is_timestamp(type_):
        return "datetime"
    if pa.types.is_date(type_):
        return "date"
    if pa.types.is_boolean(type_):
        return "boolean"
    if pa.types.is_floating(type_):
        return "number"
    return "integer" if pa.types.is_integer(type_) else "string"
