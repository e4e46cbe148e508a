"""Articles that a dump has twice: found with or without edits, and cut as where they stood first."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from word_samples import analysed, matter

from topics.bundle import Model
from topics.records import Dump
from topics.segmentation import segment_dump
from topics.segmentation.analysis import Analysis
from topics.segmentation.copies import BEGIN_ODDS, END_ODDS, Copies, find_copies
from topics.segmentation.explain import explain_starts
from topics.segmentation.features import WINDOW
from topics.segmentation.model import MARGIN
from topics.segmentation.repeats import find_repeats

ROOT = Path(__file__).resolve().parent.parent
SEEDS = sorted(path.name for path in (ROOT / "seeds").glob("*.txt"))
LINE = "By Ines Tamm"


def find(paragraphs: Sequence[str]) -> Copies | None:
    """The copies of a dump of one paragraph a line."""
    return copies_of(analysed("\n".join(paragraphs)))


def copies_of(analysis: Analysis) -> Copies | None:
    """Those of an analysis."""
    return find_copies(analysis, find_repeats(analysis))


def origins(copies: Copies | None, n: int) -> list[int]:
    """What each paragraph is a copy of."""
    return list(range(n)) if copies is None else copies.origins.tolist()


def seams(copies: Copies) -> dict[int, float]:
    """Where something is added, and what."""
    return {int(i): float(copies.seam_odds[i]) for i in np.flatnonzero(copies.seam_odds)}


def test_a_run_of_the_same_paragraphs_is_a_copy_from_headline_to_end() -> None:
    a, b, c = matter(4, seed=1), matter(5, seed=2), matter(4, seed=3)
    copies = find([*a, LINE, *b, *c, LINE, *b, *matter(3, seed=4)])
    assert copies is not None
    assert origins(copies, 23) == [*range(14), *range(4, 10), 20, 21, 22]
    assert seams(copies) == {4: BEGIN_ODDS, 10: END_ODDS, 14: BEGIN_ODDS, 20: END_ODDS}
    assert not copies.is_edited.any()


def test_an_article_that_is_followed_by_itself_ends_in_between() -> None:
    a, b = matter(3, seed=5), matter(4, seed=6)
    copies = find([*a, *b, *b])
    assert origins(copies, 11) == [*range(7), *range(3, 7)]
    assert copies is not None
    assert seams(copies) == {3: BEGIN_ODDS, 7: END_ODDS}


@pytest.mark.parametrize(
    ("edit", "found", "edited"),
    [
        ("changed", [0, 1, 2, 14, 4, 5], [14]),
        ("left out", [0, 1, 2, 4, 5], []),
        ("put in", [0, 1, 2, 14, 3, 4, 5], [14]),
    ],
)
def test_a_copy_goes_on_behind_what_was_edited(edit: str, found: list[int], edited: list[int]) -> None:
    a, b, new = matter(6, seed=7), matter(5, seed=8), matter(1, seed=9)
    again = {"changed": [*a[:3], *new, *a[4:]], "left out": [*a[:3], *a[4:]], "put in": [*a[:3], *new, *a[3:]]}[edit]
    copies = find([*a, *b, *again])
    assert copies is not None
    assert copies.origins.tolist()[11:] == found
    assert np.flatnonzero(copies.is_edited).tolist() == edited
    assert seams(copies).keys() == {6}


def test_what_is_edited_at_the_end_of_an_article_leaves_the_headline_behind_it_alone() -> None:
    a, b, new = matter(5, seed=20), matter(5, seed=21), matter(1, seed=22)
    copies = find([LINE, *a, "Bells at noon", *b, LINE, *a[:-1], *new, "Bells at noon", *b])
    assert copies is not None
    assert copies.origins.tolist()[12:] == [0, 1, 2, 3, 4, 17, 6, 7, 8, 9, 10, 11]
    assert np.flatnonzero(copies.is_edited).tolist() == [17]


def test_what_stands_three_times_is_the_page_and_no_copy() -> None:
    foot = matter(4, seed=23)
    pieces = [matter(8, seed=seed) for seed in (24, 25, 26)]
    assert find([line for piece in pieces for line in (*piece, *foot)]) is None
    # but it goes along where the article above it stands twice
    copies = find([line for piece in (*pieces, pieces[0]) for line in (*piece, *foot)])
    assert copies is not None
    assert copies.origins.tolist()[36:] == list(range(12))


def test_two_long_paragraphs_and_short_lines_that_come_again_are_no_copy() -> None:
    a, b, c = matter(4, seed=10), matter(4, seed=11), matter(4, seed=12)
    repeated = [LINE, "Share", *matter(2, seed=13), "Read more"]
    assert find([*repeated, *a, *repeated, *b, *repeated, *c]) is None
    assert find([LINE] * 40) is None
    assert find([]) is None


def footed(n_pieces: int, foot: Sequence[str]) -> list[str]:
    """Pieces with the same lines below each."""
    return [line for seed in range(n_pieces) for line in (*matter(8, seed=100 + seed), *foot)]


def test_long_lines_that_come_again_and_again_are_feet() -> None:
    foot = [line for line in matter(9, seed=33) if len(line.split()) > 13][:2]
    copies = find(footed(5, foot))
    assert copies is not None
    assert np.flatnonzero(copies.is_foot).tolist() == [10 * k + i for k in range(5) for i in (8, 9)]
    assert copies.origins.tolist() == list(range(50))
    assert find(footed(4, foot)) is None
    headed = find(footed(5, ["Comments", *foot, "Sign in"]))  # with the short lines around them
    assert headed is not None
    assert np.flatnonzero(headed.is_foot).tolist() == [12 * k + i for k in range(5) for i in (8, 9, 10, 11)]
    article = matter(40, seed=34)  # and an article that comes again and again is none
    again = [line for seed in range(5) for line in (*matter(60, seed=200 + seed), *article)]
    copies = find(again)
    assert copies is not None
    assert not copies.is_foot.any()
    assert copies.origins.tolist() == [*range(100), *(i if i % 100 < 60 else i % 100 for i in range(100, 500))]
    assert find(["The harbour board raised fares on Monday and said the crane could wait for a year."] * 50) is None


def test_an_article_that_follows_itself_again_and_again_is_cut_at_its_headline() -> None:
    a, article = matter(3, seed=36), [LINE, *matter(40, seed=37)]
    copies = find([*a, *article * 3, *matter(2, seed=38)])
    assert copies is not None
    assert origins(copies, 128) == [*range(44), *range(3, 44), *range(3, 44), 126, 127]
    assert seams(copies) == {3: BEGIN_ODDS, 44: END_ODDS, 85: END_ODDS, 126: END_ODDS}


def test_a_short_piece_that_stands_three_times_may_be_a_foot_unless_it_follows_itself() -> None:
    a, b, c = (matter(n, seed=39 + n) for n in (4, 5, 6))
    short = [line for line in matter(9, seed=60) if len(line.split()) > 12][:2]
    assert find([*a, *short, *b, *short, *c, *short]) is None
    copies = find([*a, *short, *short, *short, *b])
    assert copies is not None
    assert origins(copies, 15) == [0, 1, 2, 3, 4, 5, 4, 5, 4, 5, 10, 11, 12, 13, 14]
    assert seams(copies) == {4: BEGIN_ODDS, 6: END_ODDS, 8: END_ODDS, 10: END_ODDS}


def test_a_copy_of_a_foot_is_looked_at_where_it_stands() -> None:
    analysis = analysed(
        "\n".join(["The harbour board raised fares on Monday and said the crane could wait.", *matter(5, seed=35)])
    )
    origins, flags = np.arange(6), np.zeros(6, np.bool_)
    origins[4] = 3
    is_foot = flags.copy()
    is_foot[3] = True
    apart, there = Copies(origins, flags, is_foot, np.zeros(6, np.float32)).looks(analysis, is_first=True)
    assert apart.paragraphs.tolist() == [0, 1, 2, 5]
    assert apart.rows.tolist() == [0, 1, 2, 3]
    assert there.paragraphs.tolist() == [4]


def pieces(model: Model) -> list[str]:
    """Those of a dump of our own, as they are cut."""
    text = (ROOT / "seeds" / "harbour-wire.txt").read_text("utf-8").rstrip("\n") + "\n\n"
    return [segment.text for segment in segment_dump(Dump("d", text), model.segmentation)]


def test_feet_are_furniture_and_start_nothing(model: Model) -> None:
    foot = (
        "Please keep to the subject, be civil, and remember that a person will read what you write.\n\n"
        "We remove remarks that abuse others or give away where somebody lives, and close the page in three days.\n\n"
    )
    parts = [text + foot for text in pieces(model)]
    cut = segment_dump(Dump("d", "".join(parts)), model.segmentation)
    assert [segment.text for segment in cut] == parts
    assert all("remarks that abuse" not in segment.body for segment in cut)
    told = explain_starts(Dump("d", "".join(parts)), model.segmentation, n_others=500)
    reasons = {start.reasons[0].words for start in told if start.opening.startswith("We remove remarks")}
    assert reasons == {"the same words stand again and again"}


def test_a_blurb_above_an_appeal_that_the_house_repeats_is_a_blurb(model: Model) -> None:
    blurbs = (
        "PORT VALE, May 3 - The ferry to the outer islands will run twice a day from June, Marram Lines said.",
        "A judge in Tolland has stopped the sale of the old mill until the heirs of Ida Krantz are heard.",
        "Nurses at two clinics in Quito voted to end their strike after Governor Paz offered them shorter nights.",
        "The Museum of Tin in Redruth has found the cup it lost in the flood of 1987, in a shed.",
        "Growers of early cherries in Anatolia lost a third of their crop to frost, a survey by Prof. Demir shows.",
    )
    foot = (
        "If you value our reporting, please support our newsroom with a monthly gift; your money pays for our work.\n\n"
        "We are owned by our readers, and your donation keeps our pages free for you and all of your neighbours.\n\n"
    )
    text = "".join(f"{text}{foot}" for text in (*pieces(model), *(f"{blurb}\n\n" for blurb in blurbs)))
    cut = segment_dump(Dump("d", text), model.segmentation)[-len(blurbs) :]
    assert [(segment.kind, segment.body.strip()) for segment in cut] == [("blurb", blurb) for blurb in blurbs]


def test_a_line_that_stands_above_each_piece_is_the_headline_of_none(model: Model) -> None:
    name = "Our principles: how we work"
    cut = segment_dump(Dump("d", "".join(f"{name}\n\n{text}" for text in pieces(model))), model.segmentation)
    assert sum(segment.text.startswith(name) for segment in cut) > 4
    assert name not in [segment.title for segment in cut]
    assert all(name not in segment.body for segment in cut)


def test_a_foot_of_sixty_words_and_more_is_furniture_too(model: Model) -> None:
    foot = (
        "The Harbour Wire is written by people who live here, is paid for by those who read it, and belongs to nobody "
        "in a far-off city; whoever finds a mistake may write to the editor at the address on the last page of this, "
        "and will have an answer within two working days of the letter, with the name of whoever looked into it and of "
        "what was found, printed in full.\n\n"
    )
    assert len(foot.split()) > 60
    cut = segment_dump(Dump("d", "".join(text + foot for text in pieces(model))), model.segmentation)
    assert all("far-off city" not in segment.body for segment in cut)


def test_paragraphs_are_looked_at_without_copies_but_those_of_the_edge_and_edited_ones_where_they_stand() -> None:
    a, b, new = matter(6, seed=27), matter(5, seed=28), matter(1, seed=29)
    analysis = analysed("\n".join([*b, *a, *b, *a[:3], *new, *a[4:]]))
    copies = copies_of(analysis)
    assert copies is not None
    assert np.flatnonzero(copies.is_edited).tolist() == [19]
    apart, there = copies.looks(analysis, is_first=True)
    assert len(apart.analysis) == 11
    assert apart.paragraphs.tolist() == [*range(11), *range(12, 19), 20, 21]
    assert apart.rows.tolist() == [*range(11), 1, 2, 3, 4, 5, 6, 7, 9, 10]
    assert there.paragraphs.tolist() == there.rows.tolist() == [11, 19]
    assert there.analysis is analysis
    assert copies.looks(analysis, is_first=False)[0].paragraphs.tolist() == [*range(11)]


def test_a_copy_of_what_was_edited_is_looked_at_where_it_stands() -> None:
    a, b = matter(9, seed=30), matter(4, seed=31)
    new = matter(4, seed=32)
    version = [*a[:2], new[0], new[1], *a[4:6], new[2], new[3], *a[8:]]
    analysis = analysed("\n".join([*a, *b, *version, *b[:1], *version]))
    copies = copies_of(analysis)
    assert copies is not None
    covered = sorted(int(i) for look in copies.looks(analysis, is_first=True) for i in look.paragraphs)
    assert covered == list(range(len(analysis)))
    for look in copies.looks(analysis, is_first=True):
        assert all(
            (look.analysis.opening[row] == analysis.opening[paragraph]).all()
            for paragraph, row in zip(look.paragraphs, look.rows, strict=True)
        )


@pytest.mark.parametrize("name", SEEDS)
def test_a_dump_that_has_its_articles_twice_is_cut_alike_both_times(name: str, model: Model) -> None:
    text = (ROOT / "seeds" / name).read_text("utf-8").rstrip("\n") + "\n\n"
    once = [segment.start for segment in segment_dump(Dump(name, text), model.segmentation)]
    twice = [segment.start for segment in segment_dump(Dump(name, text + text), model.segmentation)]
    again = [start - len(text) for start in twice[len(once) :]]
    assert len(once) > 2
    assert twice[: len(once)] == once
    assert again[1:] == once[1:]
    # a page may begin at any of the lines that lead up to its text
    assert all(sum(map(str.isalpha, line.split())) < 12 for line in text[: again[0]].splitlines())
    assert again[0] >= 0


def test_one_article_that_stands_again_later_or_at_once_is_a_piece_of_its_own(model: Model) -> None:
    text = (ROOT / "seeds" / "harbour-wire.txt").read_text("utf-8").rstrip("\n") + "\n\n"
    starts = [segment.start for segment in segment_dump(Dump("d", text), model.segmentation)] + [len(text)]
    pieces = [text[start:end] for start, end in pairwise(starts)]
    for k, piece in enumerate(pieces[:-1]):
        if piece.count("\n\n") < 5:
            continue  # too short for a copy
        for at in (k + 1, len(pieces)):
            parts = [*pieces[:at], piece, *pieces[at:]]
            found = [s.text for s in segment_dump(Dump("d", "".join(parts)), model.segmentation)]
            assert found == parts


def test_it_is_told_that_a_start_is_one_of_text_that_stands_twice(model: Model) -> None:
    text = (ROOT / "seeds" / "harbour-wire.txt").read_text("utf-8").rstrip("\n") + "\n\n"
    n_lines = text.count("\n")
    told = explain_starts(Dump("d", text + text), model.segmentation)
    first = [start for start in told if start.line <= n_lines]
    again = [start for start in told if start.line > n_lines]
    assert [start.line - n_lines for start in again] == [start.line for start in first]
    for one, other in zip(first, again, strict=True):
        [reason] = other.reasons
        assert (reason.group, reason.effect) == ("copy", None)
        assert f"line {one.line} " in reason.words
        assert other.usual is None


def test_it_is_told_that_text_that_stands_twice_ends_before_a_start(model: Model) -> None:
    text = (ROOT / "seeds" / "harbour-wire.txt").read_text("utf-8").rstrip("\n") + "\n\n"
    starts = [segment.start for segment in segment_dump(Dump("d", text), model.segmentation)]
    long = next(k for k, (start, end) in enumerate(pairwise(starts)) if text[start:end].count("\n\n") > 5)
    piece = text[starts[long] : starts[long + 1]]
    behind = text[: starts[-1]] + piece
    told = explain_starts(Dump("d", behind + text[starts[-1] :]), model.segmentation)
    [last] = [start for start in told if start.start == len(behind)]
    [reason] = [reason for reason in last.reasons if reason.group == "copy"]
    slope, _ = model.segmentation.calibration
    assert reason.effect == pytest.approx(slope * END_ODDS, abs=0.01)
    assert last.usual is not None


def test_a_copy_far_off_is_found_where_both_stand_in_one_stretch(model: Model) -> None:
    filler = [line for seed in range(40, 60) for line in matter(50, seed=seed)]
    article = matter(8, seed=99)
    near, far = WINDOW - 2 * MARGIN - 40, len(filler) - 4
    for distance, found in ((near, True), (far, False)):
        lines = [*article, *filler[:distance], *article, *filler[distance:]]
        scored = model.segmentation.score("\n".join(lines))
        again = scored.heads[len(article) + distance + 2 : 2 * len(article) + distance - 1]
        assert np.array_equal(again, scored.heads[2 : len(article) - 1]) == found
