"""Training dumps say truly where their pieces start, and what is measured on never trains."""

from __future__ import annotations

import gzip
import json
import random
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topics.errors import DumpError
from topics.paragraphs import split_paragraphs
from topics.segmentation.training.corpora import (
    BODY,
    BOILERPLATE,
    FURNITURE,
    TITLE,
    Article,
    Corpora,
    Page,
    find_corpora,
    outlet_of,
    part_of,
    read_corpora,
)
from topics.segmentation.training.furniture_lines import SubheadManner, subhead
from topics.segmentation.training.headlines import HeadlineManner, write_headline
from topics.segmentation.training.mixes import FIRST, SECOND, Mix
from topics.segmentation.training.mixing import Mixer, Style
from topics.segmentation.training.pieces import MixedDump
from topics.segmentation.training.prose import Prose, WrittenPiece, load_prose
from topics.segmentation.training.styles import STYLES, build_dumps

THEMES = ["ferry harbour quay tide", "frost plum hedge rose", "organ choir hymn score", "striker goal cup derby"]


def article(i: int, flat: bool = False) -> Article:
    """An article of nine paragraphs, none of which any other article has."""
    a, b, c, d = THEMES[i % 4].split()
    paragraphs = tuple(
        f"Report {i} says in part {k} that the {a} and the {b} were seen by witness {i * 100 + k}. The {c} had no {d}."
        for k in range(9)
    )
    if flat:
        paragraphs = (" ".join(paragraphs),)
    month = f"2025-0{i % 2 + 1}"
    return Article(f"Title {i} on {a} and {b}", paragraphs, f"outlet {i % 5}", THEMES[i % 4][:5], month, flat)


def page(i: int) -> Page:
    """Two lines of navigation, a headline, a byline, five body lines with a link between them, four lines below."""
    body = [f"Page {i} reports in line {k} that the mayor kept her word about the bridge." for k in range(5)]
    above = ["Home", f"Section {i}", f"Headline of page {i}", f"By Writer {i}"]
    below = [f"Below page {i}: {k}" for k in range(4)]
    return Page(
        (*above, *body[:3], f"Link on page {i}", *body[3:], *below),
        (0, 0, 2, 0, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0),
        2,
        4,
        9,
        f"site {i}",
    )


CORPORA = Corpora(
    articles=tuple(article(i) for i in range(24)),
    flats=tuple(article(i, flat=True) for i in range(100, 112)),
    blurbs=(Article("Short title", ("A short piece about a bell that nobody rang.",), "outlet 1", "?", ""),),
    pages=tuple(page(i) for i in range(8)),
    stock=tuple(f"Stock line {i}" for i in range(40)),
)
PARAGRAPHS = {p for a in CORPORA.articles for p in a.paragraphs}
TITLES = {a.title for a in CORPORA.articles}
APPEALS = [["Give to the bell fund.", "Every coin rings.", "Thank you for reading.", "Tell a friend."]]


def render(style: Style, seed: int = 1) -> MixedDump:
    return Mixer(CORPORA, APPEALS).render(random.Random(seed), style)


def pieces(dump: MixedDump) -> list[tuple[list[str], list[str], list[str]]]:
    """The lines of each piece: before its body, its body, and after it."""
    ends = [*dump.starts[1:], len(dump.text)]
    cuts = zip(dump.starts, dump.leads, dump.tails, ends, strict=True)
    parts = [[dump.text[a:b], dump.text[b:c], dump.text[c:d]] for a, b, c, d in cuts]
    return [tuple([line for line in part.split("\n") if line] for part in three) for three in parts]  # type: ignore[misc]


def check(dump: MixedDump) -> None:
    """Offsets are in order, one of each a piece, and each start is where a paragraph begins."""
    assert dump.starts[0] == 0
    assert all(a < b for a, b in pairwise([*dump.starts, len(dump.text)]))
    ends = [*dump.starts[1:], len(dump.text)]
    for start, lead, tail, end in zip(dump.starts, dump.leads, dump.tails, ends, strict=True):
        assert start <= lead < tail <= end


