"""Measures the shipped models on talk they never saw, through the same path as a run, for models/README.md.

Never trains, never tunes: what is read here serves measuring alone. ``SETS`` is the table of all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Final

from analyzer.config import UnderstandSettings
from analyzer.errors import UsageError
from analyzer.learn.evaluation import coverage, evidence, gold, judgements, short_texts
from analyzer.learn.evaluation.lines import BEGIN, END, Line, as_table, write_into
from analyzer.progress import Progress, Silent
from analyzer.understand.understand import Understanding

__all__ = ["BEGIN", "END", "SETS", "Line", "as_table", "coverage_picture", "evaluate", "write_into"]

SETS: Final[Mapping[str, Callable[[Path, Understanding, int], list[Line]]]] = {
    "gold": gold.real_talk,
    "evidence": evidence.deletion,
    "airline": short_texts.airline_tweets,
    "germeval": short_texts.railway_posts,
    "goemotions": short_texts.comments,
    "stc3": judgements.helpdesk,
    "uss": judgements.assistants,
    "epitome": judgements.peer_support,
    "annomi": judgements.counselling,
}


def evaluate(
    data: Path, settings: UnderstandSettings, draws: int = 400, only: Collection[str] = (),
    progress: Progress | None = None,
) -> list[Line]:  # fmt: skip
    """Every measure on every set of ``data``/eval, or on those named in ``only``.

    ``draws`` of the bootstrap take much of the time; the values themselves do not depend on them.
    """
    progress = progress or Silent()
    if unknown := set(only) - SETS.keys():
        raise UsageError(f"No evaluation set {min(unknown)}.", hint=f"There are: {', '.join(SETS)}.")
    chosen = [name for name in SETS if not only or name in only]
    ears = Understanding(settings)
    lines: list[Line] = []
    for number, name in enumerate(chosen, 1):
        progress.begin(f"{name} ({number} of {len(chosen)})", None, "")
        lines += SETS[name](data / "eval", ears, draws)
    return lines


def coverage_picture(data: Path, settings: UnderstandSettings, draws: int = 400) -> str:
    """SVG: how often the answers are wrong where the least certain are left open, on real talk."""
    return coverage.as_picture(coverage.curves(data / "eval", Understanding(settings), draws))
