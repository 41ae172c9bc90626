"""The contact reason: a linear reading of what the customer opens with, what they say overall and what the agent says.

Three mean sentence vectors, each of length 1, side by side. With 28 reasons and under a thousand dialogues this beats
a head inside the network by far (see the models' card).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

LONGEST_CHARS = 120  # a sentence weighs by its length up to here: "hello" tells nothing, a long story not everything

Array = NDArray[np.float32]


@dataclass(frozen=True)
class ReasonHead:
    """``weight`` (28, 3H), ``bias`` (28,)."""

    weight: Array
    bias: Array

    @classmethod
    def load(cls, path: Path) -> ReasonHead:
        from safetensors.numpy import load_file

        tensors = load_file(path)
        return cls(tensors["weight"], tensors["bias"])

    def save(self, path: Path) -> None:
        from safetensors.numpy import save_file

        save_file({"weight": self.weight, "bias": self.bias}, path)

    def logits(self, features: Array) -> Array:
        """(3H,) or (B, 3H) → (28,) or (B, 28)."""
        result: Array = features @ self.weight.T + self.bias
        return result


def reason_features(
    vectors: Array, customer: Sequence[bool], opening: Sequence[bool], agent: Sequence[bool], chars: Sequence[int]
) -> Array:
    """(S, H) sentence vectors of one contact → (3H,); a part nobody spoke is 0."""
    weight = np.minimum(np.asarray(chars, dtype=np.float32), LONGEST_CHARS)
    flags = (np.asarray(customer) & np.asarray(opening), np.asarray(customer), np.asarray(agent))
    return np.concatenate([_direction(vectors, weight * flag) for flag in flags]).astype(np.float32)


def _direction(vectors: Array, weight: Array) -> Array:
    total: Array = weight @ vectors
    length = float(np.linalg.norm(total))
    return total / length if length > 0 else total