NEIGHBOURS = ["random", "category", "month", "nearest"]


@pytest.mark.parametrize("neighbours", NEIGHBOURS)
@pytest.mark.parametrize("seed", range(3))
def test_untitled_pieces_are_nothing_but_body(neighbours: str, seed: int) -> None:
    dump = render(Style(5, neighbours), seed)  # type: ignore[arg-type]
    check(dump)
    assert 3 <= len(dump.starts) <= 5
    assert dump.leads == dump.starts
    for before, body, after in pieces(dump):
        assert (before, after) == ([], [])
        assert body[0] in {a.paragraphs[0] for a in CORPORA.articles}
        assert set(body) <= PARAGRAPHS


@pytest.mark.parametrize(
    ("joint", "between"), [("\n", None), ("\n\n", None), ("\n", "\n\n")], ids=["lines", "blank lines", "blank between"]
)
def test_lines_and_pieces_are_joined_as_the_style_says(joint: str, between: str | None) -> None:
    dump = render(Style(5, "random", titled=1.0, joint=joint, between=between))
    check(dump)
    last = between or joint
    for start, end in pairwise([*dump.starts, len(dump.text)]):
        text = dump.text[start:end]
        assert text.endswith(last)
        lines = text.removesuffix(last).split(joint)
        assert lines[0] in TITLES and set(lines[1:]) <= PARAGRAPHS


def test_a_titled_piece_starts_at_its_title_and_leads_with_its_first_paragraph() -> None:
    dump = render(Style(6, "random", titled=1.0))
    by_title = {a.title: a for a in CORPORA.articles}
    for before, body, _ in pieces(dump):
        assert len(before) == 1
        assert body[0] == by_title[before[0]].paragraphs[0]
    assert len(pieces(dump)) == 6


@pytest.mark.parametrize("seed", range(12))
def test_furniture_stands_before_the_lead_inside_and_after_the_tail(seed: int) -> None:
    dump = render(Style(8, "random", titled=0.5, furnished=1.0), seed)
    check(dump)
    found = pieces(dump)
    for before, body, after in found:
        assert not set(before) & PARAGRAPHS
        assert body[0] in PARAGRAPHS
        assert not set(after) & PARAGRAPHS
    if seed == 0:  # each of the three does occur
        assert any(before for before, _, _ in found)
        assert any(set(body) - PARAGRAPHS for _, body, _ in found)
        assert any(after for _, _, after in found)


def test_blurbs_are_one_or_two_paragraphs() -> None:
    dump = render(Style(12, "random", blurbs=1.0))
    assert {len(body) for _, body, _ in pieces(dump)} == {1, 2}


def test_headless_pieces_have_lost_their_opening() -> None:
    bodies = [body for _, body, _ in pieces(render(Style(12, "random", headless=1.0)))]
    whole = [body for body in bodies if "in part 8" in body[-1]]  # short ones keep theirs
    assert whole
    assert not {body[0] for body in whole} & {a.paragraphs[0] for a in CORPORA.articles}


def test_subheads_stand_inside_the_body() -> None:
    for _, body, _ in pieces(render(Style(12, "random", subheads=1.0))):
        assert body[0] in PARAGRAPHS and body[-1] in PARAGRAPHS


@given(st.integers(0, 10_000), st.sampled_from(["", "…", "“”", "A bell rang.", "— and then nobody came to the fair."]))
def test_a_subhead_is_never_empty(seed: int, following: str) -> None:
    assert subhead(random.Random(seed), following).strip("‘’ ")


