from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from analyzer.records import Interaction, Skipped
from tests.ingest.conftest import Item, codes
from tests.ingest.formats.mutations import accounted, mutated, mutations, short

SAID = (
    ("agent", "Thank you for calling the camp hotel, how can I help you?"),
    ("customer", "I lost my card, I think I left it in my room."),
    ("agent", "I'm sorry to hear that. Let me check. Can I have your name, please?"),
    ("customer", "Sure, my name is Lo."),
)


def recording(labels: dict[str, str], **changes: Any) -> dict[str, Any]:
    segments = [
        {"segment_index": n, "type": "TRANSCRIPT", "text": text, "start_timestamp_millis": 1000 * n,
         "end_timestamp_millis": 1000 * n + 900, "speaker": {"speaker_label": labels[role]},
         "channel": {"channel_label": "ch_0"}}
        for n, (role, text) in enumerate(SAID)
    ]  # fmt: skip
    metadata = {
        "asset_id": "0", "semantic_modality": "AUDIO", "s3_bucket": "b", "s3_key": "calls/x_20260105T10:30_UTC.wav",
        "duration_millis": 5000, "dominant_asset_language": "EN",
    }  # fmt: skip
    return {"metadata": metadata, "audio_items": [], "audio_segments": segments, **changes}


def test_bedrock_tells_roles_by_words_whatever_the_label(read: Callable[..., list[Item]]) -> None:
    for labels in ({"agent": "spk_0", "customer": "spk_1"}, {"agent": "spk_1", "customer": "spk_0"}):
        (item,) = read(json.dumps(recording(labels)), "bda.json")
        assert isinstance(item, Interaction) and [turn.speaker for turn in item.turns] == [role for role, _ in SAID]
        assert (item.source_id, item.declared_language) == ("b/calls/x_20260105T10:30_UTC.wav", "en")
        assert item.started_at == datetime(2026, 1, 5, 10, 30, tzinfo=UTC) and item.turns[1].end_ms == 1900


def test_bedrock_without_speakers_is_refused(read: Callable[..., list[Item]]) -> None:
    assert list(codes(read(json.dumps(recording({"agent": "", "customer": ""})), "bda.json"))) == ["roles_unclear"]


def test_bedrock_custom_output_is_skipped(read: Callable[..., list[Item]]) -> None:
    summary = {"metadata": {}, "matched_blueprint": {"name": "x"}, "inference_result": {"call_summary": "y"}}
    assert [type(item) for item in read(json.dumps(summary), "custom.json")] == [Skipped]


def test_bedrock_puts_segments_in_order_of_time(read: Callable[..., list[Item]]) -> None:
    told = recording({"agent": "spk_0", "customer": "spk_1"})
    told["audio_segments"].reverse()
    (item,) = read(json.dumps(told), "bda.json")
    assert isinstance(item, Interaction) and [turn.start_ms for turn in item.turns] == [0, 1000, 2000, 3000]


@short
@given(changes=mutations, data=st.data())
def test_bedrock_mutated_is_accounted(changes: Any, data: st.DataObject) -> None:
    told = copy.deepcopy(recording({"agent": "spk_0", "customer": "spk_1"}))
    accounted(json.dumps(mutated(told, changes, data)), "bda.json")
