"""Speed of masking: ``python -m tests.bench.masking FOLDER`` with the folder that holds train/.

Plain talk: sentences of customers one by one, as a chat brings them. Contacts: invented dialogues, dense with names and
numbers, masked as a run masks them. CPU seconds of one core.
"""

from __future__ import annotations

import gzip
import json
import sys
import time
from pathlib import Path

from analyzer.ingest.masking import Masker, mask, needs_look


def main(data: Path) -> None:
    sentences = [row["text"] for row in _rows(data / "multidogo_customer.jsonl.gz")]
    contacts = [[turn["text"] for turn in row["turns"]] for row in _rows(data / "authored.jsonl.gz")]
    talk = [sentences[start : start + 12] for start in range(0, len(sentences), 12)]
    for name, dialogues in (("plain talk", talk), ("dense contacts", contacts)):
        size = sum(len(text.encode()) for texts in dialogues for text in texts)
        started = time.process_time()
        masks = sum(_masked(texts) for texts in dialogues)
        seconds = time.process_time() - started
        print(f"{name}: {size / 1e6:.1f} MB, {masks} values masked, {size / 1e6 / seconds:.1f} MB/s")


def _rows(path: Path) -> list[dict]:  # type: ignore[type-arg]
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def _masked(texts: list[str]) -> int:
    joined = "\n".join(texts)
    masker = Masker(joined)
    if needs_look(joined):
        for text in texts:
            mask(text, masker)
    return len(masker.numbers)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
