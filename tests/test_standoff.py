from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from topics.classification.analyzer import ANALYZER, Terms, count_terms
from topics.errors import LabelError
from topics.labels.signatures import sign_text
from topics.labels.standoff import SegmentTerms, keep_common_terms, read_terms, terms_path, write_terms
from topics.records import text_digest


def count(title: str | None, text: str) -> SegmentTerms:
    return SegmentTerms(text_digest(text), count_terms(title, text), sign_text(text))


ROWS = [
    count("Otters return", "Wardens saw otters twice."),
    count(None, "The otters ate the wardens' trout."),
    count("Trout", "Otters and trout and otters share the pool."),
    count(None, "A choir sang."),
]


def test_only_terms_of_three_segments_stay_in_headline_and_text():
    kept = keep_common_terms(ROWS)
    assert [(row.terms.title, row.terms.body) for row in kept] == [
        ({"otter": 1}, {"otter": 2}),
        ({}, {"otter": 2}),
        ({}, {"otter": 4}),
        ({}, {}),
    ]
    assert [row.segment for row in kept] == [row.segment for row in ROWS]


def test_a_headline_and_a_text_of_one_segment_count_once():
    rows = [count("Trout", "Trout swam."), count(None, "Trout slept.")]
    assert [row.terms for row in keep_common_terms(rows)] == [Terms({}, {}), Terms({}, {})]
    assert keep_common_terms(rows, min_segments=2)[0].terms == Terms({"trout": 1}, {"trout": 2})


def test_segments_of_other_files_count_too_but_are_not_given_back():
    kept = keep_common_terms(ROWS[:1], beside=ROWS[1:])
    assert [row.terms for row in kept] == [Terms({"otter": 1}, {"otter": 2})]


def test_reprints_count_as_one_segment():
    text = "The ferry to Marrow Bay left two hours late because the tide was low and the crew was short."
    reprints = [count(None, text), count(None, text.upper() + "!"), count(None, text.replace(" ", " - "))]
    assert len({row.segment for row in reprints}) == 3
    assert all(row.terms == Terms({}, {}) for row in keep_common_terms(reprints))


def test_a_term_file_is_read_back_as_it_was_written(tmp_path: Path):
    path = terms_path(tmp_path / "2026.jsonl")
    assert path.name == "2026.terms.jsonl"
    write_terms(path, ROWS)
    assert read_terms(path) == ROWS


counts = st.dictionaries(st.from_regex(r"[a-zé'-]{2,6}( [a-z]{2,6})?", fullmatch=True), st.integers(1, 500))


@settings(max_examples=40)
@given(st.lists(counts, min_size=2, max_size=2))
def test_any_counts_survive_the_file(tmp_path_factory: pytest.TempPathFactory, pair: list[dict[str, int]]):
    path = tmp_path_factory.mktemp("terms") / "a.terms.jsonl"
    row = SegmentTerms("5" * 64, Terms(*pair), sign_text("x"))
    write_terms(path, [row, row])
    assert read_terms(path) == [row]


def test_the_file_is_plain_sorted_text_without_the_order_of_the_words(tmp_path: Path):
    path = tmp_path / "a.terms.jsonl"
    write_terms(path, ROWS[2:3])
    header, row = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    assert header == {
        "analyzer": ANALYZER,
        "signature": "minhash-64-5w-affine32-1",
        "min_segments": 3,
        "segments": 1,
    }
    assert row["title"] == {"1": "trout"}
    assert row["body"] == {
        "2": "otter share,otter trout,pool,share,share pool,trout,trout otter",
        "4": "otter",
    }


def test_the_same_rows_give_the_same_bytes(tmp_path: Path):
    turned = [
        SegmentTerms(row.segment, Terms(row.terms.title, dict(reversed(row.terms.body.items()))), row.signature)
        for row in ROWS
    ]
    write_terms(tmp_path / "a", ROWS)
    write_terms(tmp_path / "b", turned)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_counts_of_another_analyzer_are_refused_by_name(tmp_path: Path):
    path = tmp_path / "a.terms.jsonl"
    write_terms(path, ROWS)
    with pytest.raises(LabelError) as raised:
        read_terms(path, analyzer="xx-9")
    assert str(raised.value).startswith(f'{path}:1: made with analyzer "{ANALYZER}", and this version uses "xx-9".')
    path.write_text(path.read_text(encoding="utf-8").replace("minhash-64", "minhash-32"), encoding="utf-8")
    with pytest.raises(LabelError, match='made with signature "minhash-32-5w-affine32-1"'):
        read_terms(path)


def test_a_damaged_term_file_is_refused_with_its_line(tmp_path: Path):
    path = tmp_path / "a.terms.jsonl"
    with pytest.raises(LabelError, match="no such term file"):
        read_terms(path)
    write_terms(path, ROWS)
    lines = path.read_text(encoding="utf-8").splitlines()
    damages = {
        "": ":1: not a line of a term file",
        f"{lines[0]}\n{'9' * 5_000}": ":2: not a line of a term file",
        "\n".join(lines[:-1]): ": 3 segments, and its header says 4",
        "\n".join([*lines[:2], lines[2][:50]]): ":3: not a line of a term file",
        "\n".join(lines).replace('{"1": "otter,', '{"0": "otter,'): ":2: the counts are malformed",
        "\n".join(lines).replace('"title": {}', '"title": 3'): ":3: the counts are malformed",
        "\n".join(lines).replace(ROWS[3].signature, "00"): ":5: the digest or the signature is malformed",
    }
    for damaged, message in damages.items():
        path.write_text(damaged, encoding="utf-8")
        with pytest.raises(LabelError) as raised:
            read_terms(path)
        assert str(raised.value).startswith(f"{path}{message}")
