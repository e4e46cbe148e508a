from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from topics.errors import LabelError
from topics.labels.importing import import_gold, read_line_gold, read_record_gold
from topics.labels.repeats import drop_sentences, find_repeated_sentences, split_sentences
from topics.labels.standoff import read_terms, terms_path
from topics.labels.store import read_decisions
from topics.records import dump_digest, text_digest

PITCH = "Read our letter from the harbour every Friday."
RECORDS = [
    {
        "id": "r1",
        "title": "Otters return",
        "text": f"Wardens saw otters. {PITCH} Otters ate trout.",
        "source": "The Weir",
        "date": "Wed, 21 May 2025 12:36:25 GMT",
    },
    {
        "id": "r2",
        "title": "Otters stay",
        "text": f"{PITCH} The otters stay for trout, wardens hope.",
        "date": "2025-05-20T23:59:00Z",
    },
    {"id": "r3", "title": "Weir mended", "text": f"The weir holds. Trout and otters pass. {PITCH}"},
]
TABLE = "r2\trivers\thills,works\tm\nr1\tother\t\th\nr3\tworks\trivers\tl\n"

DUMP = "News\nMill closes\nThe mill shut its gate.\n\nGoats won the fair.\nA goat called Ash\n led.\nMenu"
LINES = [
    {
        "dump": "d.txt",
        "start_line": 1,
        "end_line": 3,
        "title_line": 2,
        "kind": "article",
        "topic": "works",
        "also": [],
    },
    {
        "dump": "d.txt",
        "start_line": 5,
        "end_line": 8,
        "title_line": None,
        "kind": "blurb",
        "topic": None,
        "also": [],
    },
]


@pytest.fixture
def records(tmp_path: Path):
    table, data = tmp_path / "gold.tsv", tmp_path / "records.jsonl.gz"
    table.write_text(TABLE, encoding="utf-8")
    data.write_bytes(gzip.compress("\n".join(map(json.dumps, RECORDS)).encode()))
    return read_record_gold(table, data)


def write_lines(folder: Path, lines: list[dict[str, object]]) -> tuple[Path, Path, Path]:
    gold, furniture = folder / "gold.jsonl", folder / "furniture.json"
    gold.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    furniture.write_text(json.dumps({"d.txt": [1, 8]}), encoding="utf-8")
    (folder / "d.txt").write_text(DUMP, encoding="utf-8")
    return gold, folder, furniture


def test_a_record_is_a_dump_and_one_piece(records, tmp_path: Path):
    import_gold(records, tmp_path / "out.jsonl", by="gold", at="2026-01-31T00:00:00Z")
    decisions = [entry.decision for entry in read_decisions([tmp_path / "out.jsonl"]).topics]
    assert [(d.name, d.topic, d.also, d.confidence, d.kind) for d in decisions] == [
        ("r2", "rivers", ("hills", "works"), "m", "article"),
        ("r1", None, (), "h", "article"),
        ("r3", "works", ("rivers",), "l", "article"),
    ]
    assert [(d.source, d.published) for d in decisions] == [
        (None, "2025-05-20"),
        ("The Weir", "2025-05-21"),
        (None, None),
    ]
    text = RECORDS[1]["text"]
    assert (decisions[0].dump, decisions[0].segment) == (dump_digest(text), text_digest(text))
    assert (decisions[0].start, decisions[0].end) == (0, len(text))


def test_what_a_publisher_repeats_is_not_counted_and_no_sentence_is_written(records, tmp_path: Path):
    import_gold(records, tmp_path / "out.jsonl", by="gold", at="2026-01-31T00:00:00Z")
    rows = read_terms(terms_path(tmp_path / "out.jsonl"))
    assert [dict(row.terms.body) for row in rows] == [
        {"otter": 2, "trout": 2},
        {"otter": 4, "trout": 2},
        {"otter": 2, "trout": 2},
    ]
    written = b"".join(path.read_bytes() for path in tmp_path.glob("out.*")).decode()
    assert "harbour" not in written and "Wardens saw" not in written and "Otters return" not in written


