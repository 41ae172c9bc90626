from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from analyzer.config import IngestSettings, load_settings
from analyzer.ingest import read as reading
from analyzer.ingest.files import find_files
from analyzer.ingest.read import read_file
from analyzer.records import Interaction, Reject, Skipped

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
Item = Interaction | Reject | Skipped


@pytest.fixture(scope="session", autouse=True)
def no_net() -> Iterator[None]:
    """A fault in a reader fails the test that meets it; a run would count the record as ``reader_failed``."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "_FAULTS", ())
        yield


@pytest.fixture(scope="session")
def defaults() -> IngestSettings:
    return load_settings().ingest


@pytest.fixture
def read(tmp_path: Path, defaults: IngestSettings) -> Callable[..., list[Item]]:
    """Writes ``content`` to a file of that name and reads it; settings may be changed by keyword."""

    def read_(content: bytes | str, name: str = "calls.jsonl", **changes: Any) -> list[Item]:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        extra = {key: changes.pop(key) for key in ("metadata", "roster", "stats", "on_bytes") if key in changes}
        settings = msgspec.structs.replace(defaults, **changes)
        return [item for file in find_files([path]) for item in read_file(file, settings, now=NOW, **extra)]

    return read_


def record(**changes: Any) -> dict[str, Any]:
    """A native record that is accepted; ``None`` removes a key."""
    plain: dict[str, Any] = {
        "interaction_id": "c-1",
        "channel": "chat",
        "started_at": "2026-11-20T09:12:00Z",
        "turns": [{"speaker": "customer", "text": "Where is my parcel?"}, {"speaker": "agent", "text": "Let me look."}],
    }
    return {key: value for key, value in (plain | changes).items() if value is not None}


def line(**changes: Any) -> str:
    return json.dumps(record(**changes), ensure_ascii=False) + "\n"


def codes(items: list[Item]) -> Iterator[str]:
    """What became of each item: ok, skipped, or the reject code."""
    for item in items:
        yield item.code if isinstance(item, Reject) else "ok" if isinstance(item, Interaction) else "skipped"
