"""Invented outlets lay out whole articles, say truly where they start, and hardly ever look alike."""

from __future__ import annotations

import random
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topics.segmentation.training import house_phrases
from topics.segmentation.training.houses import Dressed, House, draw_house, dress

TITLE = "Harbour tolls rise as ferries queue"
BODY = tuple(
    f"The harbour master, Lena Thorsen of Ostby, said in part {k} that the ferries would wait. A second Ostby crew "
    f"counted {k * 17} boats before noon, and nobody was hurt."
    for k in range(1, 12)
)
OTHERS = tuple(
    (f"Other story {k} that stands in a list", f"Story {k} opens with a goat on the quay. It goes on about the rain.")
    for k in range(20)
)
LISTED = {line for headline, opening in OTHERS for line in (headline, opening.split(". ")[0] + ".")}
LONGEST_PHRASE = 11  # a run of twelve words could be somebody's sentence


def dressed(seed: int, title: str | None = TITLE, n_paragraphs: int = 11, n_others: int = 20) -> tuple[House, Dressed]:
    rng = random.Random(seed)
    house = draw_house(rng, cards=0.5)
    return house, dress(rng, house, title, BODY[:n_paragraphs], OTHERS[:n_others])


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    else:
        for inner in value.values() if isinstance(value, dict) else value:
            yield from strings(inner)


@given(st.integers(0, 10**6), st.sampled_from([TITLE, None]), st.integers(1, 11), st.sampled_from([0, 1, 20]))
def test_every_line_has_a_role_and_the_body_is_whole(seed: int, title: str | None, n: int, n_others: int) -> None:
    _, page = dressed(seed, title, n, n_others)
    assert len(page.lines) == len(page.roles)
    assert set(page.roles) <= {0, 1, 2}
    assert all(line == line.strip() and line and "\n" not in line for line in page.lines)
    of_article = iter(line for line, role in zip(page.lines, page.roles, strict=True) if role == 1)
    assert all(paragraph in of_article for paragraph in BODY[:n])
    unfilled = [line for line in page.lines if re.search(r"\{\w+\}|<\w*\||[¶×↵]", line)]
    assert not unfilled


@given(st.integers(0, 10**6), st.sampled_from([TITLE, None]))
def test_a_piece_starts_no_later_than_its_headline_and_its_body(seed: int, title: str | None) -> None:
    house, page = dressed(seed, title)
    assert 0 <= page.start <= page.roles.index(1)
    if 2 in page.roles:
        at = page.roles.index(2)
        assert page.start <= at and page.lines[at] == TITLE and page.roles.count(2) == 1
        kinds = [part.kind for part in house.head]
        if page.roles[page.start] == 0 and page.start < at:
            assert "kicker" in kinds
    else:
        assert page.start <= page.lines.index(BODY[0])


def test_what_stands_above_a_piece_comes_before_its_start() -> None:
    rng = random.Random(5)
    later = 0
    for _ in range(200):
        house = draw_house(rng, "raw")
        page = dress(rng, house, TITLE, BODY, OTHERS)
        assert set(page.roles[: page.start]) <= {0}
        fixed = {line for part in house.top if part.kind == "nav" for line in part.wordings[0]}
        shown = [i for i, line in enumerate(page.lines) if line in fixed and i < page.roles.index(1)]
        assert len(shown) < 4 or shown[3] < page.start
        later += page.start > 0
    assert later > 170


def test_the_same_seed_gives_the_same_page() -> None:
    assert [dressed(seed) for seed in range(40)] == [dressed(seed) for seed in range(40)]


def test_a_house_keeps_to_its_manner() -> None:
    rng = random.Random(3)
    repeated = 0
    for _ in range(50):
        house = draw_house(rng, "raw")
        pages = [dress(rng, house, TITLE, BODY, OTHERS) for _ in range(8)]
        counts = Counter(line for page in pages for line in {*page.lines} - {*BODY, TITLE})
        repeated += max(counts.values(), default=0) >= 5
    assert repeated >= 47


def test_houses_hardly_ever_look_alike() -> None:
    names, furniture, shapes = set(), Counter(), set()
    for seed in range(300):
        house, page = dressed(seed)
        names.add(house.name)
        furniture.update({line for line, role in zip(page.lines, page.roles, strict=True) if role == 0} - LISTED)
        shapes.add(tuple(part.kind for part in (*house.top, *house.head, *house.inner, *house.tail)))
    assert len(names) > 290
    assert len(furniture) > 2500
    assert len(shapes) > 280
    assert furniture.most_common(1)[0][1] < 60


def test_every_level_and_family_is_drawn() -> None:
    rng = random.Random(1)
    houses = [draw_house(rng) for _ in range(600)]
    assert {house.level for house in houses} == {"raw", "half", "reader", "stray"}
    assert {house.family for house in houses} == set(house_phrases.phrases()["family"])


def test_cards_show_a_headline_with_what_its_own_piece_opens_with() -> None:
    rng = random.Random(6)
    shown = 0
    for _ in range(60):
        page = dress(rng, draw_house(rng, "raw", cards=1.0), TITLE, BODY, OTHERS)
        for line, below in pairwise(page.lines):
            if line.startswith("Other story") and below.startswith("Story"):
                shown += 1
                assert line.split()[2] == below.split()[1]
        at = [role for line, role in zip(page.lines, page.roles, strict=True) if line.startswith("Story ")]
        assert set(at) <= {0}
    assert shown > 40
    assert not any("cards" in part.kind for _ in range(60) for part in draw_house(rng, "raw").tail)


def test_no_phrase_is_long_enough_to_be_a_borrowed_sentence() -> None:
    path = Path(house_phrases.__file__).parent / "houses.toml"
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    for text in strings({key: value for key, value in data.items() if key not in ("words", "names", "places")}):
        for line in re.split("[¶↵]", re.sub(r"<([^<>|]*)\|[^<>]*>", r"\1", text)):
            words = re.findall(r"[^\W_]+", re.sub(r"\{\w+\}|\|", " ; ", line))
            assert len(words) <= LONGEST_PHRASE or "|" in line, line


def test_every_slot_of_every_phrase_can_be_filled() -> None:
    """Each wording is settled and filled once; an unknown slot would raise or stay."""
    rng = random.Random(9)
    data = house_phrases.phrases()
    piece = house_phrases.PieceWords(
        rng,
        TITLE,
        BODY,
        OTHERS,
        authors=("Ada de Vries",),
        sections=("World",),
        organisations=("Ostby Trust",),
        credits=("Photo: {name}",),
        domain="ostby.example",
        joint=", ",
    )
    for family, own in data["family"].items():
        words = house_phrases.HouseWords(rng, family)
        groups = [data[name] for name in ("top", "head", "inner", "tail")]
        for template in strings([*groups, *(own.get(name, {}) for name in ("head", "inner", "tail"))]):
            for line in piece.fill(words.block(template), 3):
                assert "{" not in line and "<" not in line, template
        for name in own["names"]:
            assert "{" not in words.settle(name.replace("{n}", "7")), name


def test_an_article_without_paragraphs_is_refused() -> None:
    rng = random.Random(0)
    with pytest.raises(ValueError, match="without paragraphs"):
        dress(rng, draw_house(rng), TITLE, (), OTHERS)
