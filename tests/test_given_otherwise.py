"""Contacts without an id are known by where their file lies, whichever folder above it a run was given."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from analyzer.config import load_settings
from analyzer.pipeline import run
from analyzer.run_request import RunRequest

from .dumps import rows
from .nights import Nights, counts

CALL = "Agent: Guten Tag.\nKunde: Mein Backofen heizt nicht.\nAgent: Ich schicke einen Techniker.\n"


def taken(nights: Nights, given: Path) -> tuple[int, int, int, int]:
    return counts(run(RunRequest([str(given)], nights.store), load_settings()))


@pytest.fixture
def day(tmp_path: Path) -> Path:
    folder = tmp_path / "dumps" / "2026-11-20"
    folder.mkdir(parents=True)
    (folder / "2026-11-20T0915_call-1.txt").write_text(CALL, encoding="utf-8")
    with zipfile.ZipFile(folder / "more.zip", "w") as archive:
        archive.writestr("2026-11-20T1015_call-2.txt", CALL)
    return folder


def test_a_folder_above_and_a_file_alone_bring_nothing_new(intakes: Nights, day: Path) -> None:
    assert taken(intakes, day) == (2, 2, 0, 0)
    assert taken(intakes, day.parent) == (2, 0, 2, 0)
    assert taken(intakes, day / "2026-11-20T0915_call-1.txt") == (1, 0, 1, 0)
    assert len(set(rows(intakes.store, "interaction_facts", "interaction_id"))) == 2


def test_a_folder_below_brings_nothing_new(intakes: Nights, day: Path) -> None:
    assert taken(intakes, day.parent) == (2, 2, 0, 0)
    assert taken(intakes, day) == (2, 0, 2, 0)


def test_the_same_name_in_another_folder_is_another_contact(intakes: Nights, day: Path) -> None:
    assert taken(intakes, day) == (2, 2, 0, 0)
    other = day.parent / "2026-11-21"
    other.mkdir()
    (other / "2026-11-20T0915_call-1.txt").write_text(CALL, encoding="utf-8")
    assert taken(intakes, other) == (1, 1, 0, 0)


def test_other_words_are_another_contact_and_take_nothing_away(intakes: Nights, day: Path) -> None:
    alone = day / "2026-11-20T0915_call-1.txt"
    assert taken(intakes, alone) == (1, 1, 0, 0)
    alone.write_text(CALL.replace("heizt", "leuchtet"), encoding="utf-8")
    assert taken(intakes, day) == (2, 2, 0, 0)
    assert len(rows(intakes.store, "interaction_facts", "interaction_id")) == 3
