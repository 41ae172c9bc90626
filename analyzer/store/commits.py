"""The commit log of a Delta table, as files: which commits there are and whether they reached the disk whole.

delta-rs forces nothing to disk. After a power loss the newest commit may be empty, and its rows are missing without an
error, or torn, and the table cannot be opened. So commits are forced to disk here before they are published, and looked
at before they are trusted. Standard library only.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from analyzer.store import folder


def log_of(table: Path) -> Path:
    return table / "_delta_log"


def commit_file(table: Path, version: int) -> Path:
    return log_of(table) / f"{version:020}.json"


def versions(table: Path) -> list[int]:
    """The versions with a commit file, oldest first; empty where there is no table."""
    return sorted(int(path.stem) for path in log_of(table).glob("*.json") if path.stem.isdigit())


def newest(table: Path) -> int | None:
    """The newest version in the log; None where there is no table."""
    found = versions(table)
    return found[-1] if found else None


def is_whole(table: Path, version: int) -> bool:
    """Whether the commit file of ``version`` is there and complete: JSON lines, the last one ended or readable."""
    try:
        return bool(_actions(table, version))
    except (OSError, ValueError):
        return False


def checkpointed(table: Path) -> int:
    """The version up to which a checkpoint holds the log; −1 without one."""
    try:
        return int(json.loads((log_of(table) / "_last_checkpoint").read_bytes())["version"])
    except (OSError, ValueError, KeyError, TypeError):
        return -1


def torn(table: Path) -> list[int]:
    """Versions after the last checkpoint whose commit files are damaged or missing, oldest first."""
    found = versions(table)
    if not found:
        return []
    return [v for v in range(max(checkpointed(table), found[0] - 1) + 1, found[-1] + 1) if not is_whole(table, v)]


def harden(table: Path, version: int) -> None:
    """Forces a commit to disk: its data files, their folders, the commit itself, the log's folder."""
    added = [table / unquote(a["add"]["path"]) for a in _actions(table, version) if "add" in a]
    _sync([*added, *sorted({path.parent for path in added}), table, commit_file(table, version), log_of(table)])


def harden_checkpoint(table: Path) -> None:
    """Forces the newest checkpoint to disk."""
    _sync([*reversed(checkpoint_files(table)), log_of(table)])


def checkpoint_files(table: Path) -> list[Path]:
    """The files of the last checkpoint, the pointer to it first; empty without one."""
    log = log_of(table)
    pointer = log / "_last_checkpoint"
    return [pointer, *log.glob(f"{checkpointed(table):020}.checkpoint*.parquet")] if pointer.exists() else []


def _actions(table: Path, version: int) -> list[dict[str, Any]]:
    with commit_file(table, version).open("rb") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def _sync(paths: Iterable[Path]) -> None:
    for path in paths:
        folder.sync_file(path)
