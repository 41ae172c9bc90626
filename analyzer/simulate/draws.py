"""Random streams, one a concern, so that another concern's draws never shift them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


class Draws:
    """The streams of one seed."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def stream(self, concern: str) -> np.random.Generator:
        """The generator of ``concern``, the same on every call, machine and numpy of this major version."""
        word = int.from_bytes(hashlib.blake2b(concern.encode(), digest_size=8).digest(), "big")
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence([self.seed, word])))


def chosen(rng: np.random.Generator, shares: Sequence[float] | Floats, n: int) -> Ints:
    """``n`` places drawn in proportion to ``shares``."""
    edges = np.cumsum(np.asarray(shares, dtype=np.float64))
    found = np.searchsorted(edges, rng.random(n) * edges[-1], side="right")
    return np.asarray(np.minimum(found, len(edges) - 1), dtype=np.int64)


def share_of(rng: np.random.Generator, share: float, n: int) -> Bools:
    """True with probability ``share``, ``n`` times."""
    return np.asarray(rng.random(n) < share, dtype=np.bool_)
