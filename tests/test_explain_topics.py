"""Why a topic: exact to the last digit, the same as predicting reads, furniture never in it, and fit to look at."""

from __future__ import annotations

import io
import json
import math
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console
from typer.testing import CliRunner

import topics
from topics.classification.analyzer import Terms
from topics.classification.doubt import TRUSTING, UNMEASURED, Temperature
from topics.classification.explain import (
    describe_topic,
    explain_segment,
    explain_terms,
    explained_row,
    mark_terms,
)
from topics.classification.furniture import learn_furniture
from topics.classification.model import TopicModel
from topics.cli import app
from topics.records import Segment
from topics.writers import render_explained, render_topic_terms, write_rows

WORDS = ("anchor", "bell", "choir", "dough", "ferry", "ferry anchor", "rope", "yeast")
SLUGS = ("boats", "bread", "music")
FERRY = "\n".join(
    [
        "Ferry anchor lost",
        "The ferry lost its anchor off the quay.",
        "Share the choir with a friend",
        "A choir sang in the rope yard.",
    ]
)


def draw_model(seed: int, temperature: float = 0.3) -> TopicModel:
    rng = np.random.default_rng(seed)
    weights = rng.normal(size=(len(WORDS), len(SLUGS))).astype(np.float32)
    return TopicModel(
        slugs=SLUGS,
        terms=WORDS,
        columns={term: k for k, term in enumerate(WORDS)},
        idf=rng.uniform(1, 5, len(WORDS)),
        weights=weights,
        bias=rng.normal(size=len(SLUGS)),
        also_weights=weights,
        also_bias=np.zeros(len(SLUGS)),
        reject_weights=np.zeros(len(WORDS), np.float32),
        reject_bias=0.0,
        temperature=Temperature(temperature),
        trust=TRUSTING,
        acceptance=UNMEASURED,
        unknown_below=0.0,
        also_above=9.0,
    )


def segment_of(
    text: str = FERRY, *, title: str | None = "Ferry anchor lost", start: int = 0, **more: object
) -> Segment:
    begin = start + text.find("Share")
    values: dict[str, object] = {
        "dump": "quay.txt", "dump_digest": "d" * 64, "index": 0, "start": start, "end": start + len(text),
        "start_line": 1, "end_line": 4, "kind": "article", "title": title, "published": None, "source": None,
        "boundary": 1.0, "furniture": ((begin, begin + 30),) if "Share" in text else (), "language": "en",
        "text": text, **more,
    }  # fmt: skip
    return Segment(**values)  # type: ignore[arg-type]


counts = st.dictionaries(st.sampled_from([*WORDS, "zebra"]), st.integers(1, 9), max_size=7)


@settings(max_examples=120)
@given(counts, counts, st.integers(0, 10_000), st.floats(0.05, 4.0), st.integers(0, 5) | st.none())
def test_pulls_add_up_to_the_score_less_the_bias(
    title: dict[str, int], body: dict[str, int], seed: int, temperature: float, n_terms: int | None
) -> None:
    model = draw_model(seed, temperature)
    vector = model.vectorise(Terms(title, body))
    found = explain_terms(Terms(title, body), model, SLUGS, n_terms)
    raw = model.scores(vector) / temperature
    for k, one in enumerate(found):
        listed = [*one.towards, *one.against]
        assert math.fsum(pull.pull for pull in listed) + one.others == pytest.approx(one.score - one.bias, abs=1e-9)
        assert one.score == pytest.approx(raw[k] - raw.mean(), abs=1e-9)
        shares = math.fsum(abs(pull.share) for pull in listed) + one.others_towards - one.others_against
        assert shares == pytest.approx(1.0 if len(vector.columns) else 0.0, abs=1e-9)
        assert len(listed) + one.n_others == len(vector.columns)
        assert all(pull.headline == (pull.term in title) for pull in listed)
        assert all(pull.pull > 0 for pull in one.towards) and all(pull.pull < 0 for pull in one.against)
    # scores are log-odds: what the probabilities say of any two topics
    for a, b in pairwise(found):
        if min(a.probability, b.probability) > 1e-12:
            assert math.log(a.probability / b.probability) == pytest.approx(a.score - b.score, abs=1e-6)


