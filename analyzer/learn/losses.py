"""What a batch of dialogues asks of the network: labels and feelings of turns, judgements of whole contacts.

What is not labelled asks nothing: a tweet of which only the feeling is known teaches only that, a dialogue of which
only the customer's verdict is known teaches only resolution.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from analyzer import codebook
from analyzer.learn.augment import AGENT, CUSTOMER
from analyzer.learn.batches import PooledTurns
from analyzer.learn.corpus import Dialogue
from analyzer.learn.recipe import Recipe

_CUSTOMER_SIDE = torch.tensor([label in codebook.CUSTOMER_LABELS + codebook.TOPIC_LABELS for label in codebook.LABELS])
FEELING_WEIGHTS = (1.5, 1.0, 2.0)  # what is seldom felt weighs more


def positive_weights(dialogues: Sequence[Dialogue], recipe: Recipe) -> Tensor:
    """(L,) how much a turn that carries a label weighs against one that does not: the rarer the label, the more.

    ``positive_weight`` · (``common_rate`` / rate) ^ ``rare_power``, at least ``positive_weight`` and at most
    ``rarest_weight``; with equal weights rare labels are hardly learned, even on the dialogues themselves.
    """
    said = torch.zeros(len(codebook.LABELS))
    turns = torch.zeros(2)
    for d in dialogues:
        for speaker, labels in zip(d.turn_speakers, d.labels, strict=True):
            if labels is not None and speaker in (CUSTOMER, AGENT):
                turns[speaker] += 1
                said[labels] += 1
    rate = said.clamp(min=1) / torch.where(_CUSTOMER_SIDE, turns[CUSTOMER], turns[AGENT]).clamp(min=1)
    grown = recipe.positive_weight * (recipe.common_rate / rate) ** recipe.rare_power
    return grown.clamp(recipe.positive_weight, max(recipe.positive_weight, recipe.rarest_weight))


def label_loss(turns: PooledTurns, dialogues: Sequence[Dialogue], positive: Tensor, device: str) -> Tensor:
    """Cross-entropy over the labels that the speaker can carry; 0 where no turn is labelled."""
    target = torch.zeros(turns.labels.shape)
    weight = torch.zeros(turns.labels.shape)
    for row, (dialogue, turn) in enumerate(turns.owner):
        d = dialogues[dialogue]
        labels = d.labels[turn]
        if d.swapped or labels is None or d.turn_speakers[turn] not in (CUSTOMER, AGENT):
            continue
        weight[row] = (_CUSTOMER_SIDE if d.turn_speakers[turn] == CUSTOMER else ~_CUSTOMER_SIDE).float()
        target[row, labels] = 1.0
    target, weight = target.to(device), weight.to(device)
    weighted = weight * (1 + (positive.to(device) - 1) * target)
    losses = functional.binary_cross_entropy_with_logits(turns.labels, target, reduction="none")
    return (losses * weighted).sum() / weight.sum().clamp(min=1)


def feeling_loss(turns: PooledTurns, dialogues: Sequence[Dialogue], device: str, among: range) -> Tensor:
    """Cross-entropy over the felt turns of the dialogues ``among``; 0 where there are none."""
    target = [
        feeling if d in among and not dialogues[d].swapped and (feeling := dialogues[d].feelings[turn]) is not None
        else -100
        for d, turn in turns.owner
    ]  # fmt: skip
    if all(value == -100 for value in target):
        return turns.feelings.sum() * 0
    weight = torch.tensor(FEELING_WEIGHTS, device=device)
    return functional.nll_loss(turns.feelings, torch.tensor(target, device=device), weight, ignore_index=-100)


def contact_loss(name: str, logits: Tensor, dialogues: Sequence[Dialogue], device: str, among: range) -> Tensor:
    """Cross-entropy of one judgement; where only "solved or not" is known, of that against all other endings."""
    target = torch.zeros(logits.shape)
    unsolved = torch.zeros(len(dialogues))
    for row in among:
        d = dialogues[row]
        if name == "swapped":
            if d.swapped is not None:
                target[row, int(d.swapped)] = 1.0
        elif not d.swapped:
            _aim(target, unsolved, row, name, d)
    target, unsolved = target.to(device), unsolved.to(device)
    logs = torch.log_softmax(logits, dim=1)
    losses = -(target * logs).sum() - (unsolved * torch.logsumexp(logs[:, 1:], 1)).sum()
    return losses / (target.sum() + unsolved.sum()).clamp(min=1)


def _aim(target: Tensor, unsolved: Tensor, row: int, name: str, d: Dialogue) -> None:
    value = getattr(d, name)
    if value is None:
        if name == "resolution" and d.solved is not None:
            target[row, 0] = float(d.solved)
            unsolved[row] = float(not d.solved)
    elif name in ("satisfaction", "effort", "empathy"):
        target[row] = soft_grade(value)
    else:
        target[row, int(value)] = 1.0


def soft_grade(value: float) -> Tensor:
    """A grade 1–5 as a distribution: most on the grade, some on its neighbours, since readers differ by one."""
    grades = torch.arange(1, 6, dtype=torch.float32)
    return torch.softmax(-((grades - value) ** 2) / 0.5, dim=0)
