"""JSON whose keys come in camelCase or snake_case: interfaces write the one, their client libraries the other."""

from __future__ import annotations

import re
from typing import Any, Final, TypeVar

import msgspec

from analyzer.ingest.formats.base import Guess
from analyzer.ingest.formats.documents import Document, decoded, guess_json
from analyzer.ingest.formats.native_jsonl import refusal_of
from analyzer.ingest.raw import ReadContext

T = TypeVar("T")

_ANY: Final = msgspec.json.Decoder()
_SNAKE: Final = re.compile(r"_([a-z0-9])")
_UPPER: Final = re.compile(r"[A-Z]")
_DEPTH: Final = 12  # deeper than any key we read


def camel_document(document: Document, type_: type[T], context: ReadContext) -> T:
    """The document as ``type_``, whose fields are camelCase, whichever case it was written in."""
    told = _camel(decoded(document, _ANY, context), _DEPTH)
    try:
        return msgspec.convert(told, type_, strict=False)
    except msgspec.MsgspecError as error:
        raise refusal_of(error) from error


def guess_either_case(
    head: bytes, keys: tuple[str, ...], probability: float = 0.95, *, none_of: tuple[str, ...] = ()
) -> Guess:
    """``guess_json`` for camelCase ``keys``, else for the same in snake_case."""
    guess = guess_json(head, keys, probability, none_of=none_of)
    if guess.probability:
        return guess
    snake = tuple(_UPPER.sub(lambda match: f"_{match[0].lower()}", key) for key in keys)
    other = guess_json(head, snake, probability, none_of=none_of)
    return other if other.probability or other.near > guess.near else guess


def _camel(value: Any, depth: int) -> Any:
    if depth and isinstance(value, dict):
        return {_SNAKE.sub(lambda m: m[1].upper(), key): _camel(inner, depth - 1) for key, inner in value.items()}
    if depth and isinstance(value, list):
        return [_camel(inner, depth - 1) for inner in value]
    return value
