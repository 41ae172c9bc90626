"""WebVTT with voice tags (``<v Agent>…``) or labels (``Agent: …``, ``[SPEAKER_00]: …``). One file, one contact.

The library drops cues that it cannot read; each arrow must yield a cue, or the file is refused.
"""

from __future__ import annotations

import io
import re
from typing import Final

import webvtt as vtt
from webvtt.errors import MalformedCaptionError, MalformedFileError

from analyzer.ingest.formats.base import Format, Guess, Read
from analyzer.ingest.formats.cues import Cue, turns_of
from analyzer.ingest.formats.documents import stem_of, whole_text
from analyzer.ingest.raw import Facts, RawContact, ReadContext
from analyzer.ingest.reject_codes import Refused
from analyzer.ingest.stream import Stream

_HEADER: Final = re.compile(rb"WEBVTT(?:[ \t\r\n]|$)")
_ARROW: Final = re.compile(r"(?m)^[^\n]*-->")
_NOTE: Final = re.compile(r"(?m)^(?:NOTE|STYLE|REGION)(?:[ \t][^\n]*)?\n(?:[^\n]+(?:\n|\Z))*|^NOTE[ \t][^\n]*$")


def recognise(head: bytes, name: str) -> Guess:
    if _HEADER.match(head.lstrip()):
        return Guess(0.98, "begins with WEBVTT")
    if name.lower().endswith(".vtt"):
        return Guess(0.6, "WebVTT by its name, without the header")
    return Guess(0.0, "does not begin with WEBVTT")


def read(stream: Stream, context: ReadContext) -> Read:
    text, raw = whole_text(stream, context)
    try:
        turns = turns_of(webvtt_cues(text.lstrip()), context)
    except Refused as refusal:
        yield context.refused(0, refusal, raw)
        return
    yield RawContact(position=0, turns=turns, facts=Facts(channel="voice"), file_id=stem_of(context), raw=raw)


def webvtt_cues(text: str) -> list[Cue]:
    """The cues of a text that begins with WEBVTT; raises ``bad_cues`` where one cannot be read."""
    text = _NOTE.sub("", text)
    try:
        captions = vtt.from_buffer(io.StringIO(text), format="vtt").captions
    except (MalformedFileError, MalformedCaptionError, ValueError) as error:
        raise Refused("bad_cues") from error
    if (arrows := len(_ARROW.findall(text))) != len(captions):
        raise Refused("bad_cues", f"{arrows - len(captions)} of {arrows} cues.")
    return [Cue(caption.start, caption.end, caption.raw_text) for caption in captions]


FORMAT: Final = Format("webvtt", "WebVTT with voice tags or labels, one contact a file", False, recognise, read)
