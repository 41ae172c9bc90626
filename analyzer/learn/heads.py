"""Fine-tunes encoder and heads together on labelled dialogues; seeded, split by set, scored out of fold.

Labels are pooled to turns while training, so a long turn teaches each of its sentences only what it says itself.
One dialogue in seven has its speakers swapped and teaches nothing but that.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional
from transformers import BertConfig

from analyzer import codebook
from analyzer.learn.corpus import Dialogue
from analyzer.understand.network import ContactBatch, Network, pool_turns

log = logging.getLogger(__name__)

CUSTOMER, AGENT = 0, 1
_CUSTOMER_SIDE = torch.tensor([label in codebook.CUSTOMER_LABELS + codebook.TOPIC_LABELS for label in codebook.LABELS])
MAX_TOKENS = 96


@dataclass(frozen=True)
class Recipe:
    """How to train. ``swap_share`` and ``noise_share`` are shares of dialogues altered anew in each epoch."""

    epochs: int = 10
    batch_dialogues: int = 16
    encoder_rate: float = 1e-4
    heads_rate: float = 5e-4
    weight_decay: float = 0.01
    warmup_share: float = 0.1
    swap_share: float = 0.15
    noise_share: float = 0.25
    contact_weight: float = 0.3
    label_weight: float = 12.0
    positive_weight: float = 2.0
    seed: int = 17


@dataclass(frozen=True)
class Prediction:
    """Raw logits of one dialogue: (turns, L), (turns, 3) and one vector a contact head; turns without words are NaN."""

    interaction_id: str
    labels: NDArray[np.float32]
    feelings: NDArray[np.float32]
    contact: dict[str, NDArray[np.float32]]


def train(
    dialogues: Sequence[Dialogue], encoder: Path, recipe: Recipe, device: str = "cpu",
    on_step: Callable[[int, int], None] | None = None,
) -> Network:  # fmt: skip
    """A network fitted to ``dialogues``, starting from the encoder folder's weights.

    Bitwise reproducible on one kind of device with one number of threads.
    """
    random.seed(recipe.seed)
    torch.manual_seed(recipe.seed)
    network = start_network(encoder).to(device)
    tokenizer = Tokenizer.from_file(str(encoder / "tokenizer.json"))
    shuffler = random.Random(recipe.seed)
    per_epoch = -(-len(dialogues) // recipe.batch_dialogues)
    steps = per_epoch * recipe.epochs
    optimizer = _optimizer(network, recipe)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _rate(step, steps, recipe.warmup_share))
    network.train()
    for step, batch in enumerate(_epochs(dialogues, recipe, shuffler)):
        with torch.autocast(device, dtype=torch.bfloat16):
            loss = batch_loss(network, batch, tokenizer, recipe, device)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if on_step is not None:
            on_step(step + 1, steps)
    return network.eval()


def start_network(encoder: Path) -> Network:
    """Untrained heads on the encoder folder's weights (safetensors, float32 in memory)."""
    from safetensors.torch import load_file

    config = BertConfig.from_json_file(str(encoder / "config.json"))
    config._attn_implementation = "sdpa"
    network = Network(config)
    weights = {name: value.float() for name, value in load_file(encoder / "model.safetensors").items()}
    missing, unexpected = network.encoder.bert.load_state_dict(weights, strict=False)
    unexpected = [name for name in unexpected if "position_ids" not in name and not name.startswith("pooler")]
    if missing or unexpected:
        raise ValueError(f"encoder weights do not fit: missing {missing[:3]}, unexpected {unexpected[:3]}")
    return network


def _optimizer(network: Network, recipe: Recipe) -> torch.optim.Optimizer:
    groups = [
        {"params": list(network.encoder.parameters()), "lr": recipe.encoder_rate},
        {"params": list(network.heads.parameters()), "lr": recipe.heads_rate},
    ]
    return torch.optim.AdamW(groups, weight_decay=recipe.weight_decay)


