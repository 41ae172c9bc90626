"""Secrets of a store: random, readable by the owner only, never in a table, an export or a log."""

from __future__ import annotations

import os
import re
from pathlib import Path
from secrets import token_bytes, token_hex

from analyzer.errors import StoreDamaged, StoreError
from analyzer.store import folder

_LENGTH = 32


def secret(store: Path, name: str) -> bytes:
    """The 32 random bytes called ``name``, made on first use and the same ever after.

    Two processes that ask at once get the same bytes: the file is completed beside its place and linked there. Raises
    StoreDamaged for a key that is none, StoreError where disk or rights refuse.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_-]{0,40}", name):
        raise ValueError(f"not a name for a key: {name!r}")
    path = store / folder.KEYS / f"{name}.key"
    try:
        if not path.exists():
            _create(path)
        key = path.read_bytes()
    except OSError as error:
        raise StoreError(
            f"Key {path}: {error.strerror}.", hint="Check free space and rights of the store's folder."
        ) from error
    if len(key) != _LENGTH:
        raise StoreDamaged(
            f"Key {path} is damaged.", hint="Restore it from a backup; a new one changes all pseudonyms."
        )
    return key


def _create(path: Path) -> None:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    draft = path.with_name(f".{path.name}.{token_hex(8)}")
    handle = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        try:
            os.write(handle, token_bytes(_LENGTH))
            os.fsync(handle)
        finally:
            os.close(handle)
        os.link(draft, path)
    except FileExistsError:
        pass  # another process was first; its key is the key
    finally:
        draft.unlink()
    folder.sync_file(path.parent)
