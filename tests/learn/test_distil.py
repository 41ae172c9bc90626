"""Distillation, small: the tiny encoder learns from another tiny one."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer

from analyzer.errors import UsageError
from analyzer.learn.distil import Distillation, SentencePair, learn_encoder, load_bert, read_pairs, sentence_vectors
from analyzer.progress import Silent

from .training_data import write_rows, write_training_data

WORDS = ("table", "train", "router", "refund", "parcel", "ticket", "doctor", "bill", "password", "hotel")
GERMAN = ("Tisch", "Zug", "Router", "Erstattung", "Paket", "Karte", "Arzt", "Rechnung", "Passwort", "Hotel")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    import gzip

    write_training_data(tmp_path / "train", tmp_path / "own", [])
    pairs = [f"My {e} number {n} is lost.\tMein {g} Nummer {n} ist weg.\tinvented"
             for e, g in zip(WORDS, GERMAN, strict=True) for n in range(4)]  # fmt: skip
    with gzip.open(tmp_path / "train" / "parallel_en_de.tsv.gz", "wt", encoding="utf-8") as out:
        out.write("\n".join(pairs) + "\nbroken\n")
    write_rows(tmp_path / "train" / "multidogo_customer.jsonl.gz", [{"text": f"where is my {w}"} for w in WORDS])
    return tmp_path


@pytest.fixture
def teacher(encoder: Path, tmp_path: Path) -> Path:
    """Another tiny encoder, with vectors of its own."""
    folder = tmp_path / "teacher"
    shutil.copytree(encoder, folder)
    torch.manual_seed(99)
    weights = {name: torch.randn_like(v.float()) * 0.05 for name, v in load_file(folder / "model.safetensors").items()}
    save_file(weights, folder / "model.safetensors")
    return folder


def nearness(folder: Path, teacher: Path, texts: list[str]) -> float:
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    with torch.inference_mode():
        own, wanted = (sentence_vectors(load_bert(f), tokenizer, texts, "cpu") for f in (folder, teacher))
    return float((own * wanted).sum(1).mean())


def test_encoder_comes_nearer_to_its_teacher(data: Path, encoder: Path, teacher: Path, tmp_path: Path) -> None:
    out = tmp_path / "taught"
    fast = Distillation(batch=16, rate=3e-3)
    before, after = learn_encoder(data, teacher, encoder, out, steps=30, device="cpu", progress=Silent(), recipe=fast)
    assert 0 <= before <= 1 and 0 <= after <= 1
    said = [f"My {word} number 1 is lost." for word in WORDS]
    assert nearness(out, teacher, said) > nearness(encoder, teacher, said) + 0.2
    assert json.loads((out / "config.json").read_text()) == json.loads((encoder / "config.json").read_text())


def test_held_out_pairs_are_never_learned(data: Path) -> None:
    import random

    learned, held_out = read_pairs(data / "train", random.Random(1))
    assert len(held_out) == 4 and not set(held_out) & set(learned)
    assert SentencePair("where is my table", None) in learned and len(learned) == 36 + len(WORDS)


def test_a_folder_that_is_no_encoder_is_the_users_error(encoder: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No encoder in"):
        load_bert(tmp_path)
    for name in ("config.json", "tokenizer.json"):
        shutil.copyfile(encoder / name, tmp_path / name)
    save_file({"other": torch.zeros(1)}, tmp_path / "model.safetensors")
    with pytest.raises(UsageError, match="are no BERT encoder's"):
        load_bert(tmp_path)
