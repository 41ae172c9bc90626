from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from transformers import BertConfig, BertModel


@pytest.fixture(scope="session")
def models() -> Path:
    """The shipped weights."""
    return Path(__file__).parents[2] / "models"


@pytest.fixture(scope="session")
def encoder(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny untrained encoder (one layer, 48 wide) with the shipped word pieces, so that training takes no time."""
    folder = tmp_path_factory.mktemp("encoder")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(models / "encoder" / name, folder / name)
    small = {"hidden_size": 48, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = json.loads((models / "encoder" / "config.json").read_text(encoding="utf-8")) | small
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    torch.manual_seed(1)
    bert = BertModel(BertConfig.from_json_file(str(folder / "config.json")), add_pooling_layer=False)
    save_file(bert.state_dict(), folder / "model.safetensors")
    return folder


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Sums in one order, whatever the machine; and two threads wait for each other on a busy one."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
