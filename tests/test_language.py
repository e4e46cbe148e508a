"""Other languages are flagged and left unknown, short pieces and capitals too; English is not, however odd it looks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from language_samples import ENGLISH, PROSE, SHORT
from typer.testing import CliRunner

from topics.cli import app
from topics.paragraphs import split_paragraphs
from topics.pipeline import explain_starts
from topics.segmentation.language import tell_language
from topics.segmentation.tongues import Tongues, find_tongues

NEAR = {"id": {"id", "ms"}}  # what is one language written in two countries
CAPITAL = "The council met on Monday and said that it would pay for the repair of the pier before the summer."


@pytest.mark.parametrize("code", PROSE)
def test_a_paragraph_is_told_in_any_case_and_from_its_first_sentence(code: str) -> None:
    text = PROSE[code]
    found = {tell_language(text), tell_language(text.upper()), tell_language(text.split(". ")[0])}
    assert found <= NEAR.get(code, {code})


@pytest.mark.parametrize("code", SHORT)
def test_a_headline_alone_is_told_in_any_case(code: str) -> None:
    assert {tell_language(SHORT[code]), tell_language(SHORT[code].upper())} <= NEAR.get(code, {code})


@pytest.mark.parametrize("name", ENGLISH)
def test_names_tables_recipes_and_results_stay_english(name: str) -> None:
    text = ENGLISH[name]
    assert {tell_language(text), tell_language(text.upper())} == {"en"}
    if name != "tapas":  # whose first sentence alone is Spanish
        assert tell_language(text.replace(". ", "\n")) == "en"


@pytest.mark.parametrize("code", PROSE)
def test_of_two_languages_the_one_with_more_words_counts(code: str) -> None:
    foreign, english = PROSE[code], CAPITAL
    assert tell_language(f"{foreign}\n{foreign}\n{english}") in NEAR.get(code, {code})
    assert tell_language(f"{english}\n{english}\n{english}\n{PROSE[code].split('. ')[0]}") == "en"


def test_what_says_nothing_takes_the_language_of_its_dump() -> None:
    for text in ("", "Hafen zu", "42 – 17", "Ana Sofía Villanueva, Jean-Luc Moreau", "…"):
        assert tell_language(text, default="xx") == "xx"


def test_a_script_without_a_language_that_we_know_is_not_english() -> None:
    assert tell_language("ᎣᏏᏲ ᏧᎳᎩᎯ ᎢᏗᏢ ᎤᏍᏗ") != "en"  # Cherokee


def classify(tmp_path: Path, *words: str, text: str, suffix: str) -> list[dict[str, Any]]:
    path = tmp_path / f"dump{suffix}"
    path.write_text(text, encoding="utf-8")
    done = CliRunner().invoke(app, ["classify", str(path), "--format", "jsonl", *words])
    assert done.exit_code == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_records_in_other_languages_are_flagged_and_left_unknown(tmp_path: Path) -> None:
    pieces = [*PROSE.items(), *SHORT.items(), *(("en", text) for text in ENGLISH.values())]
    records = "".join(json.dumps({"text": text}, ensure_ascii=False) + "\n" for _, text in pieces)
    rows = classify(tmp_path, "--whole", text=records, suffix=".jsonl")
    assert len(rows) == len(pieces)
    for (code, text), row in zip(pieces, rows, strict=True):
        assert row["language"] in NEAR.get(code, {code}), text
        if code != "en" and row["kind"] != "boilerplate":
            assert (row["topic"], row["unknown"], row["also"]) == (None, True, []), text


MIXED = ("de", "ru", "ja", "es", "ar", "tr", "zh", "pl", "hi", "fr")


def write_up(code: str) -> str:
    return f"{SHORT[code]}\n\n{PROSE[code]}\n\n{PROSE[code]}\n\n\n"


def test_foreign_pieces_in_a_mixed_dump_have_no_topic_and_the_english_ones_do(tmp_path: Path) -> None:
    english = Path("seeds/harbour-wire.txt").read_text(encoding="utf-8")
    foreign = "".join(map(write_up, MIXED))
    rows = classify(tmp_path, text=f"{english}\n\n\n{foreign}", suffix=".txt")
    start = len(english)
    others = [row for row in rows if row["start"] >= start]
    ours = [row for row in rows if row["end"] <= start + 3]
    assert [row["language"] for row in others] == list(MIXED)
    assert len(ours) + len(others) == len(rows)
    assert all(row["topic"] is None and row["unknown"] for row in others)
    assert all(row["language"] == "en" for row in ours)
    assert sum(row["topic"] is not None for row in ours) >= 5


def test_english_goes_on_after_a_foreign_piece(tmp_path: Path) -> None:
    names = ("harbour-wire", "village-titled")
    first, second = (Path(f"seeds/{name}.txt").read_text(encoding="utf-8") for name in names)
    text = f"{first}\n\n{write_up('sv')}{second}"
    rows = classify(tmp_path, text=text, suffix=".txt")
    [swedish] = [k for k, row in enumerate(rows) if row["language"] == "sv"]
    assert rows[swedish]["start"] == text.index(SHORT["sv"])
    assert rows[swedish + 1]["start"] == text.index(second)
    assert all(row["language"] == "en" for row in (*rows[:swedish], *rows[swedish + 1 :]))


def test_a_sentence_quoted_in_another_language_cuts_nothing() -> None:
    lines = [CAPITAL, SHORT["de"] + ".", CAPITAL, SHORT["ru"] + ".", CAPITAL]
    text = "\n\n".join(lines)
    assert find_tongues(text, split_paragraphs(text)) == Tongues()
    text = "\n\n".join([CAPITAL, PROSE["de"], PROSE["de"], CAPITAL])
    assert find_tongues(text, split_paragraphs(text)) == Tongues((1, 3), (1, 2))


def test_a_change_stands_at_the_widest_gap_among_the_lines_that_lead_up_to_it() -> None:
    after = ["Wexcombe", "Oskil 7", "Tarvin 12", PROSE["el"], PROSE["el"], "Morne", CAPITAL]
    text = f"{CAPITAL}\n{after[0]}\n\n" + "\n".join(after[1:])
    assert find_tongues(text, split_paragraphs(text)).changes == (2, 6)


def test_a_change_is_found_in_a_part_as_in_the_whole() -> None:
    text = "\n".join([CAPITAL, CAPITAL, PROSE["de"], PROSE["de"], CAPITAL])
    paragraphs = split_paragraphs(text)
    at = paragraphs[1].start
    assert find_tongues(text, paragraphs) == Tongues((2, 4), (2, 3))
    assert find_tongues(text[at:], paragraphs[1:], at) == find_tongues(text, paragraphs).part(1, 5)


def test_why_a_piece_starts_says_that_the_language_changes() -> None:
    text = f"{CAPITAL}\n\n{CAPITAL}\n\n{write_up('uk')}"
    found = explain_starts(text, decided={})
    assert [reason.group for reason in found[-1].reasons].count("language") == 1
    assert "another language begins here" in {reason.words for reason in found[-1].reasons}
