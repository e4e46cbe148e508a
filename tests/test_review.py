"""The review without a browser: where decisions go, what stands after them, what is shown, who is let in."""

from __future__ import annotations

import gzip
import json
import shutil
import sqlite3
import sys
from collections.abc import Mapping
from dataclasses import replace
from http.client import HTTPConnection
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plain_matching import match
from review_desks import (
    LIGHTHOUSE,
    TAXONOMY,
    coast_desk,
    coast_rows,
    lines_of,
    no_model,
    served,
    write_labels,
    write_run,
)
from sample_rows import Piece, make_rows
from typer.testing import CliRunner

from topics.bundle import Model
from topics.cli import app
from topics.cli.review import train_again
from topics.errors import DumpError, LabelError, TopicsError
from topics.labels.decisions import BoundaryDecision, TopicDecision
from topics.labels.migrating import rename
from topics.labels.store import append_decisions, read_decisions
from topics.labels.taxonomy import load_taxonomy
from topics.paragraphs import split_paragraphs
from topics.pipeline import segment
from topics.records import Dump, Segment, dump_digest
from topics.retraining import Verdict
from topics.review.columns import ROW, TopicCodes, pack_row
from topics.review.cutting import recut
from topics.review.deeds import Deed, Done, act
from topics.review.desk import Desk
from topics.review.index import Index, build_index, index_path, prepare_index, spell_query
from topics.review.launch import open_desk
from topics.review.marking import find_hits, lay_out
from topics.review.queue import order_queue
from topics.review.retraining import in_own_process, write_cut_dumps
from topics.review.sources import is_reviewable, open_source
from topics.review.taxonomies import add_topic
from topics.review.views import View, parse_view
from topics.writers import write_rows

ROOT = Path(__file__).parent.parent
READING = View(sort="reading")


def do(desk: Desk, action: str, *refs: int, view: View = READING, **more: Any) -> Done:
    return act(desk, Deed(action, keys=tuple(desk.roster.key(ref) for ref in refs), **more), view)


def topics_of(desk: Desk) -> list[str | None]:
    """What stands at every piece, in reading order; ``-`` where nothing is decided."""
    refs = desk.choose(READING).refs.tolist()
    standing = [desk.roster.standing.get(ref) for ref in refs]
    return [None if held is None else held.topic or held.kind for held in standing]


# Boundary decisions over a run


@given(st.data())
def test_recutting_gives_what_cutting_the_dump_with_these_decisions_gives(data: st.DataObject) -> None:
    """Where nothing but decisions can move a start, the spans follow from them paragraph by paragraph."""
    lines = data.draw(st.lists(st.sampled_from(["One line.", "  Two.", "Three words here."]), min_size=1, max_size=8))
    text = "\n".join(lines)
    places = [p.start for p in split_paragraphs(text)]
    starts = sorted({0, *data.draw(st.sets(st.sampled_from(places)))})
    starts = [0 if at == 0 else text.rfind("\n", 0, at) + 1 for at in starts]
    spans = list(zip(starts, [*starts[1:], len(text)], strict=True))
    spans = [span for span in spans if span[0] < span[1]]
    decided = data.draw(st.dictionaries(st.sampled_from(places[1:] or [0]), st.booleans(), max_size=4))
    cut = recut(spans, decided, lambda n: split_paragraphs(text[slice(*spans[n])]), lambda n: text[slice(*spans[n])])
    assert cut[0][0] == 0 and cut[-1][1] == len(text)
    assert all(a[1] == b[0] for a, b in pairwise(cut))
    before = {start for start, _ in spans}
    for place in places[1:]:
        line = text.rfind("\n", 0, place) + 1
        assert (line in {start for start, _ in cut}) == decided.get(place, line in before)


def test_an_offset_inside_a_paragraph_speaks_of_the_next_unless_that_has_its_own() -> None:
    text = "One line.\nTwo lines.\nThree."
    paragraphs = split_paragraphs(text)

    def cut(decided: Mapping[int, bool]) -> list[int]:
        return [start for start, _ in recut([(0, len(text))], decided, lambda n: paragraphs, lambda n: text)]

    assert cut({3: True}) == [0, 10]
    assert cut({3: True, 10: False}) == [0]
    assert cut({9: True}) == [0, 10]
    assert cut({len(text) - 1: True}) == [0]


