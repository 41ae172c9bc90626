"""Files that stand beside transcripts in a dump and hold none: listed as skipped, not rejected."""

from __future__ import annotations

import re
from typing import Final

_NAMES: Final = re.compile(r"(readme|licen[cs]e|changelog|notice|copying)([._-].*)?", re.IGNORECASE)
_SIDE: Final = re.compile(r".*\.(sha256|sha1|md5|asc|sig)", re.IGNORECASE)
_SCHEMA: Final = re.compile(rb'\s*\{\s*"\$schema"\s*:')
_MAGIC: Final = {
    b"\x89PNG\r\n\x1a\n": "a picture", b"\xff\xd8\xff": "a picture", b"GIF8": "a picture", b"%PDF-": "a PDF document",
    b"ID3": "a sound file", b"OggS": "a sound file", b"fLaC": "a sound file", b"\xff\xfb": "a sound file",
    b"\xff\xf3": "a sound file", b"#!AMR": "a sound file", b".snd\0": "a sound file", b"II*\0": "a picture",
    b"MM\0*": "a picture", b"\0\0\1\0": "a picture", b"\x1aE\xdf\xa3": "a video",
}  # fmt: skip


def why_none(head: bytes, name: str) -> str | None:
    """Why the file holds no transcripts, ``None`` where it may."""
    if not head.strip():
        return "empty file"
    if name.startswith("."):
        return "hidden file"
    if _NAMES.fullmatch(name):
        return "documentation"
    if _SIDE.fullmatch(name):
        return "checksum or signature"
    if _SCHEMA.match(head):
        return "a JSON schema"
    if head[:4] == b"RIFF":
        return "a picture" if head[8:12] == b"WEBP" else "a sound file"
    if head[4:8] == b"ftyp":  # MP4, M4A, MOV, HEIC
        return "a picture, a video or a sound file"
    return next((kind for mark, kind in _MAGIC.items() if head.startswith(mark)), None)
