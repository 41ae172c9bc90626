"""Fine-tunes encoder and heads together on labelled dialogues; seeded, split by set, scored out of fold.

Labels are pooled to turns while training, so a long turn teaches each of its sentences only what it says itself. A
share of the dialogues is altered in each epoch (``augment``); larger sets teach beside them (``auxiliary``). What is
kept is the running mean of the weights over the last steps, which errs less than the last step alone.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor
from transformers import BertConfig

from analyzer.learn.augment import altered
from analyzer.learn.auxiliary import NOTHING, Auxiliary, Draw, EmotionHead, auxiliary_loss, draw
from analyzer.learn.batches import pooled
from analyzer.learn.corpus import Dialogue
from analyzer.learn.course import EVERY, Course
from analyzer.learn.losses import contact_loss, feeling_loss, label_loss, positive_weights
from analyzer.learn.recipe import Recipe
from analyzer.understand.model import unpacked
from analyzer.understand.network import Network


@dataclass(frozen=True)
class Prediction:
    """Raw logits of one dialogue: (turns, L), (turns, 3) and one vector a contact head; turns without words are NaN."""

    interaction_id: str
    labels: NDArray[np.float32]
    feelings: NDArray[np.float32]
    contact: dict[str, NDArray[np.float32]]


def train(
    dialogues: Sequence[Dialogue], encoder: Path, recipe: Recipe, device: str = "cpu",
    on_step: Callable[[int, int], None] | None = None, auxiliary: Auxiliary | None = None,
    start: Network | None = None, kept: Path | None = None,
) -> Network:  # fmt: skip
    """A network fitted to ``dialogues``, starting from the encoder folder's weights with new heads, or from ``start``.

    Bitwise reproducible on one kind of device with one number of threads, also if it was killed on the way and goes on
    from ``kept``, a file for this training alone, which is gone when it ends.
    """
    random.seed(recipe.seed)
    torch.manual_seed(recipe.seed)
    network = (start or start_network(encoder)).to(device)
    emotions = EmotionHead(network.encoder.bert.config.hidden_size).to(device)
    tokenizer = Tokenizer.from_file(str(encoder / "tokenizer.json"))
    steps = -(-len(dialogues) // recipe.batch_dialogues) * recipe.epochs
    mean = copy.deepcopy(network)
    modules = {"network": network, "mean": mean, "emotions": emotions}
    course = Course(modules, _optimizer(network, emotions, recipe), random.Random(recipe.seed))
    if kept is not None and kept.exists():
        course.resume(kept)
    positive = positive_weights(dialogues, recipe)
    network.train()
    while course.step < steps:
        batch = _next_batch(course, dialogues, recipe)
        with torch.autocast(device, dtype=torch.bfloat16):
            drawn = NOTHING if auxiliary is None else draw(auxiliary, recipe.mixture, course.shuffler)
            loss = batch_loss(network, batch, tokenizer, recipe, device, positive, drawn, emotions)
        _move(course, loss, _rate(course.step, steps, recipe.warmup_share))
        _blend(mean, network, min(recipe.mean_decay, course.step / (course.step + 9)))
        if kept is not None and course.step % EVERY == 0:
            course.save(kept)
        if on_step is not None:
            on_step(course.step, steps)
    if kept is not None:
        kept.unlink(missing_ok=True)
    return mean.eval()


@torch.no_grad()
def _blend(mean: Network, network: Network, decay: float) -> None:
    """Moves the running mean towards the present weights; early on it follows faster."""
    kept: list[Tensor] = list(mean.parameters())
    new: list[Tensor] = list(network.parameters())
    torch._foreach_lerp_(kept, new, 1 - decay)


def start_network(encoder: Path) -> Network:
    """Untrained heads on the encoder folder's weights (safetensors, float32 in memory)."""
    from safetensors.torch import load_file

    config = BertConfig.from_json_file(str(encoder / "config.json"))
    config._attn_implementation = "sdpa"
    network = Network(config)
    weights = unpacked(load_file(encoder / "model.safetensors"))
    missing, unexpected = network.encoder.bert.load_state_dict(weights, strict=False)
    unexpected = [name for name in unexpected if "position_ids" not in name and not name.startswith("pooler")]
    if missing or unexpected:
        raise ValueError(f"encoder weights do not fit: missing {missing[:3]}, unexpected {unexpected[:3]}")
    return network


