from __future__ import annotations

import json
import shutil
from pathlib import Path

import msgspec
import pytest
import torch

from analyzer import weights
from analyzer.config import UnderstandSettings
from analyzer.errors import ModelError
from analyzer.understand.model import TABLE, load_model, packed, unpacked
from analyzer.weights import damaged_files, model_version, models_folder, write_manifest

SHIPPED = Path(__file__).parents[2] / "models"
FILES = ("encoder/config.json", "encoder/model.safetensors", "encoder/tokenizer.json", "heads/calibration.json",
         "heads/model.safetensors", "heads/reason.safetensors")  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small folder of made-up weights with its manifest."""
    (tmp_path / "heads").mkdir()
    (tmp_path / "heads" / "model.safetensors").write_bytes(b"\x00\x01\x02")
    (tmp_path / "linking.json").write_text("{}")
    (tmp_path / "README.md").write_text("not a weight")
    write_manifest(tmp_path, "test-1")
    return tmp_path


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """The shipped weights, to be damaged; only what is changed is copied."""
    folder = tmp_path / "models"
    shutil.copytree(SHIPPED, folder, copy_function=lambda source, target: Path(target).symlink_to(source))
    return folder


def test_shipped_weights_are_whole() -> None:
    assert damaged_files(SHIPPED) == []
    listed = json.loads((SHIPPED / "manifest.json").read_text(encoding="utf-8"))["files"]
    assert set(listed) >= {*FILES, "linking.json"}


def test_manifest_lists_weights_and_nothing_else(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["name"] == "test-1"
    assert list(manifest["files"]) == ["heads/model.safetensors", "linking.json"]
    before = (folder / "manifest.json").read_bytes()
    write_manifest(folder, "test-1")
    assert (folder / "manifest.json").read_bytes() == before, "the manifest does not list itself"


def test_damaged_files_finds_a_flipped_byte_and_a_lost_file(folder: Path) -> None:
    assert damaged_files(folder) == []
    (folder / "heads" / "model.safetensors").write_bytes(b"\x00\x01\x03")
    assert damaged_files(folder) == ["heads/model.safetensors"]
    (folder / "linking.json").unlink()
    assert damaged_files(folder) == ["heads/model.safetensors", "linking.json"]


def test_model_version_follows_name_and_content(folder: Path) -> None:
    version = model_version(folder)
    assert version == model_version(folder) and version.startswith("test-1-")
    (folder / "linking.json").write_text('{"a": 1}')
    write_manifest(folder, "test-1")
    assert model_version(folder) != version


@pytest.mark.parametrize("text", ["", "{", "{}", '{"name": "x"}'])
def test_a_damaged_manifest_is_named(text: str, folder: Path) -> None:
    (folder / "manifest.json").write_text(text)
    for ask in (model_version, damaged_files):
        with pytest.raises(ModelError, match=r"manifest\.json is missing or damaged"):
            ask(folder)


def test_models_folder_is_the_configured_one_alone(folder: Path, tmp_path: Path) -> None:
    assert models_folder(str(folder)) == folder
    with pytest.raises(ModelError, match="No trained weights in"):
        models_folder(str(tmp_path / "nowhere"))


def test_models_folder_prefers_the_wheels_to_the_checkouts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside, beside = tmp_path / "analyzer" / "models", tmp_path / "models"
    monkeypatch.setattr(weights, "__file__", str(tmp_path / "analyzer" / "weights.py"))
    with pytest.raises(ModelError, match="No trained weights"):
        models_folder()
    for folder in (beside, inside):
        folder.mkdir(parents=True)
        write_manifest(folder, "x")
        assert models_folder() == folder


@pytest.mark.parametrize("name", FILES)
def test_loading_names_the_damaged_file(name: str, copied: Path, settings: UnderstandSettings) -> None:
    content = bytearray((copied / name).read_bytes())
    content[len(content) // 2] ^= 1
    (copied / name).unlink()
    (copied / name).write_bytes(content)
    with pytest.raises(ModelError, match=name):
        load_model(msgspec.structs.replace(settings, model=str(copied)))


def test_loading_refuses_weights_of_another_shape(copied: Path, settings: UnderstandSettings) -> None:
    config = json.loads((copied / "encoder" / "config.json").read_text())
    (copied / "encoder" / "config.json").unlink()
    (copied / "encoder" / "config.json").write_text(json.dumps(config | {"num_hidden_layers": 2}))
    (copied / "manifest.json").unlink()
    write_manifest(copied, "other")
    with pytest.raises(ModelError, match="do not load"):
        load_model(msgspec.structs.replace(settings, model=str(copied)))


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"files": {}}', '{"name": 1, "files": {}}', '{"name": "m", "files": [1]}']
)
def test_weights_damaged_manifest_is_a_model_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_text(text, encoding="utf-8")
    with pytest.raises(ModelError, match="missing or damaged"):
        model_version(tmp_path)


def test_packed_table_comes_back_within_half_a_step() -> None:
    torch.manual_seed(0)
    state = {TABLE: torch.randn(50, 16) * torch.logspace(-3, 1, 50)[:, None], "other": torch.randn(4)}
    state[TABLE][7] = 0
    kept = packed(state)
    assert kept[TABLE].dtype == torch.int8 and kept["other"].dtype == torch.bfloat16
    back = unpacked(kept)
    steps = state[TABLE].abs().amax(dim=1) / 127
    assert ((back[TABLE] - state[TABLE]).abs() <= 0.501 * steps[:, None] + 1e-12).all()
    assert back.keys() == state.keys() and torch.equal(back[TABLE][7], torch.zeros(16))


def test_weights_of_older_versions_load_unpacked() -> None:
    plain = {TABLE: torch.randn(3, 4).to(torch.bfloat16)}
    assert torch.equal(unpacked(plain)[TABLE], plain[TABLE].float())
