"""Which weights a store is heard with: those the settings name, else those it adopted, else the shipped ones.

    STORE/models/adopted.json   which version is used, and every change of it: when, to what, why
    STORE/models/VERSION/       weights that learned from the store's verdicts, whole, as models/ is

Standard library and settings only, so that a run that changes nothing stays light.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from analyzer.config import Settings
from analyzer.errors import ModelError, UsageError
from analyzer.store.folder import MODELS, sync_file
from analyzer.weights import damaged_files, model_version, models_folder

SHIPPED: Final = "shipped"
_FILE: Final = "adopted.json"


@dataclass(frozen=True, slots=True)
class Version:
    """One set of weights a store can be heard with. ``told``: what was said when it was learned."""

    name: str
    folder: Path
    is_used: bool
    told: str


def with_adopted(settings: Settings, store: Path) -> Settings:
    """``settings`` with the weights that ``store`` adopted, unless they name weights themselves."""
    name = None if settings.understand.model else used(store)
    if name is None:
        return settings
    folder = str((store / MODELS / name).resolve())
    return msgspec.structs.replace(settings, understand=msgspec.structs.replace(settings.understand, model=folder))


def used(store: Path) -> str | None:
    """The version that ``store`` adopted; None: the shipped one. Raises ModelError where the note is damaged."""
    name = _noted(store)["used"]
    return None if name in (None, SHIPPED) else str(name)


def versions(store: Path) -> list[Version]:
    """The shipped weights and every version learned in ``store``, oldest first."""
    noted = _noted(store)
    chosen = noted["used"] or SHIPPED
    shipped = models_folder()
    found = [Version(SHIPPED, shipped, chosen == SHIPPED, model_version(shipped))]
    for name, told in noted["learned"].items():
        if (store / MODELS / name).is_dir():
            found.append(Version(name, store / MODELS / name, chosen == name, told))
    return found


def changes(store: Path) -> list[dict[str, str]]:
    """Every change of the weights in use, oldest first: ``at``, ``to``, ``why``."""
    told: list[dict[str, str]] = _noted(store)["changes"]
    return told


def keep(store: Path, learned: Path, told: str, now: datetime) -> str:
    """Takes the folder ``learned`` into ``store`` and uses it from now on; the version's name."""
    name = model_version(learned)
    target = store / MODELS / name
    if target.exists():
        shutil.rmtree(learned)
    else:
        learned.rename(target)
    noted = _noted(store)
    noted["learned"][name] = told
    _write(store, noted)
    use(store, name, "learned from verdicts", now)
    return name


def use(store: Path, name: str, why: str, now: datetime) -> None:
    """``store`` is heard with ``name`` from its next run on. Raises UsageError for a version it does not have."""
    noted = _noted(store)
    if name != SHIPPED:
        folder = store / MODELS / name
        if name not in noted["learned"] or not folder.is_dir():
            raise UsageError(f"This store has no version {name!r}.", hint="`analyzer learn versions` lists them.")
        if damaged := damaged_files(folder):
            raise ModelError(f"{damaged[0]} of {name} is damaged.", hint="Use another version, or learn anew.")
    noted["used"] = name
    noted["changes"].append({"at": now.astimezone(UTC).isoformat(), "to": name, "why": why})
    _write(store, noted)


def _noted(store: Path) -> dict[str, Any]:
    path = store / MODELS / _FILE
    if not path.is_file():
        return {"used": None, "learned": {}, "changes": []}
    try:
        noted: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        whole = isinstance(noted["learned"], dict) and isinstance(noted["changes"], list)
        whole = whole and all(map(_is_name, [*noted["learned"], noted["used"] or SHIPPED]))
    except (OSError, ValueError, KeyError, TypeError):
        whole = False
    if not whole:
        raise ModelError(f"{path} is damaged.", hint="Restore it from a backup, or delete it: the shipped are used.")
    return noted


def _is_name(told: object) -> bool:
    """Whether a folder within the store's models can be called so: weights are read from nowhere else."""
    return isinstance(told, str) and Path(told).name == told and told not in ("", "..")


def _write(store: Path, noted: dict[str, Any]) -> None:
    """Whole or not at all."""
    path = store / MODELS / _FILE
    path.parent.mkdir(mode=0o700, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(noted, indent=1) + "\n", encoding="utf-8")
    sync_file(partial)
    partial.replace(path)
