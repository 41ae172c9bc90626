from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.understand.evidence import WIDEST_TOKENS, carrying_span

TEXT = "Guten Tag, ich kündige jetzt."
OFFSETS = np.array([(0, 0), (0, 5), (6, 9), (9, 10), (11, 14), (15, 20), (20, 22), (23, 28), (28, 29), (0, 0)])


def words(*shares: float) -> str:
    """The span of TEXT for the shares of its eight spoken tokens."""
    start, end = carrying_span(np.array([9.0, *shares, 9.0]), OFFSETS, TEXT)
    return TEXT[start:end]


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        ((0, 0, 0, 0, 5, 0, 0, 0), "kündige"),
        ((0, 0, 0, 0, 0, 5, 0, 0), "kündige"),
        ((0, 0, 0, 3, 5, 0, 0, 0), "ich kündige"),
        ((0, 0, 0, 3, 5, 0, 4, 0), "ich kündige jetzt."),
        ((5, 0, 0, 0, 0, 0, 0, 0), "Guten"),
        ((0, 0, 0, 0, 0, 0, 0, 5), "jetzt."),
        ((5, 0, 0, 0, 0, 0, 0, 4), "Guten"),
        ((0, 0, 0, 0, 0, 0, 0, 0), "Guten"),
        ((-1, -1, -1, -1, -0.5, -1, -1, -1), "kündige"),
    ],
)
def test_carrying_span_is_the_run_above_the_mean(shares: tuple[float, ...], expected: str) -> None:
    """Word pieces are widened to words; [CLS] and [SEP] (share 9 here) never carry anything."""
    assert words(*shares) == expected


def test_carrying_span_without_spoken_tokens_is_the_sentence() -> None:
    assert carrying_span(np.zeros(2), np.zeros((2, 2), dtype=int), "\u200b!") == (0, 2)


def test_carrying_span_takes_no_token_past_the_longest() -> None:
    """A sentence cut at its longest has more offsets than shares, or none for its last tokens."""
    assert carrying_span(np.array([0.0, 1.0]), np.array([(0, 2), (3, 5), (6, 8)]), "ab cd ef") == (3, 5)


def test_carrying_span_is_no_longer_than_it_may_be() -> None:
    text = " ".join(["ab"] * 40)
    offsets = np.array([(3 * i, 3 * i + 2) for i in range(40)])
    start, end = carrying_span(np.array([1.0] * 30 + [0.0] * 10), offsets, text)
    assert len(text[start:end].split()) == WIDEST_TOKENS


@given(st.lists(st.tuples(st.floats(-5, 5), st.integers(1, 6)), min_size=1, max_size=40))
def test_carrying_span_is_whole_words_of_the_text(tokens: list[tuple[float, int]]) -> None:
    text = " ".join("x" * size for _, size in tokens)
    ends = np.cumsum([size + 1 for _, size in tokens]) - 1
    offsets = np.array([(end - size, end) for end, (_, size) in zip(ends, tokens, strict=True)])
    start, end = carrying_span(np.array([share for share, _ in tokens]), offsets, text)
    assert 0 <= start < end <= len(text)
    assert (start == 0 or text[start - 1] == " ") and (end == len(text) or text[end] == " ")
    values = np.array([share for share, _ in tokens]) - np.mean([share for share, _ in tokens])
    inside = [place for place, (first, last) in enumerate(offsets) if start <= first and last <= end]
    runs = [
        values[i:j].sum() for i in range(len(values)) for j in range(i + 1, min(i + WIDEST_TOKENS, len(values)) + 1)
    ]
    assert values[inside].sum() == pytest.approx(max(runs), abs=1e-6), "no other run carries more"
