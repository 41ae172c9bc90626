"""Is this installation able to work? Each check does the thing itself, on this machine."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata

from analyzer.config import Settings
from analyzer.errors import AnalyzerError, ModelError
from analyzer.records import Interaction, Turn
from analyzer.weights import damaged_files, model_version, models_folder

LIBRARIES = (
    "torch",
    "transformers",
    "spacy",
    "pandas",
    "pyarrow",
    "deltalake",
    "duckdb",
    "altair",
    "vl-convert-python",
)


@dataclass(frozen=True)
class Check:
    name: str
    ok: bool
    detail: str


def examine(settings: Settings) -> list[Check]:
    """All checks in order; one that fails says what to do and does not end the others."""
    checks = [("python", _python), ("libraries", _libraries), ("weights", lambda: _weights(settings)),
              ("processor", lambda: _processor(settings)), ("reading", lambda: _reading(settings)),
              ("pictures", _pictures)]  # fmt: skip
    return [_tried(name, check) for name, check in checks]


def _tried(name: str, check: Callable[[], str]) -> Check:
    try:
        return Check(name, True, check())
    except (AnalyzerError, ImportError, OSError, RuntimeError, ValueError) as error:
        return Check(name, False, str(error))


def _python() -> str:
    return sys.version.split()[0]


def _libraries() -> str:
    return ", ".join(f"{name} {metadata.version(name)}" for name in LIBRARIES)


def _weights(settings: Settings) -> str:
    folder = models_folder(settings.understand.model)
    if damaged := damaged_files(folder):
        raise ModelError(f"Missing or changed: {', '.join(damaged)}.", hint="Install the package again.")
    return f"{model_version(folder)}, all files as listed"


def _processor(settings: Settings) -> str:
    import torch

    fast = bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    return f"{torch.get_num_threads()} threads, {'bfloat16' if fast else 'float32'} (understand.precision = auto)"


def _reading(settings: Settings) -> str:
    from analyzer.understand.understand import Understanding

    now = datetime.now(UTC)
    contact = Interaction(
        "doctor", "doctor", "", "native", "", now.date(), "chat", now, "record",
        (Turn("customer", "I have been waiting three weeks for my refund and I am really angry."),
         Turn("agent", "I am so sorry about that. I have sent the refund just now."),
         Turn("customer", "Great, it has arrived. Thank you so much, you are wonderful!")),
    )  # fmt: skip
    understood = Understanding(settings.understand).understand([contact])[0]
    shift = understood.sentiment_shift
    if shift is None or shift <= 0 or not understood.cues:
        raise ModelError("The models do not hear what is plainly said.", hint="Install the package again.")
    return f"{len(understood.cues)} cues, resolved {understood.resolved_probability:.2f}, feeling {shift:+.2f}"


def _pictures() -> str:
    import vl_convert

    svg = vl_convert.vegalite_to_svg({"data": {"values": [{"x": 1}]}, "mark": "point", "encoding": {}})
    return f"{len(svg):,} characters of SVG"
