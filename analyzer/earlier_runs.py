"""What earlier runs have read: whether this one can change anything, how much is new to it, as what it is remembered.

Standard library only, so that an unchanged nightly run ends before the heavy libraries would have been imported.
"""

from __future__ import annotations

import time
from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer.errors import StoreError
from analyzer.fingerprint import UNREADABLE, Fingerprint
from analyzer.run_summary import RunSummary
from analyzer.store.commits import checkpointed, is_whole
from analyzer.store.folder import TABLES
from analyzer.store.ledger import Ledger, last_fingerprint

if TYPE_CHECKING:
    from analyzer.taken_in import Account


def stands(store: Path, fingerprint: Fingerprint) -> bool:
    """Whether the published state was made of the same, and its newest commits are on disk whole."""
    try:
        if last_fingerprint(store) != str(fingerprint):
            return False
        with Ledger.open(store, write=False) as ledger:
            vector = ledger.vector()
    except StoreError:
        return False  # opening it for writing brings it up to date, or says what is wrong
    return all(
        is_whole(store / TABLES / name, version) or checkpointed(store / TABLES / name) == version
        for name, version in vector.items()
    )


def unchanged(store: Path, fingerprint: Fingerprint, version: str, began: float) -> RunSummary:
    """The same inputs, settings and models as the last publication: nothing can change, so nothing is read."""
    with Ledger.open(store, write=False) as ledger:
        seen = ledger.files([digest for _, digest in fingerprint.files])
        last = ledger.runs()[-1]
    files = [seen[digest] for _, digest in fingerprint.files if digest in seen]
    read, rejected = sum(file.read for file in files), sum(file.rejected for file in files)
    return RunSummary(
        last["run_id"], read, 0, rejected, read - rejected, 0, int(last["skipped"]), time.monotonic() - began,
        datetime.fromisoformat(last["as_of"]) if last.get("as_of") else None, unchanged=True, model_version=version,
    )  # fmt: skip


def new_bytes(store: Path, fingerprint: Fingerprint) -> int:
    """How much of the input no earlier run has read: none of it where that cannot be told yet."""
    seen: Collection[str] = ()
    if store.exists():
        try:
            with Ledger.open(store, write=False) as ledger:
                seen = ledger.files([digest for _, digest in fingerprint.files])
        except StoreError:
            return 0
    pairs = zip(fingerprint.inputs, fingerprint.files, strict=True)
    return sum(file.size for file, (_, digest) in pairs if digest not in seen)


def as_read(fingerprint: Fingerprint, account: Account) -> str:
    """The fingerprint where each file was read as it was hashed; one that no run has where another reading may differ.

    A file changed or failed, or its times lie in the future of a clock that goes on: the next run must read again.
    """
    hashed = dict(fingerprint.files)
    same = [digest for _, digest in fingerprint.files] == [file.sha256 for file in account.files]
    failed = [reject.source_uri.partition("!")[0] for reject in account.rejects if reject.code == "unreadable_file"]
    lasting = all(hashed.get(uri) == UNREADABLE for uri in failed) and "future_time" not in account.reject_codes
    if same and lasting:
        return str(fingerprint)
    return f"{fingerprint}, read otherwise"