@pytest.mark.parametrize(("number", "first"), [("", ""), ("{}. ", "1. "), ("{}) ", "1) ")])
def test_long_subheads_are_words_of_what_they_stand_over(number: str, first: str) -> None:
    style = Style(12, "random", subheads=1.0, subheading=SubheadManner(longest=9, number=number))
    for _, body, _ in pieces(render(style)):
        assert body[0] in PARAGRAPHS and body[-1] in PARAGRAPHS
        heads = [(line, below) for line, below in pairwise(body) if line not in PARAGRAPHS]
        assert len(heads) >= 2 and heads[0][0].startswith(first)
        for k, (head, below) in enumerate(heads, 1):
            words = head.removeprefix(number.format(k))
            assert words.lower() in below.lower() and 1 <= len(words.split()) <= 9


def test_subheads_are_no_longer_than_ever_where_headlines_are_cut_short() -> None:
    style = Style(
        12, "random", titled=1.0, subheads=1.0, headlines=HeadlineManner(short=1.0), subheading=SubheadManner(9, "{}. ")
    )
    for _, body, _ in pieces(render(style)):
        assert not [line for line in body if line[0].isdigit()]


def test_round_ups_and_appeals_are_pieces_of_their_own() -> None:
    plain = render(Style(6, "random"), seed=5)
    more = render(Style(6, "random", digests=1.0, appeals=1.0), seed=5)
    check(more)
    assert len(plain.starts) == 6
    assert 8 <= len(more.starts) <= 10
    appeals = [body for _, body, _ in pieces(more) if body[0] in APPEALS[0]]
    assert appeals and all(set(body) <= set(APPEALS[0]) for body in appeals)


@pytest.mark.parametrize("flats", [0.0, 1.0])
def test_flat_dumps_have_no_line_breaks_and_lead_with_what_follows_the_title(flats: float) -> None:
    dump = render(Style(6, "random", titled=1.0, joint=" ", flat=1.0, flats=flats))
    check(dump)
    assert "\n" not in dump.text
    titles = {a.title for a in (CORPORA.flats if flats else CORPORA.articles)}
    assert {dump.text[start : lead - 1] for start, lead in zip(dump.starts, dump.leads, strict=True)} <= titles


def test_one_article_a_line_and_articles_of_many_lines_stand_in_one_dump() -> None:
    dump = render(Style(12, "random", flat=0.5))
    ends = [*dump.starts[1:], len(dump.text)]
    n_lines = [dump.text[start:end].count("\n") for start, end in zip(dump.starts, ends, strict=True)]
    assert min(n_lines) == 1 and max(n_lines) > 3


@given(st.integers(0, 10_000), st.text(max_size=60).filter(lambda title: title.split() != []))
def test_a_short_headline_is_the_beginning_of_a_long_one(seed: int, title: str) -> None:
    mixer = Mixer(replace(CORPORA, articles=tuple(replace(a, title=title) for a in CORPORA.articles)))
    dump = mixer.render(random.Random(seed), Style(4, "random", titled=1.0, headlines=HeadlineManner(short=1.0)))
    [head] = {dump.text[start:lead].rstrip("\n") for start, lead in zip(dump.starts[:1], dump.leads[:1], strict=True)}
    assert title.startswith(head)


@pytest.mark.parametrize(
    ("case", "headline"),
    [
        ("as_it_is", "Mayor Asks Why BBC Left Stour"),
        ("sentence", "Mayor asks why BBC left Stour"),
        ("upper", "MAYOR ASKS WHY BBC LEFT STOUR"),
        ("title", "Mayor Asks Why BBC Left Stour"),
    ],
)
def test_a_headline_is_written_in_the_manner_of_the_dump(case: str, headline: str) -> None:
    piece = replace(
        article(1), title="Mayor Asks Why BBC Left Stour", paragraphs=("In Stour the mayor asks why it left.",)
    )
    assert write_headline(random.Random(1), piece, HeadlineManner(case=case)) == headline  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(6))
