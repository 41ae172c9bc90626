"""Forms read from their files, and everything that can be wrong with one, said with file and key."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections import Counter
from collections.abc import Collection, Iterator
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

import msgspec
import pyarrow as pa
import re2

from analyzer import codebook
from analyzer.errors import ConfigError
from analyzer.review.scorecard.form import Condition, Form, Item, Words
from analyzer.tables import FACT_COLUMNS

SHIPPED: Final = "default.toml"
MEASURES: Final = frozenset(
    column.name for column in FACT_COLUMNS if pa.types.is_floating(column.type) or pa.types.is_int32(column.type)
)
FINDINGS: Final = {"resolution": frozenset(codebook.RESOLUTIONS), "reason": frozenset(codebook.REASONS)}
_LARGEST: Final = 256 * 1024
_PLACE: Final = re.compile(r" - at `\$\.?([^`]{0,200})`$")


def load_forms(folder: str) -> tuple[Form, ...]:
    """The forms of a folder by file name, or the shipped one where no folder is named.

    Raises ConfigError naming file and key for the first that is wrong, a folder without forms, an id that two share.
    """
    if not folder:
        return (shipped_form(),)
    place = Path(folder)
    if not place.is_dir():
        raise ConfigError(f"review.forms: {folder} is not a folder.", hint="Name a folder of .toml files.")
    files = sorted(place.glob("*.toml"))
    if not files:
        raise ConfigError(f"review.forms: {folder} holds no form.", hint="`analyzer review forms --show` is one.")
    forms = tuple(read_form(file) for file in files)
    for form_id, count in Counter(form.id for form in forms).items():
        if count > 1:
            raise ConfigError(f"review.forms: {count} files of {folder} have the id {form_id}.", hint="Rename one.")
    return forms


@lru_cache(maxsize=1)
def shipped_form() -> Form:
    """The form that comes with the program."""
    return parsed_form(shipped_text(), SHIPPED)


def shipped_text() -> str:
    """Its file, which explains every key."""
    return resources.files("analyzer.review.scorecard").joinpath(f"forms/{SHIPPED}").read_text(encoding="utf-8")


def read_form(path: Path) -> Form:
    """The form of a file. Raises ConfigError naming file and key."""
    try:
        if path.stat().st_size > _LARGEST:
            raise ConfigError(f"{path} has more than 256 KiB.", hint="A form is a page or two of TOML.")
        return parsed_form(path.read_text(encoding="utf-8"), str(path))
    except OSError as error:
        raise ConfigError(f"Cannot read {path}: {error.strerror}.", hint="Check the path.") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8.", hint="Save it as UTF-8.") from error


def parsed_form(text: str, file: str) -> Form:
    """The form that ``text`` tells; ``file`` is how errors call it."""
    try:
        told = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{file} is not valid TOML: {error}.") from error
    try:
        form = msgspec.convert(told, Form)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{file}: {_placed(str(error), told)}.", hint=_HINT) from error
    if problems := list(_problems(form)):
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise ConfigError(f"{file}: {problems[0]}{more}.", hint=_HINT)
    return form


_HINT: Final = "`analyzer review forms --show` explains every key."


def _placed(message: str, told: dict[str, Any]) -> str:
    """A message of msgspec with its place first: "item greets, weight: Expected `float` > 0"."""
    found = _PLACE.search(message)
    if found is None:
        return message
    keys = [key for key in re.split(r"[.\[\]]+", found[1]) if key]
    node: Any = told
    names: list[str] = []
    for key in keys:
        node = node[int(key)] if key.isdecimal() and isinstance(node, list) else (node or {}).get(key)
        if key.isdecimal() and isinstance(node, dict):
            names[-1] = f"{names[-1].removesuffix('s')} {node.get('id', int(key) + 1)}"
        else:
            names.append(key)
    return f"{', '.join(names)}: {message[: found.start()]}"


def _problems(form: Form) -> Iterator[str]:
    """What is wrong with a form whose keys and types are right."""
    ids = Counter([section.id for section in form.sections])
    yield from (f"sections: {count} have the id {each}" for each, count in ids.items() if count > 1)
    items = Counter([item.id for item in form.items])
    yield from (f"items: {count} have the id {each}" for each, count in items.items() if count > 1)
    if not items:
        yield "sections: none has an item"
    for words in (("name", form.name), *((f"section {s.id}, name", s.name) for s in form.sections)):
        yield from _wordless(*words)
    for item in form.items:
        yield from (f"item {item.id}, {problem}" for problem in _of_item(item))


def _wordless(where: str, words: Words) -> Iterator[str]:
    if not words.of("en"):
        yield f"{where}: neither en nor de is given"


def _of_item(item: Item) -> Iterator[str]:
    yield from _wordless("text", item.text)
    if item.answered_by("machine") != (item.machine is not None):
        yield f'by: "{item.by}" {"needs" if item.machine is None else "has no use for"} machine'
    low, high = item.scale
    if not (0 <= low < high <= 10):
        yield "scale: it runs from 0 to 10 at most, the lower end first"
    if item.machine is None:
        return
    if item.answers == "scale" and (item.machine.measure is None or _bounds(item.machine)):
        yield "machine: a scale is answered by a measure, without above and below"
    for where, condition in (("machine", item.machine), ("machine.applies", item.machine.applies)):
        if condition is not None:
            needs_bound = item.answers == "yes_no" or where != "machine"
            yield from (f"{where}.{problem}" for problem in _of_condition(condition, needs_bound))


def _bounds(condition: Condition) -> int:
    return (condition.above is not None) + (condition.below is not None)


def _of_condition(asked: Condition, needs_bound: bool) -> Iterator[str]:
    given = [name for name in ("label", "phrase", "measure", "finding") if getattr(asked, name)]
    if len(given) != 1:
        yield f"{'/'.join(given) or 'label'}: give exactly one of label, phrase, measure, finding"
        return
    for label in asked.label:
        if label not in codebook.LABELS:
            yield f"label: {label} is no label of the codebook{_near(label, codebook.LABELS)}"
    for language, patterns in (asked.phrase or {}).items():
        yield from (f"phrase.{language}: {problem}" for problem in map(wrong_pattern, patterns) if problem)
    if asked.first and asked.last:
        yield "first: give first or last, not both"
    if asked.measure and asked.measure not in MEASURES:
        yield f"measure: {asked.measure} is no number of a contact{_near(asked.measure, MEASURES)}"
    if asked.measure and needs_bound and _bounds(asked) != 1:
        yield "measure: give above or below"
    yield from _of_finding(asked)


def _of_finding(asked: Condition) -> Iterator[str]:
    if asked.finding is None:
        return
    known = FINDINGS.get(asked.finding)
    if known is None:
        yield f"finding: {asked.finding} is none{_near(asked.finding, FINDINGS)}"
    elif not asked.values or not known.issuperset(asked.values):
        yield f"values: give some of {', '.join(sorted(known))}"


def wrong_pattern(pattern: str) -> str:
    """Why RE2 does not take a pattern; nothing where it does."""
    options = re2.Options()
    options.log_errors = False
    try:
        matched = re2.compile(pattern, options).search("")
    except re2.error as error:
        return f"RE2 does not take a pattern ({_said(error)[:80]})"
    return "a pattern matches everything" if matched else ""


def _near(name: str, known: Collection[str]) -> str:
    close = difflib.get_close_matches(name, sorted(known), n=1)
    return f"; did you mean {close[0]}" if close else ""


def _said(error: Exception) -> str:
    said = error.args[0] if error.args else ""
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
