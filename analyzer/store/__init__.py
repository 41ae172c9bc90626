"""The store: a folder of Delta tables and a ledger that says which versions of them are published.

    STORE/ledger.sqlite   what is published, which contacts and files are known        (ledger)
    STORE/writer.lock     one writer at a time; readers never wait                     (lock)
    STORE/tables/<name>   one Delta table each, as ``analyzer.tables.STORED`` has them (delta, rows)
    STORE/keys/           secrets of pseudonyms      STORE/aside/  what repair took out of the way
    STORE/staging/        rows and spills on their way
    STORE/trust.sqlite    who must not come back, and what was done about people       (analyzer.trust)

A publication is one commit per table, forced to disk, and then one SQLite transaction that makes all of it visible.
Readers open every table at the version the ledger names, so that a half-published run is invisible.

Names are loaded on first use: ``analyzer.store.ledger`` and ``analyzer.store.lock`` need the standard library only.
``verify`` and ``repair`` are modules, so their functions are taken from there.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analyzer.store.keys import secret
    from analyzer.store.ledger import ContactIdentity, FileSeen, Ledger
    from analyzer.store.repair import Repaired
    from analyzer.store.rows import Change
    from analyzer.store.store import Store, open_store
    from analyzer.store.verify import Problem

__all__ = [
    "Change", "ContactIdentity", "FileSeen", "Ledger", "Problem", "Repaired", "Store",
    "open_store", "secret",
]  # fmt: skip

_HOME = {
    "Change": "rows",
    "ContactIdentity": "ledger",
    "FileSeen": "ledger",
    "Ledger": "ledger",
    "Problem": "verify",
    "Repaired": "repair",
    "Store": "store",
    "open_store": "store",
    "secret": "keys",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
