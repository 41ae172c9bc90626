"""SubRip (SRT) whose cues begin with a speaker: ``Agent: …`` or, as WhisperX writes, ``[SPEAKER_00]: …``."""

from __future__ import annotations

import re
from typing import Final

from analyzer.ingest.formats.base import Format, Guess, Read
from analyzer.ingest.formats.cues import Cue, turns_of
from analyzer.ingest.formats.documents import stem_of, whole_text
from analyzer.ingest.raw import Facts, RawContact, ReadContext
from analyzer.ingest.reject_codes import Refused
from analyzer.ingest.stream import Stream

_STAMP: Final = r"\d{1,4}:\d{1,2}:\d{1,2}[,.]\d{1,3}"
_FIRST: Final = re.compile(rf"(?:\d+[ \t]*\r?\n)?{_STAMP}[ \t]*-->[ \t]*{_STAMP}".encode())
_TIMES: Final = re.compile(rf"(?m)^[ \t]*({_STAMP})[ \t]*-->[ \t]*({_STAMP})[^\n]*$")
_NUMBER_BELOW: Final = re.compile(r"\n[ \t]*\d+[ \t]*\n*\Z")


def recognise(head: bytes, name: str) -> Guess:
    del name
    if _FIRST.match(head.lstrip()):
        return Guess(0.97, "begins with the times of an SRT cue")
    return Guess(0.0, "does not begin with an SRT cue")


def read(stream: Stream, context: ReadContext) -> Read:
    text, raw = whole_text(stream, context)
    try:
        turns = turns_of(srt_cues(text), context)
    except Refused as refusal:
        yield context.refused(0, refusal, raw)
        return
    yield RawContact(position=0, turns=turns, facts=Facts(channel="voice"), file_id=stem_of(context), raw=raw)


def begins_like_srt(text: str) -> bool:
    return _FIRST.match(text[:200].lstrip().encode()) is not None


def srt_cues(text: str) -> list[Cue]:
    """The cues; what stands between two lines of times is the words of the first and the number of the second."""
    times = list(_TIMES.finditer(text))
    if text.count("-->") != len(times):
        raise Refused("bad_cues")
    ends = [match.start() for match in times[1:]] + [len(text)]
    cues = []
    for number, (match, end) in enumerate(zip(times, ends, strict=True)):
        words = "\n" + text[match.end() : end].strip("\n") + "\n"
        if number < len(times) - 1:
            words = _NUMBER_BELOW.sub("\n", words)
        cues.append(Cue(match[1], match[2], words.strip()))
    return cues


FORMAT: Final = Format("srt", "SRT whose cues begin with a speaker, one contact a file", False, recognise, read)