def _rate(step: int, steps: int, warmup_share: float) -> float:
    warm = max(1, int(steps * warmup_share))
    return (step + 1) / warm if step < warm else max(0.0, (steps - step) / max(1, steps - warm))


def _epochs(dialogues: Sequence[Dialogue], recipe: Recipe, shuffler: random.Random) -> Iterator[list[Dialogue]]:
    order = list(range(len(dialogues)))
    for _ in range(recipe.epochs):
        shuffler.shuffle(order)
        for start in range(0, len(order), recipe.batch_dialogues):
            yield [_altered(dialogues[i], recipe, shuffler) for i in order[start : start + recipe.batch_dialogues]]


def _altered(dialogue: Dialogue, recipe: Recipe, shuffler: random.Random) -> Dialogue:
    if shuffler.random() < recipe.noise_share:
        noise = shuffler.choice((_unpunctuated, _without_umlauts))
        dialogue = replace(dialogue, texts=[noise(text) or text for text in dialogue.texts])
    if shuffler.random() < recipe.swap_share:
        dialogue = swapped(dialogue)
    return dialogue


def _unpunctuated(text: str) -> str:
    return "".join(c for c in text if c.isalnum() or c.isspace() or c in "'[]_").strip()


_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"})


def _without_umlauts(text: str) -> str:
    return text.translate(_UMLAUTS)


def swapped(dialogue: Dialogue) -> Dialogue:
    """The dialogue with customer and agent interchanged; ``resolution`` −1 marks it so that only that is learned."""
    other = {CUSTOMER: AGENT, AGENT: CUSTOMER}
    return replace(
        dialogue,
        speakers=[other.get(s, s) for s in dialogue.speakers],
        turn_speakers=[other.get(s, s) for s in dialogue.turn_speakers],
        resolution=-1,
    )


def collate(
    dialogues: Sequence[Dialogue], tokenizer: Tokenizer, device: str
) -> tuple[Tensor, Tensor, Tensor, ContactBatch]:
    """Token ids and mask (N, T), speakers (N,) and places of the distinct sentences of a batch."""
    keys: dict[tuple[int, str], int] = {}
    longest = max(1, max(len(d.texts) for d in dialogues))
    sentence = torch.full((len(dialogues), longest), -1)
    speaker = torch.zeros(len(dialogues), longest, dtype=torch.long)
    turn = torch.zeros(len(dialogues), longest, dtype=torch.long)
    closing = torch.zeros(len(dialogues), longest, dtype=torch.bool)
    for row, d in enumerate(dialogues):
        for column, (text, who) in enumerate(zip(d.texts, d.speakers, strict=True)):
            sentence[row, column] = keys.setdefault((min(who, 1), text), len(keys))
        speaker[row, : len(d.texts)] = torch.tensor(d.speakers)
        turn[row, : len(d.texts)] = torch.tensor(d.turns)
        closing[row, : len(d.texts)] = torch.tensor(d.closing)
    encoded = tokenizer.encode_batch_fast([text for _, text in keys]) if keys else []
    width = min(MAX_TOKENS, max((len(e.ids) for e in encoded), default=2))
    tokens = torch.zeros(len(encoded), width, dtype=torch.long)
    for row_index, e in enumerate(encoded):
        ids = e.ids[:width]
        tokens[row_index, : len(ids)] = torch.tensor(ids)
    who_tensor = torch.tensor([who for who, _ in keys], dtype=torch.long)
    placed = ContactBatch(sentence.to(device), speaker.to(device), turn.to(device), closing.to(device))
    return tokens.to(device), (tokens != 0).long().to(device), who_tensor.to(device), placed


@dataclass(frozen=True)
class PooledTurns:
    labels: Tensor
    feelings: Tensor
    owner: list[tuple[int, int]]  # (dialogue in batch, turn)


