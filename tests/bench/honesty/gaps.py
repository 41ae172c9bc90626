"""Gaps, initiatives, organisational gaps and staff mood."""

from __future__ import annotations

from tests.bench.honesty.lines import Line


def gaps(worlds: int, seed: int) -> list[Line]:
    return []
