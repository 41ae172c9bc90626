"""Settings as they are given: the shipped defaults, overlaid by a file, overlaid by single assignments."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec

from analyzer.config.settings import Settings
from analyzer.errors import ConfigError

# Tables whose keys the user names; everything else must exist in default.toml before it may be set.
_OPEN_TABLES = {("ingest", "mapping"), ("ingest", "constants"), ("loyalty", "columns"), ("loyalty", "constants"),
                ("loyalty", "scale"), ("score", "weights"), ("score", "references")}  # fmt: skip


def load_settings(config: Path | None = None, assignments: Sequence[str] = ()) -> Settings:
    """Defaults, overlaid by the TOML file ``config``, overlaid by ``assignments`` such as ``score.min_n=20``.

    Raises ConfigError naming the key and what is allowed.
    """
    merged: dict[str, Any] = tomllib.loads(default_text())
    if config is not None:
        _overlay(merged, _read_toml(config), ())
    for assignment in assignments:
        _assign(merged, assignment)
    try:
        return msgspec.convert(merged, Settings)
    except msgspec.ValidationError as error:
        raise ConfigError(f"Configuration: {error}.", hint="`analyzer config` shows every setting.") from error


def default_text() -> str:
    """The commented defaults, as shipped."""
    return resources.files("analyzer").joinpath("default.toml").read_text(encoding="utf-8")


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(
            f"Cannot read {path}: {error.strerror}.", hint="Check the path given with --config."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}.") from error


def _overlay(base: dict[str, Any], over: Mapping[str, Any], path: tuple[str, ...]) -> None:
    for key, value in over.items():
        where = (*path, key)
        if key not in base and path not in _OPEN_TABLES:
            raise ConfigError(f"Unknown setting {'.'.join(where)}.", hint=_nearest(key, base))
        if isinstance(value, Mapping) and isinstance(base.get(key), dict):
            _overlay(base[key], value, where)
        else:
            base[key] = value


def _assign(base: dict[str, Any], assignment: str) -> None:
    path, separator, text = assignment.partition("=")
    if not separator or not path.strip():
        raise ConfigError(f"Cannot read --set {path.strip() or '(empty)'}.", hint="Write it as section.key=value.")
    try:
        value = tomllib.loads(f"v = {text}")["v"]
    except tomllib.TOMLDecodeError:
        value = _number_or_word(text.strip())
    nested: Any = value
    for key in reversed(path.strip().split(".")):
        nested = {key: nested}
    _overlay(base, nested, ())


def _number_or_word(text: str) -> float | str:
    """What people type where TOML would want a leading zero or quotes: ``.4``, ``named``."""
    try:
        return float(text)
    except ValueError:
        return text


def _nearest(key: str, known: Mapping[str, Any]) -> str:
    import difflib

    close = difflib.get_close_matches(key, known, n=1)
    return f"Did you mean {close[0]}?" if close else f"Known here: {', '.join(sorted(known))}."
