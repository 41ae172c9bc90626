"""Fits the feeling heads anew to talk that the encoder never learned from, while all else stays as it is.

The encoder fits the talk it was trained on too well: what its feeling heads see there is easier than what they meet.
Dialogues that it was never taught are as new to it as a customer's, and a linear head learns from few. Labels,
grades and endings read other heads, so their numbers and curves stay the same, bit for bit.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor, nn

from analyzer.errors import UsageError
from analyzer.learn.augment import CUSTOMER
from analyzer.learn.auxiliary import read_auxiliary
from analyzer.learn.batches import collate, encode
from analyzer.learn.calibrate import class_curve
from analyzer.learn.corpus import Dialogue
from analyzer.learn.losses import FEELING_WEIGHTS
from analyzer.learn.sources import read_labelled, read_unlearned
from analyzer.progress import Progress
from analyzer.records import stable_id
from analyzer.understand.calibration import Calibration
from analyzer.understand.model import load_network, save_network
from analyzer.understand.network import Network
from analyzer.weights import write_manifest

FOLDS: Final = 5
STEPS: Final = 150
RATE: Final = 5e-3
DECAY: Final = 3e-3  # how strongly the heads are held at the weights they start from
NEW_WEIGHT: Final = 2.0  # of a turn that the encoder never learned from, against one that it did
BATCH: Final = 16


@dataclass(frozen=True)
class FeltTurns:
    """Customer turns whose feeling is labelled, as the frozen network sees their M sentences.

    ``vectors``, ``states`` (M, H); ``segment`` (M,) is each sentence's turn; ``feelings`` (T,) 0 negative, 1 neutral,
    2 positive; ``new`` (T,): of talk the encoder never learned from; ``weight`` (T,): how much a turn teaches;
    ``fold`` (T,), the same for a whole dialogue.
    """

    vectors: Tensor
    states: Tensor
    segment: Tensor
    feelings: NDArray[np.int64]
    new: NDArray[np.bool_]
    weight: NDArray[np.float32]
    fold: NDArray[np.int64]
    languages: list[str]


class FeelingHeads(nn.Module):
    """The parts of the heads that read a turn's feeling, apart from all others."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.feeling_sentence = copy.deepcopy(network.heads.feeling_sentence)
        self.feeling_context = copy.deepcopy(network.heads.feeling_context)
        self.feeling_attention = copy.deepcopy(network.heads.feeling_attention)

    def forward(self, turns: FeltTurns) -> Tensor:
        """(T, 3) log-probabilities, pooled over a turn's sentences as ``network.pool_turns`` does."""
        sentences = self.feeling_sentence(turns.vectors) + self.feeling_context(turns.states)
        attention = self.feeling_attention(turns.vectors).squeeze(-1)
        weight = torch.exp(attention - attention.detach().max())
        count = len(turns.feelings)
        total = torch.zeros(count).index_add(0, turns.segment, weight)
        pooled = torch.zeros(count, 3).index_add(0, turns.segment, (weight / total[turns.segment])[:, None] * sentences)
        return torch.log_softmax(pooled, dim=1)


def learn_feelings(data: Path, models: Path, name: str, *, progress: Progress) -> None:
    """Writes feeling heads and their curve to ``models``; the curve from folds of the new talk, each left out once."""
    progress.begin("reading dialogues", None, "")
    own = models / "training"
    new = read_unlearned(own)
    if not new:
        raise UsageError(
            "No labelled talk is left that the weights never learned from.",
            hint="The curve would be drawn from talk they know; add a set to left_out.FURTHER before `learn further`.",
        )
    unlearned = {d.interaction_id for d in new}
    seen = [d for d in read_labelled(data / "train", own) if d.interaction_id not in unlearned]
    posts = read_auxiliary(data / "train").tweets
    network = load_network(models)
    turns = felt_turns(network, models / "encoder", seen, posts, new, progress)
    progress.begin("fitting feelings", FOLDS + 1, "fits")
    held_out = np.zeros((len(turns.feelings), 3))
    for fold in range(FOLDS):
        left_out = turns.new & (turns.fold == fold)
        held_out[left_out] = logits(fitted(network, turns, ~left_out), turns)[left_out]
        progress.advance(1)
    heads = fitted(network, turns, np.ones(len(turns.feelings), dtype=bool))
    progress.advance(1)
    network.heads.load_state_dict(heads.state_dict(), strict=False)
    save_network(network, models)
    path = models / "heads" / "calibration.json"
    curve = class_curve(
        held_out[turns.new], turns.feelings[turns.new],
        [language for language, is_new in zip(turns.languages, turns.new, strict=True) if is_new],
    )  # fmt: skip
    before = Calibration.load(path)
    Calibration(before.labels, {**before.classes, "feelings": curve}, before.grades).save(path)
    write_manifest(models, name)


