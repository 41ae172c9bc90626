"""OWASP ASVS 5.0, the items that concern files, patterns and libraries; tests/review/test_asvs.py has the app's."""

from __future__ import annotations

import ast
import io
import os
import re
import time
import tomllib
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from analyzer.config import IngestSettings, Phrase, load_settings
from analyzer.errors import ConfigError
from analyzer.ingest.files import find_files
from analyzer.ingest.quarantine import Quarantine, entries, prune
from analyzer.ingest.read import read_file
from analyzer.publish.export import export_tables
from analyzer.records import Reject, Skipped
from analyzer.review.scorecard.forms import wrong_pattern
from analyzer.score.phrases import check_phrases, phrases_said
from tests.ingest.conftest import line
from tests.publish.test_agents import publish
from tests.publish.world import MemoryTables, world

from .conftest import ROOT

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
FORMULA = '=HYPERLINK("https://evil.example")'
EXPONENTIAL = "^(a+)+$"  # an engine that backtracks tries 2^n ways
BACKREFERENCE = r"(a+)\1"


def _with_formula() -> MemoryTables:
    turns = world().read("turns").to_pylist()
    return world().having(turns=[{**turns[0], "text": FORMULA}, *turns[1:]])


def test_1_2_10_no_export_holds_a_formula(tmp_path: Path) -> None:
    export_tables(_with_formula(), tmp_path / "csv", "csv", publish())
    told = (tmp_path / "csv" / "turns.csv").read_text(encoding="utf-8")
    assert "\"'=HYPERLINK(" in told and '"=HYPERLINK(' not in told
    export_tables(_with_formula(), tmp_path / "a.xlsx", "xlsx", publish())
    cells = [cell for row in openpyxl.load_workbook(tmp_path / "a.xlsx")["turns"].iter_rows() for cell in row]
    assert FORMULA in [cell.value for cell in cells]
    assert {cell.data_type for cell in cells}.isdisjoint("f") and not any(cell.hyperlink for cell in cells)


def test_1_3_12_patterns_of_a_house_cannot_hold_up_a_run() -> None:
    turns = pd.DataFrame({"interaction_id": ["c-1"], "turn": [0], "speaker": ["agent"], "text": ["a" * 100_000 + "b"]})
    began = time.process_time()
    said = phrases_said(turns, pd.DataFrame({"interaction_id": ["c-1"]}), [Phrase("slow", "agent", EXPONENTIAL)])
    assert not said["phrase.slow"]["said"].any() and time.process_time() - began < 2
    with pytest.raises(ConfigError, match="RE2"):
        check_phrases([Phrase("back", "agent", BACKREFERENCE)])
    assert wrong_pattern(BACKREFERENCE) and not wrong_pattern(EXPONENTIAL)


def _imports_and_calls() -> Iterator[tuple[str, str]]:
    """Of every file of the program the modules it imports, and the bare names it calls."""
    for path in (ROOT / "analyzer").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from ((path.name, alias.name.partition(".")[0]) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield path.name, node.module.partition(".")[0]
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                yield path.name, f"{node.func.id}()"


def test_1_5_1_and_1_5_2_nothing_reads_xml_or_runs_what_it_reads() -> None:
    used = set(_imports_and_calls())
    assert ("cli.py", "typer") in used
    unwanted = {"xml", "lxml", "pickle", "marshal", "shelve", "dill", "joblib", "yaml", "eval()", "exec()"}
    assert [(path, name) for path, name in used if name in unwanted] == []


@pytest.fixture
def ingest() -> IngestSettings:
    return load_settings().ingest


def _outcomes(path: Path, ingest: IngestSettings) -> list[str]:
    items = [item for file in find_files([path]) for item in read_file(file, ingest, now=NOW)]
    return [item.code if isinstance(item, Reject) else "skipped" if isinstance(item, Skipped) else "ok"
            for item in items]  # fmt: skip


def test_5_2_2_files_are_taken_for_what_they_hold_and_not_for_their_names(
    tmp_path: Path, ingest: IngestSettings
) -> None:
    (tmp_path / "picture.jsonl").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    (tmp_path / "calls.dat").write_text(line(), encoding="utf-8")
    assert _outcomes(tmp_path / "picture.jsonl", ingest) == ["skipped"]
    assert _outcomes(tmp_path / "calls.dat", ingest) == ["ok"]


def test_5_2_3_archives_are_refused_that_unpack_to_too_much(tmp_path: Path, ingest: IngestSettings) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.jsonl", b'{"interaction_id": "turns speaker' + b" " * (60 << 20))
    assert _outcomes(tmp_path / "bomb.zip", ingest) == ["too_compressed"]


def test_5_3_3_names_within_archives_are_never_paths(tmp_path: Path, ingest: IngestSettings) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("../../slipped.jsonl", line())
    dump = tmp_path / "in" / "deep" / "dump.zip"
    dump.parent.mkdir(parents=True)
    dump.write_bytes(packed.getvalue())
    before = sorted(tmp_path.rglob("*"))
    assert _outcomes(dump, ingest) == ["ok"] and sorted(tmp_path.rglob("*")) == before


def test_14_2_7_what_was_not_masked_is_kept_for_its_days_alone(tmp_path: Path) -> None:
    with Quarantine(tmp_path, "r-1") as quarantine:
        quarantine.add(Reject("calls.jsonl", 1, "native_jsonl", "bad_json", "Not valid JSON.", b"words"))
    days = load_settings().ingest.quarantine_days
    for age, kept in ((days - 1, ["r-1"]), (days + 1, [])):
        when = (NOW - timedelta(days=age)).timestamp()
        for path in (tmp_path / "quarantine").rglob("*"):
            os.utime(path, (when, when))
        prune(tmp_path, days, NOW)
        assert [entry.run_id for entry in entries(tmp_path)] == kept
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_15_2_1_every_library_is_pinned_for_tests_and_none_is_older_than_its_fixes() -> None:
    lines = (ROOT / ".ci" / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = dict(text.lower().replace("_", "-").split("==") for text in lines if "==" in text)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = {re.split(r"[\[<>=!~; ]", wanted)[0].lower().replace("_", "-") for wanted in project["dependencies"]}
    assert named - set(pinned) <= {"setuptools"}  # pip's own, which a constraint would keep from building wheels
    floor = next(wanted for wanted in project["dependencies"] if wanted.startswith("starlette"))
    assert tuple(map(int, floor.partition(">=")[2].split("."))) >= (0, 49, 1), "PYSEC-2026-1942"
