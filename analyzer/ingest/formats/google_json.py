"""Google's JSON: keys in camelCase or snake_case, durations as "1.200s" or as seconds and nanos."""

from __future__ import annotations

import re
from typing import Any, Final, TypeVar

import msgspec

from analyzer.ingest.epochs import number_of
from analyzer.ingest.formats.documents import Document, decoded
from analyzer.ingest.formats.native_jsonl import refusal_of
from analyzer.ingest.raw import ReadContext
from analyzer.ingest.reject_codes import Refused

T = TypeVar("T")
Duration = str | int | float | dict[str, str | int | float | None] | None

_ANY: Final = msgspec.json.Decoder()
_SNAKE: Final = re.compile(r"_([a-z0-9])")
_DEPTH: Final = 12  # deeper than any key we read
_LONGEST_S: Final = 366 * 24 * 3600


def google_document(document: Document, type_: type[T], context: ReadContext) -> T:
    """The document as ``type_``, whose fields are camelCase, whichever case it was written in."""
    told = _camel(decoded(document, _ANY, context), _DEPTH)
    try:
        return msgspec.convert(told, type_)
    except msgspec.MsgspecError as error:
        raise refusal_of(error) from error


def seconds_of(duration: Duration, field: str) -> float | None:
    """Seconds of a duration, ``None`` where there is none; raises Refused where it is no number."""
    if duration is None or duration == "":
        return None
    if isinstance(duration, dict):
        whole, nanos = (number_of(duration.get(key) or 0) for key in ("seconds", "nanos"))
        number = None if whole is None or nanos is None else whole + nanos / 1e9
    else:
        number = number_of(duration.removesuffix("s") if isinstance(duration, str) else duration)
    if number is None or not 0 <= number < _LONGEST_S:
        raise Refused("bad_number", f"{field}.")
    return float(number)


def milliseconds_of(duration: Duration, field: str) -> int | None:
    seconds = seconds_of(duration, field)
    return None if seconds is None else round(seconds * 1000)


def _camel(value: Any, depth: int) -> Any:
    if depth and isinstance(value, dict):
        return {_SNAKE.sub(lambda m: m[1].upper(), key): _camel(inner, depth - 1) for key, inner in value.items()}
    if depth and isinstance(value, list):
        return [_camel(inner, depth - 1) for inner in value]
    return value
