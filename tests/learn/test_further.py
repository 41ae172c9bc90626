"""Shipped weights trained further: what moves, what stays, and that killed trainings go on."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from analyzer.learn import further
from analyzer.learn.auxiliary import read_posts
from analyzer.learn.further import averaged, learn_further, only_upper
from analyzer.learn.heads import start_network
from analyzer.learn.left_out import FURTHER, left_out_further
from analyzer.progress import Silent
from analyzer.understand.model import save_network
from analyzer.weights import damaged_files

from .dialogues import row
from .test_left_out import named
from .training_data import write_rows, write_training_data

ROWS = [
    row(code, f"{code}{part}-{i}", happy=i % 2 == 0, reason=("delivery_late", "refund")[i % 2])
    for code in ("de", "en") for part in (1, 2) for i in range(4)
]  # fmt: skip


@pytest.fixture
def folder(encoder: Path, tmp_path: Path) -> Path:
    """Data and weights to start from: ``train`` and ``models``."""
    write_training_data(tmp_path / "train", tmp_path / "models" / "training", ROWS)
    shutil.copytree(encoder, tmp_path / "models" / "encoder")
    torch.manual_seed(2)
    save_network(start_network(encoder), tmp_path / "models")
    return tmp_path


def _all_weights(models: Path) -> dict[str, torch.Tensor]:
    parts = ("encoder", "heads")
    return {f"{p}.{name}": value for p in parts for name, value in load_file(models / p / "model.safetensors").items()}


def test_further_training_leaves_lower_layers_as_they_were(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analyzer.learn.left_out.FURTHER", {"de1": 10, "en1": 10})
    before = _all_weights(folder / "models")
    learn_further(
        folder, folder / "models", folder / "work", layers=0, epochs=1, seeds=(1, 2), progress=Silent()
    )  # fmt: skip
    after = _all_weights(folder / "models")
    moved = {name for name, value in after.items() if not torch.equal(value, before[name])}
    assert moved and all(name.startswith("heads.") for name in moved)
    assert any("reader" in name for name in moved)
    assert damaged_files(folder / "models") == []
    assert {p.name for p in (folder / "models" / "heads").iterdir()} >= {"calibration.json", "reason.safetensors"}


def test_further_training_is_the_mean_of_trainings_from_one_start(
    folder: Path, encoder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("analyzer.learn.left_out.FURTHER", {"de1": 10, "en1": 10})
    starts, seeds, taught = [], [], []

    def noted(lesson, own, encoder, work, device, steps, start):  # type: ignore[no-untyped-def]
        starts.append({name: value.clone() for name, value in start.state_dict().items()})
        seeds.append(lesson.recipe.seed)
        taught.extend(d.group for d in own)
        with torch.no_grad():
            for value in start.heads.parameters():
                value += float(lesson.recipe.seed)
        return start

    monkeypatch.setattr(further, "trained", noted)
    learn_further(folder, folder / "models", folder / "work", layers=1, epochs=1, seeds=(1, 3), progress=Silent())
    assert seeds == [1, 3] and "de2" in taught
    assert all(torch.equal(starts[0][name], starts[1][name]) for name in starts[0]), "each from the same weights"
    name = next(name for name in starts[0] if name.startswith("heads."))
    after = _all_weights(folder / "models")[name].float()
    assert torch.allclose(after, starts[0][name] + 2.0, atol=0.02), "the mean of one more and three more"


def test_training_that_had_ended_is_not_done_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analyzer.learn.left_out.FURTHER", {"de1": 10, "en1": 10})
    really, seeds = further.trained, []

    def killed_at_2(lesson, *rest):  # type: ignore[no-untyped-def]
        seeds.append(lesson.recipe.seed)
        if seeds == [1, 2]:
            raise KeyboardInterrupt
        return really(lesson, *rest)

    monkeypatch.setattr(further, "trained", killed_at_2)
    asked = {"layers": 0, "epochs": 1, "seeds": (1, 2), "progress": Silent()}
    with pytest.raises(KeyboardInterrupt):
        learn_further(folder, folder / "models", folder / "work", **asked)
    learn_further(folder, folder / "models", folder / "work", **asked)
    assert seeds == [1, 2, 2]
    assert damaged_files(folder / "models") == []


def test_upper_layers_alone_learn(encoder: Path) -> None:
    network = only_upper(start_network(encoder), 1)
    learning = {name for name, value in network.named_parameters() if value.requires_grad}
    assert not any("embeddings" in name for name in learning)
    assert any("encoder.layer.0" in name for name in learning) and any("reader" in name for name in learning)
    none = only_upper(start_network(encoder), 0)
    assert not any(value.requires_grad for value in none.encoder.parameters())


def test_averaged_weights_are_means(encoder: Path) -> None:
    torch.manual_seed(3)
    one, other = start_network(encoder), start_network(encoder)
    name, value = next(iter(one.heads.named_parameters()))
    expected = (value + dict(other.heads.named_parameters())[name]).detach() / 2
    mean = averaged([one, other])
    assert torch.allclose(dict(mean.heads.named_parameters())[name], expected) and not mean.training


@pytest.mark.parametrize(("group", "share"), [("helpde", 0.5), ("rareen", 0.2), ("de6", 0.0)])
def test_further_leaves_out_by_set(group: str, share: float) -> None:
    assert left_out_further(named(group, 500)).count(0) / 500 == pytest.approx(share, abs=0.06)
    assert all(0 < tenths < 10 for tenths in FURTHER.values()), "each set teaches too"


def test_posts_are_one_turn_of_feeling(tmp_path: Path) -> None:
    told = {"a": -1, "b": 0, "c": 1}
    write_rows(tmp_path / "posts.jsonl.gz", [{"id": key, "text": "So.", "sent": sent} for key, sent in told.items()])
    assert [d.feelings for d in read_posts(tmp_path / "posts.jsonl.gz")] == [[0], [1], [2]]