def _optimizer(network: Network, emotions: EmotionHead, recipe: Recipe) -> torch.optim.Optimizer:
    groups = [
        {"params": list(network.encoder.parameters()), "lr": recipe.encoder_rate},
        {"params": [*network.heads.parameters(), *emotions.parameters()], "lr": recipe.heads_rate},
    ]
    for group in groups:
        group["highest"] = group["lr"]
    return torch.optim.AdamW(groups, weight_decay=recipe.weight_decay, fused=True)


def _move(course: Course, loss: Tensor, share: float) -> None:
    """One step down ``loss``, at ``share`` of the highest rates."""
    course.optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(course.modules["network"].parameters(), 1.0)
    for group in course.optimizer.param_groups:
        group["lr"] = group["highest"] * share
    course.optimizer.step()
    course.step += 1


def _rate(step: int, steps: int, warmup_share: float) -> float:
    warm = max(1, int(steps * warmup_share))
    return (step + 1) / warm if step < warm else max(0.0, (steps - step) / max(1, steps - warm))


def _next_batch(course: Course, dialogues: Sequence[Dialogue], recipe: Recipe) -> list[Dialogue]:
    """The next dialogues in a shuffled order, a share of them altered; a new order where one is used up."""
    batches = -(-len(dialogues) // recipe.batch_dialogues)
    if not course.order:
        course.order = list(range(len(dialogues)))
    if course.step % batches == 0:
        course.shuffler.shuffle(course.order)
    first = course.step % batches * recipe.batch_dialogues
    return [
        altered(dialogues[i], recipe.noise_share, recipe.crop_share, recipe.swap_share, course.shuffler)
        for i in course.order[first : first + recipe.batch_dialogues]
    ]


def batch_loss(
    network: Network, dialogues: Sequence[Dialogue], tokenizer: Tokenizer, recipe: Recipe, device: str,
    positive: Tensor, beside: Draw = NOTHING, emotions: EmotionHead | None = None,
) -> Tensor:  # fmt: skip
    """The weighed loss of all that the dialogues are labelled with, and of what was drawn ``beside`` them."""
    own = range(len(dialogues))
    together = [*dialogues, *beside.dialogues]
    turns, contacts, vectors = pooled(network, together, tokenizer, device, beside.texts)
    loss = recipe.label_weight * label_loss(turns, together, positive, device)
    loss = loss + feeling_loss(turns, together, device, own)
    for name, logits in contacts.items():
        loss = loss + recipe.contact_weight * contact_loss(name, logits.float(), together, device, own)
    if emotions is not None and beside is not NOTHING:
        loss = loss + auxiliary_loss(
            beside, len(dialogues), turns, contacts, vectors, together, emotions, recipe.mixture, device
        )
    return loss


@torch.inference_mode()
def predict(
    network: Network, dialogues: Sequence[Dialogue], encoder: Path, device: str = "cpu", batch_dialogues: int = 24
) -> list[Prediction]:
    """Raw logits of every dialogue, in order, in float32."""
    tokenizer = Tokenizer.from_file(str(encoder / "tokenizer.json"))
    network.eval()
    predictions = []
    for start in range(0, len(dialogues), batch_dialogues):
        batch = dialogues[start : start + batch_dialogues]
        turns, contacts, _ = pooled(network, batch, tokenizer, device)
        labels, feelings = turns.labels.cpu().numpy(), turns.feelings.cpu().numpy()
        for row, d in enumerate(batch):
            own_labels = np.full((len(d.turn_speakers), labels.shape[1]), np.nan, dtype=np.float32)
            own_feelings = np.full((len(d.turn_speakers), 3), np.nan, dtype=np.float32)
            for index, (dialogue, turn) in enumerate(turns.owner):
                if dialogue == row:
                    own_labels[turn], own_feelings[turn] = labels[index], feelings[index]
            contact = {name: logits[row].float().cpu().numpy() for name, logits in contacts.items()}
            predictions.append(Prediction(d.interaction_id, own_labels, own_feelings, contact))
    return predictions
