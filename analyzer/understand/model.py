"""The trained model in memory: network, tokenizer, reason head and calibration, loaded from one folder.

Layout: encoder/{config.json, tokenizer.json, model.safetensors}, heads/{model.safetensors, reason.safetensors,
calibration.json}, manifest.json. Only safetensors and JSON are read; nothing in a model folder is executed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor

from analyzer import __version__
from analyzer.config import UnderstandSettings
from analyzer.errors import ModelError
from analyzer.records import stable_id
from analyzer.understand.calibration import Calibration, Curves
from analyzer.understand.encode import LONGEST_TOKENS, Encoder
from analyzer.understand.forward import PackedEncoder, Shape, lays_out_weights
from analyzer.understand.network import Heads, Network
from analyzer.understand.reason import ReasonHead
from analyzer.weights import damaged_files, model_version, models_folder

TABLE: Final = "embeddings.word_embeddings.weight"
SCALE: Final = "embeddings.word_embeddings.scale"


@dataclass(frozen=True)
class Model:
    encoder: Encoder
    heads: Heads
    reason: ReasonHead
    curves: dict[str, Curves]
    version: str


def load_model(settings: UnderstandSettings) -> Model:
    """The model of ``settings.model``, ready to run on this machine's processor.

    Raises ModelError for missing or damaged weights.
    """
    folder = models_folder(settings.model)
    if damaged := damaged_files(folder):
        raise ModelError(f"{damaged[0]} in {folder} is missing or damaged.", hint="Install the package again.")
    if settings.threads:
        torch.set_num_threads(settings.threads)
    try:
        heads = load_heads(folder)
        weights = unpacked(load_file(folder / "encoder" / "model.safetensors"))
        shape = Shape.load(folder / "encoder" / "config.json")
        packed = PackedEncoder(weights, shape, max(settings.token_budget, LONGEST_TOKENS), _precision(settings))
        reason = ReasonHead.load(folder / "heads" / "reason.safetensors")
        tokenizer = Tokenizer.from_file(str(folder / "encoder" / "tokenizer.json"))
    except (OSError, SafetensorError, RuntimeError, KeyError, ValueError, msgspec.MsgspecError) as error:
        raise ModelError(f"Weights in {folder} do not load.", hint="`analyzer doctor` says which file.") from error
    calibration = Calibration.load(folder / "heads" / "calibration.json")
    label_weight = heads.label_sentence.weight.detach().clone()
    return Model(
        Encoder(packed, tokenizer, label_weight), heads, reason,
        {"de": Curves.of(calibration, "de"), "en": Curves.of(calibration, "en")}, model_version(folder),
    )  # fmt: skip


def made_by(settings: UnderstandSettings) -> str:
    """A short name of all that a sentence's numbers depend on: program, weights, precision, size of a block."""
    folder = models_folder(settings.model)
    return stable_id(__version__, model_version(folder), str(_precision(settings)), str(settings.token_budget))


def load_heads(folder: Path) -> Heads:
    """The heads in float32, in evaluation mode, as wide as their weights are."""
    state = {name: value.float() for name, value in load_file(folder / "heads" / "model.safetensors").items()}
    heads = Heads(state["label_sentence.weight"].shape[1])
    heads.load_state_dict(state)
    return heads.eval()


def load_network(folder: Path) -> Network:
    """Encoder and heads as trained, in float32, in evaluation mode, with every parameter accounted for."""
    from transformers import BertConfig

    config = BertConfig.from_json_file(str(folder / "encoder" / "config.json"))
    config._attn_implementation = "sdpa"
    network = Network(config)
    network.encoder.bert.load_state_dict(unpacked(load_file(folder / "encoder" / "model.safetensors")))
    network.heads.load_state_dict(load_heads(folder).state_dict())
    return network.eval()


def save_network(network: Network, folder: Path) -> None:
    """Safetensors as shipped: bfloat16, but for the table of word pieces, half of all weights, which is int8 by row."""
    from safetensors.torch import save_file

    for part, module in (("encoder", network.encoder.bert), ("heads", network.heads)):
        target = folder / part
        target.mkdir(parents=True, exist_ok=True)
        save_file(packed(module.state_dict()), target / "model.safetensors", metadata={"format": "pt"})


def packed(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """``state`` for the disk; a row of the table is kept as 384 whole numbers and their scale, |error| ≤ scale / 2."""
    kept = {name: value.detach().cpu().to(torch.bfloat16).contiguous() for name, value in state.items()}
    if TABLE in state:
        table = state[TABLE].detach().cpu().float()
        scale = table.abs().amax(dim=1).clamp(min=1e-12) / 127
        kept[TABLE] = torch.round(table / scale[:, None]).to(torch.int8)
        kept[SCALE] = scale
    return kept


def unpacked(kept: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """What ``packed`` kept, in float32; also reads a table that was not packed."""
    state = {name: value.float() for name, value in kept.items() if name != SCALE}
    if SCALE in kept:
        state[TABLE] = state[TABLE] * kept[SCALE][:, None]
    return state


def _precision(settings: UnderstandSettings) -> torch.dtype:
    if settings.precision == "auto":
        return torch.bfloat16 if lays_out_weights() else torch.float32
    return torch.bfloat16 if settings.precision == "bfloat16" else torch.float32
