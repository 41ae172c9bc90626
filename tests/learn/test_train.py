"""The whole way from labelled dialogues to weights that a run loads, on eight invented dialogues."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from analyzer.config import load_settings
from analyzer.errors import UsageError
from analyzer.learn import train as training
from analyzer.learn.auxiliary import Auxiliary
from analyzer.learn.corpus import as_interaction
from analyzer.learn.feelings import learn_feelings
from analyzer.learn.heads import Prediction
from analyzer.learn.recipe import Recipe
from analyzer.learn.train import (
    Lesson,
    kept_out_of_fold,
    learn_all,
    learn_calibration,
    learn_sequence,
    load_predictions,
    out_of_fold,
    save_predictions,
)
from analyzer.progress import Silent
from analyzer.understand.network import CONTACT_HEADS
from analyzer.understand.understand import Understanding
from analyzer.weights import damaged_files

from .dialogues import dialogues, row
from .training_data import write_training_data

CODES = ("de", "en")
NOTHING = Auxiliary([], [], [], [])
ROWS = [
    row(code, f"{code}{part}-{i}", happy=i % 2 == 0, reason=("delivery_late", "refund")[i % 2])
    for code in CODES for part in (1, 2) for i in range(2)
]  # fmt: skip


def prediction(name: str, seed: int = 0) -> Prediction:
    draw = np.random.default_rng(seed)
    contact = {
        head: draw.normal(size=size).astype(np.float32) for head, size in {**CONTACT_HEADS, "empathy": 5}.items()
    }
    return Prediction(name, draw.normal(size=(5, 40)), draw.normal(size=(5, 3)), contact)


class Counted:
    """Stands in for training and predicting, which have tests of their own, and counts."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.trained_on: list[list[str]] = []
        monkeypatch.setattr(training, "train", self.train)
        monkeypatch.setattr(training, "predict", self.predict)

    def train(self, others: list, *rest: object, kept: Path) -> None:
        assert kept.parent.is_dir() and kept.name.startswith("course-")
        self.trained_on.append([d.interaction_id for d in others])

    def predict(self, network: None, own: list, *rest: object) -> list[Prediction]:
        return [prediction(d.interaction_id, seed=len(d.interaction_id)) for d in own]


def test_predictions_survive_the_disk(tmp_path: Path) -> None:
    ours = [prediction("de1-1", 1), prediction("en1-2", 2)]
    save_predictions(ours, tmp_path / "fold.npz")
    for one, other in zip(ours, load_predictions(tmp_path / "fold.npz"), strict=True):
        assert one.interaction_id == other.interaction_id
        assert np.array_equal(one.labels, other.labels) and np.array_equal(one.feelings, other.feelings)
        assert one.contact.keys() == other.contact.keys()
        assert all(np.array_equal(one.contact[name], other.contact[name]) for name in one.contact)
    assert [path.name for path in tmp_path.iterdir()] == ["fold.npz"]


