"""The command line: help, exit codes, what it prints; each command once for real."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from analyzer.cli import app
from analyzer.ingest.formats import FORMATS
from analyzer.weights import models_folder

from .conftest import ROOT, Ended, Sample, call
from .dumps import contact, dump, rows

Run = Callable[..., Ended]


def commands() -> list[tuple[str, ...]]:
    """Every command of the program as it is typed, the program itself first."""
    found: list[tuple[str, ...]] = []

    def walk(command: object, path: tuple[str, ...]) -> None:
        found.append(path)
        for name, below in getattr(command, "commands", {}).items():
            walk(below, (*path, name))

    walk(typer.main.get_command(app), ())
    return found


def test_commands_are_those_of_the_design() -> None:
    names = {path[0] for path in commands() if path}
    assert {"run", "export", "report", "show", "explain", "formats", "doctor", "verify", "repair", "learn"} <= names


@pytest.mark.parametrize("path", commands(), ids=lambda path: " ".join(path) or "analyzer")
def test_help_has_an_example(path: tuple[str, ...]) -> None:
    ended = call(*path, "--help")
    assert ended.code == 0 and "Example: analyzer" in ended.out
    assert f"Example: analyzer {' '.join(path)}" in " ".join(ended.out.split()) or path in ((), ("learn",))


def test_help_imports_nothing_heavy() -> None:
    # The bar is 0.4 s a help; what keeps it there are late imports, and these do not depend on a busy machine.
    program = (
        "import sys\n"
        "from analyzer.cli import main\n"
        f"for path in {commands()!r}:\n"
        "    sys.argv = ['analyzer', *path, '--help']\n"
        "    try:\n        main()\n    except SystemExit as end:\n        assert not end.code, path\n"
        "heavy = {'torch', 'pandas', 'numpy', 'pyarrow', 'transformers', 'spacy', 'duckdb', 'msgspec', 'rich'}\n"
        "print('heavy:', sorted(heavy & set(sys.modules)))\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.splitlines()[-1] == "heavy: []"


@pytest.mark.parametrize("path", [(), ("run",)], ids=["analyzer", "run"])
def test_help_takes_four_tenths_of_a_second(path: tuple[str, ...]) -> None:
    # Processor time, not the clock's: the latter tells how busy the machine is.
    assert statistics.median(processor_seconds(*path, "--help") for _ in range(3)) <= 0.4


def processor_seconds(*arguments: str) -> float:
    process = subprocess.Popen([sys.executable, "-m", "analyzer", *arguments], cwd=ROOT, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return used.ru_utime + used.ru_stime


# Usage


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [(["run", "none.jsonl", "--store", "s"], "No such file or folder"),
     (["run", "{calls}", "--store", "s", "--agents", "none.csv"], "Check --agents."),
     (["run", "{calls}", "--store", "s", "--set", "score.min_m=3"], "Did you mean min_n?"),
     (["run", "{calls}", "--store", "s", "--set", "score.min_n=many"], "`analyzer config`"),
     (["run", "{calls}", "--store", "s", "--config", "none.toml"], "--config"),
     (["run", "{calls}", "--store", "s", "--as-of", "yesterday"], "2026-11-22T23:00Z"),
     (["run", "{calls}", "--store", "s", "--as-of", "9999-12-31"], "Years 1990 to 2200."),
     (["run", "{calls}"], "--store"), (["run", "{calls}", "--store", "s", "--wrong"], "--wrong"),
     (["export", "--store", "none", "--to", "out"], "No store at none"),
     (["export", "--store", "none", "--to", "out", "--format", "xml"], "xml"),
     (["report", "--store", "none", "--to", "r.html"], "No store at none"),
     (["show", "c-1", "--store", "none"], "No store at none"),
     (["explain", "voice", "--store", "none"], "No store at none"), (["verify", "--store", "none"], "No store at none"),
     (["repair", "--store", "none"], "No store at none"), (["fly"], "fly")],
)  # fmt: skip
def test_wrong_usage_ends_in_2_with_a_hint(
    arguments: list[str], hint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    dump(tmp_path / "calls.jsonl", contact("a1"))
    ended = call(*(argument.format(calls="calls.jsonl") for argument in arguments))
    assert ended.code == 2 and hint in ended.err, ended.said
    assert "Traceback" not in ended.err and ended.out == ""
    assert [path.name for path in tmp_path.iterdir()] == ["calls.jsonl"]


def test_unreadable_side_file_ends_in_2_before_anything_is_understood(run: Run, tmp_path: Path) -> None:
    (tmp_path / "loyalty.csv").write_text("nothing\n1\n")
    ended = run(dump(tmp_path / "calls.jsonl", contact("a1")), more=["--loyalty", tmp_path / "loyalty.csv"])
    assert ended.code == 2 and "loyalty.columns.customer_id" in ended.err
    assert rows(tmp_path / "store", "interaction_facts") == []
    assert not list((tmp_path / "store" / "staging").rglob("*.parquet"))


# Commands


def test_more_rejects_than_allowed_end_in_1_and_good_rows_are_kept(run: Run, tmp_path: Path) -> None:
    path = dump(tmp_path / "calls.jsonl", *(contact(f"a{n}") for n in range(9)), "{broken")
    ended = run(path)
    assert ended.code == 1 and "More than ingest.max_reject_share = 5%" in ended.out
    assert len(rows(tmp_path / "store", "interaction_facts")) == 9
    assert run(path, store="other", more=["--set", "ingest.max_reject_share=0.1"]).code == 0


def test_dry_run_counts_and_writes_nothing(tmp_path: Path, run: Run) -> None:
    path = dump(tmp_path / "calls.jsonl", contact("a1"), contact("b1"))
    ended = run(path, more=["--dry-run"])
    assert ended.code == 0 and "2 read = 2 accepted" in ended.out and "Dry run" in ended.out
    assert not (tmp_path / "store").exists()
    run(path)
    before = {p: p.stat().st_mtime_ns for p in (tmp_path / "store").rglob("*.parquet")}
    again = run(dump(tmp_path / "more.jsonl", contact("a1"), contact("c1"), "{broken"), more=["--dry-run"])
    assert again.code == 1 and "3 read = 1 accepted (0 replaced) + 1 rejected + 1 duplicate" in again.out
    assert before == {p: p.stat().st_mtime_ns for p in (tmp_path / "store").rglob("*.parquet")}
    assert not (tmp_path / "store" / "quarantine").exists()


def test_json_is_one_object_with_the_account(run: Run, tmp_path: Path) -> None:
    path = dump(tmp_path / "calls.jsonl", *(contact(f"a{n}") for n in range(30)), contact("a0"), "{broken")
    for unchanged in (False, True):
        ended = run(path, more=["--json"])
        (line,) = ended.out.splitlines()
        told = json.loads(line)
        assert ended.code == 0 and told["unchanged"] is unchanged
        assert told["read"] == 32 == told["accepted"] + told["rejected"] + told["duplicate"]
        assert told["reject_share"] == pytest.approx(1 / 32) and told["as_of"].startswith("2026-11-02")


def test_summary_names_unknown_keys_and_skipped_files(run: Run, tmp_path: Path) -> None:
    dump(tmp_path / "dump" / "calls.jsonl", contact("a1", mood="bad"))
    (tmp_path / "dump" / "README.md").write_text("Our calls.\n")
    ended = run(tmp_path / "dump")
    assert "Skipped dump/README.md: documentation" in ended.out and "mood" in ended.out


def test_show_draws_the_contact_with_its_evidence(sample: Sample) -> None:
    ended = call("show", "hb-1011", "--store", sample.store)
    assert ended.code == 0 and "hb-1011" in ended.out and "Promise made" in ended.out


def test_explain_tells_a_unit_a_customer_and_a_contact(sample: Sample) -> None:
    for name, words in (
        ("voice", "Where the number comes from"),
        ("k-106", "What was known on"),
        ("hb-1011", "Points"),
    ):
        ended = call("explain", name, "--store", sample.store)
        assert ended.code == 0 and words in ended.out
    ended = call("explain", "voice", "--store", sample.store, "--json", "--measure", "fcr_rate")
    assert json.loads(ended.out)["estimate"]["measure"] == "fcr_rate"
    assert "Woher die Zahl kommt" in call("explain", "voice", "--store", sample.store, "--language", "de").out


def test_explain_of_an_unknown_name_suggests_known_ones(sample: Sample) -> None:
    ended = call("explain", "nroth", "--store", sample.store)
    assert ended.code == 2 and "Did you mean north?" in ended.err


def test_show_of_an_unknown_contact_suggests_a_known_one(sample: Sample) -> None:
    ended = call("show", "hb-10011", "--store", sample.store)
    assert ended.code == 2 and "hb-1011" in ended.err and ended.out == ""


def test_report_is_written(sample: Sample, tmp_path: Path) -> None:
    ended = call("report", "--store", sample.store, "--to", tmp_path / "report.html")
    assert ended.code == 0
    assert "<!doctype html>" in (tmp_path / "report.html").read_text(encoding="utf-8")[:40].lower()


def test_formats_lists_every_format() -> None:
    ended = call("formats")
    assert ended.code == 0 and all(name in ended.out for name in FORMATS)


def test_config_prints_what_config_reads(tmp_path: Path, run: Run) -> None:
    path = tmp_path / "analyzer.toml"
    path.write_text(call("config").out, encoding="utf-8")
    ended = run(dump(tmp_path / "calls.jsonl", contact("a1")), more=["--config", path, "--dry-run"])
    assert ended.code == 0


def test_verify_and_repair_of_a_whole_store(sample: Sample, sample_copy: Path) -> None:
    assert call("verify", "--store", sample.store).out == "The store is whole.\n"
    ended = call("repair", "--store", sample_copy)
    assert (ended.code, ended.out) == (0, "Nothing to repair.\n")


def test_verify_and_repair_of_a_damaged_store(sample_copy: Path) -> None:
    damaged = next((sample_copy / "tables" / "cues" / "day=2026-11-09").rglob("*.parquet"))
    damaged.write_bytes(damaged.read_bytes()[:-1])
    found = call("verify", "--store", sample_copy)
    assert found.code == 3 and "is cut short" in found.out and "1 problems. `analyzer repair`" in found.out
    mended = call("repair", "--store", sample_copy)
    assert mended.code == 0 and "run again: 2026-11-09" in mended.out
    left = call("verify", "--store", sample_copy)
    assert left.code == 3 and "run again with their files" in left.out


def test_doctor_is_content_with_this_installation() -> None:
    ended = call("doctor")
    assert ended.code == 0 and ended.out.count("  ok  ") == 6 and "FAIL" not in ended.out


@pytest.mark.parametrize("damage", ["flipped", "cut", "gone"])
def test_doctor_names_damaged_weights(tmp_path: Path, damage: str) -> None:
    models = Path(shutil.copytree(models_folder(), tmp_path / "models"))
    path = models / "heads" / "model.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content if damage == "flipped" else content[:1000])
    if damage == "gone":
        path.unlink()
    ended = call("doctor", "--set", f'understand.model="{models}"')
    assert ended.code == 3 and "FAIL  weights" in ended.out and "heads/model.safetensors" in ended.out
    assert "Traceback" not in ended.said


def test_run_with_damaged_weights_ends_in_3(tmp_path: Path) -> None:
    models = Path(shutil.copytree(models_folder(), tmp_path / "models"))
    (models / "manifest.json").write_text("{")
    path = dump(tmp_path / "calls.jsonl", contact("a1"))
    ended = call("run", path, "--store", tmp_path / "store", "--set", f'understand.model="{models}"')
    assert ended.code == 3 and "manifest.json" in ended.err
    assert call("run", path, "--store", tmp_path / "store", "--set", "understand.model=/none").code == 3
    assert not (tmp_path / "store").exists()


def test_progress_is_drawn_for_a_watcher_only(sample: Sample, capsys: pytest.CaptureFixture[str]) -> None:
    from analyzer.progress import Silent
    from analyzer.terminal import run_progress

    with run_progress(quiet=False) as progress:
        assert isinstance(progress, Silent)
        progress.begin("reading", 10, "bytes")
        progress.advance(10)
    assert capsys.readouterr() == ("", "")


# Silence


def test_no_word_of_a_transcript_is_printed_or_logged(run: Run, tmp_path: Path) -> None:
    secret = ("xylophonwort erstens", "quastenflosser zweitens", "Zirbeldrüse drittens")
    odd = '{"interaction_id": "r1", "turns": [{"speaker": "butler", "text": "schnabeltier viertens"}]}'
    path = dump(tmp_path / "calls.jsonl", contact("a1", said=secret), odd, '{"turns": "brückenechse fünftens')
    text = dump(tmp_path / "a_call.txt", "Kunde: lanzettfischchen sechstens", "Butler: nacktmull siebtens")
    ended = run(path, text, more=["--set", "ingest.max_reject_share=1.0"])
    assert ended.code == 0 and "rejected" in ended.out
    rare = ("xylophonwort", "quastenflosser", "zirbeldrüse", "schnabeltier", "brückenechse", "lanzettfischchen",
            "nacktmull")  # fmt: skip
    given = " ".join((*secret, path.read_text(encoding="utf-8"), text.read_text(encoding="utf-8"))).lower()
    assert all(word in given for word in rare)
    assert not [word for word in rare if word in ended.said.lower()]


def test_sample_run_prints_and_logs_no_word_of_its_contacts(sample: Sample) -> None:
    written = [*(ROOT / "analyzer").rglob("*.py"), ROOT / "analyzer" / "default.toml"]
    ours = words_of(" ".join(path.read_text(encoding="utf-8") for path in written).replace('"', " "))
    theirs = {word for word in words_of(" ".join(sample.frame("turns")["text"])) if len(word) >= 6} - ours
    assert len(theirs) > 1000
    assert sorted(theirs & words_of(sample.ended.said)) == []


def words_of(text: str) -> set[str]:
    return {word.strip(".,;:!?()[]\"'") for word in text.lower().split()}


def test_export_writes_a_workbook_of_the_latest_days(sample: Sample, tmp_path: Path) -> None:
    book = tmp_path / "analyzer.xlsx"
    command = ("export", "--store", sample.store, "--to", book, "--format", "xlsx", "--since")
    ended = call(*command, "2026-11-20")
    assert ended.code == 0 and book.read_bytes().startswith(b"PK") and "sheet interactions" in ended.out
    ended = call(*command, "yesterday")
    assert ended.code == 2 and "Write it as 2026-11-20" in ended.err


def test_help_lists_commands_in_the_order_of_work() -> None:
    told = call("--help").out.partition("Commands:")[2]
    places = [told.index(f"\n  {name} ") for name in ("run", "report", "export", "show", "subject", "doctor")]
    assert places == sorted(places)


@pytest.mark.parametrize(
    "arguments",
    [("show", "a1", "--store", "s" * 300), ("explain", "voice", "--store", "s" * 300), ("verify", "--store", "s" * 300),
     ("forget", "--customer", "k", "--yes", "--store", "s" * 300), ("formats", "--explain", "README.md/x\x1b[31m")],
    ids=lambda arguments: arguments[0],
)  # fmt: skip
def test_what_the_machine_refuses_is_one_line_that_names_the_path(arguments: tuple[str, ...]) -> None:
    ended = call(*arguments)
    assert ended.code in (2, 3) and "Traceback" not in ended.said and "\x1b[31m" not in ended.err
    assert ended.err.count("\n") == 1 and ("sss" in ended.err or "README.md" in ended.err)
