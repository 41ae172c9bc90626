"""The words of subject, forget, retain and audit, beside those of the report."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from functools import lru_cache
from importlib import resources

from analyzer.publish.wording import Language, Wording
from analyzer.publish.wording import wording as report_wording


@lru_cache(maxsize=2)
def wording(language: Language) -> Wording:
    """The report's words with ours; ours have sections that the report does not have."""
    path = resources.files("analyzer.trust").joinpath("words", f"{language}.toml")
    told = tomllib.loads(path.read_text(encoding="utf-8"))
    own = {f"{section}.{key}": text for section, texts in told.items() for key, text in texts.items()}
    shared = report_wording(language)
    return replace(shared, texts={**shared.texts, **own})
