"""A report: its counts are those of the rows, its page is whole, quiet and safe, and empty cases are said in words."""

from __future__ import annotations

import hashlib
import io
import json
import re
import sys
import tracemalloc
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sample_rows import APPEAL, BELL, DERBY, FERRY, Piece, harbour, make_rows
from typer.testing import CliRunner

from topics.cli import app
from topics.evaluation.classes import Judged, score_classes
from topics.labels.decisions import BoundaryDecision, TopicDecision, to_json
from topics.records import dump_digest, text_digest
from topics.report.blocks import count, percent, spell_list
from topics.report.evidence import Evidence, read_card
from topics.report.gather import Gathering, RunFacts
from topics.report.judged import JudgedRun, Judging, read_labels
from topics.report.page import make_report, write_report
from topics.report.timeline import MOST_STEPS, lay_out_time
from topics.report.trust import describe_confusion, describe_reliability, weigh_run
from topics.writers.sinks import Sink

Row = Mapping[str, Any]

HOSTILE = "<script>alert('$x$')</script> \u202egnp.exe & $\\frac{"


def gather(rows: list[Row]) -> RunFacts:
    gathering = Gathering()
    for row in rows:
        gathering.add(row)
    return gathering.finish()


def dated(rows: list[Row], *days: str) -> list[Row]:
    return [{**row, "published": days[k % len(days)]} for k, row in enumerate(rows)]


def page(rows: list[Row], **options: Any) -> str:
    held = io.BytesIO()
    write_report(make_report(rows, title="Monday", **options), Sink(held, "page"))
    return held.getvalue().decode()


# counts


def test_the_counts_of_one_dump() -> None:
    facts = gather(harbour())
    assert (facts.n_dumps, facts.n_segments, facts.n_unknown) == (1, 4, 1)
    assert facts.kinds == {"article": 3, "boilerplate": 1}
    assert [(t.slug, t.n_segments) for t in facts.topics] == [
        ("business", 1), ("sport", 1), ("unknown", 1), ("boilerplate", 1),
    ]  # fmt: skip
    assert facts.nearest == {"culture": 1}
    furniture = ("By Ines Tamm", "Share", "Give 3 a month.", "Keep the lights on.")
    assert facts.n_furniture == sum(map(len, furniture))
    assert facts.n_characters == sum(len(row["text"]) for row in harbour())


def test_scores_are_counted_by_the_best_guess_and_give_quantiles() -> None:
    rows = [row for score in (0.305, 0.505, 0.905) for row in make_rows("a.txt", Piece(["x"], "sport", score))]
    [sport] = gather(rows).topics
    assert [sport.quantile(share) for share in (0.1, 0.5, 0.9)] == [0.305, 0.505, 0.905]


def test_the_same_text_is_a_copy_wherever_it_stands() -> None:
    twice = [*make_rows("a.txt", DERBY, FERRY), *make_rows("b.txt", DERBY), *make_rows("c.txt", DERBY, BELL)]
    facts = gather(twice)
    assert not facts.copies.marked
    assert (facts.copies.n_copies, facts.copies.sizes) == (2, {3: 1})
    assert {t.slug: t.n_copies for t in facts.topics} == {"sport": 2, "business": 0, "unknown": 0}


def test_marked_near_duplicates_count_instead_of_equal_texts() -> None:
    first, second, third = make_rows("a.txt", DERBY, FERRY, BELL)
    rows = [first, {**second, "duplicate_of": first["id"]}, {**third, "duplicate_of": first["id"]}]
    copies = gather(rows).copies
    assert copies.marked
    looked_for = make_report(harbour(), title="Monday", manifest={"totals": {"duplicates": 0}})
    assert "No segment is a near-duplicate among 4 segments." in [s.words[0] for s in looked_for.sections]
    assert (copies.n_copies, copies.sizes) == (2, {3: 1})