def test_pages_start_at_their_headline_whatever_stands_above_it(seed: int) -> None:
    dump = Mixer(CORPORA).render_pages(random.Random(seed), 5)
    check(dump)
    assert len(dump.starts) == 5
    for k, (before, body, after) in enumerate(pieces(dump)):
        source = page(int(body[0].split()[1]))
        assert before[-2:] == list(source.lines[2:4])
        assert before[:-2] == [] or k == 0  # only the first piece takes in what stands above it
        assert body == list(source.lines[4:10])
        below = [line for line in after if line.startswith("Below")]
        assert below == list(source.lines[10 : 10 + len(below)])
        assert {line.split()[0] for line in after[len(below) :]} <= {"Home", "Section"}  # of the next page


@pytest.mark.parametrize("mix", [FIRST, SECOND], ids=["first", "second"])
@pytest.mark.parametrize("unit", ["lines", "flat"])
def test_every_drawn_dump_is_consistent(unit: str, mix: Mix) -> None:
    mixer = Mixer(CORPORA, APPEALS, mix=mix)
    rng = random.Random(8)
    for _ in range(80):
        dump = mixer.draw_lines(rng) if unit == "lines" else mixer.draw_flat(rng)
        check(dump)
        if unit == "lines":
            assert set(dump.starts) <= {p.start for p in split_paragraphs(dump.text)}
        assert set(dump.leads) <= set(dump.lines)
        assert len(dump.lines) == len(dump.roles)
        assert set(dump.starts[1:]) <= set(dump.lines)
        assert set(dump.roles) <= {FURNITURE, BODY, TITLE, BOILERPLATE}


def test_teasers_are_pieces_and_what_their_page_says_under_them_is_furniture() -> None:
    teaser = WrittenPiece(("Our reporter spends a night with the lock keeper.",), "Night shift", ("2 min video",))
    mixer = Mixer(CORPORA, prose=Prose(teasers=(teaser,)), mix=replace(SECOND, teasers=1.0))
    dump = mixer.render(random.Random(3), Style(12, "random", titled=1.0, blurbs=1.0))
    check(dump)
    assert len(dump.starts) == 12
    said = [dump.text[at:].partition("\n")[0] for at in dump.lines]
    assert set(said) == {"Night shift", *teaser.lines, "2 min video"}
    roles = dict(zip(said, dump.roles, strict=True))
    assert roles == {"Night shift": TITLE, teaser.lines[0]: BODY, "2 min video": FURNITURE}
    assert all(dump.text[at:].startswith("Night shift") for at in dump.starts)


def test_our_own_prose_is_whole_and_no_item_comes_twice() -> None:
    prose = load_prose()
    for name in ("boilerplate", "blurbs", "explainers", "roundups", "teasers"):
        found = getattr(prose, name)
        assert len(found) == len(set(found)) > 5
        assert all(piece.lines and all(line == line.strip() != "" for line in piece.lines) for piece in found)
    assert len(prose.teasers) > 900


@pytest.mark.parametrize("style", STYLES)
def test_the_same_seed_gives_the_same_dumps(style: str) -> None:
    first, second = (list(build_dumps(CORPORA, style, 3)) for _ in range(2))
    assert first == second
    assert first != list(build_dumps(CORPORA, style, 3, seed=78))
    for dump in first:
        check(dump)


# ---- parts


outlets = st.lists(st.text("abcdefghij", min_size=1, max_size=6), min_size=1, max_size=40)


@given(outlets, outlets)
def test_no_outlet_is_in_two_parts_and_none_is_lost(names: list[str], sites: list[str]) -> None:
    corpora = Corpora(
        tuple(Article(f"Title {i}", ("One.",), name, "?", "") for i, name in enumerate(names)),
        tuple(Article(f"Title {i}", ("One.",), name, "?", "", True) for i, name in enumerate(sites[::3])),
        (),
        tuple(Page(("One.",), (1,), 0, 0, 0, name) for name in (*names[::2], *sites)),
        (),
    )
    parts = [corpora.part(part) for part in ("train", "dev", "test")]  # type: ignore[arg-type]
    outlets = [{piece.outlet for piece in (*part.articles, *part.flats, *part.pages)} for part in parts]
    assert sum(map(len, outlets)) == len({*names, *sites}) == len(set().union(*outlets))
    for kind in ("articles", "flats", "pages"):
        assert sum(len(getattr(part, kind)) for part in parts) == len(getattr(corpora, kind))


