"""Where trained weights lie: the one resolver for a checkout, a wheel and a folder named in the settings."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from analyzer.errors import ModelError

MANIFEST = "manifest.json"


def models_folder(configured: str = "") -> Path:
    """The folder that holds manifest.json: the configured one, else the wheel's, else the checkout's."""
    here = Path(__file__).resolve().parent
    candidates = [Path(configured).expanduser()] if configured else [here / "models", here.parent / "models"]
    for folder in candidates:
        if (folder / MANIFEST).is_file():
            return folder
    raise ModelError(
        f"No trained weights in {' or '.join(str(c) for c in candidates)}.",
        hint="Install the package again, or train them with `analyzer learn heads`.",
    )


def model_version(folder: Path) -> str:
    """Name and short hash of all weights together, as stamped on every finding."""
    manifest = _manifest(folder)
    digest = hashlib.blake2b(json.dumps(manifest["files"], sort_keys=True).encode(), digest_size=4).hexdigest()
    return f"{manifest['name']}-{digest}"


def damaged_files(folder: Path) -> list[str]:
    """Files that are missing or are not what the manifest says; empty when all is well."""
    listed: dict[str, str] = _manifest(folder)["files"]
    return [name for name, digest in sorted(listed.items()) if file_digest(folder / name) != digest]


def write_manifest(folder: Path, name: str) -> None:
    """Lists every weight, table and tokenizer under ``folder`` with its SHA-256."""
    files = sorted(p for p in folder.rglob("*") if p.suffix in (".safetensors", ".json") and p.name != MANIFEST)
    listed = {p.relative_to(folder).as_posix(): file_digest(p) for p in files}
    text = json.dumps({"name": name, "files": listed}, indent=1, sort_keys=True) + "\n"
    (folder / MANIFEST).write_text(text, encoding="utf-8")


def file_digest(path: Path) -> str:
    """SHA-256 in hex; empty for a file that is not there."""
    if not path.is_file():
        return ""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _manifest(folder: Path) -> dict[str, Any]:
    """The manifest; raises ModelError unless it has a name and a digest a file."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        whole = isinstance(manifest["name"], str) and all(
            isinstance(name, str) and isinstance(digest, str) for name, digest in manifest["files"].items()
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        whole = False
    if not whole:
        raise ModelError(f"{folder / MANIFEST} is missing or damaged.", hint="Install the package again.")
    known: dict[str, Any] = manifest
    return known