def test_the_likeliest_topics_come_first() -> None:
    terms = Terms({}, {"ferry": 2, "yeast": 1})
    found = explain_terms(terms, draw_model(3), 3)
    assert [one.probability for one in found] == sorted((one.probability for one in found), reverse=True)
    assert [one.topic for one in explain_terms(terms, draw_model(3), ["music", "boats"])] == ["music", "boats"]
    with pytest.raises(ValueError, match=r"^sheep: no topic of this model\. It has .*music"):
        explain_terms(terms, draw_model(3), ["sheep"])


def test_furniture_takes_no_part_and_is_not_marked() -> None:
    text = "Ferry lost\nThe ferry sank.\nShare the choir with a friend\n"
    piece = segment_of(text, title=None)
    one = explain_segment(piece, draw_model(1), n_terms=None)
    assert {pull.term for pull in (*one.towards, *one.against)} == {"ferry"}
    with_all = explain_segment(replace(piece, furniture=()), draw_model(1), n_terms=None)
    assert {pull.term for pull in (*with_all.towards, *with_all.against)} == {"ferry", "choir"}
    marked = {text[mark.start : mark.end] for mark in mark_terms(replace(piece), with_all)}
    assert marked == {"Ferry", "ferry"}


def test_what_a_publisher_repeats_is_no_known_term() -> None:
    line = "Write to the ferry desk of this paper."
    piece = replace(segment_of(f"{line} Eleven things happened upstream on that day.", title=None), furniture=())
    pages = [("paper", f"Number {k}", f"{line} {k} things happened.") for k in range(3)]
    plain = draw_model(1)
    assert explained_row(piece, plain.predict(piece, "m"), plain, [])["reason"] is None
    model = replace(plain, furniture=learn_furniture(pages, b"salt"))
    row = explained_row(piece, model.predict(piece, "m"), model, [])
    assert (row["unknown"], row["reason"]) == (True, "no_terms")


def test_marks_stand_where_the_terms_do_and_never_overlap() -> None:
    piece = segment_of(start=100)
    one = explain_segment(piece, draw_model(5), n_terms=None)
    marks = mark_terms(piece, one)
    words = [FERRY[mark.start - 100 : mark.end - 100] for mark in marks]
    # a pair is cut where its words end, and what stands between them is its alone
    assert words == ["Ferry", " ", "anchor", "ferry", "anchor", "choir", "rope"]
    share = {pull.term: pull.share for pull in (*one.towards, *one.against)}
    assert marks[0].share == pytest.approx(share["ferry"] + share["ferry anchor"])
    assert marks[1].share == pytest.approx(share["ferry anchor"])
    assert all(a.end <= b.start for a, b in pairwise(marks))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, None),
        ({"kind": "boilerplate"}, "boilerplate"),
        ({"language": "nl"}, "language"),
        ({"text": "Zebras graze.", "title": None}, "no_terms"),
    ],
)
def test_the_row_says_why_no_topic_is_shown(changes: dict[str, object], reason: str | None) -> None:
    piece, model = segment_of(**changes), draw_model(2)  # type: ignore[arg-type]
    row = explained_row(piece, model.predict(piece, "m"), model, [explain_segment(piece, model)])
    assert row["reason"] == reason
    unsure = replace(model, unknown_below=1.0)
    assert reason is not None or explained_row(piece, unsure.predict(piece, "m"), unsure, [])["reason"] == "unsure"
    json.dumps(row, allow_nan=False)


def render(rows: list[dict[str, object]], width: int = 120) -> str:
    console = Console(file=io.StringIO(), width=width)
    render_explained(rows, console=console)
    return console.file.getvalue()  # type: ignore[attr-defined]


def row_of(piece: Segment, model: TopicModel, n_terms: int = 3) -> dict[str, object]:
    found = explain_terms(topics.classification.model.segment_terms(piece), model, 2, n_terms)
    return explained_row(piece, model.predict(piece, "m"), model, found)


def test_a_terminal_shows_both_sides_with_their_shares_and_the_rest() -> None:
    shown = render([row_of(segment_of(), draw_model(2), n_terms=2)])
    assert shown.startswith("quay.txt #0 lines 1-4: Ferry anchor lost\n  decided  ")
    assert "all others" in shown and "*" in shown and "%" in shown
    wide, narrow = render([row_of(segment_of(), draw_model(2))]), render([row_of(segment_of(), draw_model(2))], 50)
    assert narrow.count("\n") > wide.count("\n")  # one side below the other
    assert "nothing that the model knows" in render([row_of(segment_of("Zebras graze.", title=None), draw_model(2))])
    assert render([]) == ""


