"""That somebody looked at the machine's findings of a contact before its audit was answered, kept in the store.

Verdicts given after such a look are not blind, whatever they say of themselves (``score.correction_verdicts``).
"""

from __future__ import annotations

import getpass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer.errors import StoreError
from analyzer.tables import STORED

if TYPE_CHECKING:
    from analyzer.store.store import Store


def reveal_awaited(path: Path, interaction_id: str) -> None:
    """Records the look if the contact's audit is awaited; nothing otherwise, and then nobody need be able to write."""
    from analyzer.publish.blind import awaits_audit
    from analyzer.store.store import open_store

    with open_store(path, write=False) as store:
        awaited = awaits_audit(store, interaction_id)
    if awaited:
        with open_store(path, write=True) as store:
            record_reveal(store, interaction_id)


def record_reveal(store: Store, interaction_id: str) -> None:
    """Adds the look to ``reveals``; what was published stays otherwise as it is."""
    import pyarrow as pa

    from analyzer.store.rows import Change

    runs = store.ledger.runs()
    if not runs:
        raise StoreError("The store holds no run yet.")
    row = {"interaction_id": interaction_id, "revealed_at": datetime.now(UTC), "revealed_by": _who()}
    table = pa.concat_tables([store.read("reveals"), STORED["reveals"].from_rows([row])])
    store.publish([Change("reveals", table)], run=runs[-1], fingerprint=store.ledger.fingerprint() or "")


def _who() -> str:
    """The name that this machine knows the person by."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"
