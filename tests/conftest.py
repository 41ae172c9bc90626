"""One run of the sample dump, shared; and a command line that is called in this process."""

from __future__ import annotations

import io
import logging
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from analyzer.tables import FACT_TABLES, STORED

from .nights import Nights, nothing_understood

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "transcripts" / "sample"
SHARED = ROOT.parent / "shared"
SIDE_FILES = [part for name in ("metadata", "agents", "loyalty", "surveys")
              for part in (f"--{name}", str(SAMPLE / f"{name}.csv"))]  # fmt: skip


@dataclass(frozen=True)
class Ended:
    """A command that ended: exit code, what it printed, what it logged."""

    code: int
    out: str
    err: str
    log: str

    @property
    def said(self) -> str:
        return self.out + self.err + self.log


def call(*arguments: str | Path) -> Ended:
    """``analyzer`` with ``arguments``, in this process, with all logs of all libraries caught."""
    from analyzer.cli import main

    out, err, logged = io.StringIO(), io.StringIO(), io.StringIO()
    handler = logging.StreamHandler(logged)
    root, level, argv = logging.getLogger(), logging.getLogger().level, sys.argv
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    sys.argv = ["analyzer", *map(str, arguments)]
    try:
        with redirect_stdout(out), redirect_stderr(err):
            main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:
        sys.argv = argv
        root.removeHandler(handler)
        root.setLevel(level)
    return Ended(code, out.getvalue(), err.getvalue(), logged.getvalue())


@pytest.fixture(scope="session")
def one_model() -> Iterator[None]:
    """The real models, loaded once for all runs of this process instead of once a run."""
    from analyzer import engine

    load = engine._load
    kept: dict[str, Any] = {}

    def load_once(settings: Any, folder: Path | None) -> Any:
        if repr(settings) not in kept:
            kept[repr(settings)] = load(settings, None)  # what one test's store keeps is not for another's
        return kept[repr(settings)]

    engine._load = load_once
    yield
    engine._load = load


@dataclass(frozen=True)
class Sample:
    """The sample dump after one run."""

    store: Path
    ended: Ended
    exports: Path

    def frame(self, name: str) -> Any:
        """An exported table as a pandas frame."""
        import pandas as pd

        return pd.read_parquet(self.exports / f"{name}.parquet")


def sample_arguments(store: Path) -> list[str]:
    return ["run", str(SAMPLE / "contacts"), "--store", str(store), *SIDE_FILES]


@pytest.fixture(scope="session")
def sample(one_model: None, tmp_path_factory: pytest.TempPathFactory) -> Sample:
    folder = tmp_path_factory.mktemp("sample")
    ended = call(*sample_arguments(folder / "store"))
    assert ended.code == 0, ended.said
    for kind in ("parquet", "csv"):
        exported = call("export", "--store", folder / "store", "--to", folder / "exports", "--format", kind)
        assert exported.code == 0, exported.said
    return Sample(folder / "store", ended, folder / "exports")


@pytest.fixture
def sample_copy(sample: Sample, tmp_path: Path) -> Path:
    """A store of the sample that a test may change."""
    return Path(shutil.copytree(sample.store, tmp_path / "store"))


@pytest.fixture
def analyzer(one_model: None) -> Callable[..., Ended]:
    return call


@pytest.fixture
def run(one_model: None, tmp_path: Path) -> Callable[..., Ended]:
    """``analyzer run`` of ``inputs`` into tmp_path/store."""

    def run_(*inputs: str | Path, store: str = "store", more: Sequence[str | Path] = ()) -> Ended:
        return call("run", *inputs, "--store", tmp_path / store, *more)

    return run_


@pytest.fixture
def nights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Nights:
    """Runs into tmp_path/store in which no model reads and nothing is said of loyalty."""
    from analyzer import batches, outlook

    monkeypatch.setattr(batches, "understand_all", nothing_understood)
    monkeypatch.setattr(
        outlook, "_loyalty_tables", lambda *_: {name: STORED[name].empty() for name in outlook._LOYALTY}
    )
    return Nights(tmp_path)


@pytest.fixture
def intakes(nights: Nights, monkeypatch: pytest.MonkeyPatch) -> Nights:
    """Runs that publish what they took in, and nothing that follows from it."""
    from analyzer import outlook

    told = {*FACT_TABLES, "loyalty_records", "surveys", "rejects", "runs"}
    monkeypatch.setattr(outlook, "look_out", lambda *_: {name: STORED[name].empty() for name in {*STORED} - told})
    return nights
