"""The descriptor says of every column what it is, and Frictionless finds the tables as it says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from frictionless import Package, system

from analyzer.publish.datapackage import datapackage
from analyzer.publish.export import export_tables
from analyzer.publish.relations import PUBLISHED

from .test_agents import publish
from .world import AS_OF, world


def test_descriptor_tells_type_meaning_unit_and_constraints_of_every_column() -> None:
    told = json.loads(datapackage({name: f"{name}.csv" for name in PUBLISHED}, "csv"))
    assert [resource["name"] for resource in told["resources"]] == list(PUBLISHED)
    for resource in told["resources"]:
        table = PUBLISHED[resource["name"]]
        fields = resource["schema"]["fields"]
        assert [field["name"] for field in fields] == list(table.column_names)
        assert all(field["description"] and field["type"] for field in fields)
        assert resource["schema"]["primaryKey"] == list(table.key)
    scores = {f["name"]: f for r in told["resources"] if r["name"] == "unit_scores" for f in r["schema"]["fields"]}
    assert scores["coverage_rate"]["unit"] == "0–1" and scores["coverage_rate"]["constraints"]["maximum"] == 1
    assert scores["error_basis"]["constraints"]["enum"] == ["model_only", "audit_corrected"]


@pytest.mark.timeout(300)
def test_frictionless_finds_the_exported_tables_valid(tmp_path: Path) -> None:
    export_tables(world(), tmp_path, "csv", publish())
    with system.use_context(trusted=True):
        report = Package(str(tmp_path / "datapackage.json")).validate()
    assert report.valid, report.flatten(["type", "note", "fieldName", "rowNumber"])[:10]
    assert sum(task.stats.get("rows", 0) for task in report.tasks) > 500


@pytest.mark.timeout(300)
def test_frictionless_finds_texts_valid_that_are_there_and_empty(tmp_path: Path) -> None:
    checks = {
        "mode": "all",
        "item": "",
        "check": "response_rate",
        "n": 53,
        "customers": 44,
        "method": "share",
        "as_of": AS_OF,
    }
    export_tables(world().having(survey_checks=[checks]), tmp_path, "csv", publish())
    with system.use_context(trusted=True):
        report = Package(str(tmp_path / "datapackage.json")).validate()
    assert report.valid, report.flatten(["type", "note", "fieldName", "rowNumber"])[:10]
    assert '"all","","response_rate"' in (tmp_path / "survey_checks.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_frictionless_finds_the_descriptor_valid(form: str, tmp_path: Path) -> None:
    export_tables(world(), tmp_path, form, publish())
    report = Package.validate_descriptor(str(tmp_path / "datapackage.json"))
    assert report.valid, report.flatten(["type", "note"])[:10]
    told = json.loads((tmp_path / "datapackage.json").read_text(encoding="utf-8"))
    assert {resource["path"].rsplit(".", 1)[-1] for resource in told["resources"]} == {form}
    told["resources"][0]["schema"]["fields"][0]["type"] = "no such type"
    (tmp_path / "wrong.json").write_text(json.dumps(told), encoding="utf-8")
    assert not Package.validate_descriptor(str(tmp_path / "wrong.json")).valid


def test_frictionless_finds_what_is_wrong(tmp_path: Path) -> None:
    export_tables(world(), tmp_path, "csv", publish())
    path = tmp_path / "interactions.csv"
    path.write_text(path.read_text(encoding="utf-8").replace('"chat"', '"carrier pigeon"', 1), encoding="utf-8")
    with system.use_context(trusted=True):
        report = Package(str(tmp_path / "datapackage.json")).validate()
    assert not report.valid
