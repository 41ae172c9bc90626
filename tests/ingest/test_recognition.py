"""Documents whose first 64 KiB do not tell the format: a long analysis comes before the first word."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from analyzer.config import IngestSettings
from analyzer.ingest.explain import explain
from analyzer.ingest.files import find_files
from analyzer.records import Interaction
from tests.ingest.conftest import Item, codes

Read = Callable[..., list[Item]]
MANY = [{"begin": n, "note": 'x "Transcript": y'} for n in range(4000)]
LENS = {
    "AccountId": "1",
    "Categories": {"MatchedDetails": {"c": MANY}},
    "CustomerMetadata": {"ContactId": "ct-1"},
    "JobStatus": "COMPLETED",
    "Transcript": [
        {"ParticipantId": "AGENT", "Content": "Hello.", "BeginOffsetMillis": 0, "EndOffsetMillis": 900},
        {"ParticipantId": "CUSTOMER", "Content": "My bill is wrong.", "BeginOffsetMillis": 1000},
    ],
}
TWILIO = {
    "operator_results": MANY,
    "sentences": [{"media_channel": 1, "transcript": "Hello."}, {"media_channel": 2, "transcript": "My bill."}],
    "transcript": {"channel": {"participants": [{"channel_participant": 1, "role": "Agent"},
                                                {"channel_participant": 2, "role": "Customer"}]}},
}  # fmt: skip


@pytest.mark.parametrize(("told", "format_"), [(LENS, "contact_lens"), (TWILIO, "twilio_intelligence")])
@pytest.mark.parametrize("indent", [None, 1])
def test_format_is_told_by_keys_beyond_the_head(
    read: Read, tmp_path: Path, defaults: IngestSettings, told: Any, format_: str, indent: int | None
) -> None:
    (item,) = read(json.dumps(told, indent=indent), "x.json")
    assert isinstance(item, Interaction) and item.source_format == format_
    assert [turn.speaker for turn in item.turns] == ["agent", "customer"]
    (explanation,) = explain(find_files([tmp_path / "x.json"])[0], defaults)
    assert explanation.taken_for and explanation.taken_for.format == format_


def test_keys_within_texts_tell_nothing(read: Read) -> None:
    assert list(codes(read(json.dumps({"rows": MANY, "InstanceId": 1}), "x.json"))) == ["unknown_format"]


def test_what_breaks_beyond_the_head_is_told_as_broken(read: Read) -> None:
    noise = [{"n": hash(str(n))} for n in range(40_000)]
    packed = gzip.compress(json.dumps({**LENS, "Categories": noise}).encode())
    assert set(codes(read(packed[: len(packed) // 2], "x.json.gz"))) <= {
        "truncated",
        "unknown_format",
        "broken_archive",
    }
