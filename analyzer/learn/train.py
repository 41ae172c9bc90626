"""From labelled dialogues to shipped weights: folds, calibration, reason head, final network, manifest.

Each fold's logits are kept in the work folder, so a training that was killed goes on where it stopped. They are kept
under a hash of all that went into them: other dialogues, another recipe or encoder never meet them.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from analyzer.errors import UsageError
from analyzer.learn import calibrate, corpus, reason
from analyzer.learn.auxiliary import Auxiliary, read_auxiliary
from analyzer.learn.corpus import Dialogue
from analyzer.learn.heads import Prediction, predict, train
from analyzer.learn.left_out import left_out, star_left_out
from analyzer.learn.recipe import Recipe
from analyzer.learn.sources import labelled_star_ids, read_labelled
from analyzer.learn.steps import Steps
from analyzer.progress import Progress
from analyzer.records import stable_id
from analyzer.understand.model import load_network, save_network
from analyzer.understand.network import CONTACT_HEADS, Network
from analyzer.weights import file_digest, write_manifest

NAME = "bilingual-4"
REASON_FOLDS = 3
_CONTACT = (*CONTACT_HEADS, "empathy")


def learn_all(
    data: Path, encoder: Path, models: Path, work: Path, *, device: str, folds: int, epochs: int, progress: Progress
) -> None:
    """Trains everything in ``models`` that is learned from dialogues (linking.json has its own command).

    ``folds`` 1: a single training, whose curves come from what it leaves out.
    """
    lesson = _lesson(data, models, folds, epochs, progress)
    work.mkdir(parents=True, exist_ok=True)
    predictions = [] if folds == 1 else out_of_fold(lesson, encoder, work, device, progress)
    taught = [d for d, fold in zip(lesson.dialogues, lesson.held_out, strict=True) if fold < 0 or folds > 1]
    network = trained(
        lesson, taught, encoder, work, device, Steps(progress, "all dialogues" if folds > 1 else "training")
    )
    save_network(network, models)
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json"):
        if encoder.resolve() != (models / "encoder").resolve():
            shutil.copyfile(encoder / name, models / "encoder" / name)
    progress.begin("reason head and calibration", None, "")
    if folds == 1:
        own, _ = _split(lesson, 0)
        predictions = predict(network, own, encoder, device)
        save_predictions(predictions, _kept_files(lesson, encoder, work)[0])
    finish(lesson.dialogues, lesson.held_out, predictions, models)


def trained(
    lesson: Lesson, taught: list[Dialogue], encoder: Path, work: Path, device: str, steps: Steps,
    start: Network | None = None,
) -> Network:  # fmt: skip
    """A network that learned from ``taught``; its course lies in ``work`` while it learns."""
    kept = work / f"course-{name_of(lesson, encoder, taught)}.safetensors"
    return train(taught, encoder, lesson.recipe, device, steps, lesson.auxiliary, start, kept=kept)


def learn_calibration(
    data: Path, encoder: Path, models: Path, work: Path, *, folds: int, epochs: int, progress: Progress
) -> None:
    """Fits reason head, curves and thresholds anew to the fold results that ``learn_all`` left in ``work``.

    Raises UsageError where a fold's results are missing: other data, another recipe or encoder made them.
    """
    lesson = _lesson(data, models, folds, epochs, progress)
    progress.begin("reason head and calibration", None, "")
    finish(lesson.dialogues, lesson.held_out, kept_out_of_fold(lesson, encoder, work), models)


def learn_sequence(data: Path, models: Path, *, device: str, epochs: int, progress: Progress) -> None:
    """Trains the reader and all heads of ``models`` further while its encoder stays as it is.

    What judges the course of a contact (resolution, satisfaction, effort, empathy) then follows new dialogues in
    minutes on a CPU. The curves stay those of before: fit them anew with ``learn heads`` before the weights are used.
    """
    lesson = _lesson(data, models, 2, epochs, progress)
    recipe = replace(lesson.recipe, encoder_rate=0.0)
    steps = Steps(progress, "reader and heads")
    start = load_network(models)
    save_network(train(lesson.dialogues, models / "encoder", recipe, device, steps, start=start), models)
    write_manifest(models, NAME)


@dataclass(frozen=True)
class Lesson:
    """What is learned from, in which folds, and how."""

    dialogues: list[Dialogue]
    held_out: list[int]
    auxiliary: Auxiliary
    recipe: Recipe


def _lesson(data: Path, models: Path, folds: int, epochs: int, progress: Progress) -> Lesson:
    progress.begin("reading dialogues", None, "")
    own = models / "training"
    dialogues = read_labelled(data / "train", own)
    star = star_left_out(data / "train") if folds == 1 else frozenset()
    auxiliary = read_auxiliary(data / "train", leave_out=labelled_star_ids(own) | star)
    held_out = left_out(dialogues, star) if folds == 1 else corpus.folds_by_group(dialogues, folds)
    return Lesson(dialogues, held_out, auxiliary, replace(Recipe(), epochs=epochs))


def out_of_fold(lesson: Lesson, encoder: Path, work: Path, device: str, progress: Progress) -> list[Prediction]:
    """Logits of every dialogue by a network that never saw its set, in the order of the dialogues."""
    for fold, kept in _kept_files(lesson, encoder, work).items():
        if not kept.exists():
            own, others = _split(lesson, fold)
            steps = Steps(progress, f"fold {fold + 1}")
            network = trained(lesson, others, encoder, work, device, steps)
            save_predictions(predict(network, own, encoder, device), kept)
    return kept_out_of_fold(lesson, encoder, work)


def kept_out_of_fold(lesson: Lesson, encoder: Path, work: Path) -> list[Prediction]:
    found: dict[str, Prediction] = {}
    for fold, kept in _kept_files(lesson, encoder, work).items():
        if not kept.exists():
            raise UsageError(
                f"{work} holds no results of fold {fold + 1} for this data, recipe and encoder.",
                hint="`analyzer learn heads` makes them.",
            )
        found.update({p.interaction_id: p for p in load_predictions(kept)})
    return [found[d.interaction_id] for d, fold in zip(lesson.dialogues, lesson.held_out, strict=True) if fold >= 0]


def _split(lesson: Lesson, fold: int) -> tuple[list[Dialogue], list[Dialogue]]:
    """The dialogues of a fold, and all others."""
    pairs = list(zip(lesson.dialogues, lesson.held_out, strict=True))
    return [d for d, own in pairs if own == fold], [d for d, own in pairs if own != fold]


def _kept_files(lesson: Lesson, encoder: Path, work: Path) -> dict[int, Path]:
    """Where each fold's logits are kept: under a hash of all that goes into them."""
    files = {}
    for fold in sorted(set(lesson.held_out) - {-1}):
        own, others = _split(lesson, fold)
        files[fold] = work / f"fold-{fold}-{name_of(lesson, encoder, own, others)}.npz"
    return files


