"""Steps of a training, told as progress."""

from __future__ import annotations

from dataclasses import dataclass

from analyzer.progress import Progress


@dataclass(frozen=True)
class Steps:
    """Called after each step; the first call says how many there are."""

    progress: Progress
    phase: str

    def __call__(self, step: int, steps: int) -> None:
        if step == 1:
            self.progress.begin(self.phase, steps, "steps")
        self.progress.advance(1)