def test_out_of_fold_trains_on_the_others_alone_and_keeps_order(
    tmp_path: Path, encoder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted, ours = Counted(monkeypatch), dialogues(4)
    found = out_of_fold(Lesson(ours, [1, 0, 1, 0], NOTHING, Recipe()), encoder, tmp_path, "cpu", Silent())
    names = [d.interaction_id for d in ours]
    assert [p.interaction_id for p in found] == names
    assert counted.trained_on == [[names[0], names[2]], [names[1], names[3]]]


def test_out_of_fold_goes_on_where_it_stopped_but_never_with_other_data(
    tmp_path: Path, encoder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted, ours = Counted(monkeypatch), dialogues(4)

    def trainings(given: list, folds: list[int], recipe: Recipe) -> int:
        before = len(counted.trained_on)
        out_of_fold(Lesson(given, folds, NOTHING, recipe), encoder, tmp_path, "cpu", Silent())
        return len(counted.trained_on) - before

    assert trainings(ours, [0, 1, 0, 1], Recipe()) == 2
    assert trainings(ours, [0, 1, 0, 1], Recipe()) == 0
    next(tmp_path.glob("fold-1-*.npz")).unlink()
    assert trainings(ours, [0, 1, 0, 1], Recipe()) == 1
    assert trainings(ours, [0, 1, 0, 1], Recipe(epochs=11)) == 2
    assert trainings(ours, [0, 0, 1, 1], Recipe()) == 2
    assert trainings(dialogues(6)[2:], [0, 1, 0, 1], Recipe()) == 2
    with pytest.raises(UsageError, match="holds no results of fold 1 for this data"):
        kept_out_of_fold(Lesson(ours, [0, 1, 0, 1], NOTHING, Recipe(epochs=12)), encoder, tmp_path)


def test_learning_leaves_weights_that_a_run_loads(
    encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_training_data(tmp_path / "train", tmp_path / "models" / "training", ROWS)
    start = tmp_path / "models" / "encoder"  # starts from the folder it writes to, as when the shipped one is refined
    shutil.copytree(encoder, start)
    phases: list[str] = []

    class Told(Silent):
        def begin(self, phase: str, total: int | None, unit: str) -> None:
            phases.append(phase)

    learn_all(tmp_path, start, tmp_path / "models", tmp_path / "work", device="cpu", folds=2, epochs=1, progress=Told())
    assert phases[0] == "reading dialogues" and {"fold 1", "fold 2", "all dialogues"} <= set(phases)
    assert damaged_files(tmp_path / "models") == []
    heads = tmp_path / "models" / "heads"
    curves = (heads / "calibration.json").read_bytes()
    (heads / "calibration.json").unlink()
    again = {"folds": 2, "epochs": 1, "progress": Silent()}
    learn_calibration(tmp_path, encoder, tmp_path / "models", tmp_path / "work", **again)
    assert (heads / "calibration.json").read_bytes() == curves, "from kept fold results, without training"
    files = [tmp_path / "models" / part / "model.safetensors" for part in ("encoder", "heads")]
    before = [file.read_bytes() for file in files]
    learn_sequence(tmp_path, tmp_path / "models", device="cpu", epochs=1, progress=Silent())
    assert [file.read_bytes() == old for file, old in zip(files, before, strict=True)] == [True, False]
    assert damaged_files(tmp_path / "models") == []
    before = _weights(heads), json.loads((heads / "calibration.json").read_text())
    with pytest.raises(UsageError, match="No labelled talk is left"):
        learn_feelings(tmp_path, tmp_path / "models", "again", progress=Silent())
    monkeypatch.setattr("analyzer.learn.left_out.FURTHER", {"de1": 10, "en1": 10})
    learn_feelings(tmp_path, tmp_path / "models", "again", progress=Silent())
    after = _weights(heads), json.loads((heads / "calibration.json").read_text())
    changed = {name for name, value in after[0].items() if not torch.equal(value, before[0][name])}
    assert changed and all(name.startswith("feeling_") for name in changed), "other heads stay as they are"
    assert after[1]["classes"]["feelings"] != before[1]["classes"]["feelings"]
    assert _without_feelings(after[1]) == _without_feelings(before[1])
    settings = load_settings(None, [f"understand.model={tmp_path / 'models'}", "understand.threads=1"]).understand
    understood = Understanding(settings).understand([as_interaction(one) for one in ROWS])
    assert [u.language for u in understood] == ["de"] * 4 + ["en"] * 4
    assert all({f.name for f in u.findings} >= {"language", "role"} for u in understood)
    assert torch.get_num_threads() == 1


def test_single_training_is_calibrated_on_what_it_left_out(
    encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("analyzer.learn.left_out.TENTHS", {"de1": 10, "en1": 10})
    write_training_data(tmp_path / "train", tmp_path / "models" / "training", ROWS)
    models, work, taught = tmp_path / "models", tmp_path / "work", []
    really = training.train
    monkeypatch.setattr(training, "train", lambda own, *rest, **more: taught.extend(own) or really(own, *rest, **more))
    learn_all(tmp_path, encoder, models, work, device="cpu", folds=1, epochs=1, progress=Silent())
    assert {d.group for d in taught} == {"de2", "en2", "task"}, "nothing that is left out teaches, nor its domain"
    (kept,) = work.iterdir()
    assert {p.interaction_id.rsplit("-", 1)[0] for p in load_predictions(kept)} == {"de1", "en1", "star"}
    assert damaged_files(models) == []
    curves = models / "heads" / "calibration.json"
    before = curves.read_bytes()
    curves.unlink()
    learn_calibration(tmp_path, encoder, models, work, folds=1, epochs=1, progress=Silent())
    assert curves.read_bytes() == before


def _weights(heads: Path) -> dict[str, torch.Tensor]:
    return load_file(heads / "model.safetensors")


def _without_feelings(calibration: dict) -> dict:
    classes = {name: curve for name, curve in calibration["classes"].items() if name != "feelings"}
    return {**calibration, "classes": classes}
