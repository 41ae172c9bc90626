"""A world as a store of findings without text, which every command that reads a store can read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from analyzer.progress import Progress
from analyzer.simulate.dump import prepare, write_truth
from analyzer.simulate.facts import SOURCE_FORMAT
from analyzer.simulate.worlds import World
from analyzer.store.entries import ContactIdentity
from analyzer.store.rows import Change
from analyzer.store.store import Store, open_store
from analyzer.tables import STORED

STORE: Final = "store"
_BATCH: Final = 50_000
_PART: Final = 250_000


def write_findings(world: World, to: Path, progress: Progress) -> None:
    """Writes ``to``/store and ``to``/truth. Raises UsageError where ``to`` holds other things.

    Each table is made, published and let go before the next, so that a million contacts fit in little memory.
    """
    prepare(to)
    write_truth(world, to, progress)
    with open_store(to / STORE, write=True) as store:
        for name in ("loyalty_records", "surveys", "interaction_agents", "cues"):
            progress.begin(name, None, "")
            _publish(store, world, [Change(name, getattr(_again(world), name))])
            pa.default_memory_pool().release_unused()
        progress.begin("interaction_facts", None, "")
        for facts in _in_parts(_again(world).interactions):
            days = frozenset(facts["day"].unique().to_pylist())
            _publish(store, world, [Change("interaction_facts", facts, days)], _identities(facts, _run_id(world)))
            pa.default_memory_pool().release_unused()
        _publish(store, world, [Change("runs", STORED["runs"].from_rows([_run(world)]))])


def _in_parts(facts: pa.Table) -> Iterator[pa.Table]:
    """Whole days, about ``_PART`` contacts at a time; facts are in order of time."""
    days, first = facts["day"].to_numpy(), 0
    while first < len(days):
        beyond = min(first + _PART, len(days)) - 1
        last = int(np.searchsorted(days, days[beyond], side="right"))
        yield facts.slice(first, last - first)
        first = last


def _again(world: World) -> World:
    """The same world that has made no table yet."""
    return replace(world)


def _publish(
    store: Store, world: World, changes: list[Change], identities: Iterator[ContactIdentity] | None = None
) -> None:
    stated = hashlib.blake2b(repr((world.spec, world.seed)).encode(), digest_size=16).hexdigest()
    store.publish(changes, run=_run(world), fingerprint=f"{SOURCE_FORMAT} {stated}", identities=identities or ())


def _run_id(world: World) -> str:
    return f"{SOURCE_FORMAT}-{world.seed}"


def _run(world: World) -> dict[str, Any]:
    """The row of runs: the world's own clock, so that equal worlds give equal rows."""
    count = len(world.lives.contacts)
    return {
        "run_id": _run_id(world), "started_at": world.as_of, "finished_at": world.as_of, "as_of": world.as_of,
        "config_hash": "", "model_version": SOURCE_FORMAT, "read": count, "accepted": count, "rejected": 0,
        "duplicate": 0, "replaced": 0, "skipped": 0, "seconds": 0.0, "engine": SOURCE_FORMAT,
    }  # fmt: skip


def _identities(facts: pa.Table, run_id: str) -> Iterator[ContactIdentity]:
    """What the ledger knows of each contact, a batch of the table at a time."""
    told = facts.select(["interaction_id", "content_hash", "day"])
    for batch in told.to_batches(max_chunksize=_BATCH):
        for interaction_id, content_hash, day in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            yield ContactIdentity(interaction_id, content_hash, None, day, SOURCE_FORMAT, run_id)
