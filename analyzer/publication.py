"""Which days of which tables a run changes: the smallest set of commits that leaves the store as it should be."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from analyzer.store.rows import Change
from analyzer.tables import FACT_TABLES, STORED
from analyzer.taken_in import Intake
from analyzer.trust.periods import with_kept_periods

if TYPE_CHECKING:
    from analyzer.store.store import Store

Tables = dict[str, pa.Table]
_WHEN_WRITTEN = ("as_of", "run_id")


def changes_of(
    store: Store, intake: Intake, new_facts: Tables, derived: Tables, given: Tables, run_row: dict[str, Any]
) -> list[Change]:
    """Facts of the touched days, outcomes of the days on which they differ, and whole small tables that differ."""
    touched = frozenset(identity.day for identity in intake.identities.values()) | frozenset(intake.moved_from)
    changes = [
        Change(name, store.merged(name, new_facts[name], intake.outdated, touched), touched)
        for name in FACT_TABLES
        if touched
    ]
    derived = with_kept_periods(store, derived)
    whole = {**derived, **given, "rejects": _rejects(store, intake, run_row["run_id"])}
    whole["score_weights"] = _weights(store, derived["score_weights"])
    for name, table in whole.items():
        change = _by_day(store, name, table, touched) if STORED[name].by_day else _whole(store, name, table)
        if change is not None:
            changes.append(change)
    runs = pa.concat_tables([store.read("runs"), STORED["runs"].from_rows([run_row])])
    return [*changes, Change("runs", runs)]


def _whole(store: Store, name: str, table: pa.Table) -> Change | None:
    ordered = _ordered(name, table)
    return None if ordered.equals(_ordered(name, store.read(name))) else Change(name, ordered)


def _by_day(store: Store, name: str, table: pa.Table, touched: Collection[date]) -> Change | None:
    """Only the days that differ. A final row that says the same keeps the time and run that first said it."""
    standing = store.read(name)
    days = set(pc.unique(table["day"]).to_pylist()) | set(pc.unique(standing["day"]).to_pylist())
    old, new = _split(name, standing), _split(name, table)
    empty = STORED[name].empty()
    changed = {day for day in days if day in touched or _differs(old.get(day, empty), new.get(day, empty))}
    if not changed:
        return None
    rows = pa.concat_tables([new.get(day, empty) for day in sorted(changed)])
    return Change(name, rows, frozenset(changed))


def _split(name: str, table: pa.Table) -> dict[date, pa.Table]:
    ordered = _ordered(name, table)
    by_day = ordered.take(pc.sort_indices(ordered["day"]))
    counts = pc.value_counts(by_day["day"]).to_pylist()
    parts, start = {}, 0
    for entry in counts:
        parts[entry["values"]] = by_day.slice(start, entry["counts"])
        start += entry["counts"]
    return {day: _ordered(name, part) for day, part in parts.items()}


def _differs(old: pa.Table, new: pa.Table) -> bool:
    if "is_final" in new.column_names and old.num_rows == new.num_rows and pc.all(new["is_final"]).as_py():
        kept = [name for name in new.column_names if name not in _WHEN_WRITTEN]
        return not old.select(kept).equals(new.select(kept))
    columns = [name for name in new.column_names if name != "run_id"]
    return not old.select(columns).equals(new.select(columns))


def _ordered(name: str, table: pa.Table) -> pa.Table:
    """By key, as one chunk, so that equal content compares equal."""
    return table.sort_by([(column, "ascending") for column in STORED[name].key]).combine_chunks()


def _rejects(store: Store, intake: Intake, run_id: str) -> pa.Table:
    """Rejects of other files as they stood, of files read now as they are now: none where one was mended.

    Records out of quarantine only take their own rejects away.
    """
    if intake.mended is not None:
        standing = store.read("rejects")
        places = zip(standing["source_uri"].to_pylist(), standing["position"].to_pylist(), strict=True)
        return standing.filter(pa.array([place not in intake.mended for place in places], pa.bool_()))
    rows = {
        (reject.source_uri, reject.position): {
            "source_uri": reject.source_uri, "position": reject.position, "source_format": reject.source_format,
            "code": reject.code, "message": reject.message, "run_id": run_id,
        }
        for reject in intake.account.rejects
    }  # fmt: skip
    standing = store.read("rejects")
    kept = pa.array([not _is_of(uri, intake.read_uris) for uri in standing["source_uri"].to_pylist()], pa.bool_())
    return pa.concat_tables([standing.filter(kept), STORED["rejects"].from_rows(list(rows.values()))])


def _is_of(uri: str, files: Collection[str]) -> bool:
    """Whether ``uri`` is one of ``files`` or a member of an archive among them (``calls.zip!monday.jsonl``)."""
    parts = uri.split("!")
    return any("!".join(parts[:length]) in files for length in range(1, len(parts) + 1))


def _weights(store: Store, weights: pa.Table) -> pa.Table:
    """All versions that ever served; a known version keeps the date from which it did."""
    standing = store.read("score_weights")
    known = set(standing["version"].to_pylist())
    new = weights.filter(pc.invert(pc.is_in(weights["version"], pa.array(sorted(known), pa.string()))))
    return pa.concat_tables([standing, new])
