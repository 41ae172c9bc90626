from __future__ import annotations

import gzip
import os
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analyzer.errors import UsageError
from analyzer.loyalty.records import LoyaltyFile, read_loyalty
from analyzer.tables import STORED
from tests.loyalty.worlds import settings

TELCO = Path(__file__).parents[3] / "shared/data/loyalty/Telco-Customer-Churn.csv"
MAPPED = {
    "customer_id": "customerID",
    "tenure_months": "tenure",
    "churned": "Churn",
    "monthly_charge": "MonthlyCharges",
    "total_charges": "TotalCharges",
    "contract": "Contract",
}


def read(path: Path, columns: dict[str, str] | None = None, **constants: object) -> LoyaltyFile:
    changes = [f'loyalty.columns.{k}="{v}"' for k, v in (columns or {}).items()]
    changes += [
        f"loyalty.constants.{k}={str(v).lower() if isinstance(v, bool) else repr(v)}" for k, v in constants.items()
    ]
    from analyzer.config import load_settings

    found = read_loyalty(
        path, load_settings(None, changes).loyalty, customer_key=lambda key: f"k:{key}", timezone="Europe/Berlin"
    )
    assert found.table.schema == STORED["loyalty_records"].schema
    return found


def values(found: LoyaltyFile, fact: str) -> dict[str, object]:
    rows = [row for row in found.table.to_pylist() if row["fact"] == fact]
    return {r["customer_key"]: next((r[f] for f in ("number", "text", "time") if r[f] is not None), None) for r in rows}


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.evaluation
@pytest.mark.skipif(not TELCO.exists(), reason="../shared/data/loyalty is absent")
def test_read_loyalty_maps_the_telco_file_by_config() -> None:
    found = read(TELCO, MAPPED, as_of="2026-11-01", may_contact=False)
    tenure, churned, total = (values(found, fact) for fact in ("tenure_months", "churned", "total_charges"))
    assert len(tenure) == len(churned) == 7043 and sum(churned.values()) == 1869
    assert tenure["k:5575-GNVDE"] == 34 and total["k:5575-GNVDE"] == 1889.5
    assert len(total) == 7043 - 11, "eleven cells are blank"
    assert found.problems == [] and set(values(found, "may_contact").values()) == {0.0}


def test_shared_telco_file_is_there_where_it_must_be() -> None:
    shared = TELCO.parents[2]
    if not (os.environ.get("CI") and shared.exists()):
        pytest.skip("not in CI, or ../shared is absent")
    assert TELCO.exists(), "the Telco mapping must be tested in CI"


def test_read_loyalty_reads_a_file_like_telco(tmp_path: Path) -> None:
    path = write(
        tmp_path / "l.csv",
        "customerID,tenure,Contract,MonthlyCharges,TotalCharges,Churn,gender\n"
        "A-1,1,Month-to-month,29.85,29.85,No,Female\nA-2,34,One year,56.95,1889.5,Yes,\nA-3,0,Two year,20.5, ,No,\n",
    )
    found = read(path, MAPPED, as_of="2026-11-01")
    assert values(found, "churned") == {"k:A-1": 0.0, "k:A-2": 1.0, "k:A-3": 0.0}
    assert values(found, "contract")["k:A-2"] == "One year"
    assert values(found, "total_charges") == {"k:A-1": 29.85, "k:A-2": 1889.5}
    assert values(found, "gender") == {} and found.problems == []
    assert set(found.table.column("as_of").to_pylist()) == {datetime(2026, 10, 31, 23, tzinfo=UTC)}


def test_read_loyalty_reads_german_files(tmp_path: Path) -> None:
    text = (
        "customer_id;as_of;revenue_12m;may_contact;cancel_received_at;segment\n"
        "7;01.11.2026;1.234,50 €;ja;03.10.2026 14:30;Privat\n8;01.11.2026;99,5;nein;;Geschäft\n9;01.11.2026;2.000;1;;\n"
    )
    found = read(write(tmp_path / "l.csv", text, "cp1252"))
    assert values(found, "revenue_12m") == {"k:7": 1234.5, "k:8": 99.5, "k:9": 2000.0}
    assert values(found, "may_contact") == {"k:7": 1.0, "k:8": 0.0, "k:9": 1.0}
    assert values(found, "cancel_received_at") == {"k:7": datetime(2026, 10, 3, 12, 30, tzinfo=UTC)}
    assert values(found, "segment")["k:8"] == "Geschäft"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_read_loyalty_finds_encoding_and_delimiter(tmp_path: Path, encoding: str, delimiter: str) -> None:
    text = "customer_id,as_of,segment,nps\nk1,2026-11-01,Größe,9\n".replace(",", delimiter)
    found = read(write(tmp_path / "l.csv", text, encoding))
    assert values(found, "segment") == {"k:k1": "Größe"} and values(found, "nps") == {"k:k1": 9.0}