def test_sources_are_by_size_and_nameless_ones_come_last() -> None:
    rows = [{**row, "source": source} for row, source in zip(harbour(), ("Post", None, "Wire", "Wire"), strict=True)]
    assert [(s.name, s.n_segments) for s in gather(rows).sources] == [("Wire", 2), ("Post", 1), ("", 1)]


def test_a_run_without_topics_has_counts_but_no_topics() -> None:
    facts = gather(harbour(topics=False))
    assert not facts.classified and facts.topics == () and facts.n_segments == 4


@st.composite
def runs(draw: st.DrawFn) -> list[Row]:
    pieces = st.sampled_from((FERRY, DERBY, BELL, APPEAL, replace(BELL, language="fr")))
    dumps = draw(st.lists(st.lists(pieces, min_size=1, max_size=4), max_size=5))
    rows = [row for k, dump in enumerate(dumps) for row in make_rows(f"{k}.txt", *dump)]
    days = st.sampled_from((None, "2025-05-21", "2025-05-22", "1998-01-01", "no date"))
    return [{**row, "published": draw(days)} for row in rows]


@given(runs())
def test_counts_add_up(rows: list[Row]) -> None:
    facts = gather(rows)
    assert sum(t.n_segments for t in facts.topics) == facts.n_segments == len(rows)
    assert sum(t.n_characters for t in facts.topics) == sum(s.n_characters for s in facts.sources)
    assert sum(facts.furniture_by_dump) == facts.n_dumps == len({row["dump"] for row in rows})
    assert sum(facts.nearest.values()) + facts.n_unknown_foreign == facts.n_unknown
    assert facts.n_dated == sum((row["published"] or "")[:1] in ("1", "2") for row in rows)
    assert facts.copies.n_copies == len(rows) - len({row["digest"] for row in rows})
    assert sum(t.n_copies for t in facts.topics) == facts.copies.n_copies


def test_memory_does_not_grow_with_the_rows() -> None:
    rows = [{**row, "digest": ""} for row in harbour()]

    def feed(n: int) -> int:
        gathering = Gathering()
        tracemalloc.start()
        for k in range(n):
            for row in rows:
                gathering.add({**row, "digest": f"{k:064x}"[::-1], "dump": f"{k}"})
        held, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return held

    few, many = feed(500), feed(5_500)
    assert many - few < 20_000 * 16  # eight bytes of the digest, two of the topic, and room to grow


# time


