"""The command line: data on stdout, words on stderr, one line for each mistake, nothing half-written."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from topics.cli import app

ROOT = Path(__file__).resolve().parent.parent
SEEDS = ROOT / "seeds"
KEYS = (
    "id digest dump index start end start_line end_line kind title published source topic score also unknown topics "
    "boundary furniture language duplicate_of model text"
).split()
TOPIC_KEYS = {"topic", "score", "also", "unknown", "topics", "model"}


def run(*words: str | Path, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words], input=stdin)


@pytest.fixture(autouse=True)
def in_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@pytest.fixture
def dump(tmp_path: Path) -> Path:
    return Path(shutil.copy(SEEDS / "harbour-wire.txt", tmp_path / "dump.txt"))


def test_classify_writes_the_record_and_its_texts_are_the_dump(dump: Path) -> None:
    done = run("classify", dump)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.exit_code == 0 and len(rows) > 3
    assert all(list(row) == KEYS for row in rows)
    assert "".join(row["text"] for row in rows) == dump.read_bytes().decode()
    assert done.stderr.strip().endswith(f"1 dump, {len(rows)} segments")


def test_segment_leaves_the_topics_out(dump: Path) -> None:
    done = run("segment", dump, "--clean")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert all(list(row) == [*(k for k in KEYS if k not in TOPIC_KEYS), "body"] for row in rows)


def test_stdin_is_a_dump_and_the_same_input_gives_the_same_bytes(dump: Path) -> None:
    first = run("classify", "-", stdin=dump.read_bytes())
    assert json.loads(first.stdout.splitlines()[0])["dump"] == "stdin"
    assert first.stdout == run("classify", "-", stdin=dump.read_bytes()).stdout


def test_whole_takes_a_record_as_one_segment_named_by_its_id(tmp_path: Path) -> None:
    record = {"id": "a7", "story": "The striker scored twice and the club won the league cup final on penalties."}
    path = tmp_path / "articles.jsonl"
    path.write_text(json.dumps(record) + "\n", "utf-8")
    [row] = map(json.loads, run("classify", path, "--whole", "--text-field", "story").stdout.splitlines())
    assert (row["dump"], row["index"], row["topic"]) == ("a7", 0, "sport")


@pytest.mark.parametrize("suffix", ["jsonl", "csv", "parquet", "md", "html"])
def test_a_file_s_suffix_tells_the_format(dump: Path, tmp_path: Path, suffix: str) -> None:
    out = tmp_path / f"out.{suffix}"
    assert run("classify", dump, "--output", out).exit_code == 0
    assert out.stat().st_size > 1000


def test_a_folder_is_a_run_that_export_reads(dump: Path, tmp_path: Path) -> None:
    assert run("classify", dump, "--output", tmp_path / "run").exit_code == 0
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text("utf-8"))
    assert manifest["model"].startswith("default@")
    done = run("export", tmp_path / "run", "--output", tmp_path / "read", "--min-score", "0.5")
    assert done.exit_code == 0
    assert (tmp_path / "read" / "index.html").exists()
    assert any(path.is_dir() for path in (tmp_path / "read").iterdir())


def test_several_jobs_give_the_bytes_of_one(tmp_path: Path) -> None:
    one, two = tmp_path / "one.jsonl", tmp_path / "two.jsonl"
    dumps = [SEEDS / "harbour-wire.txt", SEEDS / "pacific-flat.txt"]
    assert run("classify", *dumps, "--output", one).exit_code == 0
    assert run("classify", *dumps, "--output", two, "--jobs", "2").exit_code == 0
    assert one.read_bytes() == two.read_bytes()


def test_explain_names_terms_of_a_segment_and_of_a_topic(dump: Path) -> None:
    done = run("explain", dump, "--segment", "0")
    assert "towards" in done.stdout and done.stdout.count("decided") == 1
    assert len(run("explain", "--topic", "climate").stdout.splitlines()) == 20


def test_evaluate_prints_figures_as_json() -> None:
    gold = "tests/quality/held_out.jsonl"
    report = json.loads(run("evaluate", "--gold", gold, "seeds/").stdout)
    assert report["n_dumps"] == 6 and report["end_to_end"] is not None
    boundaries_alone = json.loads(run("evaluate", "--segmentation", gold, "seeds/").stdout)
    assert boundaries_alone["boundaries"] == report["boundaries"] and boundaries_alone["topics"] is None


def test_the_shelves_are_listed() -> None:
    assert run("labels", "check").exit_code == 0
    assert "gaza" in run("labels", "stats").stdout
    assert "default" in run("models", "list").stdout
    assert "# Model" in run("models", "show").stdout


def bad_inputs(folder: Path) -> list[Path]:
    contents = {
        "empty.txt": b"",
        "blank.txt": b"\n" * 1000,
        "image.txt": b"\x89PNG\r\n\x1a\n" + bytes(64),
        "record.jsonl": b"{not json}\n",
        "cut.txt.gz": b"\x1f\x8b\x08\x00\x00",
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return [*(folder / name for name in contents), folder / "missing.txt"]


def test_bad_inputs_are_named_in_a_line_each_and_the_good_one_is_done(dump: Path, tmp_path: Path) -> None:
    bad = bad_inputs(tmp_path)
    done = run("classify", dump, *bad)
    assert done.exit_code == 1
    assert {json.loads(line)["dump"] for line in done.stdout.splitlines()} == {"dump.txt"}
    lines = done.stderr.strip().splitlines()
    assert len(lines) == len(bad) + 1
    for path in bad:
        assert any(str(path) in line and line.startswith("topics: ") for line in lines), path
    assert f"{len(bad)} inputs passed over" in lines[-1]


def test_strict_stops_at_the_first_bad_input(dump: Path, tmp_path: Path) -> None:
    done = run("classify", tmp_path / "missing.txt", dump, "--strict", "--output", tmp_path / "out.jsonl")
    assert done.exit_code == 1 and not (tmp_path / "out.jsonl").exists()


def test_a_model_that_cannot_be_used_is_one_line(dump: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree("models/default", tmp_path / "model"))
    (copy / "topics.npz").unlink()
    for model in (copy, "no-such-model"):
        done = run("classify", dump, "--model", model)
        assert done.exit_code == 1 and done.stdout == ""
        assert len(done.stderr.strip().splitlines()) == 1 and "topics" in done.stderr


def test_an_unknown_topic_in_a_label_is_named_by_file_and_line(tmp_path: Path) -> None:
    label = json.loads(Path("labels/samples.jsonl").read_text("utf-8").splitlines()[0]) | {"topic": "sprots"}
    (tmp_path / "mine.jsonl").write_text(json.dumps(label) + "\n", "utf-8")
    done = run("labels", "check", tmp_path)
    assert done.exit_code == 1
    folded = "".join((done.stdout + done.stderr).split())
    assert "mine.jsonl:1" in folded and "sprots" in folded


def test_wrong_usage_exits_with_two(dump: Path) -> None:
    assert run("classify").exit_code == 2
    assert run("evaluate", "seeds/").exit_code == 2
    assert run("explain", dump, "--topic", "sprots").exit_code == 2
    assert run("classify", dump, "--boundaries", "7").exit_code == 2
