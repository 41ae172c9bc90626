from __future__ import annotations

import pickle
import re

import pytest

from analyzer import errors
from analyzer.errors import AnalyzerError, StoreError, UsageError

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, AnalyzerError)]


def test_tree_of_the_docstring_is_the_tree_of_classes() -> None:
    drawn = re.findall(r"(\w*Error|StoreBusy|StoreDamaged|RunAborted) +(\d)", errors.__doc__ or "")
    assert {name: int(code) for name, code in drawn} == {
        kind.__name__: kind.exit_code for kind in KINDS if kind is not AnalyzerError
    }
    assert issubclass(errors.ConfigError, UsageError)
    assert issubclass(errors.StoreBusy, StoreError) and issubclass(errors.StoreDamaged, StoreError)


def test_no_error_ends_as_success_or_as_too_many_rejects() -> None:
    assert {kind.exit_code for kind in KINDS} == {2, 3, 4}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_error_survives_the_way_back_from_a_worker(kind: type[AnalyzerError]) -> None:
    error = kind("The store is full.", hint="Free space.")
    back = pickle.loads(pickle.dumps(error))  # noqa: S301 (what multiprocessing does)
    assert type(back) is kind and (back.message, back.hint) == ("The store is full.", "Free space.")
    assert str(back) == "The store is full. Free space."


def test_error_without_a_hint_ends_without_a_blank() -> None:
    assert str(AnalyzerError("No.")) == "No."
