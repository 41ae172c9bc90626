"""What an export wrote, and how files get to their place: beside it first, whole, then renamed."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from analyzer.errors import RunAborted, UsageError


@dataclass(frozen=True, slots=True)
class Exported:
    """A table and where it went; ``path`` is ``None`` in a database, ``cut`` counts texts that did not fit a cell."""

    table: str
    place: str
    rows: int
    path: Path | None = None
    cut: int = 0

    @property
    def size_bytes(self) -> int:
        return self.path.stat().st_size if self.path else 0


def check_folder(to: Path, targets: Iterable[Path]) -> None:
    """Raises UsageError where ``to`` cannot hold the files ``targets``."""
    if to.exists() and not to.is_dir():
        raise UsageError(f"{to} is not a folder.", hint="Give a folder with --to; every table becomes one file in it.")
    if blocked := [target for target in targets if target.is_dir()]:
        raise UsageError(f"{blocked[0]} is a folder where a file belongs.", hint="Move it away or export elsewhere.")


def check_file(to: Path) -> None:
    """Raises UsageError where ``to`` cannot be one file."""
    if to.is_dir():
        raise UsageError(f"{to} is a folder.", hint="Give a file with --to, such as analyzer.sqlite or analyzer.xlsx.")


@contextmanager
def disk_errors(to: Path) -> Iterator[None]:
    """OSError as RunAborted that names the place."""
    try:
        yield
    except OSError as error:
        raise RunAborted(
            f"Cannot write to {to}: {error.strerror or error}.", hint="Former files are unchanged."
        ) from error


@contextmanager
def staged(targets: Mapping[str, Path]) -> Iterator[dict[str, Path]]:
    """A temporary place beside each target; what was not moved on is removed."""
    places = {name: target.with_name(f".{target.name}.{os.getpid()}.tmp") for name, target in targets.items()}
    try:
        for folder in {path.parent for path in places.values()}:
            folder.mkdir(parents=True, exist_ok=True)
        yield places
    finally:
        for path in places.values():
            path.unlink(missing_ok=True)


def to_disk(path: Path) -> None:
    """Forces a file to disk, so that a rename never brings an empty one to light."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())