def test_days_weeks_months_quarters_years_decades() -> None:
    first = date(2025, 1, 1).toordinal()
    spans = {40: "day", 200: "week", 900: "month", 4_000: "quarter", 15_000: "year", 60_000: "decade"}
    for n_days, unit in spans.items():
        timeline = lay_out_time({first: {"sport": 5}, first + n_days // 2: {"sport": 5}, first + n_days: {"sport": 5}})
        assert timeline is not None
        assert timeline.unit == unit


days = st.dictionaries(
    st.integers(1, date.max.toordinal()),
    st.dictionaries(st.sampled_from("abc"), st.integers(1, 50), min_size=1),
    max_size=40,
)


@given(days)
@example({1: {"a": 1}, 1886: {"a": 1}})  # 62 months and a day or two
def test_every_day_is_in_one_step_or_left_out(found: dict[int, dict[str, int]]) -> None:
    timeline = lay_out_time(found)
    if timeline is None:
        assert not found
        return
    total = sum(sum(counts.values()) for counts in found.values())
    assert sum(sum(counts.values()) for counts in timeline.counts) + timeline.n_left_out == total
    assert timeline.n_left_out <= 0.01 * total + 1e-9
    assert list(timeline.starts) == sorted(set(timeline.starts))
    assert len(timeline.starts) <= MOST_STEPS or timeline.unit == "decade"
    assert all(name for _, name in timeline.ticks())


def test_a_far_off_date_does_not_press_the_rest_together() -> None:
    first = date(2025, 5, 1).toordinal()
    found = {first + k: {"sport": 100} for k in range(20)} | {date(1970, 1, 1).toordinal(): {"sport": 1}}
    timeline = lay_out_time(found)
    assert timeline is not None
    assert (timeline.unit, len(timeline.starts), timeline.n_left_out) == ("day", 20, 1)


# words


def test_counts_and_shares_in_words() -> None:
    assert (count(1, "dump"), count(2_000, "dump")) == ("1 dump", "2,000 dumps")
    assert [percent(n, 1_000) for n in (0, 1, 10, 500, 996, 1_000)] == ["0%", "<1%", "1%", "50%", ">99%", "100%"]
    assert [spell_list(list(names)) for names in ("a", "ab", "abc")] == ["a", "a and b", "a, b and c"]


# evidence


def judged(n: int) -> JudgedRun:
    pieces = [
        Judged("sport", "sport" if k % 4 else "culture", (), "sport" if k % 4 else "culture", 0.7) for k in range(n)
    ]
    return JudgedRun(tuple(pieces), 3)


def test_a_card_gives_back_what_training_measured() -> None:
    from topics.classification.doubt import UNMEASURED
    from topics.training import measure_fit

    class Fitted:
        class model:
            slugs = ("sport", "culture")
            acceptance = UNMEASURED

        import numpy as np

        out_of_fold = np.array([[0.9, 0.1], [0.3, 0.7], [0.2, 0.8]])

    from topics.classification.analyzer import Terms
    from topics.classification.training import Example

    examples = [Example(Terms({}, {}), topic) for topic in ("sport", "sport", "culture")]
    figures = json.loads(json.dumps(measure_fit(examples, Fitted)))  # type: ignore[arg-type]
    card = read_card({"metrics": {"topics": figures}})
    assert card is not None
    assert card.scores.confusion == {("sport", "sport"): 1, ("sport", "culture"): 1, ("culture", "culture"): 1}
    assert round(card.scores.calibration.ece, 4) == figures["ece"]
    assert card.scores.accuracy == pytest.approx(2 / 3)


@pytest.mark.parametrize("manifest", [{}, {"metrics": {"topics": {"accuracy": 0.8}}}, {"metrics": None}])
def test_an_older_card_has_no_table(manifest: dict[str, Any]) -> None:
    assert read_card(manifest) is None


def test_the_shipped_model_carries_its_table() -> None:
    from topics.bundle import load_model

    card = read_card(load_model().manifest)
    assert card is not None
    assert card.scores.n > 1_000


def test_the_run_judges_only_with_enough_labels() -> None:
    enough, said = weigh_run(judged(40))
    assert enough is not None and enough.scores.n == 40
    assert "3 labelled segments of this run taught the model" in said
    few, said = weigh_run(judged(39))
    assert few is None and "too few" in said
    assert weigh_run(None) == (None, "No segment of this run has a label.")


def test_confusions_of_the_run_stand_before_those_of_the_card() -> None:
    card = Evidence(score_classes([Judged("iran", "iran")]), "the card")
    run, _ = weigh_run(judged(40))
    section = describe_confusion(card, run)
    assert section.table is not None
    assert section.table.rows == (("sport", "culture", "10", "25%"),)
    assert "75% of 40 pieces" in section.words[0]
    assert "the card" in describe_confusion(card, None).words[1]
    assert describe_confusion(None, None).picture is None


def test_reliability_shows_card_and_run_and_says_which() -> None:
    card = Evidence(score_classes([Judged("iran", "iran", (), "iran", 0.95)] * 4), "the card")
    run, about = weigh_run(judged(40))
    section = describe_reliability(card, run, about)
    assert section.table is not None
    assert section.table.rows[0][1:] == ("0", "", "", "40", "0.70", "75%")
    assert "more often than they say" in section.words[0]
    nothing = describe_reliability(None, None, "No label.")
    assert nothing.picture is None and "nothing to judge" in nothing.words[0]


# labels


def decide(row: Row, dump: str, topic: str | None, **changes: Any) -> TopicDecision:
    values: dict[str, Any] = {
        "dump": dump_digest(dump), "start": row["start"], "end": row["end"], "segment": row["digest"], "topic": topic,
        "kind": "article", "by": "ann", "at": "2026-01-01T00:00:00Z", "name": row["dump"],
    }  # fmt: skip
    return TopicDecision(**{**values, **changes})


def judge(rows: list[Row], folder: Path, learned: Mapping[str, str] | None) -> JudgedRun:
    judging = Judging(read_labels(folder, learned))
    for row in rows:
        judging.add(row)
    return judging.finish()


@pytest.fixture
def rows() -> list[Row]:
    return harbour()


@pytest.fixture
def dump(rows: list[Row]) -> str:
    return "".join(row["text"] for row in rows)


def write(folder: Path, *decisions: TopicDecision | BoundaryDecision, name: str = "ann.jsonl") -> Path:
    path = folder / name
    path.write_text("".join(f"{to_json(decision)}\n" for decision in decisions))
    return path


def test_labels_are_held_against_predictions(tmp_path: Path, rows: list[Row], dump: str) -> None:
    write(tmp_path, decide(rows[0], dump, "business"), decide(rows[1], dump, "culture"), decide(rows[2], dump, None))
    found = judge(rows, tmp_path, {})
    assert [(j.topic, j.predicted) for j in found.unseen] == [
        ("business", "business"), ("culture", "sport"), (None, None),
    ]  # fmt: skip
    assert found.n_seen == 0


def test_a_label_finds_its_text_in_another_dump(tmp_path: Path, rows: list[Row], dump: str) -> None:
    write(tmp_path, decide(rows[1], dump, "culture"))
    elsewhere = make_rows("other.txt", FERRY, DERBY)
    assert [j.topic for j in judge(elsewhere, tmp_path, {}).unseen] == ["culture"]


def test_a_label_holds_for_a_segment_that_overlaps_by_nine_tenths(tmp_path: Path, rows: list[Row], dump: str) -> None:
    start, end = rows[0]["start"], rows[0]["end"]
    near = decide(rows[0], dump, "culture", end=end - 2, segment=text_digest(dump[start : end - 2]))
    far = decide(rows[1], dump, "culture", end=rows[1]["end"] - 20, segment=text_digest("far"))
    write(tmp_path, near, far)
    found = judge(rows, tmp_path, {})
    assert [j.topic for j in found.unseen] == ["culture"]
    assert found.n_stale == 1 and "1 label is stale" in weigh_run(found)[1]


def test_a_later_label_that_overlaps_holds_over_an_older_exact_one(tmp_path: Path, rows: list[Row], dump: str) -> None:
    start, end = rows[0]["start"], rows[0]["end"]
    later = decide(
        rows[0], dump, "culture", end=end - 2, segment=text_digest(dump[start : end - 2]), at="2026-01-02T00:00:00Z"
    )
    write(tmp_path, later, decide(rows[0], dump, "business"))
    assert [j.topic for j in judge(rows, tmp_path, {}).unseen] == ["culture"]


def test_a_label_cut_by_a_boundary_says_nothing(tmp_path: Path, rows: list[Row], dump: str) -> None:
    cut = BoundaryDecision(
        dump=dump_digest(dump), offset=rows[0]["start"] + 5, starts=True, by="ann", at="2026-01-02", name="harbour.txt"
    )
    write(tmp_path, decide(rows[0], dump, "culture"), cut)
    assert judge(rows, tmp_path, {}).n == 0


def test_what_the_model_learned_from_does_not_judge_it(tmp_path: Path, rows: list[Row], dump: str) -> None:
    path = write(tmp_path, decide(rows[0], dump, "business"))
    learned = {"ann.jsonl": hashlib.sha256(path.read_bytes()).hexdigest()}
    with path.open("a") as file:
        file.write(to_json(decide(rows[1], dump, "culture")) + "\n")
    found = judge(rows, tmp_path, learned)
    assert [j.topic for j in found.unseen] == ["culture"]  # appended after the training
    assert found.n_seen == 1


def test_nobody_knows_of_a_file_that_was_changed_since(tmp_path: Path, rows: list[Row], dump: str) -> None:
    write(tmp_path, decide(rows[0], dump, "business"), decide(rows[1], dump, "culture"))
    assert judge(rows, tmp_path, {"ann.jsonl": "0" * 64}).unseen == ()
    assert judge(rows, tmp_path, None).n_seen == 2
    assert len(judge(rows, tmp_path, {"other.jsonl": "0" * 64}).unseen) == 2


def test_near_duplicates_of_what_was_learned_do_not_judge(tmp_path: Path) -> None:
    words = [f"word{k}" for k in range(60)]
    original = Piece([" ".join(words)], "sport", 0.9)
    reprint = Piece([" ".join(["Again:", *words])], "sport", 0.9)
    first, second = make_rows("a.txt", original), make_rows("b.txt", reprint)
    old = write(tmp_path, decide(first[0], first[0]["text"], "sport", text=first[0]["text"]), name="old.jsonl")
    write(tmp_path, decide(second[0], second[0]["text"], "sport"), name="young.jsonl")
    learned = {"old.jsonl": hashlib.sha256(old.read_bytes()).hexdigest()}
    assert judge(second, tmp_path, learned) == JudgedRun((), 1)
    assert len(judge(second, tmp_path, {}).unseen) == 1


# the page


def busy_run() -> list[Row]:
    rows = [
        row
        for k in range(12)
        for row in make_rows(f"{k}.txt", FERRY, DERBY, BELL, APPEAL, Piece([f"Item {k}"], "culture", k / 12))
    ]
    named = [{**row, "source": ("Post", HOSTILE, "东方时报", None)[k % 4]} for k, row in enumerate(rows)]
    return dated(named, "2025-05-21", "2025-05-22", "2025-05-24")


def test_the_page_is_one_file_that_loads_and_runs_nothing() -> None:
    text = page(busy_run())
    assert "default-src 'none'" in text
    assert not re.search(r"<script|\son\w+=|\bsrc=|@import|<link|https?://", text)
    assert all(target.startswith("#") for target in re.findall(r'href="([^"]*)"', text))
    assert all(target.startswith("#") for target in re.findall(r"url\(([^)]*)\)", text))


def test_ids_are_unique_and_references_find_them() -> None:
    text = page(busy_run())
    ids = re.findall(r'\sid="([^"]*)"', text)
    assert len(ids) == len(set(ids))
    wanted = set(re.findall(r'href="#([^"]*)"', text)) | set(re.findall(r"url\(#([^)]*)\)", text))
    assert wanted <= set(ids)


def test_every_picture_has_words_a_text_alternative_and_a_table() -> None:
    report = make_report(busy_run(), title="Monday", manifest={"problems": []})
    drawn = [section for section in report.sections if section.picture]
    assert len(drawn) >= 8
    for section in drawn:
        assert section.picture is not None and section.table is not None
        assert section.picture.alt == section.words[0]
        assert section.table.rows
        assert all(len(row) == len(section.table.headers) for row in section.table.rows)
        for svg in (section.picture.wide, section.picture.narrow):
            root = ElementTree.fromstring(svg)
            assert root.get("viewBox") and root.get("width") is None
            assert not re.search(r"#0[12]0[12]0\d", svg)  # no stand-in colour is left


def test_hostile_names_are_text() -> None:
    text = page(busy_run(), manifest={"problems": [{"where": HOSTILE, "reason": "x", "message": HOSTILE}]})
    assert "<script>" not in text and "\u202e" not in text
    assert "&lt;script&gt;" in text


def test_the_same_run_gives_the_same_bytes() -> None:
    assert page(busy_run()) == page(busy_run())


def sections_of(rows: list[Row], **options: Any) -> dict[str, str]:
    report = make_report(rows, title="Monday", **options)
    return {section.anchor: " ".join(section.words) for section in report.sections if section.picture is None}


def test_empty_cases_are_said_in_words() -> None:
    said = sections_of(harbour(), manifest={"problems": []})
    assert "None of the segments says when" in said["time"]
    assert "With one dump there is nothing to compare" in said["furniture"]
    assert "None of the segments says where" in said["sources"]
    assert "No text stands twice" in said["duplicates"]
    assert "not found here" in said["reliability"] and "No segment of this run has a label" in said["reliability"]
    assert said["problems"] == "Every input could be read, and every decision kept to."
    assert "one day is no course" in sections_of(dated(harbour(), "2025-05-21"))["time"]
    assert "No segment is unknown" in sections_of(make_rows("a.txt", FERRY))["unknown"]
    assert "no topics" in sections_of(harbour(topics=False))["sizes"]


def test_a_run_of_nothing_has_a_page() -> None:
    assert "The run holds no segments" in page([], manifest={"problems": []})


def test_a_run_of_unknowns_alone_has_a_page() -> None:
    assert "none has a topic" in page(make_rows("a.txt", BELL, BELL))


def test_problems_are_listed_by_reason() -> None:
    problems = [{"where": f"{k}.gz", "reason": "unreadable", "message": f"{k}.gz: not a gzip file."} for k in range(3)]
    report = make_report(harbour(), title="Monday", manifest={"problems": problems})
    section = report.sections[-1]
    assert "3 problems while the run was made: unreadable 3." in section.words
    assert section.table is not None and section.table.rows[0] == ("0.gz", "unreadable", "0.gz: not a gzip file.")


# the command


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "monday.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in busy_run()))
    yield path


def test_the_command_writes_a_file_and_says_where(records: Path, tmp_path: Path) -> None:
    output = tmp_path / "monday.html"
    done = CliRunner().invoke(app, ["report", str(records), "--output", str(output), "--no-labels"])
    assert (done.exit_code, done.stdout.strip()) == (0, str(output))
    assert "<h1>Report on monday</h1>" in output.read_text("utf-8")
    piped = CliRunner().invoke(app, ["report", str(records), "--no-labels"])
    assert piped.stdout == output.read_text("utf-8")


def test_the_command_reads_a_run_folder(tmp_path: Path) -> None:
    seeds = Path(__file__).resolve().parent.parent / "seeds" / "harbour-wire.txt"
    (tmp_path / "bad.gz").write_bytes(b"\x1f\x8b\x08 and no more")
    run = tmp_path / "run"
    made = CliRunner().invoke(app, ["classify", str(seeds), str(tmp_path / "bad.gz"), "--output", str(run)])
    assert made.exit_code == 1
    done = CliRunner().invoke(app, ["report", str(run), "--title", "Week 21"])
    assert done.exit_code == 0
    assert "<h1>Week 21</h1>" in done.stdout and "1 problem while the run was made" in done.stdout


def test_without_matplotlib_one_line_says_what_to_install(records: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    done = CliRunner().invoke(app, ["report", str(records), "--no-labels"])
    assert done.exit_code == 1
    [line] = done.stderr.splitlines()
    assert "pip install 'topics[report]'" in line


def test_labels_that_cannot_be_used_are_said_and_the_page_is_made(records: Path, tmp_path: Path) -> None:
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels" / "bad.jsonl").write_text("no JSON\n")
    output = tmp_path / "page.html"
    done = CliRunner().invoke(
        app, ["report", str(records), "--labels", str(tmp_path / "labels"), "--output", str(output)]
    )
    assert done.exit_code == 1
    assert "bad.jsonl:1: not JSON" in done.stderr and output.exists()
    both = CliRunner().invoke(app, ["report", str(records), "--labels", str(tmp_path), "--no-labels"])
    assert both.exit_code == 2