def fitted(network: Network, turns: FeltTurns, taught: NDArray[np.bool_]) -> FeelingHeads:
    """Heads moved from those of ``network`` by the turns ``taught`` (T,), which weigh as in the first training."""
    heads = FeelingHeads(network)
    start = [value.detach().clone() for value in heads.parameters()]
    rows = torch.from_numpy(np.flatnonzero(taught))
    target = torch.from_numpy(turns.feelings)[rows]
    weight = torch.tensor(FEELING_WEIGHTS)[target] * torch.from_numpy(turns.weight)[rows]
    optimizer = torch.optim.Adam(heads.parameters(), lr=RATE)
    for _ in range(STEPS):
        chosen = heads(turns)[rows, target]
        moved = sum(((now - then) ** 2).sum() for now, then in zip(heads.parameters(), start, strict=True))
        loss = -(chosen * weight).sum() / weight.sum() + DECAY * moved
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return heads


@torch.no_grad()
def logits(heads: FeelingHeads, turns: FeltTurns) -> NDArray[np.float64]:
    """(T, 3) of every turn."""
    told: NDArray[np.float64] = heads(turns).double().numpy()
    return told


@torch.no_grad()
def felt_turns(
    network: Network, folder: Path, seen: Sequence[Dialogue], posts: Sequence[Dialogue], new: Sequence[Dialogue],
    progress: Progress,
) -> FeltTurns:  # fmt: skip
    """Every labelled customer turn of all three, read by the frozen ``network``, whose tokenizer lies in ``folder``."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    dialogues = [*seen, *posts, *new]
    weights = np.repeat(np.array([1.0, 1.0, NEW_WEIGHT], np.float32), [len(seen), len(posts), len(new)])
    progress.begin("reading with the frozen encoder", len(dialogues), "dialogues")
    vectors: list[Tensor] = []
    states: list[Tensor] = []
    feelings: list[int] = []
    segment, owner, folds, languages = [], [], [], []
    for at in range(0, len(dialogues), BATCH):
        batch = dialogues[at : at + BATCH]
        for row, (placed, state) in enumerate(_read(network, batch, tokenizer)):
            d = batch[row]
            for feeling, sentences in _felt(d):
                vectors.append(placed[sentences])
                states.append(state[sentences])
                segment += [len(feelings)] * len(sentences)
                feelings.append(feeling)
                owner.append(at + row)
                folds.append(int(stable_id(d.interaction_id), 16) % FOLDS)
                languages.append(d.language)
        progress.advance(len(batch))
    return FeltTurns(
        torch.cat(vectors), torch.cat(states), torch.tensor(segment), np.array(feelings, dtype=np.int64),
        np.array(owner) >= len(seen) + len(posts), weights[owner], np.array(folds), languages,
    )  # fmt: skip


def _read(network: Network, batch: Sequence[Dialogue], tokenizer: Tokenizer) -> list[tuple[Tensor, Tensor]]:
    """Each dialogue's sentence vectors and what the reader makes of them, (S, H) both."""
    tokens, _, who, places = collate(batch, tokenizer, "cpu")
    vectors = encode(network, tokens, who)
    present = places.sentence >= 0
    placed = vectors[places.sentence.clamp(min=0)] * present[..., None]
    state = network.heads.reader(placed, places.speaker, places.turn, present)
    return [(placed[row, : len(d.texts)], state[row, : len(d.texts)]) for row, d in enumerate(batch)]


def _felt(d: Dialogue) -> list[tuple[int, list[int]]]:
    """The feeling of each of the customer's turns where it is labelled, and the turn's sentences."""
    own: dict[int, list[int]] = {}
    for sentence, turn in enumerate(d.turns):
        if d.turn_speakers[turn] == CUSTOMER:
            own.setdefault(turn, []).append(sentence)
    return [(feeling, sentences) for turn, sentences in own.items() if (feeling := d.feelings[turn]) is not None]
