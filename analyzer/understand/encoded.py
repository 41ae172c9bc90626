"""What the encoder says of one sentence, and the hash under which that is kept."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Key = bytes


@dataclass(frozen=True, slots=True)
class Encoded:
    """``vector`` (H,) float32; ``shares`` (T, L) float16: each token's part in each label's sentence logit."""

    vector: NDArray[np.float32]
    shares: NDArray[np.float16]


def sentence_key(speaker: int, text: str) -> Key:
    """16 bytes that stand for who said what: 0 the customer, 1 anybody else."""
    return hashlib.blake2b(f"{min(speaker, 1)}{text}".encode("utf-8", "surrogatepass"), digest_size=16).digest()