def test_a_boundary_decided_on_the_page_binds_when_the_dump_is_cut_again(
    tmp_path: Path, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Classify, split and merge on the desk, classify again: the pieces are those that were shown, and nothing asks."""
    monkeypatch.chdir(tmp_path)
    write_labels(tmp_path / "labels")
    story = (
        "{name} reopens after the storm\n\nThe {name} opened its doors again on Monday, five weeks after the storm "
        'tore off its roof.\n\nVisitors queued from seven. "We had begun to doubt it," said {person}, who has run '
        "the place for eleven years.\n\nRepairs cost twice what had been set aside, and the town will pay the rest.\n\n"
    )
    text = story.format(name="Harbour museum", person="Ines Tamm") + story.format(
        name="Night market", person="Olu Reyes"
    )
    (tmp_path / "dump.txt").write_text(text)
    runner = CliRunner()
    assert runner.invoke(app, ["classify", "dump.txt", "--output", "run"]).exit_code == 0
    with open_desk(Path("run"), Path("labels"), "ada", lambda: model) as desk:
        desk.start_loading()
        first = desk.choose(READING).refs.tolist()[0]
        paragraphs = desk.roster.paragraphs(first)
        place = next(p.start for p in paragraphs[1:] if text[p.start :].startswith("Visitors"))
        do(desk, "split", first, offset=place)
        for ref in desk.choose(READING).refs.tolist()[2:]:
            do(desk, "merge", ref)
        shown = [desk.roster.record(ref) for ref in desk.choose(READING).refs.tolist()]
        assert [row["start"] for row in shown] == [0, text.index("Visitors")]
        assert all(row["topics"] for row in shown)
        second = desk.choose(READING).refs.tolist()[1]
        do(desk, "assign", second, topic="culture")
    done = runner.invoke(app, ["classify", "dump.txt", "--output", "again"])
    assert done.exit_code == 0
    with open_desk(Path("again"), Path("labels"), "ada", lambda: model) as desk:
        rows = [desk.roster.record(ref) for ref in desk.choose(READING).refs.tolist()]
        assert [(row["start"], row["end"]) for row in rows] == [(row["start"], row["end"]) for row in shown]
        assert [(row["start_line"], row["end_line"]) for row in rows] == [
            (row["start_line"], row["end_line"]) for row in shown
        ]
        assert rows[1]["boundary"] == 1.0
        assert not desk.roster.live  # the run is cut so already
        assert topics_of(desk) == [None, "culture"]


# What stands


def test_what_the_desk_shows_is_what_matching_finds(tmp_path: Path) -> None:
    """Line by line and from the start, the desk agrees with ``labels.matching``, the slow way, after every deed."""
    with coast_desk(tmp_path) as desk:
        deeds: list[tuple[str, int, dict[str, Any]]] = [
            ("confirm", 0, {}), ("assign", 1, {"topic": "health"}), ("boilerplate", 2, {}), ("none", 6, {}),
            ("merge", 1, {}), ("assign", 0, {"topic": "world"}), ("undo", 0, {}), ("undo", 0, {}),
            ("also", 0, {"topic": "sport"}), ("merge", 7, {}), ("confirm", 5, {}), ("redo", 0, {}), ("undo", 0, {}),
        ]  # fmt: skip
        for action, at, more in deeds:
            refs = [] if action in ("undo", "redo") else [desk.choose(READING).refs.tolist()[at]]
            try:
                do(desk, action, *refs, **more)
            except LabelError as error:
                assert "redo" in str(error)
            check_against_matching(desk)
        with coast_desk(tmp_path) as other:
            assert topics_of(other) == topics_of(desk)


def check_against_matching(desk: Desk) -> None:
    refs = desk.choose(READING).refs.tolist()
    by_dump: dict[str, list[Segment]] = {}
    for ref in refs:
        row = desk.roster.record(ref)
        digest = desk.index.dump_digests[desk.roster.dump_of(ref)]
        by_dump.setdefault(digest, []).append(
            Segment(
                row["dump"],
                digest,
                0,
                row["start"],
                row["end"],
                1,
                1,
                row["kind"],
                None,
                None,
                None,
                1.0,
                (),
                "en",
                row["text"],
            )
        )
    expected, _ = match(read_decisions([desk.labels]), by_dump)
    shown = {}
    for ref in refs:
        standing = desk.roster.standing.get(ref)
        if standing is not None:
            shown[desk.index.dump_digests[desk.roster.dump_of(ref)], desk.roster.record(ref)["start"]] = standing
    assert {place: (d.topic, d.also, d.kind, d.at) for place, d in shown.items()} == {
        place: (d.topic, d.also, d.kind, d.at) for place, d in expected.items()
    }


def test_labels_that_are_there_already_count_and_a_later_word_of_another_person_wins(tmp_path: Path) -> None:
    row = coast_rows()[0][0]
    digest = dump_digest("".join(row["text"] for row in coast_rows()[0]))
    base = TopicDecision(
        dump=digest, start=row["start"], end=row["end"], segment=row["digest"], topic="world", also=(), kind="article",
        by="bo", at="2026-01-01T00:00:00Z", name="harbour.txt",
    )  # fmt: skip
    write_labels(tmp_path / "labels")
    append_decisions(tmp_path / "labels" / "gold.jsonl", [base])
    with coast_desk(tmp_path) as desk:
        assert topics_of(desk)[0] == "world"
        do(desk, "confirm", 0)  # what stands is confirmed, and now by this person too
        assert [said.by for said in desk.roster.people_said(0)] == ["bo", "ada"]
        do(desk, "assign", 0, topic="sport")
        assert len(desk.choose(View(state="disagree"))) == 1
        do(desk, "undo")
        do(desk, "undo")
        assert desk.roster.standing[0].by == "bo"
        with pytest.raises(LabelError, match="nothing to undo"):
            do(desk, "undo")  # what others decided is theirs to undo


def test_deeds_hold_over_decisions_of_a_later_date_and_are_undone_one_by_one(tmp_path: Path) -> None:
    with coast_desk(tmp_path, by="bo") as desk:
        do(desk, "confirm", 0)
        do(desk, "confirm", 1)
        do(desk, "merge", 6)
        do(desk, "note", 0, words="Which pier?")
        said = [replace(decision, at="2999-01-01T00:00:00Z") for decision in lines_of(desk.labels)]
        desk.own.unlink()
        append_decisions(desk.own, said)
    with coast_desk(tmp_path) as desk:
        merged = desk.choose(READING).refs.tolist()[5]
        do(desk, "assign", 0, topic="health")
        do(desk, "assign", 1, topic="world")
        do(desk, "split", merged, offset=66)
        do(desk, "note", 0, words="The north pier.")
        assert topics_of(desk)[:2] == ["health", "world"] and merged not in desk.choose(READING).refs
        assert desk.ledger.note(desk.index.dump_digests[0], 0) == "The north pier."
        for _ in range(3):
            do(desk, "undo")
        assert topics_of(desk)[:2] == ["health", "sport"] and merged in desk.choose(READING).refs
        do(desk, "redo")
        assert topics_of(desk)[:2] == ["health", "world"]
        do(desk, "undo")
    with coast_desk(tmp_path) as desk:  # another deed that replaces what the one taken back did
        do(desk, "assign", 1, topic="gaza")
        assert topics_of(desk)[:2] == ["health", "gaza"]
        check_against_matching(desk)


def test_a_file_that_was_replaced_is_read_anew(tmp_path: Path) -> None:
    with coast_desk(tmp_path) as desk:
        do(desk, "confirm", 0)
        do(desk, "confirm", 1)
        lines = desk.own.read_text().splitlines(keepends=True)
        replacement = desk.own.with_suffix(".new")
        replacement.write_text(lines[1])
        replacement.replace(desk.own)
        desk.refresh()
        assert topics_of(desk)[:2] == [None, "sport"]


def test_a_line_that_cannot_be_used_is_said_and_the_rest_counts(tmp_path: Path) -> None:
    with coast_desk(tmp_path) as desk:
        do(desk, "confirm", 0)
        with desk.own.open("a") as file:
            file.write('{"type": "opinion"}\n{"type": "top')  # and one that is still being written
        desk.refresh()
        assert desk.problems == [
            f'{desk.own}:2: type "opinion" is none of "topic", "boundary", "note" and "undo". Mend the line.'
        ]
        do(desk, "confirm", 1)
        assert topics_of(desk)[:2] == ["business", "sport"]
        assert desk.own.with_name(f"{desk.own.name}.torn").exists()


def test_without_text_no_line_holds_any(tmp_path: Path) -> None:
    with coast_desk(tmp_path, keep_text=False) as desk:
        do(desk, "confirm", 0)
        do(desk, "undo")
        do(desk, "redo")
    assert all(getattr(line, "text", None) is None for line in lines_of(tmp_path / "labels"))
    with coast_desk(tmp_path, by="bo") as desk:
        do(desk, "none", 0)
        do(desk, "undo")
        do(desk, "redo")
        texts = [line.text for line in lines_of(desk.labels) if isinstance(line, TopicDecision) and line.by == "bo"]
        assert texts == [desk.roster.record(0)["text"]] * 2


def test_the_same_again_writes_nothing(tmp_path: Path) -> None:
    with coast_desk(tmp_path) as desk:
        assert do(desk, "assign", 1, topic="sport").n_written == 1
        assert do(desk, "confirm", 1).n_written == 0
        assert do(desk, "note", 1, words="x").n_written == 1
        assert do(desk, "note", 1, words=" x ").n_written == 0
        assert do(desk, "note", 1, words="").n_written == 1


@pytest.mark.parametrize(
    ("action", "refs", "more", "fault"),
    [
        ("assign", [0], {"topic": "sprots"}, 'unknown topic "sprots"'),
        ("also", [2], {"topic": "sport"}, "choose the topic first"),
        ("also", [0], {"topic": "business"}, "is its topic already"),
        ("split", [4], {"offset": 3}, "second paragraph or later"),
        ("split", [4], {"offset": 0}, "second paragraph or later"),
        ("merge", [4], {}, "first piece of its dump"),
        ("merge", [1, 2], {}, "choose one segment"),
        ("confirm", [], {}, "no segment is chosen"),
        ("add", [0], {"words": "Sport"}, 'there is a topic "sport" already'),
        ("add", [0], {"words": "!?"}, "makes no slug"),
        ("explode", [0], {}, 'there is no action "explode"'),
        ("redo", [], {}, "nothing to redo"),
    ],
)
def test_what_cannot_be_done_writes_nothing(
    tmp_path: Path, action: str, refs: list[int], more: dict[str, Any], fault: str
) -> None:
    with coast_desk(tmp_path) as desk:
        with pytest.raises(LabelError, match=fault):
            do(desk, action, *refs, **more)
        assert lines_of(desk.labels) == []


def test_a_piece_that_was_cut_otherwise_is_refused(tmp_path: Path) -> None:
    with coast_desk(tmp_path) as desk:
        key = desk.roster.key(4)
        do(desk, "split", 4, offset=desk.roster.paragraphs(4)[3].start)
        for action in ("confirm", "merge", "note"):
            with pytest.raises(LabelError, match="cut otherwise"):
                act(desk, Deed(action, keys=(key,), words="x"), READING)
        assert len(lines_of(desk.labels)) == 1


def test_a_run_of_whole_records_has_no_boundaries_to_change(tmp_path: Path) -> None:
    write_run(tmp_path / "run", coast_rows(), whole=True)
    write_labels(tmp_path / "labels")
    with coast_desk(tmp_path) as desk, pytest.raises(LabelError, match="--whole"):
        do(desk, "merge", 1)


# Views, queue, search


def test_views_survive_their_address_and_nonsense_is_as_usual() -> None:
    view = View(topic="sport", state="undecided", dump="x", low=10, high=90, search='"a b" -c', sort="sure")
    assert parse_view(view.to_query()) == view
    assert parse_view({"low": "x", "high": "1e999", "sort": "up", "state": "'; --"}) == View()
    assert parse_view({"low": "80", "high": "20"}) == View(low=20, high=80)


def test_pieces_that_people_cut_are_filtered_and_ordered_like_others(tmp_path: Path) -> None:
    with coast_desk(tmp_path) as desk:
        do(desk, "split", 4, offset=desk.roster.paragraphs(4)[3].start)
        refs = desk.choose(READING).refs.tolist()
        assert [ref < 0 for ref in refs[:7]] == [False] * 4 + [True] * 2 + [False]
        assert desk.choose(View(search="berth fees", sort="reading")).refs.tolist() == [refs[5]]
        assert desk.choose(View(search="lamp", sort="reading")).refs.tolist() == [refs[4]]
        assert len(desk.choose(View(dump="LIGHT"))) == 2
        assert desk.first_undecided(READING, desk.chooser.rank(refs[4], "reading")) == refs[5]
        assert desk.step(READING, refs[5], -1) == refs[4]
        do(desk, "assign", refs[5], topic="sport")
        assert refs[5] in desk.choose(View(topic="sport")).refs.tolist()
        assert refs[5] not in desk.choose(View(state="undecided")).refs.tolist()
        assert desk.counts() == (18, 1)


def make_columns(*scores: tuple[str, float, float]) -> Any:
    import numpy as np

    codes = TopicCodes()
    rows = []
    for topic, first, second in scores:
        [row] = make_rows("x", Piece(["word"], topic=topic, score=first, guesses=((topic, first), ("other", second))))
        rows.append(pack_row(row, codes, 0, (0, 0, 0)))
    return np.array(rows, ROW)


def test_the_queue_starts_with_the_least_certain() -> None:
    rows = make_columns(("a", 0.9, 0.1), ("a", 0.5, 0.4), ("a", 0.6, 0.4), ("b", 0.9, 0.2), ("b", 0.5, 0.45))
    assert order_queue(rows).tolist() == [4, 1, 2, 3, 0]


def test_the_queue_reads_words_and_lets_equal_texts_stand_together(tmp_path: Path) -> None:
    rows = make_columns(*[("a", 0.5, 0.45)] * 4, ("b", 0.9, 0.1), ("b", 0.9, 0.1))
    texts = ["ferry quay harbour", "ferry quay harbour pier", "weir barge sluice", "kerb lane bus", "eel", "eel"]
    rows["digest"] = [0, 1, 2, 3, 4, 4]
    rows["group"] = [10, 11, 12, 13, 14, 15]
    asked: list[int] = []

    def read(place: int) -> dict[str, str | None]:
        asked.append(place)
        return {"title": None, "text": texts[place]}

    order = order_queue(rows, read).tolist()
    assert sorted(order) == list(range(6)) and set(asked) == set(range(6)) - {5}
    assert {order[0], order[1], order[2]} in ({0, 2, 3}, {1, 2, 3})  # one of the ferries, the other later
    assert abs(order.index(4) - order.index(5)) == 1
    assert order_queue(rows, read, {2: 1, 0: 0}).tolist()[:1] == [3]  # the others are, or are like, decided ones


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0.5, 1), st.floats(0, 0.5)), max_size=30))
def test_the_queue_holds_everything_once(scores: list[tuple[str, float, float]]) -> None:
    rows = make_columns(*scores)
    assert sorted(order_queue(rows).tolist()) == list(range(len(rows)))


@given(st.text(max_size=40))
def test_any_search_is_a_query_that_sqlite_takes(words: str) -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE VIRTUAL TABLE words USING fts5(text)")
    if query := spell_query(words):
        connection.execute("SELECT rowid FROM words WHERE words MATCH ?", (query,)).fetchall()
    connection.close()
    find_hits(words, words)


@pytest.mark.parametrize("format", ["jsonl", "parquet"])
def test_an_index_that_was_cut_short_is_finished_and_one_of_another_run_replaced(tmp_path: Path, format: str) -> None:
    """Parquet has no lines to be read by place: its rows are copied, and a copy that was cut short goes on too."""
    pieces = [Piece([f"Number {n}", "word"], topic="sport", score=0.5) for n in range(450)]
    rows = make_rows("a.txt", *pieces)
    run = write_run(tmp_path / "run", [rows], format)
    source = open_source(run)
    place = index_path(source)
    prepare_index(source, place)
    seen = Index(source, place)
    assert (len(seen.rows), seen.is_complete) == (0, False)
    build_index(source, place, should_stop=iter([False] * 220 + [True]).__next__)
    assert seen.grow()
    assert (len(seen.rows), seen.is_complete, seen.dump_digests) == (200, False, [""])
    build_index(source, place)
    assert seen.grow()
    assert (len(seen.rows), seen.is_complete, seen.dump_names) == (450, True, ["a.txt"])
    assert seen.dump_digests == [dump_digest("".join(row["text"] for row in rows))]
    assert seen.headings([449, 0]) == ["Number 449 word", "Number 0 word"]
    assert seen.search("449").tolist() == [449]
    assert [seen.read(n) for n in (0, 199, 200, 449)] == [rows[n] for n in (0, 199, 200, 449)]
    seen.close()
    write_run(run, coast_rows())
    with coast_desk(tmp_path) as desk:
        assert desk.counts() == (17, 0)


def test_a_decision_waits_for_the_rest_of_its_dump(tmp_path: Path) -> None:
    """A dump is named by the digest of all its text, so nothing can be said of it before it was read."""
    pieces = [Piece([f"Number {n}", "word"], topic="sport", score=0.5) for n in range(450)]
    source = open_source(write_run(tmp_path / "run", [make_rows("a.txt", *pieces)]))
    place = index_path(source)
    build_index(source, place, should_stop=iter([False] * 220 + [True]).__next__)
    desk = Desk(source, Index(source, place), write_labels(tmp_path / "labels"), "ada", no_model)
    with pytest.raises(LabelError, match="still being read"):
        do(desk, "confirm", 0)
    build_index(source, place)
    assert do(desk, "confirm", 0).n_written == 1
    assert desk.counts() == (450, 1)
    desk.index.close()


def test_topics_that_are_renamed_meanwhile_are_followed(tmp_path: Path) -> None:
    with coast_desk(tmp_path) as desk:
        do(desk, "assign", 1, topic="sport")
        do(desk, "assign", 2, topic="culture")
        rename(desk.labels, "sport", "games")
        desk.refresh()
        assert topics_of(desk)[1] == "games"
        assert "games" in desk.taxonomy
        do(desk, "undo")
        do(desk, "undo")
        assert topics_of(desk)[1:3] == [None, None]
        do(desk, "redo")
        assert topics_of(desk)[1] == "games"


@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.gz", ".parquet"])
def test_a_file_of_records_is_reviewed_like_a_run(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"found{suffix}"
    rows = [row for rows in coast_rows() for row in rows]
    if suffix == ".parquet":
        write_rows(rows, path, "parquet")
    else:
        lines = "".join(json.dumps(row) + "\n" for row in rows).encode()
        path.write_bytes(gzip.compress(lines) if suffix.endswith("gz") else lines)
    assert is_reviewable(str(path))
    with open_desk(path, write_labels(tmp_path / "labels"), "ada", no_model) as desk:
        assert desk.index.dump_digests[1] == dump_digest("\n".join(LIGHTHOUSE).replace("~", "") + "\n")
        assert do(desk, "confirm", 16).n_written == 1
        assert desk.roster.record(16) == rows[16]


def test_what_is_no_run_is_taken_for_dumps(tmp_path: Path) -> None:
    (tmp_path / "dumps.jsonl").write_text('{"text": "no record"}\n')
    (tmp_path / "empty.jsonl").write_text("")
    assert not any(is_reviewable(str(tmp_path / name)) for name in ("dumps.jsonl", "empty.jsonl", "none.jsonl", "."))
    part = tmp_path / "part.jsonl"
    part.write_text("".join(json.dumps(row) + "\n" for row in coast_rows()[0][1:]))
    with pytest.raises(DumpError, match="leave out a part"):
        list(open_source(part).rows())


# Text


def test_every_word_is_shown_once_and_controls_are_not() -> None:
    [row] = make_rows("x", Piece(["Rain\u202e fell.", "~Share", "It fell again."], topic="sport", score=0.5))
    laid = lay_out(row, split_paragraphs(row["text"]), {"rain": 0.1, "fell": 0.02}, find_hits(row["text"], "fell"))
    assert ["".join(run.text for run in p.runs) for p in laid] == ["Rain fell.", "Share", "It fell again."]
    assert [p.furniture for p in laid] == [False, True, False]
    assert [(run.text, run.pull, run.hit) for run in laid[0].runs if run.pull] == [
        ("Rain", 3, False),
        ("fell", 1, True),
    ]
    assert [p.offset for p in laid] == [0, 12, 18]


def test_a_topic_more_leaves_the_file_as_it_is_otherwise(tmp_path: Path) -> None:
    labels = write_labels(tmp_path / "labels")
    assert add_topic(labels, '  Éclair "news" ') == "eclair-news"
    text = (labels / "taxonomy.toml").read_text()
    assert text.startswith(TAXONOMY)
    assert load_taxonomy(labels / "taxonomy.toml")["eclair-news"].name == 'Éclair "news"'
    fresh = tmp_path / "fresh"
    assert add_topic(fresh, "Ferries") == "ferries"
    assert len(load_taxonomy(fresh / "taxonomy.toml").slugs) > 20  # the one in force came along


# Who is let in


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/", {}, 200),
        ("GET", "/pulse", {"Sec-Fetch-Site": "same-origin"}, 200),
        ("GET", "/look?topic=%00&at=9.9.9&low=x", {}, 200),
        ("GET", "/static/review.css", {}, 200),
        ("GET", "/static/..%2fserver.py", {}, 404),
        ("GET", "/nothing", {}, 404),
        ("GET", "/pulse", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"}, 403),
        ("GET", "/", {"Host": "evil.test"}, 403),
        ("GET", "/", {"Host": "127.0.0.1"}, 403),
        ("PUT", "/do", {}, 405),
        ("POST", "/do", {"Origin": "SELF", "Content-Type": "application/json"}, 200),
        ("POST", "/do", {"Content-Type": "application/json"}, 403),
        ("POST", "/do", {"Origin": "null", "Content-Type": "application/json"}, 403),
        ("POST", "/do", {"Origin": "http://evil.test", "Content-Type": "application/json"}, 403),
        ("POST", "/do", {"Origin": "SELF", "Sec-Fetch-Site": "cross-site", "Content-Type": "application/json"}, 403),
        ("POST", "/do", {"Origin": "SELF", "Content-Type": "text/plain"}, 415),
        ("POST", "/do", {"Origin": "SELF", "Content-Type": "application/json", "Content-Length": "2000000"}, 413),
    ],
)
def test_only_the_page_itself_is_answered(
    tmp_path: Path, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    run, labels = write_run(tmp_path / "run", coast_rows()), write_labels(tmp_path / "labels")
    with served(run, labels) as place:
        base = f"/{place.address.token}"
        host = f"127.0.0.1:{place.address.port}"
        sent = {key: value.replace("SELF", f"http://{host}") for key, value in headers.items()}
        body = json.dumps({"action": "none", "keys": [place.desk.roster.key(0)], "view": {}, "at": ""})
        connection = HTTPConnection("127.0.0.1", place.address.port)
        connection.request(method, base + path, body=body if method == "POST" else None, headers=sent)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        assert answer.status == status
        assert "default-src 'none'" in str(answer.getheader("content-security-policy"))
        assert answer.getheader("referrer-policy") == "no-referrer"
        assert len(lines_of(labels)) == (method == "POST" and status == 200)
        connection = HTTPConnection("127.0.0.1", place.address.port)
        connection.request("GET", f"/{'x' * len(place.address.token)}/")
        assert connection.getresponse().status == 404
        connection.close()


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b'{"keys": 3}', b'{"keys": ["x"], "view": 4}', b'{"offset": "x"}', b"9" * 9000]
)
def test_a_body_that_is_no_deed_is_refused(tmp_path: Path, body: bytes) -> None:
    run, labels = write_run(tmp_path / "run", coast_rows()), write_labels(tmp_path / "labels")
    with served(run, labels) as place:
        connection = HTTPConnection("127.0.0.1", place.address.port)
        headers = {"Origin": f"http://127.0.0.1:{place.address.port}", "Content-Type": "application/json"}
        connection.request("POST", f"/{place.address.token}/do", body=body, headers=headers)
        assert connection.getresponse().status in (400, 409)
        connection.close()
        assert lines_of(labels) == []


# The command


def test_the_command_refuses_what_it_cannot_review(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run = write_run(tmp_path / "run", coast_rows())
    runner = CliRunner()
    assert runner.invoke(app, ["review", str(run), str(run)]).exit_code == 2
    assert runner.invoke(app, ["review", str(run), "--output", "x"]).exit_code == 2
    assert runner.invoke(app, ["review", str(run), "--by", " "]).exit_code == 2
    done = runner.invoke(app, ["review", "nothing-here.txt", "--no-browser"])
    assert done.exit_code == 1
    assert "nothing-here.txt" in done.stderr


def test_dumps_are_classified_first_and_the_page_ends_with_a_signal(tmp_path: Path) -> None:
    import os
    import signal
    import subprocess
    import sys
    import urllib.request

    (tmp_path / "dump.txt").write_text("Ferry fares rise\n\nThe harbour board raised fares on Monday, by a tenth.\n")
    write_labels(tmp_path / "labels")
    process = subprocess.Popen(
        [sys.executable, "-m", "topics", "review", "dump.txt", "--output", "run", "--no-browser", "--by", "Ada L."],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parent.parent)},
    )  # fmt: skip
    assert process.stdout is not None
    url = process.stdout.readline().strip()
    with urllib.request.urlopen(url) as answer:
        assert b"Ferry fares rise" in answer.read()
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert "labels/review-ada-l.jsonl" in said
    assert (tmp_path / "run" / "manifest.json").exists()


def test_boundaries_of_the_desk_reach_segmentation(tmp_path: Path, model: Model) -> None:
    """A merge on the page and the segmenter's own reading of it are one and the same."""
    text = "".join(row["text"] for row in coast_rows()[1])
    with coast_desk(tmp_path) as desk:
        do(desk, "split", 4, offset=desk.roster.paragraphs(4)[3].start)
        [decision] = lines_of(desk.labels)
    assert isinstance(decision, BoundaryDecision)
    pieces = segment(Dump("x", text), model, decided={decision.dump: {decision.offset: True}})
    assert any(piece.start == decision.offset for piece in pieces)


# Training from the page


def slow_train(dumps: Path, progress: Any) -> str:
    """Stands for a training in the tests below; a process of its own imports it by name."""
    progress("fitting", 0.5)
    names = sorted(path.name for path in dumps.iterdir())
    if not names:
        raise LabelError("labels: none.")
    if names == ["exit"]:
        sys.exit(3)
    return f"{len(names)} dumps"


def test_training_in_a_process_of_its_own_reports_and_fails_like_any(tmp_path: Path) -> None:
    train = in_own_process(slow_train)
    told: list[tuple[str, float]] = []

    def tell(words: str, share: float) -> None:
        told.append((words, share))

    with pytest.raises(TopicsError, match="labels: none"):
        train(tmp_path, tell)
    (tmp_path / "exit").touch()
    with pytest.raises(TopicsError, match="broke off"):
        train(tmp_path, tell)
    (tmp_path / "two").touch()
    assert train(tmp_path, tell) == "2 dumps"
    assert told == [("fitting", 0.5)] * 3


def test_near_duplicates_of_a_piece_are_those_of_its_group_that_still_stand(tmp_path: Path) -> None:
    dumps = coast_rows()
    dumps[1][0]["duplicate_of"] = dumps[2][0]["duplicate_of"] = dumps[0][0]["id"]
    write_run(tmp_path / "run", dumps)
    write_labels(tmp_path / "labels")
    with coast_desk(tmp_path) as desk:
        first, second, third = 0, len(dumps[0]), len(dumps[0]) + len(dumps[1])
        assert desk.chooser.twins(first) == [second, third]
        assert desk.chooser.twins(third) == [first, second]
        assert desk.chooser.twins(first + 1) == []
        do(desk, "merge", third + 1)  # the third is part of another piece now
        assert desk.chooser.twins(first) == [second]


@pytest.mark.parametrize("keep_text", [True, False])
def test_training_is_handed_the_dumps_whose_text_it_needs(tmp_path: Path, keep_text: bool) -> None:
    with coast_desk(tmp_path, keep_text=keep_text) as desk:
        do(desk, "merge", 1)
        do(desk, "confirm", 4)
        (tmp_path / "dumps").mkdir()
        assert write_cut_dumps(desk, tmp_path / "dumps") == (1 if keep_text else 2)
        texts = {"".join(row["text"] for row in rows) for rows in coast_rows()[: 1 if keep_text else 2]}
        assert {path.read_text() for path in (tmp_path / "dumps").iterdir()} == texts


def test_the_button_trains_like_the_command_and_says_the_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {}
    told: list[tuple[str, float]] = []

    def tell(words: str, share: float) -> None:
        told.append((words, share))

    def retrain(labels: Path, folder: Path, **options: Any) -> Verdict:
        asked.update(options, labels=labels, folder=folder)
        return Verdict("mine@1", "mine@2", folder / "2", 7, problems=("x",), promoted=True)

    monkeypatch.setattr("topics.retraining.retrain", retrain)
    for name in ("taxonomy.toml", "samples.jsonl"):
        (tmp_path / "labels").mkdir(exist_ok=True)
        shutil.copy(ROOT / "labels" / name, tmp_path / "labels")
    shutil.copytree(ROOT / "seeds", tmp_path / "seeds")
    (tmp_path / "dumps").mkdir()
    (tmp_path / "dumps" / "a.txt").write_text("A dump.")
    said = train_again(tmp_path / "labels", tmp_path / "models" / "mine", "default", tmp_path / "dumps", tell)
    assert said.startswith("Trained: mine@2 has nothing to be compared by. It is in use now")
    assert "could not be used: 1; topics train names them. 100 more labels like these" in said
    named = [str(tmp_path / "dumps"), str(tmp_path / "seeds")]
    assert (asked["dumps"], asked["base"], asked["quick"]) == (named, "default", True)
    assert told == [("asking whether more labels help", 0.8)]
    assert (asked["labels"], asked["folder"]) == (tmp_path / "labels", tmp_path / "models" / "mine")
