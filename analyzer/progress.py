"""How long work tells of itself: injected, so that library code never prints."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    def begin(self, phase: str, total: int | None, unit: str) -> None:
        """A new phase; the one before is over. ``total`` None: not known."""

    def advance(self, amount: int) -> None:
        """``amount`` units of the present phase are done."""


class Silent:
    def begin(self, phase: str, total: int | None, unit: str) -> None:
        pass

    def advance(self, amount: int) -> None:
        pass