def test_blurbs_and_stock_are_cut_once() -> None:
    blurbs = tuple(Article(f"Blurb {i}", ("One.",), "outlet", "?", "") for i in range(200))
    corpora = Corpora((), (), blurbs, (), tuple(f"Stock line {i}" for i in range(10)))
    parts = [corpora.part(part) for part in ("train", "dev", "test")]  # type: ignore[arg-type]
    assert sum(len(part.blurbs) for part in parts) == 200
    assert all(part.blurbs for part in parts)
    assert (len(parts[0].stock), len(parts[2].stock)) == (7, 3)
    assert not set(parts[0].stock) & set(parts[2].stock)


def test_one_large_outlet_is_only_ever_measured_on() -> None:
    assert part_of(outlet_of("BBC News")) == part_of(outlet_of("bbc-world")) == "test"


@pytest.mark.parametrize(
    ("source", "outlet"),
    [
        ("Fox Online News", "fox"),
        ("fox-latest", "fox"),
        ("New York Times (News)", "new york times"),
        ("NYT", "new york times"),
        ("www.bbc.co.uk", "bbc"),
        ("The Stour Gazette", "stour gazette"),
        ("News", "news"),
    ],
)
def test_the_names_of_an_outlet_are_one_family(source: str, outlet: str) -> None:
    assert outlet_of(source) == outlet


# ---- reading


LONG = "The ferry sailed at noon with the mail, and came back at night without it. "


