"""What a publisher repeats is dropped, what he writes is not, and no bundle gives his sentences away."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from topics.classification.furniture import NO_FURNITURE, Furniture, learn_furniture
from topics.classification.model import segment_terms
from topics.records import Segment

PLEA = "Sign up for the harbour letter today."
SALT = b"grain"


def pieces(source: str = "Quay Post", plea: str = PLEA, n: int = 3) -> list[tuple[str, str, str]]:
    facts = ["The crane fell on the quay.", "Trawlers stayed in port.", "A pilot met the tanker.", "Fog came in."]
    return [(source, f"Piece {k}", f"{facts[k]} {plea}\nNobody was hurt, {facts[k].lower()}") for k in range(n)]


def test_a_sentence_in_three_pieces_of_one_source_is_dropped_wherever_it_stands() -> None:
    furniture = learn_furniture(pieces(), SALT)
    assert furniture.drop(f"Gulls returned.\n{PLEA.upper()}\nThey nest on the crane.") == (
        "Gulls returned.\n\nThey nest on the crane."
    )


def test_two_pieces_or_three_sources_are_too_few() -> None:
    assert not learn_furniture(pieces(n=2), SALT).hashes
    spread = [piece for source in ("Post", "Bell", "Lamp") for piece in pieces(source, n=1)]
    assert not learn_furniture(spread, SALT).hashes


def test_a_reprint_is_no_furniture() -> None:
    [once] = pieces(n=1)
    assert not learn_furniture([once, once, once], SALT).hashes


def test_short_sentences_stay() -> None:
    assert not learn_furniture(pieces(plea="Share this."), SALT).hashes


def test_a_text_that_is_nearly_all_furniture_is_kept_whole() -> None:
    furniture = learn_furniture(pieces(), SALT)
    assert furniture.drop(f"{PLEA}\nYes.") == f"{PLEA}\nYes."


def test_the_salt_decides_the_hashes_and_no_sentence_is_in_them() -> None:
    first, second = learn_furniture(pieces(), SALT), learn_furniture(pieces(), b"pepper")
    assert first.hashes and not first.hashes & second.hashes
    assert PLEA.encode() not in b"".join(array.tobytes() for array in first.to_arrays().values())


def test_furniture_survives_the_bundle_s_arrays() -> None:
    for furniture in (learn_furniture(pieces(), SALT), NO_FURNITURE):
        assert Furniture.from_arrays(furniture.to_arrays()) == furniture


@given(st.text())
def test_without_furniture_any_text_stays_as_it_is(text: str) -> None:
    assert NO_FURNITURE.drop(text) == text
    assert learn_furniture(pieces(), SALT).drop(text) == text


def test_the_model_counts_no_furniture() -> None:
    text = f"Gulls returned to the mole.\n{PLEA}\nThey nest on the crane."
    segment = Segment("d", "0", 0, 0, len(text), 1, 3, "article", None, None, None, 1.0, (), "en", text)
    assert "letter" in segment_terms(segment).body
    counted = segment_terms(segment, learn_furniture(pieces(), SALT)).body
    assert "letter" not in counted and "gull" in counted
