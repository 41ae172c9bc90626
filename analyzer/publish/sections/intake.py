"""What was read in the last run, what could not be read, and by which models."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from analyzer.publish.reading import Tables

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Rejected:
    """Rejects of one code: how many, the first place, and what is wrong and what to do."""

    code: str
    count: int
    place: str
    message: str


@dataclass(frozen=True, slots=True)
class Intake:
    runs: int
    read: int
    accepted: int
    rejected: int
    duplicate: int
    replaced: int
    finished_at: datetime | None
    seconds: float
    rejects: tuple[Rejected, ...]
    model_versions: tuple[str, ...]
    config_hash: str


def intake(tables: Tables) -> Intake:
    """Counts are of the last run; rejects and model versions of all that stands in the store."""
    runs = sorted(tables.read("runs").to_pylist(), key=lambda row: (row["finished_at"], row["run_id"]))
    last = runs[-1] if runs else {}
    rejects: dict[str, list[Row]] = {}
    for row in sorted(tables.read("rejects").to_pylist(), key=lambda row: (row["source_uri"], row["position"])):
        rejects.setdefault(row["code"], []).append(row)
    return Intake(
        runs=len(runs),
        **{name: last.get(name, 0) for name in ("read", "accepted", "rejected", "duplicate", "replaced")},
        finished_at=last.get("finished_at"),
        seconds=last.get("seconds", 0.0),
        rejects=tuple(
            sorted((_rejected(code, rows) for code, rows in rejects.items()), key=lambda r: (-r.count, r.code))
        ),
        model_versions=tuple(sorted({row["model_version"] for row in runs if row["accepted"]})),
        config_hash=last.get("config_hash", ""),
    )


def _rejected(code: str, rows: list[Row]) -> Rejected:
    first = rows[0]
    return Rejected(code, len(rows), f"{first['source_uri']} · {first['position']}", first["message"])
