"""Which file reads which: never in a ring, and a stage never another stage. Late and typing imports count."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
GROUND = {"records", "tables", "config", "errors", "codebook", "progress", "weights"}  # what every part may read
STAGES = ("ingest", "understand", "journey", "score", "loyalty", "store")
BEHIND = {  # parts that stand behind the stages, and what of the program they read beside the ground
    "publish": set[str](),
    "simulate": {"store"},
    "explain": {"loyalty", "publish"},
    "review": {"explain", "ingest", "publish", "store", "adopted"},
}


def modules(root: Path) -> dict[str, Path]:
    """Every module of the program under ``root`` by its dotted name; a package is its ``__init__``."""
    paths = {path.relative_to(root).with_suffix("").parts: path for path in (root / "analyzer").rglob("*.py")}
    return {".".join(parts).removesuffix(".__init__"): path for parts, path in paths.items()}


def _imported(path: Path, known: Collection[str]) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0 and node.module, f"{path}: a relative import"
            of_package = {f"{node.module}.{alias.name}" for alias in node.names}
            yield from of_package & set(known)
            if of_package - set(known):
                yield node.module


def arrows(root: Path) -> dict[str, set[str]]:
    """Of every module those that it imports, wherever in the file."""
    known = modules(root)
    return {name: (set(_imported(path, known)) & known.keys()) - {name} for name, path in known.items()}


@cache
def program() -> dict[str, set[str]]:
    """The arrows of the program."""
    return arrows(ROOT)


def ring(graph: dict[str, set[str]]) -> list[str]:
    """Modules that import each other, in order; empty where none do."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        found: list[str] = error.args[1]
        return found
    return []


def parts_read(part: str) -> set[str]:
    """Which other parts, or files beside them, the files of ``part`` import."""
    graph = program()
    read = {other for name, others in graph.items() if name.startswith(f"analyzer.{part}.") for other in others}
    return {name.split(".")[1] for name in read if name != "analyzer"} - {part}


@pytest.mark.parametrize("line", ["", "if TYPE_CHECKING:\n    ", "def late():\n    "])
def test_ring_is_found_wherever_it_is_imported(tmp_path: Path, line: str) -> None:
    for name, other in {"day": "week", "week": "year", "year": "day"}.items():
        (tmp_path / "analyzer").mkdir(exist_ok=True)
        (tmp_path / f"analyzer/{name}.py").write_text(f"{line}from analyzer.{other} import length\n", encoding="utf-8")
    assert set(ring(arrows(tmp_path))) == {"analyzer.day", "analyzer.week", "analyzer.year"}
    (tmp_path / "analyzer/year.py").write_text("length = 365\n", encoding="utf-8")
    assert ring(arrows(tmp_path)) == []


def test_no_modules_import_each_other() -> None:
    graph = program()
    assert {"analyzer.deciding", "analyzer.taken_in"} <= graph["analyzer.intake"]
    assert ring(graph) == []


@pytest.mark.parametrize("stage", STAGES)
def test_stage_reads_no_other_stage(stage: str) -> None:
    read = parts_read(stage)
    assert read and read <= GROUND


@pytest.mark.parametrize("part", BEHIND)
def test_part_behind_the_stages_reads_only_what_it_may(part: str) -> None:
    assert parts_read(part) <= GROUND | BEHIND[part]


def test_ground_stands_on_nothing_but_ground() -> None:
    graph = program()
    for name in GROUND:
        of_ground = {module for module in graph if module.split(".")[1:2] == [name]}
        read = {other.split(".")[1] for module in of_ground for other in graph[module] if other != "analyzer"}
        assert of_ground and read <= GROUND