def test_nothing_in_a_dump_can_move_the_cursor() -> None:
    piece = segment_of(title="\x1b[31mFerry", dump="\x1bquay.txt")
    assert "\x1b" not in render([row_of(piece, draw_model(2))])


def test_a_topic_as_a_whole_is_its_strongest_terms() -> None:
    model = draw_model(7)
    found = describe_topic(model, "bread", 3)
    lead = model.idf * (model.weights - model.weights.mean(axis=1, keepdims=True))[:, 1] / model.temperature.base
    assert [term for term, _ in found.towards] == [WORDS[i] for i in np.argsort(-lead)[:3]]
    assert [pull for _, pull in found.towards] == pytest.approx(sorted(lead.tolist(), reverse=True)[:3], rel=1e-5)
    assert all(pull < 0 for _, pull in found.against) and len(found.against) <= 3
    console = Console(file=io.StringIO(), width=100)
    render_topic_terms(found.to_dict(), console=console)
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert shown.startswith("bread\n") and found.towards[0][0] in shown
    # a piece of one term has length one: idf falls out
    term, strength = found.towards[0]
    [alone] = explain_terms(Terms({}, {term: 1}), model, ["bread"])
    assert alone.towards[0].pull * model.idf[model.columns[term]] == pytest.approx(strength)


def run(*words: object) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["explain", *map(str, words)])
    return done.exit_code, done.stdout, done.stderr


def test_piped_it_is_one_object_a_segment_and_a_topic() -> None:
    code, out, err = run("seeds/harbour-wire.txt", "--segment", 0, "--terms", 3, "--runners-up", 2)
    assert (code, err) == (0, "")
    [row] = map(json.loads, out.splitlines())
    assert [len(topic["towards"]) for topic in row["topics"]] == [3, 3, 3]
    for topic in row["topics"]:
        pulls = [pull["pull"] for side in ("towards", "against") for pull in topic[side]]
        assert math.fsum(pulls) + topic["others"]["pull"] == pytest.approx(topic["score"] - topic["bias"], abs=1e-9)
    code, out, _ = run("--topic", "sudan", "--topic", "gaza", "--terms", 5)
    assert code == 0
    assert [json.loads(line)["topic"] for line in out.splitlines()] == ["sudan", "gaza"]


def test_a_page_shows_the_text_with_its_terms_marked_and_can_run_nothing(tmp_path: Path) -> None:
    dump = tmp_path / "<b>quay.txt"
    dump.write_text(
        "Ferry strike shuts the port\n\nThe union said <img onerror=alert(1)> ferry crews would strike on Monday "
        "over wages, and the port would shut.\n",
        encoding="utf-8",
    )
    code, out, _ = run(dump, "--output", tmp_path / "why.html")
    assert (code, out) == (0, "")
    page = (tmp_path / "why.html").read_text("utf-8")
    assert "default-src 'none'" in page
    assert "<img" not in page and "&lt;" in page and "<b>" not in page
    assert '<mark class="for s' in page and '<mark class="against s' in page
    code, out, _ = run(dump, "--format", "html")
    assert (code, out) == (0, page)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--topic", "sudan", "--format", "html"], "a page is of segments"),
        (["seeds/harbour-wire.txt", "--format", "csv"], "no such format here"),
        (["seeds/harbour-wire.txt", "--format", "table", "--output", "x.txt"], "a table goes to the screen"),
    ],
)
def test_what_makes_no_sense_is_a_usage_error(words: list[str], said: str) -> None:
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert said in " ".join(err.replace("│", " ").split())


def test_the_pages_rows_are_written_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "why.html"
    assert run(tmp_path / "nothing.txt", "--output", target)[0] == 1
    rows = [row_of(segment_of(), draw_model(2))]
    write_rows(rows, tmp_path / "why.jsonl", "jsonl")
    assert json.loads((tmp_path / "why.jsonl").read_text("utf-8"))["topics"] == rows[0]["topics"]
