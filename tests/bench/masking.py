"""Speed of masking: ``python -m tests.bench.masking FOLDER`` with the folder that holds train/.

Plain talk: turns of invented dialogues in which nothing is masked. Dense: all their turns, a value every 700 bytes.
CPU seconds of one core, after a first round that fills the caches of the searches.
"""

from __future__ import annotations

import gzip
import json
import sys
import time
from pathlib import Path

from analyzer.ingest.masking import Masker, mask, needs_look


def main(data: Path) -> None:
    dense = [[turn["text"] for turn in row["turns"]] for row in _rows(data / "authored.jsonl.gz")]
    plain = [[text for text in texts if mask(text, Masker(text)) == text] for texts in dense]
    for name, dialogues in (("plain talk", plain), ("dense", dense)):
        size = sum(len(text.encode()) for texts in dialogues for text in texts)
        seconds = []
        for _ in range(3):
            started = time.process_time()
            masks = sum(_masked(texts) for texts in dialogues)
            seconds.append(time.process_time() - started)
        print(f"{name}: {size / 1e6:.1f} MB, {masks} values masked, {size / 1e6 / min(seconds):.1f} MB/s")


def _rows(path: Path) -> list[dict]:  # type: ignore[type-arg]
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def _masked(texts: list[str]) -> int:
    joined = "\n".join(texts)
    masker = Masker(joined)
    if needs_look(joined, masker=masker):
        for text in texts:
            mask(text, masker)
    return len(masker.numbers)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
