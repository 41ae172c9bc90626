"""Teaches the bilingual encoder further: its vector of a sentence, English or German, shall be the teacher's of the
English.

Reimers & Gurevych 2020, "Making Monolingual Sentence Embeddings Multilingual": cosine to the teacher's vector, and here
beside it a contrast within the batch, which keeps sentences apart that merely sound alike. The teacher is needed while
training only.
"""

from __future__ import annotations

import gzip
import random
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional
from transformers import BertConfig, BertModel

from analyzer.errors import UsageError
from analyzer.learn.batches import token_tensor
from analyzer.learn.corpus import read_rows
from analyzer.progress import Progress
from analyzer.understand.model import unpacked

HELD_OUT: Final = 1000  # pairs by which the encoder is measured and from which it never learns
FILES: Final = ("config.json", "tokenizer.json", "tokenizer_config.json")


@dataclass(frozen=True)
class Distillation:
    """How to teach: sentences a step, the first learning rate, weight and temperature of the contrast."""

    batch: int = 128
    rate: float = 1e-4
    contrast_weight: float = 0.3
    temperature: float = 0.05
    seed: int = 17


@dataclass(frozen=True)
class SentencePair:
    """``german`` is None where only the English is known."""

    english: str
    german: str | None


def learn_encoder(
    data: Path, teacher: Path, start: Path, out: Path, *, steps: int, device: str, progress: Progress,
    recipe: Distillation | None = None,
) -> tuple[float, float]:  # fmt: skip
    """Writes the taught encoder to ``out``; returns how often German found its English, before and after."""
    recipe = recipe or Distillation()
    progress.begin("reading sentences", None, "")
    pairs, held_out = read_pairs(data / "train", random.Random(recipe.seed))
    torch.manual_seed(recipe.seed)
    student, reads = load_bert(start, device), Tokenizer.from_file(str(start / "tokenizer.json"))
    knows, spells = load_bert(teacher, device), Tokenizer.from_file(str(teacher / "tokenizer.json"))
    if student.config.hidden_size != knows.config.hidden_size:
        raise UsageError("Teacher and encoder have vectors of different length.", hint="Choose a teacher as wide.")
    before = retrieval(student, reads, held_out, device)
    optimizer = torch.optim.AdamW(student.parameters(), lr=recipe.rate)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: max(0.0, 1 - step / max(1, steps)))
    progress.begin("teaching", steps, "steps")
    student.train()
    for batch in _batches(pairs, recipe, steps):
        with torch.autocast(device, dtype=torch.bfloat16):
            loss = _loss(student, reads, knows, spells, batch, recipe, device)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
        progress.advance(1)
    _save(student, start, out)
    return before, retrieval(student, reads, held_out, device)


def read_pairs(train: Path, draw: random.Random) -> tuple[list[SentencePair], list[SentencePair]]:
    """What to learn from (pairs, and customers' English sentences alone), and pairs held out."""
    with gzip.open(train / "parallel_en_de.tsv.gz", "rt", encoding="utf-8") as lines:
        told = (line.rstrip("\n").split("\t") for line in lines)
        pairs = list(dict.fromkeys(SentencePair(parts[0], parts[1]) for parts in told if len(parts) >= 2))
    draw.shuffle(pairs)
    size = min(HELD_OUT, len(pairs) // 10)
    alone = [SentencePair(row["text"], None) for row in read_rows(train / "multidogo_customer.jsonl.gz")]
    return [*pairs[size:], *alone], pairs[:size]


def load_bert(folder: Path, device: str = "cpu") -> BertModel:
    """A BERT encoder from config.json and safetensors, in evaluation mode; UsageError where the weights are none."""
    if not (folder / "model.safetensors").is_file():
        raise UsageError(f"No encoder in {folder}.", hint="It holds config.json, tokenizer.json, model.safetensors.")
    bert = BertModel(BertConfig.from_json_file(str(folder / "config.json")), add_pooling_layer=False)
    weights = unpacked(load_file(folder / "model.safetensors"))
    missing, _ = bert.load_state_dict(weights, strict=False)
    if missing:
        raise UsageError(f"The weights in {folder} are no BERT encoder's.", hint=f"Missing: {missing[0]}.")
    bert.train(False)
    module: nn.Module = bert
    module.to(device)
    return bert


def sentence_vectors(bert: BertModel, tokenizer: Tokenizer, texts: Sequence[str], device: str) -> Tensor:
    """(N, H) unit vectors: the mean over words."""
    tokens = token_tensor(texts, tokenizer).to(device)
    mask = (tokens != 0).long()
    states: Any = bert(input_ids=tokens, attention_mask=mask).last_hidden_state
    mean = (states * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
    return functional.normalize(mean.float(), dim=1)


@torch.inference_mode()
def retrieval(bert: BertModel, tokenizer: Tokenizer, pairs: Sequence[SentencePair], device: str) -> float:
    """Share of the German sentences whose nearest English sentence is their own."""
    was_training = bert.training
    bert.train(False)
    sides = [[p.english for p in pairs], [p.german or "" for p in pairs]]
    english, german = (
        torch.cat([sentence_vectors(bert, tokenizer, side[at : at + 128], device) for at in range(0, len(side), 128)])
        for side in sides
    )
    bert.train(was_training)
    nearest = (german @ english.T).argmax(1).cpu()
    return float((nearest == torch.arange(len(pairs))).float().mean())


def _batches(pairs: Sequence[SentencePair], recipe: Distillation, steps: int) -> Iterator[list[SentencePair]]:
    draw = random.Random(recipe.seed)
    for _ in range(steps):
        yield draw.sample(pairs, min(recipe.batch, len(pairs)))


def _loss(
    student: BertModel, reads: Tokenizer, knows: BertModel, spells: Tokenizer, batch: Sequence[SentencePair],
    recipe: Distillation, device: str,
) -> Tensor:  # fmt: skip
    with torch.no_grad():
        wanted = sentence_vectors(knows, spells, [p.english for p in batch], device)
    own = sentence_vectors(student, reads, [p.english for p in batch], device)
    loss = (1 - (own * wanted).sum(1)).mean()
    rows = [row for row, p in enumerate(batch) if p.german is not None]
    if rows:
        german = sentence_vectors(student, reads, [batch[row].german or "" for row in rows], device)
        loss = loss + (1 - (german * wanted[rows]).sum(1)).mean()
        nearness = german @ wanted.T / recipe.temperature
        loss = loss + recipe.contrast_weight * functional.cross_entropy(nearness, torch.tensor(rows, device=device))
    return loss


def _save(student: BertModel, start: Path, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    state = {name: value.detach().cpu().to(torch.bfloat16).contiguous() for name, value in student.state_dict().items()}
    save_file(state, out / "model.safetensors", metadata={"format": "pt"})
    for name in FILES:
        if (start / name).is_file() and start.resolve() != out.resolve():
            shutil.copyfile(start / name, out / name)
