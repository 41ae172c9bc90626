"""Members of a ``.zip``, each checked against the limits before it is read. Their names are never used as paths."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Iterator
from typing import IO

from analyzer.config import IngestSettings
from analyzer.ingest.files import InputFile
from analyzer.ingest.reject_codes import Refused
from analyzer.ingest.stream import (
    PACKED,
    RATIO_FLOOR,
    UNSUPPORTED,
    ZIP,
    Stream,
    Unpacked,
    bare_name,
    rejected,
    translated,
    unpack,
)
from analyzer.records import Reject, Skipped


def archive_members(file: InputFile, settings: IngestSettings) -> Iterator[Stream | Reject | Skipped]:
    """Each member in the archive's order, or why it is not read; one Skipped where there is none."""
    with file.path.open("rb") as raw:
        if (count := _declared_members(raw, file.size)) > settings.max_members:
            raise Refused("too_many_members", f"It says it holds {count}.")
        with zipfile.ZipFile(raw) as archive:
            infos = archive.infolist()
            if any(info.filename == "[Content_Types].xml" for info in infos):
                raise Refused("unsupported_format", "It is an office document; save it as CSV.")
            members = [info for info in infos if not info.is_dir()]
            if not members:
                yield Skipped(file.uri, "an archive without files")
            # Room for some bombs, each refused by its own limit, so that they do not cost the good files beside them.
            whole = Unpacked(64 * RATIO_FLOOR + file.size * settings.max_ratio)
            seen: dict[str, int] = {}
            for info in members:
                name = _member_name(info.filename)
                seen[name] = seen.get(name, 0) + 1
                uri = f"{file.uri}!{name}" + (f"#{seen[name]}" if seen[name] > 1 else "")
                yield _member(archive, info, uri, settings, whole)


def _member(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, uri: str, settings: IngestSettings, whole: Unpacked
) -> Stream | Reject:
    try:
        if info.flag_bits & 0x1:
            raise Refused("encrypted")
        if info.file_size > settings.max_member_bytes:
            raise Refused("too_large")
        if info.file_size > max(RATIO_FLOOR, info.compress_size * settings.max_ratio):
            raise Refused("too_compressed")
        with translated(), archive.open(info) as member:
            magic = member.read(8)
        if magic.startswith((*ZIP, *UNSUPPORTED)):
            raise Refused("nested_archive")
    except Refused as refusal:
        return rejected(uri, refusal)
    packed = magic.startswith(PACKED)
    name = uri.rpartition("!")[2].rpartition("/")[2]

    def open_() -> IO[bytes]:
        return unpack(archive.open(info), magic)

    return Stream(uri, bare_name(name) if packed else name, info.compress_size, settings, open_, whole)


def _member_name(name: str) -> str:
    """A member's name for display; it is never used as a path, and it does not look like one that climbs."""
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    text = "".join(char if char.isprintable() else "�" for char in "/".join(parts))
    return text.encode("utf-8", "replace").decode() or "(unnamed)"


def _declared_members(raw: IO[bytes], size: int) -> int:
    """Members by the archive's own end record, read before the whole directory is (which may be huge)."""
    raw.seek(max(0, size - 65_557 - 76))
    tail = raw.read()
    raw.seek(0)
    end = tail.rfind(b"PK\x05\x06")
    if end < 0 or len(tail) < end + 22:
        raise Refused("broken_archive")
    count, directory = struct.unpack_from("<HI", tail, end + 10)
    wide = tail.rfind(b"PK\x06\x06", 0, end)
    if wide >= 0 and len(tail) >= wide + 56:
        count, directory = struct.unpack_from("<QQ", tail, wide + 32)
    # An entry takes at least 46 bytes; the count alone may lie.
    return int(max(count, directory // 256))
