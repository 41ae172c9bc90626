"""Where a training stands, kept on disk now and then, so that one that was killed goes on as if nothing had happened.

Safetensors alone: weights, their running mean, the optimizer's moments and torch's random numbers are tensors; the
order of the dialogues, the place in it and Python's random numbers are JSON in the file's metadata.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

EVERY = 100  # steps; on a CPU some three minutes, of which writing takes a second
_RANDOM = "random"


class _Place(msgspec.Struct, frozen=True):
    step: int
    order: list[int]
    random_version: int
    random_state: list[int]
    random_gauss: float | None


@dataclass
class Course:
    """``step`` steps are done. ``order`` is that of the present pass over the dialogues; ``shuffler`` drew it."""

    modules: Mapping[str, nn.Module]
    optimizer: torch.optim.Optimizer
    shuffler: random.Random
    order: list[int] = field(default_factory=list)
    step: int = 0

    def save(self, path: Path) -> None:
        """Replaces what ``path`` held, never leaving half a file."""
        version, state, gauss = self.shuffler.getstate()
        place = _Place(self.step, self.order, version, list(state), gauss)
        partial = path.with_suffix(".partial")
        save_file(self._tensors(), partial, metadata={"place": msgspec.json.encode(place).decode()})
        partial.rename(path)

    def resume(self, path: Path) -> None:
        """Goes on from what ``save`` wrote with the same modules; a training without it starts from its beginning."""
        with safe_open(path, "pt") as kept:
            place = msgspec.json.decode(kept.metadata()["place"], type=_Place)
            tensors = {name: kept.get_tensor(name) for name in kept.keys()}  # noqa: SIM118  (no mapping)
        for name, module in self.modules.items():
            module.load_state_dict(_under(name, tensors))
        groups = self.optimizer.state_dict()["param_groups"]
        moments: dict[int, dict[str, Tensor]] = {}
        for key, value in _under("moments", tensors).items():
            parameter, part = key.split(".", 1)
            moments.setdefault(int(parameter), {})[part] = value
        self.optimizer.load_state_dict({"state": moments, "param_groups": groups})
        torch.set_rng_state(tensors[f"{_RANDOM}.cpu"])
        if f"{_RANDOM}.cuda" in tensors:
            torch.cuda.set_rng_state(tensors[f"{_RANDOM}.cuda"])
        self.shuffler.setstate((place.random_version, tuple(place.random_state), place.random_gauss))
        self.order, self.step = place.order, place.step

    def _tensors(self) -> dict[str, Tensor]:
        found: dict[str, Tensor] = {f"{_RANDOM}.cpu": torch.get_rng_state()}
        if torch.cuda.is_available():
            found[f"{_RANDOM}.cuda"] = torch.cuda.get_rng_state()
        for name, module in self.modules.items():
            found.update({f"{name}.{key}": value for key, value in module.state_dict().items()})
        moments: dict[int, dict[str, Any]] = self.optimizer.state_dict()["state"]
        for parameter, parts in moments.items():
            found.update({f"moments.{parameter}.{part}": torch.as_tensor(value) for part, value in parts.items()})
        return {name: value.detach().contiguous() for name, value in found.items()}


def _under(name: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {key.removeprefix(f"{name}."): value for key, value in tensors.items() if key.startswith(f"{name}.")}