def pooled(network: Network, dialogues: Sequence[Dialogue], tokenizer: Tokenizer, device: str) -> tuple[
    PooledTurns, dict[str, Tensor]]:  # fmt: skip
    """Turn-level logits of every turn that has words, and the contact logits."""
    tokens, mask, who, batch = collate(dialogues, tokenizer, device)
    sentences, contacts = network(tokens, mask, who, batch)
    owners: dict[tuple[int, int], int] = {}
    rows, columns, segment = [], [], []
    for row, d in enumerate(dialogues):
        for column, turn in enumerate(d.turns):
            rows.append(row)
            columns.append(column)
            segment.append(owners.setdefault((row, turn), len(owners)))
    at = (torch.tensor(rows, device=device), torch.tensor(columns, device=device))
    flat = type(sentences)(
        sentences.labels[at].float(), sentences.feelings[at].float(), sentences.attention[at].float()
    )
    labels, feelings = pool_turns(flat, torch.tensor(segment, device=device), len(owners))
    return PooledTurns(labels, feelings, list(owners)), contacts


def batch_loss(
    network: Network, dialogues: Sequence[Dialogue], tokenizer: Tokenizer, recipe: Recipe, device: str
) -> Tensor:
    turns, contacts = pooled(network, dialogues, tokenizer, device)
    loss = recipe.label_weight * _label_loss(turns, dialogues, recipe, device) + _feeling_loss(turns, dialogues, device)
    for name, logits in contacts.items():
        loss = loss + recipe.contact_weight * _contact_loss(name, logits.float(), dialogues, device)
    return loss


def _label_loss(turns: PooledTurns, dialogues: Sequence[Dialogue], recipe: Recipe, device: str) -> Tensor:
    target = torch.zeros(turns.labels.shape)
    weight = torch.zeros(turns.labels.shape)
    for row, (dialogue, turn) in enumerate(turns.owner):
        d = dialogues[dialogue]
        if d.resolution == -1 or d.turn_speakers[turn] not in (CUSTOMER, AGENT):
            continue
        weight[row] = (_CUSTOMER_SIDE if d.turn_speakers[turn] == CUSTOMER else ~_CUSTOMER_SIDE).float()
        target[row, d.labels[turn]] = 1.0
    target, weight = target.to(device), weight.to(device)
    weighted = weight * (1 + (recipe.positive_weight - 1) * target)
    losses = functional.binary_cross_entropy_with_logits(turns.labels, target, reduction="none")
    return (losses * weighted).sum() / weight.sum().clamp(min=1)


def _feeling_loss(turns: PooledTurns, dialogues: Sequence[Dialogue], device: str) -> Tensor:
    target = [
        -100 if dialogues[d].resolution == -1 or (feeling := dialogues[d].feelings[turn]) is None else feeling
        for d, turn in turns.owner
    ]
    if all(value == -100 for value in target):
        return turns.feelings.sum() * 0
    weight = torch.tensor([1.5, 1.0, 2.0], device=device)
    return functional.nll_loss(turns.feelings, torch.tensor(target, device=device), weight, ignore_index=-100)


def _contact_loss(name: str, logits: Tensor, dialogues: Sequence[Dialogue], device: str) -> Tensor:
    target = torch.zeros(logits.shape)
    for row, d in enumerate(dialogues):
        if name == "swapped":
            target[row, int(d.resolution == -1)] = 1.0
        elif d.resolution != -1 and (value := getattr(d, name)) is not None:
            target[row] = _soft_grade(value) if logits.shape[1] == 5 and name != "resolution" else torch.eye(
                logits.shape[1])[int(value)]  # fmt: skip
    target = target.to(device)
    losses = -(target * torch.log_softmax(logits, dim=1)).sum(1)
    return losses.sum() / target.sum().clamp(min=1)


def _soft_grade(value: float) -> Tensor:
    """A grade 1–5 as a distribution: most on the grade, some on its neighbours, since readers differ by one."""
    grades = torch.arange(1, 6, dtype=torch.float32)
    return torch.softmax(-((grades - value) ** 2) / 0.5, dim=0)


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
        turns, contacts = pooled(network, batch, tokenizer, device)
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
