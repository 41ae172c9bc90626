"""Input formats as the terminal shows them, and what a file is taken for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analyzer.ingest.explain import Candidate, Explanation
    from analyzer.ingest.formats import Format


def print_formats(formats: Mapping[str, Format]) -> None:
    width = max(map(len, formats))
    for name, format_ in formats.items():
        print(f"  {name:<{width}}  {format_.describes}")


def print_explained(explanations: Iterable[Explanation]) -> None:
    for explained in explanations:
        for line in explained_lines(explained):
            print(line)


def explained_lines(explained: Explanation) -> list[str]:
    """A file or member, what it is taken for and why, then what else it might be."""
    lines = [explained.uri]
    if explained.taken_for is not None:
        lines.append(f"  taken for  {_candidate(explained.taken_for)}")
    else:
        lines.append(f"  {explained.outcome:<9}  {explained.why}")
    lines += [f"  or else    {_candidate(candidate)}" for candidate in explained.runners_up]
    if explained.nearest is not None:
        lines.append(f"  nearest    {explained.nearest.format}: {explained.nearest.why}")
    if explained.encoding is not None:
        lines.append(f"  encoding   {explained.encoding}")
    if explained.packed_bytes is not None:
        lines.append(f"  packed     {explained.packed_bytes:,} bytes")
    return lines


def _candidate(candidate: Candidate) -> str:
    return f"{candidate.format} ({candidate.probability:.0%}): {candidate.why}"
