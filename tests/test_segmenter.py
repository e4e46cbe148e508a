"""The stage: whatever the text, its segments tile it and say true things about where they stand."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from topics.bundle import Model
from topics.errors import LabelError
from topics.records import Dump, Segment, dump_digest, text_digest
from topics.segmentation import segment_dump, whole_dump
from topics.segmentation.features import WINDOW
from topics.segmentation.model import MARGIN

LINES = [
    "Ferry fares rise again",
    "By Ines Tamm",
    "Published On 5 Jan 2026",
    "Share",
    "-",
    "The harbour board raised fares on Monday, and said that the crane could wait for another year.",
    "“Nobody asked us,” said Okafor, who mends nets on the eastern quay.",
    "KARSUND (Wire) - A storm closed the strait to small boats overnight, the coast guard said.",
    "Bell ringers in Upper Stour have asked the council for a new rope, and for a shorter peal on Sundays.",
    "  \t",
    "Der Hafenmeister sagte am Montag, dass die Brücke erst im Frühjahr wieder geöffnet werde, wenn das Eis fort ist.",
    "The court heard on Friday how the dealer had sold one painting three times. " * 18,  # longer than a line may be
]
ENDS = ["\n", "\n", "\n\n", "\r\n", "\r", "\r\r", "\n\r", "\x0c", "\u2028", "\x0b\n", " \n  ", "\x85", ""]

characters = st.characters(exclude_categories=["Cs"])
odd = st.sampled_from(list("\r\n\x0b\x0c\u2028\u2029\x85\x00\x1c\ufeff\u200b\u00a0 .!?-—“©aZ9𝔘🚢"))
any_text = st.text(st.one_of(characters, odd), max_size=120)
built_text = st.lists(st.tuples(st.one_of(st.sampled_from(LINES), any_text), st.sampled_from(ENDS)), max_size=14).map(
    lambda parts: "".join(line + end for line, end in parts)
)
texts = st.one_of(any_text, built_text)
thresholds = st.sampled_from([None, 1e-6, 0.5, 1 - 1e-6])
a_few = settings(max_examples=60)


Cut = Callable[..., list[Segment]]


@pytest.fixture(scope="module")
def cut(model: Model) -> Cut:
    """Text and threshold to segments: a function, since a model that fails a property fills the screen."""

    def cut_text(text: str, threshold: float | None = None, name: str = "dump.txt") -> list[Segment]:
        return segment_dump(Dump(name, text), model.segmentation, threshold=threshold)

    return cut_text


@pytest.fixture(scope="module")
def whole(model: Model) -> Cut:
    """Text to the one segment that it is said to be."""
    return lambda text: whole_dump(Dump("dump.txt", text), model.segmentation)


def line_of(text: str, offset: int) -> int:
    """The physical line that a character stands on; a line end is part of the line that it ends."""
    return 1 + sum(match.end() <= offset for match in re.finditer(r"\r\n|\r|\n", text))


@given(texts, thresholds)
@example("\r\n", None)
@example("a\x00b\r\n\x00", 1e-6)
@a_few
def test_segments_tile_any_text(cut: Cut, text: str, threshold: float | None) -> None:
    segments = cut(text, threshold)
    assert "".join(s.text for s in segments) == text
    assert [0, *(s.end for s in segments)] == [*(s.start for s in segments), len(text)]
    assert all(s.start < s.end and text[s.start : s.end] == s.text for s in segments)
    assert [s.index for s in segments] == list(range(len(segments)))


@given(texts, thresholds)
@a_few
def test_ids_are_distinct_and_the_same_records_come_back(cut: Cut, text: str, threshold: float | None) -> None:
    segments = cut(text, threshold)
    assert len({s.id for s in segments}) == len(segments)
    assert cut(text, threshold) == segments
    assert [s.id for s in cut(text, threshold, name="moved/dump.txt")] == [s.id for s in segments]


@given(texts, thresholds)
@a_few
def test_furniture_is_in_order_and_inside_its_segment(cut: Cut, text: str, threshold: float | None) -> None:
    for segment in cut(text, threshold):
        offsets = [segment.start, *(offset for span in segment.furniture for offset in span), segment.end]
        assert offsets == sorted(offsets)
        assert all(begin < end and text[begin:end].strip() for begin, end in segment.furniture)


@given(texts, thresholds)
@example("Ferries sail.\x0cBells ring.\x0cNets dry.", 1e-6)
@example("One line.\rAnother line.\r\rA third line.\r\r", 1e-6)
@example("  \n \r ", None)
@a_few
def test_line_numbers_are_those_of_the_text(cut: Cut, text: str, threshold: float | None) -> None:
    segments = cut(text, threshold)
    assert [s.start_line for s in segments] == [line_of(text, s.start) for s in segments]
    assert [s.end_line for s in segments] == [line_of(text, s.end - 1) for s in segments]
    assert all(0 <= after.start_line - before.end_line <= 1 for before, after in pairwise(segments))


@given(texts)
@a_few
def test_a_threshold_near_one_gives_no_more_segments_than_one_near_zero(cut: Cut, text: str) -> None:
    assert len(cut(text, 0.99)) <= len(cut(text, 0.5)) <= len(cut(text, 0.01))


@given(texts)
@a_few
def test_a_whole_dump_is_one_segment(whole: Cut, text: str) -> None:
    segments = whole(text)
    assert [s.text for s in segments] == ([text] if text else [])


def test_an_empty_dump_has_no_segments(cut: Cut) -> None:
    assert cut("") == []


@pytest.mark.parametrize("blank", [" ", "\n", "\r\n\t\r\n", "\x0c\u2028 \x85"])
def test_blank_text_is_one_piece_of_boilerplate(cut: Cut, blank: str) -> None:
    [segment] = cut(blank)
    assert (segment.kind, segment.text, segment.title) == ("boilerplate", blank, None)


@pytest.mark.parametrize("threshold", [0.0, 1.0, -0.5, 2.0])
def test_a_threshold_is_a_probability_that_can_be_reached(cut: Cut, threshold: float) -> None:
    with pytest.raises(ValueError, match="threshold"):
        cut("Ferries sail.\n\nBells ring.", threshold)


def test_every_paragraph_can_be_made_a_segment_and_none_has_to_be(cut: Cut) -> None:
    text = "".join(f"{line}\n" for line in (LINES[5], LINES[6], LINES[8]))
    assert len(cut(text, 1e-8)) == 3
    assert len(cut(text, 1 - 1e-8)) == 1


@pytest.mark.parametrize("blanks", ["  ", "\t", "\u00a0 "])
def test_an_indented_line_is_cut_before_its_indentation(cut: Cut, blanks: str) -> None:
    text = f"{LINES[5]}\n\n{blanks}{LINES[6]}\n"
    assert [s.text for s in cut(text, 1e-8)] == [f"{LINES[5]}\n\n", f"{blanks}{LINES[6]}\n"]


DEPOT = [
    "Old tram depot to become a market hall",
    "The city of Lindau Bay will turn its disused tram depot into a covered market, the council decided on Monday "
    "evening after a debate of nearly four hours.",
    "Stallholders have asked for a roof since the winter of 2019, when storms tore down the awnings on Ferry Square "
    "and several of them lost a week's takings.",
    "“A roof is all we ever wanted, and now we get a whole building,” said Marta Keller, who has sold cheese on the "
    "square for thirty years.",
    "The depot, built in 1911, has stood empty since the last tram ran. Its rails will stay in the floor, and one "
    "restored tram is to serve as a coffee bar.",
    "Work begins in the spring and is expected to cost 9 million, of which the region pays a third. The market "
    "should open in two years.",
    "Councillor Piet Ansgar voted against the plan. He told the council that the money would be better spent on the "
    "schools.",
]
CHIPS = [
    "Shares in chip maker fall after weak forecast",
    "Shares in Norvane Semiconductor lost a fifth of their value on Tuesday after the company said that it expected "
    "its sales to shrink in the coming quarter.",
    "The chip maker blamed customers who had filled their stores last year and were now ordering less. Its revenue "
    "rose 2 percent to 4.1 billion in the three months to June.",
    "Analysts had expected growth of 6 percent. “This is a bad surprise, and it will not be the last one in the "
    "sector,” wrote Dana Whitlock of the broker Hale and Stone.",
    "Chief executive Ravi Menon said on a call with investors that demand for memory chips would recover by the end "
    "of the year.",
    "Norvane also announced that it would close a plant in the north of the country and cut 1,200 jobs. The unions "
    "called the decision reckless.",
    "The company's bonds fell too, and rivals in Asia and Europe were down between 2 and 5 percent in early trading.",
]


def test_two_articles_with_headlines_are_cut_in_two(cut: Cut) -> None:
    text = "\n\n".join([*DEPOT, *CHIPS]) + "\n"
    first, second = cut(text, 0.5)
    assert second.start == text.index(CHIPS[0])
    assert (first.title, second.title) == (DEPOT[0], CHIPS[0])
    assert (first.start_line, first.end_line, second.start_line, second.end_line) == (1, 14, 15, 27)
    assert (first.kind, first.language, first.boundary) == ("article", "en", 1.0)
    assert 0.5 < second.boundary <= 1.0


def test_a_container_s_title_and_date_fill_in_for_a_dump_of_one_piece_only(model: Model) -> None:
    known = {"title": "A title from outside", "published": "2026-01-05", "source": "Stour Gazette"}
    alone = whole_dump(Dump("one", "\n".join(DEPOT[1:]), **known), model.segmentation)
    assert [(s.title, s.published, s.source) for s in alone] == [tuple(known.values())]
    pair = segment_dump(Dump("two", f"{LINES[5]}\n{LINES[6]}\n", **known), model.segmentation, threshold=1e-8)
    assert [(s.title, s.published, s.source) for s in pair] == [(None, None, "Stour Gazette")] * 2


def test_a_page_that_is_cut_keeps_its_date_where_its_headline_stands(model: Model) -> None:
    body = "\n\n".join(LINES[5:7])
    text = f"{LINES[0]}\n\n{body}\n\n{LINES[8]}\n\n{LINES[7]}"
    dump = Dump("page.html", text, title=LINES[0], published="2026-01-05")
    decided = {dump_digest(text): {text.index(LINES[8]): True}}
    first, second = segment_dump(dump, model.segmentation, decided=decided[dump_digest(text)], threshold=1 - 1e-6)
    assert (first.title, first.published) == (LINES[0], "2026-01-05")
    assert second.published is None


def many_paragraphs(n: int) -> list[str]:
    """Short paragraphs about many things, none of which says where it stands."""
    who = ["The clerk", "A diver", "Marta Keller", "The council", "Her brother", "Norvane", "Ravi Menon"]
    did = ["counted", "sold", "mended", "lost", "inspected", "photographed", "promised", "banned", "found"]
    what = ["eleven barrels", "the ferry timetable", "a crane", "memory chips", "two bells", "the vote", "an old tram"]
    where = ["on the quay.", "in Lindau Bay.", "before the hearing.", "at dawn on Friday.", "after the storm."]
    draw = np.random.default_rng(5).integers(0, 1000, size=(n, 4))
    parts = (who, did, what, where)
    return [" ".join(words[k % len(words)] for words, k in zip(parts, row, strict=True)) for row in draw.tolist()]


def test_a_dump_of_five_thousand_paragraphs_is_cut(cut: Cut) -> None:
    text = "\n".join(many_paragraphs(5000))
    segments = cut(text)
    assert "".join(s.text for s in segments) == text
    assert segments[-1].end_line == 5000


def test_a_probability_depends_on_nothing_beyond_the_stretch(model: Model) -> None:
    here = many_paragraphs(1700)
    there = [line if 400 <= i < 1500 else f"Elsewhere, {line.lower()} It rained." for i, line in enumerate(here)]
    score = model.segmentation.score
    p, q = score("\n".join(here)).probabilities, score("\n".join(there)).probabilities
    # of each stretch all but the margins count: a paragraph sees at most the rest of it to either side
    sees = WINDOW - MARGIN
    assert np.array_equal(p[400 + sees : 1500 - sees], q[400 + sees : 1500 - sees])
    assert not np.array_equal(p[400:430], q[400:430])  # what is near does count


# What people decided

BOTH = "\n\n".join([*DEPOT, *CHIPS]) + "\n"
NET, BELLS = LINES[6], LINES[8]


def cut_decided(model: Model, text: str, decided: dict[int, bool], threshold: float | None = None) -> list[Segment]:
    return segment_dump(Dump("dump.txt", text), model.segmentation, threshold=threshold, decided=decided)


def test_a_decided_start_holds_and_is_certain(model: Model) -> None:
    at = BOTH.index(DEPOT[4])
    _, second, third = cut_decided(model, BOTH, {at: True}, 0.5)
    assert (second.start, third.start) == (at, BOTH.index(CHIPS[0]))
    assert second.boundary == 1.0
    assert third.boundary == segment_dump(Dump("dump.txt", BOTH), model.segmentation, threshold=0.5)[1].boundary


def test_a_decided_non_start_holds(model: Model) -> None:
    pieces = cut_decided(model, BOTH, {BOTH.index(CHIPS[0]): False})
    assert BOTH.index(CHIPS[0]) not in {piece.start for piece in pieces}


@given(texts, thresholds, st.data())
@settings(max_examples=100)
def test_decisions_hold_in_any_text_or_are_reported(
    model: Model, text: str, threshold: float | None, data: st.DataObject
) -> None:
    offsets = st.integers(0, len(text) + 3)
    decided = data.draw(st.dictionaries(offsets, st.booleans(), max_size=6))
    said: list[str] = []
    dump = Dump("dump.txt", text)
    pieces = segment_dump(
        dump,
        model.segmentation,
        threshold=threshold,
        decided=decided,
        on_problem=lambda problem: said.append(str(problem)),
    )
    assert "".join(piece.text for piece in pieces) == text
    inked = [re.compile(r"\S").search(text, piece.start) for piece in pieces]
    starts = {match.start(): piece for match, piece in zip(inked, pieces, strict=True) if match}
    paragraphs = [p.start for p in model.segmentation.score(text).paragraphs]
    spoken: dict[int, set[bool]] = {}
    n_stale = 0
    for offset, starts_here in decided.items():
        about = next((i for i, start in enumerate(paragraphs) if start >= offset), None)
        if about is None or (about == 0 and not starts_here):
            n_stale += 1
        else:
            spoken.setdefault(paragraphs[about], set()).add(starts_here)
    assert len(said) == n_stale
    for start, opinions in spoken.items():
        if len(opinions) == 1:
            assert (start in starts) in opinions
            assert start not in starts or starts[start].boundary == 1.0


@pytest.mark.parametrize("back", [0, 1, 2, 3, 4])
def test_an_offset_on_the_blanks_before_a_paragraph_speaks_of_it(model: Model, back: int) -> None:
    text = f"{NET}\n\n \t{BELLS}\n"
    start = text.index(BELLS)
    assert [p.start for p in cut_decided(model, text, {start - back: True}, 1 - 1e-6)] == [0, start - 2]
    assert [p.start for p in cut_decided(model, text, {start - back: False}, 1e-6)] == [0]


def test_an_offset_inside_a_paragraph_speaks_of_the_next_where_that_has_no_word_of_its_own(model: Model) -> None:
    text = f"{NET}\n{BELLS}\n"
    start = text.index(BELLS)
    assert len(cut_decided(model, text, {5: True}, 1 - 1e-6)) == 2
    assert len(cut_decided(model, text, {start: False, 5: True}, 1e-6)) == 1
    assert len(cut_decided(model, text, {5: False, start: True}, 1 - 1e-6)) == 2


def test_of_two_decisions_on_one_paragraph_the_last_holds(model: Model) -> None:
    text = f"{NET}\n\n  {BELLS}\n"
    start = text.index(BELLS)
    assert len(cut_decided(model, text, {start - 2: True, start: False})) == 1
    assert len(cut_decided(model, text, {start: False, start - 2: True})) == 2


@pytest.mark.parametrize(
    ("offset", "starts", "fault"),
    [
        (10, True, "no paragraph starts there or later"),
        (9999, True, "no paragraph starts there or later"),
        (9999, False, "no paragraph starts there or later"),
        (0, False, "a dump starts with one"),
    ],
)
def test_a_decision_that_cannot_hold_is_reported(model: Model, offset: int, starts: bool, fault: str) -> None:
    with pytest.raises(LabelError, match=f"dump.txt: .* starts at {offset}, but {fault}"):
        cut_decided(model, NET, {offset: starts})
    said: list[LabelError] = []
    pieces = segment_dump(Dump("dump.txt", NET), model.segmentation, decided={offset: starts}, on_problem=said.append)
    assert len(said) == len(pieces) == 1


@given(texts, st.floats(0.01, 0.99), st.floats(0.01, 0.99))
@a_few
def test_a_higher_threshold_never_gives_more_segments(cut: Cut, text: str, one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert len(cut(text, high)) <= len(cut(text, low))


@given(any_text)
def test_the_digest_of_a_text_is_that_of_its_words(text: str) -> None:
    assert text_digest(text) == dump_digest(" ".join(text.split()))
