"""Where things lie in a store's folder, and with which rights. Standard library only."""

from __future__ import annotations

import os
from pathlib import Path

from analyzer.errors import StoreDamaged, UsageError

LEDGER = "ledger.sqlite"
LOCK = "writer.lock"
TABLES = "tables"
KEYS = "keys"
STAGING = "staging"
ASIDE = "aside"
QUARANTINE = "quarantine"
REVIEW = "review.sqlite"  # what people decided; written by the review app
TRUST = "trust.sqlite"  # who must not come back, how long things are kept, what was given out; no one's words
SENTENCES = "sentences"  # numbers of what is often said, for later runs; may be deleted at any time
MODELS = "models"  # weights that learned from this store's verdicts, and which of them are used
_STATE = frozenset((LOCK, TABLES, KEYS, STAGING, ASIDE, QUARANTINE, SENTENCES, MODELS))
_OURS = _STATE | {f"{database}{end}" for database in (LEDGER, REVIEW, TRUST) for end in ("", "-wal", "-shm")}


def exists(store: Path) -> bool:
    """Whether ``store`` is a store that was ever opened for writing."""
    return (store / LEDGER).is_file()


def require(store: Path) -> None:
    """Raises UsageError unless ``store`` is a store."""
    if exists(store):
        return
    if holds_tables(store):
        raise StoreDamaged(f"The ledger of store {store} is missing.", hint=f"Restore {LEDGER} from a backup.")
    raise UsageError(f"No store at {store}.", hint="Check --store; `analyzer run INPUT --store DIR` creates one.")


def prepare(store: Path) -> None:
    """Creates the folders of a store, readable by the owner only; a folder that holds other things is refused."""
    if not store.exists():
        store.mkdir(mode=0o700, parents=True)
    if not store.is_dir():
        raise UsageError(f"{store} is a file, not a folder.", hint="Give --store a folder.")
    if not exists(store):
        _refuse_foreign(store)
    for name in (TABLES, KEYS, STAGING):
        (store / name).mkdir(mode=0o700, exist_ok=True)


def _refuse_foreign(store: Path) -> None:
    if holds_tables(store):
        require(store)
    if foreign := {entry.name for entry in store.iterdir()} - _OURS:
        raise UsageError(
            f"{store} is no store and not empty ({len(foreign)} other entries).", hint="Give --store an empty folder."
        )


def holds_tables(store: Path) -> bool:
    """Whether something was ever published into ``store``: a table with more than its creation in the log."""
    return any((store / TABLES).glob(f"*/_delta_log/{1:020}.json"))


def create_private(path: Path) -> None:
    """Creates an empty file that only the owner may read, unless it exists."""
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def sync_file(path: Path) -> None:
    """Forces ``path`` (a file or a folder) to disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
