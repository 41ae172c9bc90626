"""What people answered about stored contacts, beside what the frozen network sees in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor

from analyzer import codebook
from analyzer.learn.batches import collate, encode
from analyzer.learn.corpus import LABEL_INDEX, Dialogue
from analyzer.progress import Progress
from analyzer.records import stable_id
from analyzer.understand.network import Network

SAID: Final[Mapping[str, float]] = {"right": 1.0, "added": 1.0, "wrong": 0.0}
HELD_OUT: Final = 4  # of so many contacts one is left out of learning, and tells whether it helped
BATCH: Final = 16


@dataclass(frozen=True)
class Asked:
    """Answers of one kind: ``row`` into the turns (or contacts), ``target``, the contact and whether it is held out.

    ``label`` (N,) for cues: which label was judged; −1 else.
    """

    row: NDArray[np.int64]
    label: NDArray[np.int64]
    target: NDArray[np.float32]
    contact: NDArray[np.int64]
    held_out: NDArray[np.bool_]


@dataclass(frozen=True)
class Judged:
    """Contacts people judged: M sentences in T turns of D contacts, as the frozen network sees them.

    ``vectors``, ``states`` (M, H); ``segment`` (M,) each sentence's turn; ``turn_english``, ``turn_customer`` (T,);
    ``endings`` (D, 2H) what resolution is read from; ``english`` (D,).
    """

    vectors: Tensor
    states: Tensor
    segment: Tensor
    turn_english: Tensor
    turn_customer: Tensor
    endings: Tensor
    english: Tensor
    cues: Asked
    feelings: Asked
    resolutions: Asked

    @property
    def answers(self) -> int:
        return sum(len(asked.row) for asked in (self.cues, self.feelings, self.resolutions))


def is_held_out(interaction_id: str) -> bool:
    """Whether a contact only tells how well the others were learned from; the same for ever."""
    return int(stable_id("held out", interaction_id), 16) % HELD_OUT == 0


@torch.no_grad()
def judged(
    network: Network, folder: Path, dialogues: Sequence[Dialogue], verdicts: Iterable[Mapping[str, Any]],
    progress: Progress,
) -> Judged:  # fmt: skip
    """The answers in ``verdicts`` about ``dialogues``, read by ``network``, whose tokenizer lies in ``folder``."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    progress.begin("reading what was judged", len(dialogues), "contacts")
    vectors, states, endings, segment = [], [], [], []
    turns: dict[tuple[str, int], int] = {}
    turn_english, turn_customer = [], []
    for at in range(0, len(dialogues), BATCH):
        batch = dialogues[at : at + BATCH]
        tokens, _, who, places = collate(batch, tokenizer, "cpu")
        present = places.sentence >= 0
        placed = encode(network, tokens, who)[places.sentence.clamp(min=0)] * present[..., None]
        state = network.heads.reader(placed, places.speaker, places.turn, present)
        last = present.sum(1).clamp(min=1) - 1
        pooled = network.heads.pools["resolution"](state, present)
        endings.append(torch.cat([pooled, state[torch.arange(len(batch)), last]], 1))
        for row, d in enumerate(batch):
            vectors.append(placed[row, : len(d.texts)])
            states.append(state[row, : len(d.texts)])
            for turn in d.turns:
                if (d.interaction_id, turn) not in turns:
                    turns[d.interaction_id, turn] = len(turns)
                    turn_english.append(d.language == "en")
                    turn_customer.append(d.turn_speakers[turn] == 0)
                segment.append(turns[d.interaction_id, turn])
        progress.advance(len(batch))
    contacts = {d.interaction_id: row for row, d in enumerate(dialogues)}
    cues, feelings, resolutions = _asked(verdicts, turns, contacts)
    return Judged(
        torch.cat(vectors), torch.cat(states), torch.tensor(segment), torch.tensor(turn_english),
        torch.tensor(turn_customer), torch.cat(endings), torch.tensor([d.language == "en" for d in dialogues]),
        cues, feelings, resolutions,
    )  # fmt: skip


def _asked(
    verdicts: Iterable[Mapping[str, Any]], turns: Mapping[tuple[str, int], int], contacts: Mapping[str, int]
) -> tuple[Asked, Asked, Asked]:
    """Answers about cues, feelings and resolutions; others (notes, praise, forms) teach nothing here."""
    cues, feelings, resolutions = [], [], []
    for verdict in verdicts:
        key, finding, answer = verdict["interaction_id"], verdict["finding"], verdict["answer"]
        turn = turns.get((key, verdict["turn"])) if verdict["turn"] is not None else None
        if key not in contacts:
            continue
        if finding in LABEL_INDEX and answer in SAID and turn is not None:
            cues.append((turn, LABEL_INDEX[finding], SAID[answer], key))
        elif finding == "sentiment" and answer in codebook.FEELINGS and turn is not None:
            feelings.append((turn, -1, float(codebook.FEELINGS.index(answer)), key))
        elif finding == "resolution" and answer in codebook.RESOLUTIONS:
            resolutions.append((contacts[key], -1, float(codebook.RESOLUTIONS.index(answer)), key))
    return _as_asked(cues, contacts), _as_asked(feelings, contacts), _as_asked(resolutions, contacts)


def _as_asked(rows: Sequence[tuple[int, int, float, str]], contacts: Mapping[str, int]) -> Asked:
    return Asked(
        np.array([row for row, *_ in rows], dtype=np.int64), np.array([label for _, label, *_ in rows], dtype=np.int64),
        np.array([target for *_, target, _ in rows], dtype=np.float32),
        np.array([contacts[key] for *_, key in rows], dtype=np.int64),
        np.array([is_held_out(key) for *_, key in rows], dtype=bool),
    )  # fmt: skip
