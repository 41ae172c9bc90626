"""The wheel: built, installed elsewhere, it brings its weights and reads the sample dump."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import ROOT, SIDE_FILES, sample_arguments


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds what the wheel installs, and nothing else."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder / "dist"), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True, timeout=300)
    (wheel,) = (folder / "dist").glob("*.whl")
    # --no-index: the libraries are here already, and the test asks no network.
    install = [sys.executable, "-m", "pip", "install", "--no-index", "--no-deps", "--target", str(folder / "site")]
    subprocess.run([*install, str(wheel)], check=True, capture_output=True, timeout=300)
    return folder / "site"


def elsewhere(installed: Path, cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """``python -m analyzer`` in ``cwd``, with the wheel before this checkout's editable install."""
    environment = {**os.environ, "PYTHONPATH": str(installed), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "analyzer", *arguments]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=500)


def test_wheel_holds_the_package_and_the_weights_and_no_tests(installed: Path) -> None:
    top = {path.name for path in installed.iterdir() if not path.name.endswith(".dist-info")}
    assert top == {"analyzer", "bin"}, "the package and its command"
    assert (installed / "analyzer" / "models" / "encoder" / "model.safetensors").stat().st_size > 1_000_000
    assert (installed / "analyzer" / "default.toml").is_file() and (installed / "analyzer" / "py.typed").is_file()
    assert list(installed.glob("*.dist-info/licenses/**/NOTICE"))


def test_wheel_finds_its_own_weights(installed: Path, tmp_path: Path) -> None:
    program = "from analyzer.weights import models_folder; print(models_folder())"
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    found = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60
    )
    assert found.stdout.strip() == str(installed / "analyzer" / "models"), found.stderr


def test_wheel_passes_the_doctor_and_runs_the_sample_elsewhere(installed: Path, tmp_path: Path) -> None:
    examined = elsewhere(installed, tmp_path, "doctor")
    assert examined.returncode == 0, examined.stdout + examined.stderr
    contacts = sample_arguments(tmp_path / "store")
    ran = elsewhere(installed, tmp_path, *contacts)
    assert len(SIDE_FILES) == 8 and ran.returncode == 0, ran.stdout + ran.stderr
    assert "139 read = 135 accepted (1 replaced) + 3 rejected + 1 duplicate" in ran.stdout
    assert {path.name for path in tmp_path.iterdir()} == {"store"}
