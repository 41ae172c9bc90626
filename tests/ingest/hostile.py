"""Hostile files, each with the outcome that is stated for it."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import random
import struct
import tarfile
import zipfile
import zlib
from dataclasses import dataclass
from typing import Any

import zstandard

from tests.ingest.conftest import record

WORD = "zebrafinch"  # in every content below, and in no message
SAID = f"Größe 42 – „{WORD}“, 20 €"
MIB = 1 << 20
RANDOM = random.Random(7).randbytes(MIB)


def line(text: str = SAID, **changes: Any) -> str:
    """A native record in which the customer says ``text``."""
    turns = [turn(text), turn("I see.", "agent")]
    return json.dumps(record(**({"turns": turns} | changes)), ensure_ascii=False) + "\n"


def turn(text: Any, speaker: str = "customer") -> dict[str, Any]:
    return {"speaker": speaker, "text": text}


def lines(count: int) -> bytes:
    return "".join(line(interaction_id=f"c-{n}", queue=str(n * 7919)) for n in range(count)).encode()


def zipped(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def tarred(content: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        member = tarfile.TarInfo("calls.jsonl")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return out.getvalue()


def deep(opening: str, closing: str, levels: int = 100_000) -> str:
    return line(mood=WORD).replace(f'"{WORD}"}}', opening * levels + closing * levels + "}")


def png() -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    pixel = zlib.compress(b"\0\xff\0\0")
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"tEXt", b"Comment\0" + WORD.encode()) + chunk(b"IDAT", pixel)


JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffdb0043") + WORD.encode() + b"\xff\xd9"
TEXT = f"Agent: Hello.\nKunde: {SAID}\n"
CSV = f'interaction_id,speaker,text\nc-1,customer,"{SAID}"\nc-1,agent,I see.\n'


@dataclass(frozen=True)
class Hostile:
    """A file and what must come of it. ``says``: what the first customer turn must read."""

    name: str
    content: bytes | str
    outcome: str
    says: str | None = None
    file: str = "calls.jsonl"

    @property
    def encoded(self) -> bytes:
        return self.content.encode() if isinstance(self.content, str) else self.content


def at(moment: str) -> str:
    return line(started_at=moment)


TABLE = (
    # Nothing in it
    Hostile("empty", b"", "1 skipped"),
    Hostile("blank lines", b" \r\n\n\t\n", "1 skipped"),
    Hostile("only a byte order mark", b"\xef\xbb\xbf", "1 skipped"),
    Hostile("a million empty lines before a record", b"\n" * 1_000_000 + line().encode(), "1 accepted", SAID),
    Hostile("a million empty lines around talk", "\n" * 500_000 + TEXT + "\n" * 500_000, "1 accepted", SAID,
            "calls.txt"),
    Hostile("a million empty lines in a table", CSV + "\n" * 1_000_000 + "c-2,agent,Yes.\n", "2 accepted", SAID,
            "calls.csv"),
    # Encodings
    Hostile("BOM", b"\xef\xbb\xbf" + line().encode(), "1 accepted", SAID),
    Hostile("BOM, CSV", b"\xef\xbb\xbf" + CSV.encode(), "1 accepted", SAID, "calls.csv"),
    Hostile("BOM, text", b"\xef\xbb\xbf" + TEXT.encode(), "1 accepted", SAID, "calls.txt"),
    Hostile("BOM within, as joined files have it", (line() + "\ufeff" + line(interaction_id="c-2")), "2 accepted"),
    Hostile("UTF-16, little end first", line().encode("utf-16"), "1 accepted", SAID),
    Hostile("UTF-16, big end first", b"\xfe\xff" + line().encode("utf-16-be"), "1 accepted", SAID),
    Hostile("UTF-16, CSV", CSV.encode("utf-16"), "1 accepted", SAID, "calls.csv"),
    Hostile("UTF-32", line().encode("utf-32"), "1 accepted", SAID),
    Hostile("UTF-16 without a mark", line().encode("utf-16-le"), "1 unknown_format"),
    Hostile("UTF-16, cut within a character", (line() + line()).encode("utf-16")[:-1], "1 accepted, 1 encoding"),
    Hostile("Latin-1", line("Größe").encode("latin-1"), "1 accepted", "Größe"),
    Hostile("Latin-1, text", "Agent: Hello.\nKunde: Größe\n".encode("latin-1"), "1 accepted", "Größe", "calls.txt"),
    Hostile("cp1252", line().encode("cp1252"), "1 accepted", SAID),
    Hostile("cp1252, CSV", CSV.encode("cp1252"), "1 accepted", SAID, "calls.csv"),
    Hostile("a byte of no encoding", line().encode("cp1252").replace(b"42", b"\x81"), "1 encoding"),
    Hostile("one bad line among good ones", lines(2) + b'"\x81' + WORD.encode() + b"\n" + lines(1),
            "2 accepted, 1 duplicate, 1 bad_json"),
    Hostile("half a surrogate pair", line().replace("42", "\\ud83d"), "1 bad_json"),
    Hostile("two marks, as joined twice", b"\xef\xbb\xbf\xef\xbb\xbf" + line().encode(), "1 accepted", SAID),
    Hostile("GB18030", line("丂丄").encode("gb18030"), "1 encoding"),
    Hostile("UTF-7", line().encode("utf-7"), "1 accepted"),
    Hostile("EBCDIC", line().encode("cp037", "replace"), "1 unknown_format"),
    # Line ends and NUL
    Hostile("CRLF", line().replace("\n", "\r\n") * 2, "1 accepted, 1 duplicate", SAID),
    Hostile("CRLF, CSV", CSV.replace("\n", "\r\n"), "1 accepted", SAID, "calls.csv"),
    Hostile("CRLF, text", TEXT.replace("\n", "\r\n"), "1 accepted", SAID, "calls.txt"),
    Hostile("CR alone, text", TEXT.replace("\n", "\r"), "1 accepted", SAID, "calls.txt"),
    Hostile("CR alone, CSV", CSV.replace("\n", "\r"), "1 accepted", SAID, "calls.csv"),
    Hostile("NUL in a value", line().replace("42 ", "42\\u0000"), "1 accepted", SAID),
    Hostile("NUL as a raw byte", line().encode().replace(b"42", b"\0"), "1 bad_json"),
    Hostile("NUL bytes at the end, as a crash leaves them", lines(50) + bytes(4096), "50 accepted, 1 bad_json"),
    Hostile("NUL, CSV", CSV.encode().replace(b"42 ", b"42\0"), "1 accepted", SAID, "calls.csv"),
    Hostile("NUL, text", TEXT.encode().replace(b"42 ", b"42\0"), "1 accepted", SAID, "calls.txt"),
    Hostile("line ends of three kinds in one file, text", "Agent: Hello.\rKunde: ja\r\nAgent: so\nKunde: ja\n",
            "1 accepted", None, "calls.txt"),
    Hostile("form feed, line separator and end-of-file mark between records",
            line() + "\f\n\u2028\n\x1a\n" + line(interaction_id="c-2"), "2 accepted, 2 bad_json", SAID),
    # Half and huge
    Hostile("half last line", line() + line(interaction_id="c-2")[:60], "1 accepted, 1 bad_json", SAID),
    Hostile("half first line", line()[60:] + line(), "1 accepted, 1 not_an_object", SAID),
    Hostile("half array", "[" + line() + "," + line()[:80], "1 accepted, 1 bad_json", SAID),
    Hostile("half quoted cell", CSV + 'c-2,agent,"never closed\n', "1 accepted, 1 bad_csv", SAID, "calls.csv"),
    Hostile("20,000 turns", line(turns=[turn(SAID), turn("Yes.", "agent")] * 10_000), "1 accepted", SAID),
    Hostile("20,000 turns, text", TEXT * 10_000, "1 accepted", SAID, "calls.txt"),
    Hostile("a turn of 500,000 characters", line(turns=[turn("My parcel is late. " * 26_000)]), "1 accepted"),
    Hostile("a key of a million characters", line(**{WORD * 100_000: 1}), "1 accepted", SAID),
    # JSON that is none, or odd
    Hostile("minus zero", line(wait_s=717).replace("717", "-0.0"), "1 accepted", SAID),
    Hostile("a negative duration", line(handle_s=-5), "1 bad_number"),
    Hostile("commas behind records", line().replace("}\n", "},\n") * 2, "2 bad_json"),
    Hostile("single quotes", line().replace('"', "'"), "1 bad_json"),
    Hostile("a comment before it", "// export\n" + line(), "1 accepted, 1 bad_json", SAID),
    Hostile("an array with a comma too many", "[" + line() + ",]", "1 accepted", SAID),
    Hostile("records within an object", '{"conversations": [' + line().strip() + "]}", "1 missing_field"),
    Hostile("JSON in a string", json.dumps(line()), "1 unknown_format"),
    Hostile("XML", f'<?xml version="1.0"?><talk>{SAID}</talk>', "1 unknown_format"),
    Hostile("HTML", f"<html><body>{SAID}</body></html>", "1 unknown_format", None, "calls.html"),
    Hostile("a mail", f"From: a@example.org\nSubject: {SAID}\n\nHello\n", "1 unknown_format", None, "calls.eml"),
    Hostile("NaN", line(csat=float("nan")), "1 bad_json"),
    Hostile("infinite", line(wait_s=float("inf")), "1 bad_json"),
    Hostile("a number beyond all", line(wait_s=717).replace("717", "1e999"), "1 wrong_type"),
    Hostile("integer of 5,000 digits", line(transfers=717).replace("717", "9" * 5000), "1 wrong_type"),
    Hostile("arrays 100,000 deep", "[" * 100_000 + "]" * 100_000, "1 not_an_object"),
    Hostile("objects 100,000 deep", '{"a":' * 100_000 + "1" + "}" * 100_000, "1 too_deep"),
    Hostile("100,000 deep in an unknown key", deep("[", "]"), "1 too_deep"),
    Hostile("never closed 100,000 deep", "[" * 100_000, "1 not_an_object"),
    Hostile("duplicate keys", line().replace('"chat"', f'"{WORD}", "channel": "chat"'), "1 accepted", SAID),
    Hostile("duplicate ids, same content", line() * 3, "1 accepted, 2 duplicate"),
    Hostile("duplicate ids, other content", line() + line(f"No {WORD}."), "2 accepted (1 replaced)"),
    Hostile("the same id fifty times, each other", "".join(line(f"{n} {WORD}") for n in range(50)),
            "50 accepted (49 replaced)"),
    # Types
    Hostile("a list for a record", "[[1], [2]]", "2 not_an_object"),
    Hostile("a string for a record", line() + f'"{WORD}"\n', "1 accepted, 1 not_an_object"),
    Hostile("null for a record", line() + "null\n", "1 accepted, 1 not_an_object"),
    Hostile("a number for an id", line(interaction_id=7), "1 wrong_type"),
    Hostile("a number for turns", line(turns=7), "1 wrong_type"),
    Hostile("a list for a text", line(turns=[turn([WORD])]), "1 wrong_type"),
    Hostile("a word for a number", line(wait_s=WORD), "1 wrong_type"),
    Hostile("an object for a key", line(customer_id={WORD: WORD}), "1 wrong_type"),
    Hostile("no turns", line(turns=None), "1 missing_field"),
    Hostile("odd keys", line(**{f"{WORD} {WORD}": 1}), "1 accepted", SAID),
    # Turns
    Hostile("unknown role", line(turns=[turn(SAID, WORD)]), "1 unknown_role"),
    Hostile("empty list of turns", line(turns=[]), "1 no_turns"),
    Hostile("turns of nothing", line(turns=[turn(" \u200b\u00a0\n")] * 3), "1 no_turns"),
    Hostile("empty turns among others", line(turns=[turn("", "agent"), turn(SAID)]), "1 accepted", SAID),
    Hostile("turns of emoji and placeholders alone", line(turns=[turn("😀👍🏽"), turn("[NAME_1]", "agent")]),
            "1 accepted", "😀👍🏽"),
    Hostile("all turns by nobody known", line(turns=[turn(SAID, "participant")] * 9), "1 unknown_role"),
    Hostile("a turn that starts before the contact", line(turns=[turn(SAID) | {"start_ms": -5}]), "1 turn_times"),
    Hostile("a turn that ends before it starts", line(turns=[turn(SAID) | {"start_ms": 9, "end_ms": 1}]),
            "1 turn_times"),
    # Times
    Hostile("future", at("2036-01-01T00:00:00Z"), "1 future_time"),
    Hostile("year 10,000", at("10000-01-01T00:00:00Z"), "1 unreadable_time"),
    Hostile("before computers", at("1066-10-14T09:00:00Z"), "1 implausible_time"),
    Hostile("unreadable", at(WORD), "1 unreadable_time"),
    Hostile("31 February", at("2026-02-31T10:00:00Z"), "1 unreadable_time"),
    Hostile("naive", at("2026-11-20T09:12:00"), "1 accepted"),
    Hostile("naive, in the hour that never was", at("2026-03-29T02:30:00"), "1 accepted"),
    Hostile("naive, in the hour that was twice", at("2026-10-25T02:30:00"), "1 accepted"),
    Hostile("ends before it starts", line(ended_at="2026-11-19T00:00:00Z"), "1 ends_before_start"),
    Hostile("year 0", at("0000-01-01T00:00:00Z"), "1 unreadable_time"),
    Hostile("year 1, east of Greenwich", at("0001-01-01T00:00:00+14:00"), "1 implausible_time"),
    Hostile("the last second there is, west of Greenwich", at("9999-12-31T23:59:59-14:00"), "1 implausible_time"),
    Hostile("leap second", at("2016-12-31T23:59:60Z"), "1 accepted"),
    Hostile("before 1970, as a number", at("-1000000000"), "1 unreadable_time"),
    Hostile("a time as a number", at("1763629920"), "1 unreadable_time"),
    # Marks and ids
    Hostile("right to left", line(f"\u202e{WORD}\u202c שלום"), "1 accepted", f"{WORD} שלום"),
    Hostile("zero width", line(f"{WORD[:5]}\u200b{WORD[5:]}\u2060\ufeff"), "1 accepted", WORD),
    Hostile("right to left in an id", line(interaction_id="c-\u202e1"), "1 accepted"),
    Hostile("zero width in an id", line(interaction_id="c-1\u200b") + line(), "1 accepted, 1 duplicate"),
    Hostile("an id of zero width alone", line(interaction_id="\u200b"), "1 bad_id"),
    Hostile("line break in an id", line(interaction_id="c\n1"), "1 bad_id"),
    Hostile("escape sequence in an id", line(interaction_id="c\x1b[2J"), "1 bad_id"),
    Hostile("an id of 1,001 characters", line(interaction_id="c" * 1001), "1 bad_id"),
    Hostile("formula in an id", line(interaction_id="=cmd|'/c calc'!A0", customer_id="@SUM(1)"), "1 accepted"),
    Hostile("path in an id", line(interaction_id="../../etc/passwd"), "1 accepted"),
    Hostile("query in an id", line(interaction_id="'; DROP TABLE contacts; --"), "1 accepted"),
    Hostile("ids that only look the same", line(interaction_id="a-1") + line(interaction_id="а-1"), "2 accepted"),
    # Tables
    Hostile("100,000 columns", CSV.replace("text", "text," + ",".join(f"c{n}" for n in range(100_000)), 1), "1 bad_csv",
            None, "calls.csv"),
    Hostile("a column twice", CSV.replace("text", "text,text", 1), "1 bad_csv", None, "calls.csv"),
    Hostile("no header", CSV.partition("\n")[2], "1 skipped", None, "calls.csv"),
    Hostile("upright strokes between cells", CSV.replace(",", "|"), "1 accepted", None, "calls.csv"),
    Hostile("quotes alone", CSV + '"' * 99_999, "1 accepted, 1 bad_csv", SAID, "calls.csv"),
    # Packed
    Hostile("truncated gzip", gzip.compress(lines(100)) + gzip.compress(lines(9))[:12],
            "100 accepted, 1 truncated", SAID, "calls.jsonl.gz"),
    Hostile("gzip without its last byte", gzip.compress(line().encode())[:-1], "1 accepted, 1 truncated", SAID,
            "calls.jsonl.gz"),
    Hostile("gzip, only its head", gzip.compress(line().encode())[:12], "1 truncated", None, "calls.jsonl.gz"),
    Hostile("gzip with rubbish behind", gzip.compress(line().encode()) + WORD.encode(),
            "1 accepted, 1 broken_archive", SAID, "calls.jsonl.gz"),
    Hostile("gzip by name only", line(), "1 accepted", SAID, "calls.jsonl.gz"),
    Hostile("truncated zst", zstandard.compress(lines(100)) + zstandard.compress(lines(9))[:9],
            "100 accepted, 1 truncated", SAID, "calls.jsonl.zst"),
    Hostile("zst, only its head", zstandard.compress(line().encode())[:9], "1 truncated", None, "calls.jsonl.zst"),
    Hostile("truncated zip", zipped({"a.jsonl": lines(50)})[:-100], "1 broken_archive", None, "calls.zip"),
    Hostile("zip slip", zipped({"../../../etc/x.jsonl": lines(1), "/srv/y.jsonl": lines(2), "C:\\z.jsonl": lines(3)}),
            "3 accepted, 3 duplicate", SAID, "calls.zip"),
    Hostile("zip in zip", zipped({"a.zip": zipped({"b.jsonl": lines(1)})}), "1 nested_archive", None, "calls.zip"),
    Hostile("gzip in gzip", gzip.compress(gzip.compress(lines(1))), "1 nested_archive", None, "calls.gz"),
    Hostile("zst in gzip", gzip.compress(zstandard.compress(lines(1))), "1 nested_archive", None, "calls.zst.gz"),
    Hostile("zip in zst", zstandard.compress(zipped({"a.jsonl": lines(1)})), "1 nested_archive", None, "calls.zip.zst"),
    Hostile("gzip in zip", zipped({"a.jsonl.gz": gzip.compress(lines(1)), "b.jsonl": b"{"}), "1 accepted, 1 bad_json",
            SAID, "calls.zip"),
    Hostile("zip without files", zipped({"empty/": b""}), "1 skipped", None, "calls.zip"),
    Hostile("tar", tarred(lines(1)), "1 unsupported_format", None, "calls.tar"),
    Hostile("tar, gzipped", gzip.compress(tarred(lines(1))), "1 nested_archive", None, "calls.tgz"),
    Hostile("bzip2", bz2.compress(lines(1)), "1 unsupported_format", None, "calls.jsonl.bz2"),
    Hostile("a name in a zip that is no text", zipped({"ü.jsonl": lines(1)}).replace("ü".encode(), b"\xc3("),
            "1 broken_archive", None, "calls.zip"),
    Hostile("an office document that calls itself JSON", zipped({"[Content_Types].xml": b"<x/>"}),
            "1 unsupported_format"),
    Hostile("a program that calls itself JSON", b"MZ\x90\0\3" + bytes(99), "1 unknown_format", None, "calls.json"),
    Hostile("zip of pictures", zipped({"a.png": png(), "b.jpg": JPEG}), "2 skipped", None, "calls.zip"),
    Hostile("PDF that calls itself JSON", b"%PDF-1.7\n" + WORD.encode(), "1 skipped", None, "calls.json"),
    # No transcripts
    Hostile("picture", png(), "1 skipped", None, "a.png"),
    Hostile("picture that calls itself JSON", png(), "1 skipped"),
    Hostile("photo", JPEG, "1 skipped", None, "a.jpg"),
    *(Hostile(f"{kind} that calls itself JSON", mark + bytes(40) + WORD.encode(), "1 skipped")
      for kind, mark in (("TIFF", b"II*\0"), ("MP3", b"\xff\xfb\x90"), ("HEIC", b"\0\0\0\x18ftypheic"),
                         ("icon", b"\0\0\1\0"), ("Matroska", b"\x1aE\xdf\xa3"), ("WAVE", b"RIFF\x24\0\0\0WAVEfmt "))),
    Hostile("photo that calls itself text", JPEG, "1 skipped", None, "calls.txt"),
    Hostile("zeros", bytes(MIB), "1 unknown_format"),
    *(Hostile(f"random bytes as {file}", RANDOM, "1 unknown_format", None, file)
      for file in ("calls.jsonl", "calls.json", "calls.csv", "calls.txt", "calls", "calls.srt", "calls.vcon")),
    Hostile("random bytes as calls.vtt", RANDOM, "1 encoding", None, "calls.vtt"),
    Hostile("random bytes as zip", b"PK\x03\x04" + RANDOM, "1 broken_archive", None, "calls.zip"),
    Hostile("random bytes as gzip", b"\x1f\x8b\x08\0" + RANDOM, "1 broken_archive", None, "calls.gz"),
    Hostile("random bytes as zst", b"\x28\xb5\x2f\xfd" + RANDOM, "1 broken_archive", None, "calls.zst"),
    Hostile("random bytes as Parquet", b"PAR1" + RANDOM + b"PAR1", "1 bad_parquet", None, "calls.parquet"),
)  # fmt: skip
