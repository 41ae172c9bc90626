"""Documents with keys deleted, retyped or doubled, for every reader: never a traceback, always accounted."""

from __future__ import annotations

import copy
import os
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from analyzer.config import load_settings
from analyzer.ingest.contract import REJECT_CODES
from analyzer.ingest.files import find_files
from analyzer.ingest.read import read_file
from analyzer.records import SPEAKERS, Interaction, Reject, Skipped
from tests.ingest.conftest import NOW, Item

SETTINGS = load_settings().ingest
SECRET = "zebrafinch"
ODD = (
    None, True, 0, -1, 1.5, 1e300, 10**20, "", " ", SECRET, "2026-01-05", "1e999", [], {}, [None], [[]],
    {"x": 1}, [1, "a"], "NaN", "-Infinity", "7.5", "SUPERVISOR",
)  # fmt: skip
Changes = list[tuple[str, Any]]

mutations = st.lists(
    st.tuples(st.sampled_from(["delete", "retype", "double"]), st.sampled_from(ODD)), min_size=1, max_size=3
)
short = settings(
    max_examples=int(os.environ.get("FUZZ_EXAMPLES", "40")), deadline=None, suppress_health_check=list(HealthCheck)
)


def mutated(document: Any, changes: Changes, data: st.DataObject) -> Any:
    """``document``, changed in place at places that hypothesis draws."""
    for kind, value in changes:
        places = list(_places(document))
        if not places:
            return document
        holder, key = data.draw(st.sampled_from(places))
        if kind == "delete":
            del holder[key]
        elif kind == "retype":
            holder[key] = copy.deepcopy(value)  # it may be changed in its turn
        elif isinstance(holder, list):
            holder.append(copy.deepcopy(holder[key]))
    return document


def _places(node: Any) -> Any:
    """Every dictionary entry and list element as (holder, key)."""
    keys = list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()
    for key in keys:
        yield node, key
        yield from _places(node[key])


def read_bytes(content: bytes | str, name: str) -> list[Item]:
    """What reading a file of that name and content gives."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content)
        return [item for file in find_files([path]) for item in read_file(file, SETTINGS, now=NOW)]


def accounted(content: bytes | str, name: str) -> None:
    """Asserts that all of a file is an interaction that holds together, a reject with a known code, or skipped."""
    items = read_bytes(content, name)
    assert items
    for item in items:
        if isinstance(item, Interaction):
            assert item.turns and all(turn.text and turn.speaker in SPEAKERS for turn in item.turns)
            assert item.ended_at is None or item.ended_at >= item.started_at
            for turn in item.turns:
                assert 0 <= (turn.start_ms or 0) <= (turn.end_ms if turn.end_ms is not None else 1e18)
        elif isinstance(item, Reject):
            assert item.code in REJECT_CODES and SECRET not in item.message and item.position >= 0
        else:
            assert isinstance(item, Skipped) and SECRET not in item.reason
