from __future__ import annotations

import logging
import os
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from analyzer.understand.encoded import Encoded, sentence_key
from analyzer.understand.kept_sentences import KeptSentences, Use, merged

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
WIDTH, LABELS = 4, 3
GREETING, FAREWELL = sentence_key(1, "Guten Tag."), sentence_key(1, "Auf Wiederhören.")


def encoded(number: float, tokens: int = 2) -> Encoded:
    return Encoded(np.full(WIDTH, number, np.float32), np.full((tokens, LABELS), number, np.float16))


def kept(folder: Path) -> KeptSentences:
    return KeptSentences(folder, WIDTH, LABELS)


def test_kept_sentence_is_found_by_later_runs_bit_for_bit(tmp_path: Path) -> None:
    own = tmp_path / "weights"
    told = encoded(1 / 3)
    kept(own).write([Use(GREETING, told, 5)])
    assert GREETING not in kept(own), "parts are taken up when a run has been published"
    merged(tmp_path, 10, NOW)
    found = kept(own).get(GREETING)
    assert found is not None and found.vector.tobytes() == told.vector.tobytes()
    assert found.shares.tobytes() == told.shares.tobytes() and found.shares.shape == (2, LABELS)
    assert [file.name for file in own.iterdir()] == ["all.arrow"]
    assert (own / "all.arrow").stat().st_mode & 0o077 == 0


def test_most_used_sentences_stay_and_earlier_uses_count_half(tmp_path: Path) -> None:
    own = tmp_path / "weights"
    kept(own).write([Use(GREETING, encoded(1), 8)])
    merged(tmp_path, 1, NOW)
    kept(own).write([Use(FAREWELL, encoded(2), 5)])
    merged(tmp_path, 1, NOW)
    assert FAREWELL in kept(own) and GREETING not in kept(own)
    later = kept(own)
    assert later.get(FAREWELL) is not None and later.get(FAREWELL) is not None
    later.write([])
    (own / f"part-{os.getpid()}.arrow").rename(own / "part-1.arrow")
    kept(own).write([Use(GREETING, encoded(1), 4)])
    merged(tmp_path, 1, NOW)
    assert FAREWELL in kept(own), "3 of before and 2 of now are more than 4"


@pytest.mark.parametrize("content", [b"", b"no arrow", b"ARROW1\0\0" + b"\xff" * 64])
def test_damaged_file_counts_as_none(tmp_path: Path, content: bytes) -> None:
    own = tmp_path / "weights"
    own.mkdir()
    (own / "all.arrow").write_bytes(content)
    assert len(kept(own)) == 0 and kept(own).get(GREETING) is None
    kept(own).write([Use(GREETING, encoded(1), 3)])
    merged(tmp_path, 10, NOW)
    assert GREETING in kept(own)


def test_vectors_of_another_width_are_not_taken(tmp_path: Path) -> None:
    own = tmp_path / "weights"
    kept(own).write(
        [Use(GREETING, encoded(1), 3), Use(FAREWELL, Encoded(np.zeros(9, np.float32), encoded(1).shares), 3)]
    )
    merged(tmp_path, 10, NOW)
    assert GREETING in kept(own) and FAREWELL not in kept(own)


def test_sentences_of_weights_that_nobody_runs_go(tmp_path: Path) -> None:
    kept(tmp_path / "old").write([Use(GREETING, encoded(1), 3)])
    merged(tmp_path, 10, NOW)
    os.utime(tmp_path / "old", (NOW.timestamp() - 20 * 86400,) * 2)
    merged(tmp_path, 10, NOW)
    assert not (tmp_path / "old").exists()


def test_full_disk_costs_speed_and_no_run(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "weights").write_text("in the way")
    with caplog.at_level(logging.WARNING):
        kept(tmp_path / "weights").write([Use(GREETING, encoded(1), 3)])
    assert "could not be kept" in caplog.text and "Guten" not in caplog.text
