"""Workers that stand in for the models where only the engine is tested: they start in no time and die on demand."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from analyzer import engine
from analyzer.config import UnderstandSettings, load_settings
from analyzer.records import Interaction

DIES = "dies"
NO_CONTACT = pa.table({"interaction_id": pa.array([], pa.string())})


def start(settings: UnderstandSettings, kept: Path | None, threads: int) -> None:
    """What ``engine._start_worker`` does, without models."""
    import threading

    threading.Thread(target=engine._end_with_parent, daemon=True).start()


def work(batch: Sequence[Interaction]) -> engine.Tables:
    """The ids of ``batch``; a contact of queue ``dies`` kills its worker as often as its file has lines."""
    for interaction in batch:
        if interaction.queue == DIES:
            _die(Path(interaction.source_uri))
    return {"turns": pa.table({"interaction_id": [interaction.interaction_id for interaction in batch]})}


def _die(lives: Path) -> None:
    left = lives.read_text().splitlines()
    if left:
        lives.write_text("\n".join(left[1:]))
        os.kill(os.getpid(), signal.SIGKILL)


def say_who_works(batch: Sequence[Interaction]) -> engine.Tables:
    """Tells its process id and works for a long time."""
    print(os.getpid(), flush=True)
    time.sleep(60)
    return {"turns": NO_CONTACT}


def main() -> None:
    """A parent with two workers that waits to be killed."""
    from .test_engine import batches

    engine._start_worker, engine._work = start, say_who_works
    list(engine.understand_all(batches(4), load_settings(None, ["engine.workers=2"])))


if __name__ == "__main__":
    sys.exit(main())
