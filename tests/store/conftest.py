from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from analyzer.store import open_store

from .contacts import MONDAY, TUESDAY, Contact, contacts, publish_at


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("empty") / "store"
    with open_store(path, write=True):
        return path


@pytest.fixture
def path(empty: Path, tmp_path: Path) -> Path:
    """A store in which nothing was published."""
    return Path(shutil.copytree(empty, tmp_path / "store"))


@pytest.fixture
def nowhere(tmp_path: Path) -> Path:
    """Where a store will be; nothing is there yet."""
    return tmp_path / "store"


@pytest.fixture(scope="session")
def long_lived(empty: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of eleven publications, enough for a checkpoint; one contact has words and names that no other has."""
    path = Path(shutil.copytree(empty, tmp_path_factory.mktemp("long_lived") / "store"))
    spoken = Contact("gespraech-geheim", MONDAY, "Hier spricht Frau Geheimnisvoll.", "kundin-geheim")
    for number in range(11):
        publish_at(path, [spoken, *contacts(TUESDAY, 2)], f"r-{number}")
    return path
