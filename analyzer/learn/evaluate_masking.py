"""How well the masks find labelled personal data: precision, recall and F2, micro over spans.

Matching rule: a labelled span is found if at least half of its letters and digits lie under masks; a mask is right
if at least half of the letters and digits it hides are labelled. Types need not agree: hidden is hidden. F2 weighs
recall four times as much as precision. Beside all types stands the same for the types that are hidden wherever they
stand; towns, companies, titles, web sites and dates are hidden only where they tell who somebody is, since promises,
products and help pages need them.
"""

from __future__ import annotations

import csv
import gzip
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from analyzer.errors import UsageError
from analyzer.ingest.masking import Masker, mask
from analyzer.ingest.masking.spans import PLACEHOLDER
from analyzer.learn.measures import bootstrap

Spans = Sequence[tuple[int, int]]
Find = Callable[[str], Spans]

_MARK: Final = re.compile(r"<([A-Z]+):([^>]*)>")

PLAIN_PRESIDIO: Final = 0.62  # as published with the set
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
    return together([judge(row, find(row.text), types) for row in rows])


def judge(row: Labelled, hidden: Spans, types: frozenset[str] | None = None) -> MaskingQuality:
    """Quality of what is hidden in one text."""
    wanted = [(s, e) for s, e, kind in row.spans if types is None or kind in types]
    others = [(s, e) for s, e, kind in row.spans if types is not None and kind not in types]
    labelled: Counter[str] = Counter()
    found: Counter[str] = Counter()
    for start, end, kind in row.spans:
        if types is None or kind in types:
            labelled[kind] += 1
            found[kind] += _share(row.text, (start, end), hidden) >= 0.5
    masks = right = 0
    for span in hidden:
        good = _share(row.text, span, wanted) >= 0.5
        if good or _share(row.text, span, [*wanted, *others]) < 0.5:
            masks, right = masks + 1, right + good
    by_type = {kind: (found[kind], count) for kind, count in labelled.items()}
    return MaskingQuality(labelled.total(), found.total(), masks, right, by_type)


def together(texts: Sequence[MaskingQuality]) -> MaskingQuality:
    """Sums of the counts of ``texts``, types by how often they are labelled."""
    labelled: Counter[str] = Counter()
    found: Counter[str] = Counter()
    for text in texts:
        for kind, (hits, count) in text.recall_by_type.items():
            labelled[kind] += count
            found[kind] += hits
    by_type = {kind: (found[kind], count) for kind, count in labelled.most_common()}
    masks, right = sum(text.masks for text in texts), sum(text.right for text in texts)
    return MaskingQuality(labelled.total(), found.total(), masks, right, by_type)


def evaluate_masking(data: Path) -> dict[str, MaskingQuality]:
    """Quality on ``eval/pii_en``: over all its types, and over those that are hidden wherever they stand."""
    rows = read_labelled(data / "eval" / "pii_en.jsonl.gz")
    return {"all types": measure(rows), "types meant": measure(rows, types=MEANT)}


def read_cases(path: Path) -> list[Labelled]:
    """Rows of a CSV file with a column ``text`` in which ``<KIND:value>`` marks what must be hidden."""
    with path.open(newline="", encoding="utf-8") as file:
        return [marked(row["text"]) for row in csv.DictReader(file)]


def marked(text: str) -> Labelled:
    """``text`` without its marks, and where they stood."""
    spans, plain, at = [], "", 0
    for match in _MARK.finditer(text):
        plain += text[at : match.start()]
        spans.append((len(plain), len(plain) + len(match[2]), match[1]))
        plain += match[2]
        at = match.end()
    return Labelled(plain + text[at:], tuple(spans))


def masking_table(name: str, rows: Sequence[Labelled], types: frozenset[str] | None = None) -> str:
    """Recall by type and the whole as a Markdown table, each with its 95 % interval by bootstrap over texts."""
    hidden = [masked_spans(row.text) for row in rows]
    texts = [judge(row, spans, types) for row, spans in zip(rows, hidden, strict=True)]
    whole = together(texts)
    lines = [f"| {name} | value (95 % interval) | labelled |", "|---|---|---|"]
    for label, rate in (("F2", _f2), ("precision", _precision), ("recall", _recall)):
        lines.append(f"| **{label}** | {bootstrap(texts, rate)} | {whole.labelled} |")
    for kind, (_, count) in whole.recall_by_type.items():
        recall = bootstrap([text for text in texts if kind in text.recall_by_type], partial(_recall_of, kind))
        lines.append(f"| recall of {kind} | {recall} | {count} |")
    return "\n".join(lines)


def masking_report(data: Path, cases: Path | None = None) -> str:
    """Tables for ``eval/pii_en`` and for ``cases``, and how often something is masked where no name is."""
    rows = read_labelled(data / "eval" / "pii_en.jsonl.gz")
    parts = [
        masking_table(f"pii_en, {len(rows)} texts, kinds hidden wherever they stand", rows, MEANT),
        masking_table("pii_en, all kinds", rows),
        f"Beside it, plain Presidio on the whole set, all kinds: F2 {PLAIN_PRESIDIO:.2f}.",
    ]
    if cases is not None:
        parts.append(masking_table(f"{cases.stem}, {len(read_cases(cases))} texts", read_cases(cases)))
    if comments := comments_without_names(data):
        rate = masks_a_thousand_words(comments)
        parts.append(
            f"Masks in {len(comments):,} comments whose names were taken out: {rate:.1f} a 1,000 words, "
            "names of the well-known that were left among them."
        )
    return "\n\n".join(parts)


def masks_a_thousand_words(texts: Iterable[str]) -> float:
    """Masks in ``texts`` for every thousand words."""
    masks = words = 0
    for text in texts:
        masks += len(masked_spans(text))
        words += len(text.split())
    return 1000 * masks / words if words else float("nan")


def comments_without_names(data: Path) -> list[str]:
    """Public comments out of which their publishers took the names (GoEmotions); a pronoun stands in for each."""
    path = data / "eval" / "goemotions_test.jsonl.gz"
    if not path.exists():
        return []
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line in lines]
    return [text.replace("[NAME]", "he").replace("[RELIGION]", "it") for text in texts]


def _f2(texts: Sequence[MaskingQuality]) -> float:
    return _or_nan(together(texts).f2)


def _precision(texts: Sequence[MaskingQuality]) -> float:
    return _or_nan(together(texts).precision)


def _recall(texts: Sequence[MaskingQuality]) -> float:
    return _or_nan(together(texts).recall)


def _recall_of(kind: str, texts: Sequence[MaskingQuality]) -> float:
    hits = sum(text.recall_by_type[kind][0] for text in texts)
    return hits / sum(text.recall_by_type[kind][1] for text in texts)


def _or_nan(rate: float | None) -> float:
    return float("nan") if rate is None else rate


def _share(text: str, span: tuple[int, int], others: Spans) -> float:
    """Share of the letters and digits of ``span`` that lie in ``others``."""
    places = [at for at in range(*span) if text[at].isalnum()]
    inside = sum(any(start <= at < end for start, end in others) for at in places)
    return inside / len(places) if places else 0.0
