"""What a user would pick instead of us, where the registry has it: VADER for English feelings."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from functools import cache
from typing import Any, Final

NEUTRAL_BAND: Final = 0.05  # the cut-offs VADER's authors give (Hutto & Gilbert 2014)


def vader(texts: Sequence[str]) -> list[int] | None:
    """0, 1 or 2 a text; None where vaderSentiment (an extra for development) is not installed."""
    analyzer = _vader()
    if analyzer is None:
        return None
    scores = [analyzer.polarity_scores(text)["compound"] for text in texts]
    return [0 if score <= -NEUTRAL_BAND else 2 if score >= NEUTRAL_BAND else 1 for score in scores]


@cache
def _vader() -> Any:
    if importlib.util.find_spec("vaderSentiment") is None:
        return None
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    return SentimentIntensityAnalyzer()
