"""Pages teach the form of a page: what they said that day can be written anew, and their lines may have been read."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from topics.records import dump_digest
from topics.segmentation.training import corpora as module
from topics.segmentation.training.corpora import (
    BODY,
    FURNITURE,
    TITLE,
    Article,
    Corpora,
    Page,
    outlet_of,
    part_of,
    read_corpora,
)
from topics.segmentation.training.mixes import FIRST
from topics.segmentation.training.mixing import Mixer
from topics.segmentation.training.pages import cut_page, renew, transplant

ARTICLE = Article(
    "Canal tolls rise",
    tuple(f"In part {k} the lock keeper counted barges and wrote each of them into her green book." for k in range(9)),
    "stour",
    "?",
    "",
)
OTHER = Article(
    "Owls nest in the old town hall",
    ("Three young owls hatched under the clock. Nobody had seen a pair there before. The clerk moved his desk.",),
    "tarvin",
    "?",
    "",
)
STANDFIRST = "A row over the price of a loaf has split the bakers of the whole valley."
CAPTION = "Bakers weigh dough in the square on a cold morning (Photo: A. Clerk)"
LINES = (
    ("Menu", FURNITURE),
    ("Bread row splits valley", TITLE),
    (STANDFIRST, FURNITURE),
    ("By A. Clerk, 3 May 2024, in the valley", FURNITURE),
    ("The bakers met at noon.", BODY),
    ("None of them would sit.", BODY),
    (CAPTION, FURNITURE),
    ("Flour was thrown.", BODY),
    ("Share this story with your friends today", FURNITURE),
    ("Mayor opens bridge to sheep and cyclists", FURNITURE),
    ("The bridge has been shut since a lorry full of pears fell through it in spring.", FURNITURE),
    ("Read more", FURNITURE),
)
PAGE = Page(tuple(line for line, _ in LINES), tuple(label for _, label in LINES), 1, 4, 7, "valley")


def renewed(article: Article | None, seed: int) -> Page:
    return renew(random.Random(seed), PAGE, article, lambda: OTHER)


@pytest.mark.parametrize("seed", range(4))
def test_teasers_are_of_other_articles_and_phrases_of_the_house_stay(seed: int) -> None:
    page = renewed(None, seed)
    assert (page.labels, page.start, page.first, page.last) == (PAGE.labels, 1, 4, 7)
    changed = [i for i in range(len(LINES)) if page.lines[i] != PAGE.lines[i]]
    assert changed == [9, 10]
    assert page.lines[9] == OTHER.title
    assert page.lines[10].startswith("Three young owls hatched under the clock.")


@pytest.mark.parametrize("seed", range(4))
def test_standfirst_and_captions_are_of_the_article_that_the_page_is_to_hold(seed: int) -> None:
    page = renewed(ARTICLE, seed)
    assert [i for i in range(len(LINES)) if page.lines[i] != PAGE.lines[i]] == [2, 6, 9, 10]
    assert page.lines[2] in ARTICLE.paragraphs
    assert page.lines[6].endswith(" (Photo: A. Clerk)")
    assert any(paragraph.startswith(page.lines[6].partition(" (")[0]) for paragraph in ARTICLE.paragraphs)
    assert {page.lines[i] for i, label in enumerate(PAGE.labels) if label == BODY} <= set(PAGE.lines)


def test_a_long_sentence_is_cut_to_about_the_length_of_what_it_replaces() -> None:
    long = " ".join(f"word{k}" for k in range(200)) + "."
    other = Article("Long", (long,), "tarvin", "?", "")
    page = renew(random.Random(1), PAGE, None, lambda: other)
    assert page.lines[10].count(" ") <= 2 * PAGE.lines[10].count(" ")


@pytest.mark.parametrize("seed", range(12))
def test_a_cut_page_and_a_transplant_say_what_each_line_is(seed: int) -> None:
    rng = random.Random(seed)
    roles = dict(zip(PAGE.lines, PAGE.labels, strict=True))
    cut = cut_page(rng, PAGE)
    assert [roles[line] for line in cut.lines] == cut.roles
    assert cut.lines[cut.start] in (PAGE.lines[1], PAGE.lines[4])
    other = transplant(rng, PAGE, ARTICLE, ())
    assert [line for line, role in zip(other.lines, other.roles, strict=True) if role == BODY] == list(
        ARTICLE.paragraphs[: other.roles.count(BODY)]
    )
    assert not {line for line, label in LINES if label == BODY} & set(other.lines)


def test_pages_that_were_read_are_among_those_that_are_drawn() -> None:
    corpora = Corpora((ARTICLE, OTHER), (), (), (), (), read_pages=(PAGE,))
    mixer = Mixer(corpora, mix=FIRST)
    rng = random.Random(3)
    drawn = [mixer.draw_lines(rng).text for _ in range(60)]
    assert any("The bakers met at noon." in text for text in drawn)
    assert any("Share this story with your friends today" in text and "lock keeper" in text for text in drawn)


# ---- reading


def name_in(part: str) -> str:
    """A site whose pages are of one part, and whose articles would be."""
    names = (f"site{a}{b}" for a in "abcdefghij" for b in "abcdefghij")
    return next(n for n in names if part_of(outlet_of(n)) == module._drawn(outlet_of(n), 10, 35) == part)


BODY_LINES = [f"The {animal} crossed the yard and was not seen again." for animal in ("cat", "hen", "pig", "ox", "ewe")]


def write_pages(folder: Path, *records: dict[str, object]) -> None:
    (folder / "pages.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records), "utf-8")


def record(site: str, *, above: int = 10, below: int = 30, samples: bool = True) -> dict[str, object]:
    lines = [f"{site} above {k}" for k in range(above)]
    lines += [f"{site} headline", "", *BODY_LINES]
    lines += [f"{site} below {k}" for k in range(below)]
    sampled = {"article_lines": [BODY_LINES[0], BODY_LINES[-1]]} if samples else {}
    return {"title": "Whatever", "text": "\n".join(lines), "source": site, **sampled}


def reading(entry: dict[str, object], above: int = 10) -> dict[str, object]:
    return {dump_digest(str(entry["text"])): {"title": above, "body": [[above + 1, above + 2], [above + 4, above + 5]]}}


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Corpora:
    teaching, measured = name_in("train"), name_in("test")
    assert (part_of(outlet_of(teaching)), part_of(outlet_of(measured))) == ("train", "test")
    records = [record(teaching), record(measured), record(teaching, above=9, samples=False), record("unread")]
    known = reading(records[0]) | reading(records[1]) | reading(records[2], above=9)
    monkeypatch.setattr(module, "_readings", lambda: known)
    write_pages(tmp_path, *records)
    return read_corpora(tmp_path)


def test_a_page_that_was_read_knows_its_lines(read: Corpora) -> None:
    first = read.read_pages[0]
    assert (first.start, first.first, first.last) == (10, 11, 15)
    assert [line for line, label in first.pairs if label == BODY] == [BODY_LINES[k] for k in (0, 1, 3, 4)]
    assert first.labels[13] == FURNITURE
    assert len(read.read_pages) == 3
    assert not read.articles  # the one whose samples nobody gave looked like an article


def test_what_measures_is_not_taught(read: Corpora) -> None:
    learned, measured = read.part("train"), read.part("test")
    assert len(learned.read_pages) == 2
    assert [page.outlet for page in measured.read_pages] == [outlet_of(name_in("test"))]
    assert not {line for page in learned.read_pages for line in page.lines} & set(measured.stock)
    assert set(learned.stock) == {
        line for page in learned.read_pages for line, label in page.pairs if label == FURNITURE
    }
    assert measured.stock == read.stock[len(read.stock) * 7 // 10 :]
