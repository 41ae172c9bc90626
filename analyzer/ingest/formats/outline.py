"""The names of a JSON document's keys, far beyond its head: a long analysis may come before the first word."""

from __future__ import annotations

from typing import Final

from analyzer.ingest.formats.documents import KEY
from analyzer.ingest.reject_codes import Refused
from analyzer.ingest.stream import HEAD_BYTES, Stream

_OVERLAP: Final = 100  # no key with its colon is longer
_LOOKED_AT: Final = 8 << 20
_MOST_KEYS: Final = 2000


def outline(stream: Stream) -> bytes:
    """The head and, of a JSON document longer than it, the names of the keys in what follows, up to 8 MiB."""
    head = stream.head()
    if len(head) < HEAD_BYTES or head.lstrip()[:1] not in (b"{", b"["):
        return head
    names: dict[bytes, None] = {}
    seen, last = 0, b""
    try:
        for chunk in stream.chunks():
            names |= dict.fromkeys(match[1] for match in KEY.finditer(last + chunk))
            seen, last = seen + len(chunk), chunk[-_OVERLAP:]
            if seen >= _LOOKED_AT or len(names) >= _MOST_KEYS:
                break
    except Refused:
        pass  # told when it is read
    return head + b"\n" + b"".join(b'"%b": ' % name for name in names)
