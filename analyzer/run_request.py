"""What a run is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer.errors import UsageError

if TYPE_CHECKING:
    from analyzer.ingest.files import InputFile


@dataclass(frozen=True)
class RunRequest:
    """What the user asked for. ``as_of`` None: the latest time in the data."""

    inputs: Sequence[str]
    store: Path
    metadata: Path | None = None
    agents: Path | None = None
    loyalty: Path | None = None
    surveys: Path | None = None
    initiatives: Path | None = None
    as_of: datetime | None = None
    dry_run: bool = False
    pieces: Sequence[InputFile] = ()  # records out of quarantine, read in place of inputs


def check_paths(request: RunRequest) -> None:
    """Raises UsageError naming the first side file that is not there."""
    for option in ("metadata", "agents", "loyalty", "surveys", "initiatives"):
        path: Path | None = getattr(request, option)
        if path is not None and not path.is_file():
            raise UsageError(f"No file at {path}.", hint=f"Check --{option}.")
