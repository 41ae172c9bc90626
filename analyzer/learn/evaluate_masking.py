"""How well the masks find labelled personal data: precision, recall and F2, micro over spans.

Matching rule: a labelled span is found if at least half of its letters and digits lie under masks; a mask is right
if at least half of the letters and digits it hides are labelled. Types need not agree: hidden is hidden. F2 weighs
recall four times as much as precision. Beside all types stands the same for the types that the masker means to hide:
towns, countries, organisations, titles, dates and web sites alone are no masks of ours, for promises need them.
"""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from analyzer.errors import UsageError
from analyzer.ingest.masking import Masker, mask
from analyzer.ingest.masking.spans import PLACEHOLDER

Spans = Sequence[tuple[int, int]]
Find = Callable[[str], Spans]

MEANT: Final = frozenset(
    {"PERSON", "STREET_ADDRESS", "ZIP_CODE", "CREDIT_CARD", "PHONE_NUMBER", "EMAIL_ADDRESS", "IBAN_CODE", "IP_ADDRESS",
     "US_SSN", "US_DRIVER_LICENSE", "AGE"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Labelled:
    """A text and its labelled spans: start, end, type."""

    text: str
    spans: tuple[tuple[int, int, str], ...]


@dataclass(frozen=True, slots=True)
class MaskingQuality:
    """Counts over all texts; the rates are None where nothing was labelled or masked."""

    labelled: int
    found: int
    masks: int
    right: int
    recall_by_type: dict[str, tuple[int, int]]  # type → found, labelled

    @property
    def recall(self) -> float | None:
        return self.found / self.labelled if self.labelled else None

    @property
    def precision(self) -> float | None:
        return self.right / self.masks if self.masks else None

    @property
    def f2(self) -> float | None:
        """Harmonic mean of precision and recall with recall four times as heavy (van Rijsbergen 1979)."""
        precision, recall = self.precision, self.recall
        if not precision or not recall:
            return None
        return 5 * precision * recall / (4 * precision + recall)


def read_labelled(path: Path) -> list[Labelled]:
    """Rows of a JSONL file with ``text`` and ``spans`` [[start, end, type], …]."""
    if not path.exists():
        raise UsageError(f"No labelled data at {path.name}.", hint="--data names the folder that holds eval/.")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [Labelled(row["text"], tuple((s, e, kind) for s, e, kind in row["spans"])) for row in rows]


def masked_spans(text: str) -> list[tuple[int, int]]:
    """Where the masker hides something in ``text``, in offsets of ``text``."""
    masked = mask(text, Masker(text))
    if masked == text:
        return []
    pieces = PLACEHOLDER.split(masked)[::3]  # the split gives kind and number between the pieces
    spans, at = [], 0
    match = re.fullmatch("(.+?)".join(re.escape(piece) for piece in pieces), text, re.DOTALL)
    if match is None:
        raise ValueError("a mask changed text beside what it hides")
    for group in range(1, len(pieces)):
        at = match.start(group)
        spans.append((at, match.end(group)))
    return spans


def measure(rows: Iterable[Labelled], find: Find = masked_spans, types: frozenset[str] | None = None) -> MaskingQuality:
    """Quality over ``rows``. With ``types`` only these must be found; masks over other labels are then not counted."""
    labelled: Counter[str] = Counter()
    found: Counter[str] = Counter()
    masks = right = 0
    for row in rows:
        hidden = find(row.text)
        for start, end, kind in row.spans:
            if types is None or kind in types:
                labelled[kind] += 1
                found[kind] += _share(row.text, (start, end), hidden) >= 0.5
        wanted = [(s, e) for s, e, kind in row.spans if types is None or kind in types]
        others = [(s, e) for s, e, kind in row.spans if types is not None and kind not in types]
        for span in hidden:
            good = _share(row.text, span, wanted) >= 0.5
            if good or _share(row.text, span, [*wanted, *others]) < 0.5:
                masks, right = masks + 1, right + good
    by_type = {kind: (found[kind], count) for kind, count in labelled.most_common()}
    return MaskingQuality(labelled.total(), found.total(), masks, right, by_type)


def _share(text: str, span: tuple[int, int], others: Spans) -> float:
    """Share of the letters and digits of ``span`` that lie in ``others``."""
    places = [at for at in range(*span) if text[at].isalnum()]
    inside = sum(any(start <= at < end for start, end in others) for at in places)
    return inside / len(places) if places else 0.0


def evaluate_masking(data: Path) -> dict[str, MaskingQuality]:
    """Quality on ``eval/pii_en``: over all its types, and over those that are meant to be hidden."""
    rows = read_labelled(data / "eval" / "pii_en.jsonl.gz")
    return {"all types": measure(rows), "types meant": measure(rows, types=MEANT)}