def write(folder: Path, name: str, *records: object) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    data = "".join(json.dumps(record) + "\n" for record in records).encode()
    (folder / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return folder / name


def test_records_are_told_apart_by_their_keys(tmp_path: Path) -> None:
    write(
        tmp_path, "b.jsonl",
        {"title": "Late", "text": "Late\nOne.\n\n Two  words. \nThree.", "source": "Stour News", "date": "2025-03-04"},
        {"title": "Flat", "text": "A flat piece. " + LONG * 20},
        {"title": "Teaser", "text": "A teaser. " + LONG * 2, "category": "sea"},
        {"title": "Two paragraphs", "text": "One of two.\nTwo of two."},
        {"title": "Neither flat nor teaser", "text": LONG * 8},
        {"title": "No text"},
        {"text": "One.\nTwo.\nThree.", "seg_lengths": [2, 1]},
        ["not", "an", "object"],
    )  # fmt: skip
    lines = ["Menu", "The crane on the quay", "", "By A. Clerk", "a", "b", "c", "Share", "d", "Contact"]
    labels = [0, 0, 0, 0, 1, 1, 1, 0, 1, 0]
    write(
        tmp_path / "pages", "a.jsonl.gz",
        {"lines": lines, "labels": labels, "title": "The crane on the quay | Stour", "source": "Stour"},
        {"lines": ["a", "b"], "labels": [1, 1]},
    )  # fmt: skip
    outer = [f"Above {i}" for i in range(10)] + ["The piece itself."] + [f"Below {i}" for i in range(20)]
    write(tmp_path, "c.jsonl", {"text": "\n".join(outer), "article_lines": ["piece itself"]})
    (tmp_path / "notes.txt").write_text("not JSON", "utf-8")

    corpora = read_corpora(tmp_path)
    assert corpora.articles == (Article("Late", ("One.", "Two words.", "Three."), "stour", "?", "2025-03"),)
    assert [(a.title, a.flat, len(a.paragraphs)) for a in corpora.flats] == [("Flat", True, 1)]
    assert [(a.title, a.category, a.flat) for a in corpora.blurbs] == [("Teaser", "sea", False)]
    kept = tuple(line for line in lines if line)
    assert corpora.pages == (Page(kept, (0, 2, 0, 1, 1, 1, 0, 1, 0), 1, 3, 7, "stour"),)
    assert corpora.stock == ("Above 0", "Above 1", "Below 15", "Below 16", "Below 17", "Below 18", "Below 19")


def test_a_page_without_a_headline_starts_at_its_body(tmp_path: Path) -> None:
    write(tmp_path, "a.jsonl", {"lines": ["Menu", "a", "b", "c", "d", "End"], "labels": [0, 1, 1, 1, 1, 0]})
    [found] = read_corpora(tmp_path).pages
    assert (found.start, found.first, found.last) == (1, 1, 4)


def test_blank_lines_between_records_are_nothing(tmp_path: Path) -> None:
    one, two = (json.dumps({"title": "Ferry", "text": f"{word}.\nTwo.\nThree."}) for word in ("One", "Once"))
    (tmp_path / "a.jsonl").write_text(f"{one}\n\n{two}\n\n", "utf-8")
    assert len(read_corpora(tmp_path).articles) == 2


def test_of_reprints_the_first_is_kept(tmp_path: Path) -> None:
    text = f"{LONG * 3}\nThe mail was wet.\nSo was the captain."
    edited = f"{LONG * 3}\nThe mail was dry.\nSo was the captain."
    write(tmp_path, "a.jsonl", {"title": "Ferry", "text": text, "source": "Stour News"})
    write(tmp_path, "b.jsonl", {"title": "Late ferry", "text": edited, "source": "Tarvin Post"})
    write(tmp_path, "c.jsonl", {"title": "Another", "text": f"Not so. {text}", "source": "Tarvin Post"})
    assert [(a.title, a.outlet) for a in read_corpora(tmp_path).articles] == [
        ("Ferry", "stour"),
        ("Another", "tarvin post"),
    ]


def refusal(folder: Path) -> str:
    with pytest.raises(DumpError) as refused:
        read_corpora(folder)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_a_line_that_is_no_json_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, "a.jsonl", {"title": "Ferry", "text": "One.\nTwo.\nThree."})
    path.write_text(path.read_text("utf-8") + '{"title": "cut o', "utf-8")
    assert refusal(tmp_path).startswith(f"{path}:2: no JSON")


@pytest.mark.parametrize("labels", [[1, 1], ["body"] * 5, [None] * 5, 7])
def test_a_page_whose_labels_do_not_fit_is_named(tmp_path: Path, labels: object) -> None:
    path = write(tmp_path, "a.jsonl", {}, {"lines": list("abcde"), "labels": labels})
    assert refusal(tmp_path).startswith(f"{path}:2: lines and labels")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"title": "caf\xe9"}\n')
    assert refusal(tmp_path).startswith(f"{path}: cannot be read")
    path.unlink()
    zipped = tmp_path / "b.jsonl.gz"
    zipped.write_bytes(gzip.compress(LONG.encode() * 40)[:30])
    assert refusal(tmp_path).startswith(f"{zipped}: cannot be read")


def test_a_folder_without_files_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path).startswith(f"{tmp_path}: no .jsonl")


def test_corpora_are_named_by_their_place_below_the_folder(tmp_path: Path) -> None:
    for name in ("new/articles.jsonl", "old/articles.jsonl", "articles.jsonl.gz", "articles.jsonl.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert find_corpora(tmp_path) == {
        name: tmp_path / name for name in ("articles.jsonl.gz", "new/articles.jsonl", "old/articles.jsonl")
    }
    one = tmp_path / "new" / "articles.jsonl"
    assert find_corpora(one) == {"articles.jsonl": one}
