"""The note of adopted weights leads to no folder outside the store's own models."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from analyzer.adopted import used, versions, with_adopted
from analyzer.config import load_settings
from analyzer.errors import ModelError


@pytest.mark.parametrize("name", ["../../elsewhere", "..", ".", "/elsewhere", "a/b", 5])
def test_names_outside_the_models_are_damage(tmp_path: Path, name: object) -> None:
    note = tmp_path / "models" / "adopted.json"
    note.parent.mkdir()
    note.write_text(json.dumps({"used": name, "learned": {}, "changes": []}), "utf-8")
    with pytest.raises(ModelError):
        with_adopted(load_settings(), tmp_path)
    note.write_text(
        json.dumps({"used": None, "learned": {str(name) if name != 5 else "a/5": ""}, "changes": []}), "utf-8"
    )
    with pytest.raises(ModelError):
        versions(tmp_path)


@pytest.mark.parametrize("name", [None, "shipped", "bilingual-3-60b886ab"])
def test_names_of_versions_are_read(tmp_path: Path, name: str | None) -> None:
    note = tmp_path / "models" / "adopted.json"
    note.parent.mkdir()
    note.write_text(json.dumps({"used": name, "learned": {"bilingual-3-60b886ab": ""}, "changes": []}), "utf-8")
    assert used(tmp_path) == (None if name == "shipped" else name)
