"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

HELP = {"help_option_names": ["-h", "--help"], "max_content_width": 110}
Store = Annotated[Path, typer.Option("--store", help="Folder of the store.", metavar="DIR")]
Config = Annotated[Optional[Path], typer.Option("--config", help="TOML file with what differs from the defaults.")]  # noqa: UP045
Sets = Annotated[Optional[list[str]], typer.Option("--set", metavar="KEY=VALUE", help="One setting.")]  # noqa: UP045
SideFile = Optional[Path]  # noqa: UP045
