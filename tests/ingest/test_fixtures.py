"""Vendors' own files: tests/cases/fixtures.csv states what becomes of each, and every line holds."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest

from analyzer.config import load_settings
from analyzer.ingest.files import find_files
from analyzer.ingest.formats import RECOGNISED_FROM, guesses
from analyzer.ingest.read import read_file
from analyzer.records import Interaction, Reject, Skipped
from tests.ingest.conftest import NOW

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT.parent / "shared" / "data" / "fixtures"
with (ROOT / "tests" / "cases" / "fixtures.csv").open(encoding="utf-8", newline="") as file:
    CASES = list(csv.DictReader(file))

present = pytest.mark.skipif(not FIXTURES.is_dir(), reason="../shared/data/fixtures is absent: no vendors' files")


@present
@pytest.mark.parametrize("case", CASES, ids=[case["path"] for case in CASES])
def test_fixture_has_the_stated_outcome(case: dict[str, str]) -> None:
    path = FIXTURES / case["path"]
    counted: Counter[str] = Counter()
    for found in find_files([path]):
        for item in read_file(found, load_settings().ingest, now=NOW):
            counted["skipped" if isinstance(item, Skipped) else getattr(item, "code", "accepted")] += 1
            if isinstance(item, Interaction):
                assert item.source_format == case["format"] and {turn.speaker for turn in item.turns} != {"system"}
            elif isinstance(item, Reject):
                assert item.source_format in (case["format"], None)
    stated = {
        "accepted": int(case["accepted"] or 0), **({case["rejected_code"]: 1} if case["rejected_code"] else {}),
        "skipped": int(bool(case["skipped"])),
    }  # fmt: skip
    assert counted == {outcome: count for outcome, count in stated.items() if count}


@present
@pytest.mark.parametrize("case", [case for case in CASES if case["format"]], ids=lambda case: str(case["path"]))
def test_fixture_is_taken_for_one_format_only(case: dict[str, str]) -> None:
    head = (FIXTURES / case["path"]).read_bytes()[: 1 << 16]
    (first, best), (second, next_best), *_ = guesses(head, Path(case["path"]).name)
    assert first.name == case["format"] and best.probability >= RECOGNISED_FROM
    assert next_best.probability < best.probability, f"{second.name} claims it too: {next_best.why}"


@present
def test_every_vendor_file_has_a_line() -> None:
    files = {str(path.relative_to(FIXTURES)) for path in FIXTURES.rglob("*") if path.is_file()}
    assert files == {case["path"] for case in CASES}
