from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from analyzer.config import Section, Settings, default_text, load_settings
from analyzer.errors import ConfigError


def sections(kind: type[Section] = Settings, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """(path, field) of every setting of the schema."""
    for field in msgspec.structs.fields(kind):
        where = (*path, field.name)
        if isinstance(field.type, type) and issubclass(field.type, Section):
            yield from sections(field.type, where)
        else:
            yield where, field


def lines_with_section() -> Iterator[tuple[str, str, str]]:
    """(section heading, line, comment of the heading) of every assignment in default.toml."""
    heading = comment = ""
    for line in default_text().splitlines():
        if line.startswith("["):
            heading, _, comment = line.partition("#")
        elif re.match(r"\w+ *=", line):
            yield heading.strip(), line, comment


def test_every_default_has_a_comment() -> None:
    bare = [line for heading, line, comment in lines_with_section()
            if "#" not in line and not comment and heading != "[[flags.rules]]"]  # fmt: skip
    assert not bare
    assert "# Rules that flag a contact." in default_text()  # every rule says in words why it is raised
    assert all(rule.explanation.endswith(".") for rule in load_settings().flags.rules)


def test_schema_has_no_defaults() -> None:
    assert not [path for path, field in sections() if not field.required]


def test_defaults_name_every_setting_and_no_other() -> None:
    defaults = tomllib.loads(default_text())
    for path, _ in sections():
        value: Any = defaults
        for key in path:
            assert key in value, ".".join(path)
            value = value[key]
    msgspec.convert(defaults, Settings)


@pytest.mark.parametrize(
    ("assignment", "hint"),
    [("score.min_m=3", "Did you mean min_n?"), ("scores.min_n=3", "Did you mean score?"),
     ("ingest.zzz=1", "Known here:"), ("nothing=1", "Known here:")],
)  # fmt: skip
def test_unknown_setting_is_refused_with_a_suggestion(assignment: str, hint: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(hint)):
        load_settings(None, [assignment])


@pytest.mark.parametrize(
    ("assignment", "section", "key", "value"),
    [("score.min_n=3", "score", "min_n", 3), ("score.margin=0.25", "score", "margin", 0.25),
     ("score.weekly=false", "score", "weekly", False), ("publish.agents=named", "publish", "agents", "named"),
     ("journey.window_days=[1, 7]", "journey", "window_days", (1, 7)), ("audit.seed=w-48", "audit", "seed", "w-48"),
     ('understand.model="a=b"', "understand", "model", "a=b")],
)  # fmt: skip
def test_set_takes_the_type_of_the_setting(assignment: str, section: str, key: str, value: object) -> None:
    assert getattr(getattr(load_settings(None, [assignment]), section), key) == value


@pytest.mark.parametrize(
    "assignment",
    ["score.min_n=many", "score.min_n=0", "score.min_n=1.5", "score=3", "score.min_n.x=1", "publish.agents=all",
     "ingest.timezone=Europe/Nowhere", "ingest.encoding=klingon", "journey.headline_window_days=5",
     "ingest.customer_keys=hashed", "score.weights.kindness=2.0", "score.min_n", "=3", ""],
)  # fmt: skip
def test_wrong_value_is_refused(assignment: str) -> None:
    with pytest.raises(ConfigError):
        load_settings(None, [assignment])


def test_file_overlays_defaults_and_set_overlays_the_file(tmp_path: Path) -> None:
    path = tmp_path / "analyzer.toml"
    path.write_text('[score]\nmin_n = 20\nmargin = 0.2\n[ingest.mapping]\ncustomer_id = "Kundennummer"\n')
    settings = load_settings(path, ["score.min_n=30"])
    assert (settings.score.min_n, settings.score.margin) == (30, 0.2)
    assert settings.ingest.mapping == {"customer_id": "Kundennummer"}
    assert settings.understand == load_settings().understand


@pytest.mark.parametrize("content", [b"[score\n", b"\xff\xfe", b"[score]\nmin_n = 1\nmin_n = 2\n"])
def test_file_that_is_no_toml_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "analyzer.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match="not valid TOML"):
        load_settings(path)


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--config"):
        load_settings(tmp_path / "none.toml")


def test_hash_changes_with_any_setting_and_with_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "analyzer.toml"
    path.write_text("[score]\nmin_n = 10\n")
    assert load_settings().hash == load_settings(path).hash
    assert load_settings().hash != load_settings(None, ["score.min_n=11"]).hash
    assert load_settings().hash != load_settings(None, ["ingest.constants.channel=chat"]).hash
