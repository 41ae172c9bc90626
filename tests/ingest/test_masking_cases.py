"""Invented German and English cases: ``<KIND:value>`` marks what must be hidden, everything else must stay.

The half "dev" was at hand while the masks were written and must come out exactly; the half "held" was not, and its
rates must not fall below what was aimed at.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from analyzer.ingest.masking import Masker, mask
from analyzer.learn.evaluate_masking import (
    evaluate_masking,
    marked,
    masked_spans,
    masking_table,
    masks_a_thousand_words,
    measure,
    read_cases,
)

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
CASES = Path(__file__).resolve().parents[1] / "cases"
MARK = re.compile(r"<([A-Z]+):([^>]*)>")
BLIND = CASES / "masking_blind_de.csv"
LANGUAGES = ("de", "en")


def texts(language: str, half: str) -> list[str]:
    with (CASES / f"masking_{language}.csv").open(newline="", encoding="utf-8") as file:
        return [row["text"] for row in csv.DictReader(file) if row["half"] == half]


@pytest.mark.parametrize("text", [text for language in LANGUAGES for text in texts(language, "dev")])
def test_masking_gets_every_known_case_right(text: str) -> None:
    plain = MARK.sub(r"\2", text)
    masked = re.sub(r"\[([A-Z]+)_\d+\]", r"[\1]", mask(plain, Masker(plain)))
    assert masked == MARK.sub(r"[\1]", text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_masking_holds_on_cases_never_looked_at(language: str) -> None:
    quality = measure([marked(text) for text in texts(language, "held")])
    assert quality.labelled >= 30
    assert quality.f2 is not None and quality.f2 >= 0.85


def test_masking_holds_on_german_cases_written_before_it() -> None:
    """Bars under what was reached (F2 .95, precision 1.00) on letters, chats, recognised speech and forms."""
    rows = read_cases(BLIND)
    quality = measure(rows)
    assert len(rows) >= 150 and quality.labelled >= 120
    assert quality.f2 is not None and quality.f2 >= 0.92
    assert quality.precision is not None and quality.precision >= 0.97


def test_masking_leaves_german_talk_without_personal_data_alone() -> None:
    plain = [row.text for row in read_cases(BLIND) if not row.spans]
    assert sum(len(text.split()) for text in plain) >= 500
    assert masks_a_thousand_words(plain) <= 1.0


def test_masking_table_tells_recall_by_kind_with_intervals() -> None:
    table = masking_table("two texts", [marked("call <NAME:Anna> now"), marked("<TOWN:Ulm> and d")])
    assert "| **recall** | .50 (.00–1.00) | 2 |" in table
    assert "| recall of NAME | 1.00 (1.00–1.00) | 1 |" in table and "| recall of TOWN | .00 (.00–.00) | 1 |" in table


def test_measure_counts_found_labels_and_right_masks() -> None:
    rows = [marked("a <NAME:Bob Roe> b c"), marked("<TOWN:Ulm> and d")]
    found = {rows[0].text: [(2, 9), (10, 11)], rows[1].text: []}
    every = measure(rows, lambda text: found[text])
    assert (every.labelled, every.found, every.masks, every.right) == (2, 1, 2, 1)
    assert every.f2 == pytest.approx(0.5)
    names = measure(rows, lambda text: found[text], types=frozenset({"NAME"}))
    assert names.recall == 1.0 and names.recall_by_type == {"NAME": (1, 1)}


def test_masked_spans_are_offsets_into_the_text() -> None:
    text = "Hi Anna, mail a@b.example or b@b.example."
    assert [text[start:end] for start, end in masked_spans(text)] == ["Anna", "a@b.example", "b@b.example"]


@pytest.mark.evaluation
@pytest.mark.skipif(not DATA.exists(), reason="../shared/data is absent, so masking is not measured on foreign labels")
def test_masking_finds_what_strangers_labelled() -> None:
    """Bars under what was reached: F2 .95 of the kinds hidden wherever they stand, .88 of all, precision .99."""
    quality = evaluate_masking(DATA)
    meant, every = quality["types meant"].f2, quality["all types"].f2
    assert meant is not None and meant >= 0.92
    assert every is not None and every >= 0.85
    assert (quality["types meant"].precision or 0) >= 0.97
