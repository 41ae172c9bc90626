"""From labelled dialogues to shipped weights: folds, calibration, reason head, final network, manifest.

Each fold's logits are kept in the work folder, so a training that was killed goes on where it stopped. They are kept
under a hash of all that went into them: other dialogues, another recipe or encoder never meet them.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from analyzer import codebook
from analyzer.learn import calibrate, corpus, reason
from analyzer.learn.auxiliary import Auxiliary, read_auxiliary
from analyzer.learn.corpus import Dialogue
from analyzer.learn.heads import Prediction, Recipe, predict, train
from analyzer.learn.sources import labelled_star_ids, read_labelled
from analyzer.progress import Progress
from analyzer.records import stable_id
from analyzer.understand.model import load_network, save_network
from analyzer.understand.network import CONTACT_HEADS
from analyzer.weights import file_digest, write_manifest

NAME = "bilingual-2"
_CONTACT = (*CONTACT_HEADS, "empathy")


def learn_all(
    data: Path, encoder: Path, models: Path, work: Path, *, device: str, folds: int, epochs: int, progress: Progress
) -> None:
    """Trains everything in ``models`` that is learned from dialogues (linking.json has its own command)."""
    progress.begin("reading dialogues", None, "")
    dialogues = read_labelled(data / "train", models / "training")
    auxiliary = read_auxiliary(data / "train", leave_out=labelled_star_ids(models / "training"))
    recipe = replace(Recipe(), epochs=epochs)
    held_out = corpus.folds_by_group(dialogues, folds)
    work.mkdir(parents=True, exist_ok=True)
    predictions = out_of_fold(dialogues, held_out, encoder, work, recipe, device, progress, auxiliary)
    progress.begin("training on all dialogues", None, "")
    save_network(train(dialogues, encoder, recipe, device, _Steps(progress, "all dialogues"), auxiliary), models)
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json"):
        if encoder.resolve() != (models / "encoder").resolve():
            shutil.copyfile(encoder / name, models / "encoder" / name)
    progress.begin("reason head and calibration", None, "")
    finish(dialogues, held_out, predictions, models)


def out_of_fold(
    dialogues: Sequence[Dialogue], held_out: Sequence[int], encoder: Path, work: Path, recipe: Recipe, device: str,
    progress: Progress, auxiliary: Auxiliary | None = None,
) -> list[Prediction]:  # fmt: skip
    """Logits of every dialogue by a network that never saw its set, in the order of ``dialogues``."""
    found: dict[str, Prediction] = {}
    start = file_digest(encoder / "model.safetensors")
    beside = stable_id(repr(auxiliary))
    for fold in sorted(set(held_out)):
        own = [d for d, f in zip(dialogues, held_out, strict=True) if f == fold]
        others = [d for d, f in zip(dialogues, held_out, strict=True) if f != fold]
        kept = work / f"fold-{fold}-{stable_id(start, beside, repr(recipe), repr(own), repr(others))}.npz"
        if not kept.exists():
            network = train(others, encoder, recipe, device, _Steps(progress, f"fold {fold + 1}"), auxiliary)
            save_predictions(predict(network, own, encoder, device), kept)
        found.update({p.interaction_id: p for p in load_predictions(kept)})
    return [found[d.interaction_id] for d in dialogues]


def finish(
    dialogues: Sequence[Dialogue], held_out: Sequence[int], predictions: Sequence[Prediction], models: Path
) -> None:
    """Reason head, calibration and manifest, given a trained network and out-of-fold logits."""
    network = load_network(models)
    features = reason.dialogue_features(network.encoder, models / "encoder", dialogues)
    reasons = [d.reason if d.reason is not None else -1 for d in dialogues]
    known = [index for index, value in enumerate(reasons) if value >= 0]
    logits = np.zeros((len(dialogues), len(codebook.REASONS)))
    logits[known] = reason.out_of_fold(features[known], [reasons[i] for i in known], [held_out[i] for i in known])
    (models / "heads").mkdir(parents=True, exist_ok=True)
    head = reason.train_reason(features[known], [reasons[i] for i in known])
    head.save(models / "heads" / "reason.safetensors")
    calibrate.calibrate(dialogues, predictions, logits).save(models / "heads" / "calibration.json")
    write_manifest(models, NAME)


def save_predictions(predictions: Sequence[Prediction], path: Path) -> None:
    """Arrays in one compressed .npz, no pickle."""
    arrays = {}
    for p in predictions:
        arrays[f"{p.interaction_id}|labels"] = p.labels
        arrays[f"{p.interaction_id}|feelings"] = p.feelings
        arrays.update({f"{p.interaction_id}|contact|{name}": p.contact[name] for name in _CONTACT})
    partial = path.with_suffix(".partial.npz")
    np.savez_compressed(partial, allow_pickle=False, **arrays)
    partial.rename(path)


def load_predictions(path: Path) -> list[Prediction]:
    with np.load(path, allow_pickle=False) as arrays:
        ids = list(dict.fromkeys(name.split("|", 1)[0] for name in arrays.files))
        return [
            Prediction(
                key, arrays[f"{key}|labels"], arrays[f"{key}|feelings"],
                {name: arrays[f"{key}|contact|{name}"] for name in _CONTACT},
            )
            for key in ids
        ]  # fmt: skip


class _Steps:
    """Training steps as progress: the first call says how many there are."""

    def __init__(self, progress: Progress, phase: str) -> None:
        self._progress = progress
        self._phase = phase

    def __call__(self, step: int, steps: int) -> None:
        if step == 1:
            self._progress.begin(self._phase, steps, "steps")
        self._progress.advance(1)
