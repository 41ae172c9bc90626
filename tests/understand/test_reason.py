from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from analyzer.understand.reason import LONGEST_CHARS, ReasonHead, reason_features

VECTORS = np.array([[3.0, 0.0], [0.0, 4.0], [1.0, 1.0]], dtype=np.float32)


def test_reason_features_are_directions_of_opening_customer_and_agent() -> None:
    found = reason_features(VECTORS, [True, True, False], [True, False, False], [False, False, True], [10, 10, 10])
    assert found.dtype == np.float32
    assert found == pytest.approx([1, 0, 0.6, 0.8, 0.5**0.5, 0.5**0.5])


def test_reason_features_weigh_by_length_up_to_a_limit() -> None:
    def customer(*chars: int) -> list[float]:
        found = reason_features(VECTORS[:2], [True, True], [False, False], [False, False], chars)
        return [float(value) for value in found[2:4]]

    assert customer(40, 10) == pytest.approx([120 / 126.491, 40 / 126.491], abs=1e-4)
    assert customer(LONGEST_CHARS, LONGEST_CHARS * 50) == customer(LONGEST_CHARS, LONGEST_CHARS)


def test_reason_features_of_nobody_are_zero() -> None:
    silent = reason_features(VECTORS, [False] * 3, [False] * 3, [False] * 3, [5, 5, 5])
    assert not silent.any() and silent.shape == (6,)
    assert not reason_features(VECTORS, [False] * 3, [True] * 3, [True] * 3, [5, 5, 5])[:4].any()


def test_reason_head_survives_the_disk(tmp_path: Path) -> None:
    head = ReasonHead(np.arange(6, dtype=np.float32).reshape(2, 3), np.array([0.5, -1], dtype=np.float32))
    head.save(tmp_path / "reason.safetensors")
    again = ReasonHead.load(tmp_path / "reason.safetensors")
    assert np.array_equal(again.weight, head.weight) and np.array_equal(again.bias, head.bias)
    assert head.logits(np.array([1, 0, 2], dtype=np.float32)).tolist() == [4.5, 12.0]
    assert head.logits(np.ones((4, 3), dtype=np.float32)).shape == (4, 2)