def name_of(lesson: Lesson, encoder: Path, *parts: list[Dialogue]) -> str:
    """A hash of all that goes into a training: other dialogues, recipe or encoder, another name."""
    start, beside = file_digest(encoder / "model.safetensors"), stable_id(repr(lesson.auxiliary))
    return stable_id(start, beside, repr(lesson.recipe), *(repr(part) for part in parts))


def finish(
    dialogues: Sequence[Dialogue], held_out: Sequence[int], predictions: Sequence[Prediction], models: Path
) -> None:
    """Reason head, calibration and manifest, given a trained network and logits of the dialogues held out, in order.

    ``held_out``: the fold of each dialogue, -1 of those that were never held out.
    """
    network = load_network(models)
    known = [index for index, d in enumerate(dialogues) if d.reason is not None]
    features = reason.dialogue_features(network.encoder, models / "encoder", [dialogues[i] for i in known])
    reasons = [d.reason for d in dialogues if d.reason is not None]
    (models / "heads").mkdir(parents=True, exist_ok=True)
    head = reason.train_reason(features, reasons)
    head.save(models / "heads" / "reason.safetensors")
    # A linear head is fitted in seconds: it has folds of all sets also where the network left out but a few.
    folds = corpus.folds_by_group([dialogues[i] for i in known], REASON_FOLDS)
    logits = reason.out_of_fold(features, reasons, folds)
    curve = calibrate.class_curve(logits, np.array(reasons), [dialogues[i].language for i in known])
    judged = [index for index, fold in enumerate(held_out) if fold >= 0]
    calibration = calibrate.calibrate([dialogues[i] for i in judged], predictions, curve)
    calibration.save(models / "heads" / "calibration.json")
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
