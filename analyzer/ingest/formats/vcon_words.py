"""Words with speakers joined into pieces: Deepgram, AssemblyAI, Amazon Transcribe, Speechmatics, Google."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from analyzer.ingest.formats.vcon_pieces import Fields, Piece, best_of, fields_of, in_seconds, span_of, who_of

_SPELLED: Final = ("punctuatedword", "word", "text", "content")
_MARKS: Final = ("punctuation", "punct")


def pieces_of_words(words: Any, scale: float, *, named: bool = True) -> list[Piece]:
    """Words joined while the speaker stays; none where ``named`` and some word has no speaker."""
    runs: list[tuple[str | int | None, list[Fields]]] = []
    for word in words if isinstance(words, list) else ():
        if not isinstance(word, Mapping):
            return []
        fields = fields_of(word)
        if fields.get("type") in _MARKS and runs:
            runs[-1][1].append(fields)
            continue
        who = _speaker(fields)
        if named and who is None:
            return []
        if runs and (not named or runs[-1][0] == who):
            runs[-1][1].append(fields)
        else:
            runs.append((who, [fields]))
    pieces = [_joined(who, run, scale) for who, run in runs]
    return in_seconds([piece for piece in pieces if piece.text])


def are_words(items: Sequence[Any]) -> bool:
    """Whether these are words, each with alternatives, and not results of many words."""
    return bool(items) and all(
        isinstance(item, Mapping) and item.get("type") in ("word", "pronunciation", *_MARKS) and "alternatives" in item
        for item in items
    )


def words_of_results(results: Sequence[Any]) -> list[Any]:
    """Google: words of all results; of the last alone where it repeats them all, now with their speakers."""
    each = [
        words
        for result in results
        if isinstance(result, Mapping) and (best := best_of(fields_of(result)))
        if isinstance(words := best.get("words"), list)
    ]
    before = [word for words in each[:-1] for word in words]
    last = list(each[-1]) if each else []
    if before and list(map(_plain, last[: len(before)])) == list(map(_plain, before)):
        return last
    return before + last


def with_speakers(items: Sequence[Any], segments: Any) -> list[Any]:
    """Amazon Transcribe: words with the speakers that a list beside them tells by the time of each word."""
    told: dict[Any, Any] = {}
    for segment in segments if isinstance(segments, list) else ():
        words = segment.get("items") if isinstance(segment, Mapping) else None
        for word in words if isinstance(words, list) else ():
            if isinstance(word, Mapping) and isinstance(start := word.get("start_time"), str | int | float):
                told[start] = word.get("speaker_label", segment.get("speaker_label"))
    return [
        {**item, "speaker_label": told[start]}
        if isinstance(item, Mapping)
        and isinstance(start := item.get("start_time"), str | int | float)
        and start in told
        and "speaker_label" not in item
        else item
        for item in items
    ]


def _plain(word: Any) -> Any:
    return word.get("word") if isinstance(word, Mapping) else None


def _speaker(fields: Fields) -> str | int | None:
    who, _ = who_of({key: value for key, value in fields.items() if key not in ("name", "label")})
    if who is None and (best := best_of(fields)) is not None:
        who, _ = who_of(best)
    return who


def _joined(who: str | int | None, run: Sequence[Fields], scale: float) -> Piece:
    text = ""
    for fields in run:
        word = _spelled(fields)
        text += word if fields.get("type") in _MARKS or not text else f" {word}" if word else ""
    timed = [span_of(fields, scale) for fields in run if fields.get("type") not in _MARKS]
    start, end = (timed[0][0], timed[-1][1]) if timed else (None, None)
    return Piece(who, text.strip(), start, end)


def _spelled(fields: Fields) -> str:
    value = next((fields[key] for key in _SPELLED if isinstance(fields.get(key), str)), None)
    if value is None and (best := best_of(fields)) is not None:
        value = next((best[key] for key in _SPELLED if isinstance(best.get(key), str)), None)
    return value.strip() if value else ""
