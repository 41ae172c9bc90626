"""Speakers named at the start of a line: ``Agent: …``, ``[SPEAKER_00]: …``, ``**Customer(Ann)**: …``."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable
from typing import Final

from analyzer.ingest.roles import role_of_label

# Each part is bounded: a line may be megabytes of anything.
_LABEL: Final = re.compile(
    r"(?:[-–>]{1,3}[ \t]{0,4})?\*{0,3}[ \t]{0,4}(?:\[([^\]\n]{1,60})\]|([^\W\d_][^\n:\[\]<>*]{0,50}?))"
    r"[ \t]{0,4}\*{0,3}[ \t]{0,4}:\*{0,3}(?=\s|$)[ \t]{0,4}"
)
_DIARISED: Final = re.compile(r"(?:speaker|sprecher|spk)[ _-]?[\w-]{1,8}", re.IGNORECASE)


def label_and_rest(line: str) -> tuple[str, str] | None:
    """What may be a label, and the words after it."""
    line = line.lstrip()
    match = _LABEL.match(line)
    return ((match[1] or match[2]).strip(), line[match.end() :]) if match else None


def speaker_labels(lines: Iterable[str], names: Collection[str] = ()) -> frozenset[str]:
    """Which of the labels in ``lines`` are speakers ("Note:" is not).

    A role, SPEAKER_00, one of ``names`` (case folded), a label in brackets; without any of these, what comes twice.
    """
    counts: Counter[str] = Counter()
    sure: set[str] = set()
    for line in lines:
        if found := label_and_rest(line):
            label = found[0]
            counts[label] += 1
            bracketed = line.lstrip(" \t-–>*").startswith("[")
            if bracketed or role_of_label(label) or _DIARISED.fullmatch(label) or label.casefold() in names:
                sure.add(label)
    again = {label for label, count in counts.items() if count > 1 and label[:1].isupper()}
    return frozenset(sure or again)