def test_read_loyalty_reads_gzip_and_parquet_alike(tmp_path: Path) -> None:
    (tmp_path / "l.csv.gz").write_bytes(
        gzip.compress(b"customer_id,as_of,nps,may_contact\n1,2026-11-01,9,yes\n2,2026-11-01,,no\n")
    )
    table = pa.table(
        {"customer_id": [1, 2], "as_of": [datetime(2026, 11, 1)] * 2, "nps": [9, None], "may_contact": [True, False]}
    )
    pq.write_table(table, tmp_path / "l.parquet")
    drop = ["source_uri"]
    zipped, columnar = read(tmp_path / "l.csv.gz"), read(tmp_path / "l.parquet")
    assert zipped.table.drop_columns(drop) == columnar.table.drop_columns(drop) and zipped.table.num_rows == 3


def test_read_loyalty_names_the_line_of_each_problem_and_keeps_the_rest(tmp_path: Path) -> None:
    text = (
        "customer_id,as_of,nps,churned_at,may_contact\n1,2026-11-01,9,,yes\n,2026-11-01,9,,\n2,soon,9,,\n3,2026-11-01,11,,\n"
        "4,2026-11-01,8,11/12/2026,\n5,2026-11-01\n6,2026-02-30,1,,\n7,2026-11-01,7,,perhaps\n"
    )
    found = read(write(tmp_path / "l.csv", text))
    assert [(p.line, p.message.split(" ")[0]) for p in found.problems] == [
        (3, "customer_id"),
        (4, "as_of"),
        (5, "nps"),
        (6, "churned_at"),
        (7, "2"),
        (8, "as_of"),
        (9, "may_contact"),
    ]
    assert values(found, "nps") == {"k:1": 9.0, "k:4": 8.0, "k:7": 7.0}
    assert values(found, "may_contact") == {"k:1": 1.0}


def test_read_loyalty_lets_the_later_line_count_and_says_so(tmp_path: Path) -> None:
    found = read(write(tmp_path / "l.csv", "customer_id,as_of,nps\n1,2026-11-01,9\n1,2026-11-01,3\n1,2026-11-02,4\n"))
    assert [row["number"] for row in found.table.to_pylist()] == [3.0, 4.0]
    assert [p.line for p in found.problems] == [3] and "line 2" in found.problems[0].message


@pytest.mark.parametrize("date", ["9999-12-31", "31.12.2999", "1900-01-01", "1753-01-01 00:00:00", "0001-01-01"])
def test_dates_that_stand_for_none_say_nothing(tmp_path: Path, date: str) -> None:
    text = f"customer_id,as_of,cancel_received_at,closed\n1,2026-11-01,{date},{date}\n2,2026-11-01,2026-10-05,{date}\n"
    found = read(write(tmp_path / "l.csv", text))
    assert set(values(found, "cancel_received_at")) == {"k:2"} and found.problems == []
    assert values(found, "closed") == {}


def test_tenure_of_centuries_is_left_out_and_named(tmp_path: Path) -> None:
    found = read(write(tmp_path / "l.csv", "customer_id,as_of,tenure_months\n1,2026-11-01,9999\n2,2026-11-01,40\n"))
    assert values(found, "tenure_months") == {"k:2": 40.0} and [problem.line for problem in found.problems] == [2]


def test_read_loyalty_takes_known_at_or_as_of(tmp_path: Path) -> None:
    found = read(
        write(tmp_path / "l.csv", "customer_id,as_of,known_at,nps\n1,2026-10-01,2026-10-05,9\n2,2026-10-01,,9\n")
    )
    days = [row["known_at"].astimezone().date().isoformat() for row in found.table.to_pylist()]
    assert days[0] in ("2026-10-04", "2026-10-05") and days[1] in ("2026-09-30", "2026-10-01")


@pytest.mark.parametrize(
    ("text", "columns", "says"),
    [
        ("kunde,as_of\n1,2026-11-01\n", {}, "loyalty.columns.customer_id"),
        ("customer_id,nps\n1,9\n", {}, "loyalty.constants.as_of"),
        ("customer_id,as_of\n1,2026-11-01\n", {"nps": "NPS"}, "loyalty.columns.nps"),
        ("customer_id,as_of,nps,nps\n", {}, "twice"),
        ("", {}, "no header"),
    ],
)
def test_read_loyalty_tells_which_setting_helps(tmp_path: Path, text: str, columns: dict[str, str], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        read(write(tmp_path / "l.csv", text), columns)


def test_read_loyalty_refuses_missing_and_damaged_files(tmp_path: Path) -> None:
    (tmp_path / "cut.csv.gz").write_bytes(gzip.compress(b"customer_id,as_of\n" * 99)[:40])
    (tmp_path / "cut.parquet").write_bytes(b"PAR1 nothing")
    for name in ("absent.csv", "cut.csv.gz", "cut.parquet"):
        with pytest.raises(UsageError):
            read(tmp_path / name)


def test_constant_as_of_must_be_a_date(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no date"):
        read(write(tmp_path / "l.csv", "customer_id,nps\n1,9\n"), as_of="soon")
    assert settings().constants == {}
