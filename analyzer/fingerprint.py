"""What a run is made of, as one short hash: equal fingerprints mean that a run can change nothing.

Standard library only, so that an unchanged nightly run ends before the heavy libraries would have been imported.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer import __version__
from analyzer.config import Settings
from analyzer.ingest.files import InputFile, find_files
from analyzer.records import stable_id
from analyzer.store.folder import REVIEW
from analyzer.weights import file_digest, model_version, models_folder

if TYPE_CHECKING:
    from analyzer.run_request import RunRequest

UNREADABLE = "unreadable"  # stands for the hash of a file that cannot be read


@dataclass(frozen=True)
class Fingerprint:
    """``files``: (uri, sha256) of every input; ``value``: the hash over those, side files, settings, models, code."""

    inputs: Sequence[InputFile]
    files: tuple[tuple[str, str], ...]
    value: str

    def __str__(self) -> str:
        return self.value


def fingerprint_of(request: RunRequest, settings: Settings) -> Fingerprint:
    """Raises UsageError where an input is not there. A store within the inputs is no input."""
    store = request.store.resolve()
    inputs = request.pieces or [
        file for file in find_files(list(request.inputs)) if not file.path.is_relative_to(store)
    ]
    files = tuple((file.uri, file.sha256() or UNREADABLE) for file in inputs)
    given = ("metadata", "agents", "loyalty", "surveys", "initiatives")
    sides = [f"{name}={_side(getattr(request, name))}" for name in given]
    reviewed = _reviewed(request.store, settings.review.database)
    made_of = [
        __version__, settings.hash, model_version(models_folder(settings.understand.model)),
        request.as_of.isoformat() if request.as_of else "", "pieces" if request.pieces else "", *reviewed, *sides,
        *(part for pair in sorted(files) for part in pair),
    ]  # fmt: skip
    return Fingerprint(inputs, files, stable_id(*made_of, length=32))


def _reviewed(store: Path, database: str = "") -> tuple[str, ...]:
    """How much people have decided: it corrects rates. Nothing of it where nobody has.

    Raises RunAborted where the server of ``database`` refuses: what was decided there would be missing.
    """
    return (*_reviewed_in_file(store), *(_reviewed_on_server(store, database) if database else ()))


def _reviewed_on_server(store: Path, database: str) -> tuple[str, ...]:
    from analyzer.review.database import open_database

    with open_database(database, store).read() as connection:
        rows = connection.rows(
            "SELECT (SELECT COUNT(*) FROM verdicts) AS answered, (SELECT COUNT(*) FROM undone) AS undone, "
            "(SELECT COUNT(*) FROM overruled) AS lost"
        )
    told = rows[0]
    return (f"reviewed there {told['answered']} {told['undone']} {told['lost']}",) if told["answered"] else ()


def _reviewed_in_file(store: Path) -> tuple[str, ...]:
    if not (store / REVIEW).is_file():
        return ()
    try:
        with closing(
            sqlite3.connect(f"{(store / REVIEW).absolute().as_uri()}?mode=ro", uri=True, timeout=20)
        ) as database:
            answered, undone = database.execute(
                "SELECT (SELECT COUNT(*) FROM verdicts), (SELECT COUNT(*) FROM undone)"
            ).fetchone()
            kept = database.execute("SELECT COUNT(*) FROM sqlite_master WHERE name = 'overruled'").fetchone()[0]
            lost = database.execute("SELECT COUNT(*) FROM overruled").fetchone()[0] if kept else 0
    except sqlite3.Error:  # another process is making it
        return ("reviewed",)
    return (f"reviewed {answered} {undone} {lost}",) if answered else ()


def _side(path: Path | None) -> str:
    return file_digest(path) if path is not None else ""
