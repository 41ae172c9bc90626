"""Ending a run from outside, so that what stands is always known."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from analyzer.errors import RunAborted


class Stop:
    """What a signal does: it ends the run, until publishing begins."""

    def __init__(self) -> None:
        self._holds_off = False

    def hold_off(self) -> None:
        """From now on the run goes on to its end: a stop within or after the commit could not say what stands."""
        self._holds_off = True

    def __call__(self, number: int, frame: FrameType | None) -> None:
        if not self._holds_off:
            name = signal.Signals(number).name
            raise RunAborted(f"Stopped by {name}; nothing was committed.", hint="Run again; it resumes.")


@contextmanager
def stoppable() -> Iterator[Stop]:
    """SIGTERM and Ctrl-C end a run as RunAborted: what is not published yet is dropped, what is understood is kept."""
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