def test_line_gold_tiles_its_dump(tmp_path: Path):
    pieces = read_line_gold(*write_lines(tmp_path, LINES))
    assert "".join(DUMP[piece.start : piece.end] for piece in pieces) == DUMP
    assert DUMP[pieces[1].start :].startswith("Goats won")
    assert [piece.title for piece in pieces] == ["Mill closes", None]
    assert [piece.body for piece in pieces] == [
        "The mill shut its gate.\n",
        "Goats won the fair.\nA goat called Ash\nled.",
    ]
    assert [[DUMP[a:b] for a, b in piece.furniture or ()] for piece in pieces] == [["News"], ["Menu"]]


def test_line_gold_is_written_with_its_furniture(tmp_path: Path):
    pieces = read_line_gold(*write_lines(tmp_path, LINES))
    import_gold(pieces, tmp_path / "out.jsonl", by="gold", at="2026-01-31T00:00:00Z")
    decisions = [entry.decision for entry in read_decisions([tmp_path / "out.jsonl"]).topics]
    assert [(d.kind, d.topic, d.furniture) for d in decisions] == [
        ("article", "works", ((0, 4),)),
        ("blurb", None, ((len(DUMP) - 4, len(DUMP)),)),
    ]
    assert [text_digest(DUMP[d.start : d.end]) for d in decisions] == [d.segment for d in decisions]


def test_terms_of_a_small_set_are_kept_by_the_counts_of_both(records, tmp_path: Path):
    counted = import_gold(records[:2], tmp_path / "big.jsonl", by="gold", at="2026-01-31")
    import_gold(records[2:], tmp_path / "small.jsonl", by="gold", at="2026-01-31", beside=counted)
    (row,) = read_terms(tmp_path / "small.terms.jsonl")
    assert set(row.terms.body) >= {"otter", "trout"}
    assert "weir" not in row.terms.body


def test_the_same_gold_gives_the_same_bytes(records, tmp_path: Path):
    for name in ("one", "two"):
        import_gold(records, tmp_path / name / "out.jsonl", by="gold", at="2026-01-31T00:00:00Z")
    for name in ("out.jsonl", "out.terms.jsonl"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_gold_that_does_not_fit_is_refused_with_its_place(tmp_path: Path):
    table, data = tmp_path / "gold.tsv", tmp_path / "records.jsonl"
    data.write_text(json.dumps(RECORDS[0]) + "\n", encoding="utf-8")
    table.write_text("r1\trivers\t\th\nr9\trivers\t\th\n", encoding="utf-8")
    with pytest.raises(LabelError, match=r"gold\.tsv:2: not a judgement"):
        read_record_gold(table, data)
    for line in ('{"id": "r1"}', "9" * 5_000):
        data.write_text(f"{line}\n", encoding="utf-8")
        with pytest.raises(LabelError, match=r"records\.jsonl:1: not an object with id, title, text"):
            read_record_gold(table, data)
    with pytest.raises(LabelError, match=r"pieces of d\.txt are out of order"):
        read_line_gold(*write_lines(tmp_path, LINES[::-1]))
    with pytest.raises(LabelError, match="outside its 8 lines"):
        read_line_gold(*write_lines(tmp_path, [LINES[0], LINES[1] | {"start_line": 9}]))


def test_a_sentence_is_furniture_only_when_differently_titled_documents_share_it():
    documents = [
        ("A", f"One. {PITCH}"),
        ("a ", f"Two. {PITCH}"),
        ("B", f"{PITCH}\nThree."),
        ("C", PITCH.upper()),
    ]
    assert find_repeated_sentences(documents) == {PITCH.lower()}
    assert find_repeated_sentences(documents[:3]) == set()
    assert find_repeated_sentences([(title, "Share this now.") for title in "abc"]) == set()  # 15 characters


def test_dropping_keeps_the_rest_as_it_was_unless_most_would_go():
    repeated = {PITCH.lower()}
    assert (
        drop_sentences(f"Goats won the fair today.\n{PITCH} Ash led.", repeated)
        == "Goats won the fair today.\n Ash led."
    )
    assert drop_sentences(f"Ash led. {PITCH}", repeated) == f"Ash led. {PITCH}"
    assert split_sentences("Ash led. He won!\n\nTwice: yes") == ["Ash led.", "He won!", "Twice:", "yes"]
