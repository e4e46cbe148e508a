"""The copy of the language model that is left for the next processes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from topics.segmentation import identifier
from topics.segmentation.identifier import Identifier, load_identifier

LANGUAGES = ("de", "en", "fr")
TEXTS = ("the ferry was late again", "die fähre kam wieder zu spät", "le bateau est encore en retard", "", "12 %")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    def place(*_: Any, **__: Any) -> Path:
        return tmp_path / "cache"

    monkeypatch.setattr("platformdirs.user_cache_path", place)
    return tmp_path / "cache"


def same(first: Identifier, second: Identifier) -> bool:
    arrays = all(
        np.array_equal(getattr(first, name), getattr(second, name))
        and getattr(first, name).dtype == getattr(second, name).dtype
        for name in ("moves", "rows", "features", "weights", "priors")
    )
    return arrays and first.languages == second.languages


def unpacked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How often the model is unpacked from now on: one entry each."""
    calls: list[int] = []
    unpack = identifier._unpack

    def count(languages: Any) -> Identifier:
        calls.append(1)
        return unpack(languages)

    monkeypatch.setattr(identifier, "_unpack", count)
    return calls


def test_it_is_unpacked_once(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = unpacked(monkeypatch)
    first, second = load_identifier(LANGUAGES), load_identifier(LANGUAGES)
    assert len(calls) == 1
    assert same(first, second)
    assert [first.rank(text) for text in TEXTS] == [second.rank(text) for text in TEXTS]
    assert [first.rank(text)[0] for text in TEXTS[:3]] == ["en", "de", "fr"]
    assert len(list(cache.iterdir())) == 1  # nothing else is left behind


def test_other_languages_have_a_copy_of_their_own(cache: Path) -> None:
    assert load_identifier(("en", "fr")).languages != load_identifier(LANGUAGES).languages
    assert len(list(cache.iterdir())) == 2


@pytest.mark.parametrize("name", ["weights.npy", "languages.json"])
@pytest.mark.parametrize("size", [None, 0, 60])
def test_a_copy_that_is_broken_is_passed_over(
    cache: Path, monkeypatch: pytest.MonkeyPatch, name: str, size: int | None
) -> None:
    whole = load_identifier(LANGUAGES)
    (copy,) = cache.iterdir()
    if size is None:
        (copy / name).unlink()
    else:
        (copy / name).write_bytes((copy / name).read_bytes()[:size] if name != "languages.json" else b"[")
    calls = unpacked(monkeypatch)
    assert same(load_identifier(LANGUAGES), whole)
    assert same(load_identifier(LANGUAGES), whole)
    assert len(calls) == 1  # and made anew


def test_it_works_where_nothing_can_be_left(cache: Path) -> None:
    cache.write_text("a file where the folder should be")
    assert load_identifier(LANGUAGES).rank("the ferry was late again")[0] == "en"
    assert cache.is_file()
