"""Why segments start where they do: what is hidden, what that does, and what is said of it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from typer.testing import CliRunner
from word_samples import matter

from topics.bundle import save_model
from topics.classification.model import TopicModel
from topics.cli import app
from topics.labels.decisions import BoundaryDecision, to_json
from topics.paragraphs import Punkt
from topics.records import Dump, dump_digest
from topics.segmentation import segment_dump
from topics.segmentation.encoding import Sizes
from topics.segmentation.explain import _CONES, _ROWS, GROUPS, OF_THE_DUMP, StartReasons, _Trace, explain_starts
from topics.segmentation.features import FEATURES, WINDOW, compute_features
from topics.segmentation.lexicon import build_character_table, hash_word, word_classes
from topics.segmentation.model import SegmentationModel
from topics.segmentation.network import CONTEXT, DILATIONS, HEADS, OVERVIEW_AFTER, Array, Committee, Network
from topics.segmentation.training.descent import Learner
from topics.segmentation.vocabulary import N_TERMS, Vocabulary
from topics.writers import render_reasons

ROOT = Path(__file__).resolve().parent.parent
WIRE = (ROOT / "seeds" / "harbour-wire.txt").read_text("utf-8")
PAGES = (ROOT / "seeds" / "gulf-pages.txt").read_text("utf-8")

FERRY = [
    "The harbour board raised the fares of all its ferries on Monday, and said that the crane could wait.",
    "Inès Okafor mends nets on the eastern quay, and she said that nobody on the harbour board had asked her.",
    "The board meets again on Friday. Okafor will be there, with the nets and with the other menders of the quay.",
    "The ferries sail at noon, at four and at eight, whatever the board says of their fares and of the crane.",
]
BELLS = [
    "Ringers in Upper Stour have a new rope, which Piet Vandersloot spliced from hemp through most of the winter.",
    "Vandersloot rang the tenor for forty years. The peal on Sunday was shorter than the vicar had been promised.",
    "The vicar said that a short peal was better than none, and that the hemp had smelled of tar all morning.",
]

N_DIMENSIONS = 4
N_FEATURES = len(FEATURES) + N_DIMENSIONS
SIZES = Sizes(embedded=48, opening=96, last=32, hidden=160)


def make_model(weights: Mapping[str, Array]) -> SegmentationModel:
    """A model with these weights of the network and no knowledge of words but the closed classes."""
    classes = word_classes()
    vocabulary = Vocabulary(
        np.array([hash_word(word) for word in classes], np.uint64),
        np.array(list(classes.values()), np.uint8),
        np.arange(len(classes), dtype=np.int32),
        np.full(N_TERMS, 2.0, np.float32),
        build_character_table(),
    )
    rng = np.random.default_rng(5)
    meanings = rng.integers(-127, 127, (len(classes), N_DIMENSIONS)).astype(np.int8)
    scale = np.full(N_DIMENSIONS, 0.01, np.float32)
    standard = {"centre": np.zeros(N_FEATURES, np.float32), "spread": np.ones(N_FEATURES, np.float32)}
    network = Network({**standard, **weights})
    return SegmentationModel(vocabulary, meanings, scale, Committee((network,)), (1.0, 0.0), 0.5, Punkt())


def random_weights(seed: int = 3) -> dict[str, Array]:
    return Learner(SIZES, 16 + len(word_classes()) + 512, N_FEATURES, seed).weights


def wired(**wires: tuple[str, float]) -> SegmentationModel:
    """A model in which a head hears of a single feature: ``start=("blank_line", 8)``. Nothing else says anything."""
    weights = {name: np.zeros_like(array) for name, array in random_weights().items()}
    weights["leave_bias"][:] = -4.0
    for unit, (head, (feature, weight)) in enumerate(wires.items()):
        weights["enter"][SIZES.encoded + FEATURES.index(feature), unit] = 1.0
        weights["leave"][unit, HEADS.index(head)] = weight
    return make_model(weights)


@pytest.fixture(scope="module")
def any_model() -> SegmentationModel:
    """A model of random weights: every group has some effect."""
    return make_model(random_weights())


def told(place: StartReasons) -> dict[str, float]:
    return {reason.group: reason.effect for reason in place.reasons if reason.effect is not None}


def words_of(place: StartReasons, group: str) -> str:
    [words] = [reason.words for reason in place.reasons if reason.group == group]
    return words


# What is hidden


def test_every_feature_is_hidden_with_one_group_or_is_the_dumps_own() -> None:
    grouped = {name: {g for g in GROUPS if name in GROUPS[g].features} for name in FEATURES}
    alone = {"opening", "before", "follows"}  # the same features at different paragraphs
    for name, groups in grouped.items():
        assert groups == alone or len(groups) == (name not in OF_THE_DUMP), name
    assert all(
        not set(a.rows) & set(b.rows) for a, b in pairwise(GROUPS[name] for name in ("before", "opening", "follows"))
    )


def test_only_what_the_start_depends_on_is_computed_again() -> None:
    assert len(_CONES) == len(DILATIONS) + 1 and _CONES[0] == _ROWS and _CONES[-1] == (0,)
    assert max(map(max, _CONES)) <= CONTEXT
    assert sum(map(len, _CONES)) < 60


def score_all(trace: _Trace, inputs: Array) -> Array:
    """The log-odds of a start with other inputs, the long way."""
    weights = trace.weights
    hidden = np.maximum(inputs @ weights["enter"] + weights["enter_bias"], 0.0)
    for k, dilation in enumerate(DILATIONS):
        if k == OVERVIEW_AFTER:
            hidden = hidden + trace.overview
        padded = np.pad(hidden, ((dilation, dilation), (0, 0)))
        taps = weights[f"context_{k}"]
        more = sum(padded[t * dilation : t * dilation + len(hidden)] @ taps[t] for t in range(3))
        hidden = hidden + np.maximum(more + weights[f"context_bias_{k}"], 0.0)
    result: Array = hidden @ weights["leave"][:, 0] + weights["leave_bias"][0]
    return result


@pytest.mark.parametrize("n_lines", [2, 9, 400])
def test_the_short_way_gives_what_scoring_all_again_gives(any_model: SegmentationModel, n_lines: int) -> None:
    scored = any_model.score("\n".join(WIRE.splitlines()[:n_lines]))
    features = compute_features(scored.analysis, any_model.vocabulary, any_model.vectors)
    trace = _Trace(any_model.network.members[0], scored.analysis, features)
    # scoring has bytes, and is held to them by the tests of the network; here it shows that both read the same
    assert np.abs(trace.odds - scored.head("start")).max() < 0.15
    n = len(features)
    at = np.unique([0, 1, n // 2, n - 2, n - 1]) if n > 1 else np.array([0])
    found = trace.score_without(at)
    np.testing.assert_allclose(found[:, 0], trace.odds[at], atol=1e-4)
    usual = (trace.inputs.sum(axis=0) - trace.inputs) / max(1, n - 1)
    for place, odds in zip(at, found, strict=True):
        rows = [place + row for row in _ROWS if 0 <= place + row < n]
        everything = trace.inputs.copy()
        everything[rows] = usual[rows]
        assert odds[-1] == pytest.approx(score_all(trace, everything)[place], abs=1e-4)
        for group, value in zip(GROUPS.values(), odds[1:], strict=False):
            inputs = trace.inputs.copy()
            columns = [SIZES.encoded + FEATURES.index(name) for name in group.features]
            columns += [*range(SIZES.encoded)] * group.tokens + [
                *range(SIZES.encoded + len(FEATURES), SIZES.encoded + N_FEATURES)
            ] * group.vectors
            for row in group.rows:
                if 0 <= place + row < n:
                    inputs[place + row, columns] = usual[place + row, columns]
            assert value == pytest.approx(score_all(trace, inputs)[place], abs=1e-4)


# What that does


def test_the_group_that_decides_is_found_and_no_other() -> None:
    text = "\n".join(FERRY) + "\n\n" + "\n".join(BELLS)
    first, second = explain_starts(Dump("quay.txt", text), wired(start=("blank_line", 8.0)))
    assert [reason.words for reason in first.reasons] == ["the dump starts here"]
    assert text[second.start :].startswith("Ringers") and second.line == 6 and second.starts
    assert told(second).keys() == {"layout"}
    assert told(second)["layout"] == pytest.approx(8.0, abs=0.01)  # no other paragraph has a blank line
    assert words_of(second, "layout") == "a blank line before it"
    assert (second.probability, second.usual) == (0.982, 0.018)


def test_what_is_everywhere_carries_nothing() -> None:
    things = ("crane", "bell", "rope", "quay", "tar", "pilot", "barge", "winch")
    text = "\n".join(FERRY[0].replace("crane", thing) for thing in things)
    places = explain_starts(Dump("quay.txt", text), wired(start=("words", 1.0)))
    assert len(places) == 8  # every line is long, and that is all the model hears of
    assert all(place.reasons == () and place.usual == place.probability for place in places[1:])


@pytest.mark.parametrize(
    ("feature", "group", "said"),
    [
        ("first_new_in_full", "names", "new names: “Upper Stour”, “Piet Vandersloot”"),
        ("words_new", "words", "brings new words: "),
        ("roles", "opening", "opens like a first paragraph: “Mayor"),
    ],
)
def test_the_words_tell_the_group_and_quote_the_text(feature: str, group: str, said: str) -> None:
    lines = [*FERRY, BELLS[0] if feature != "roles" else f"Mayor {BELLS[0]}", *BELLS[1:]]
    places = explain_starts(Dump("", "\n".join(lines)), wired(start=(feature, 3.0)), threshold=0.02, n_others=9)
    [place] = [place for place in places if place.line == 5]
    assert told(place).keys() - {"together"} == {group}
    assert words_of(place, group).startswith(said)


def test_a_surname_speaks_against_a_start() -> None:
    text = "\n".join(FERRY + BELLS)
    places = explain_starts(Dump("", text), wired(start=("first_surnames_of_known", -3.0)), n_others=9)
    assert words_of(places[2], "names") == "speaks of “Okafor” as already introduced"
    assert told(places[2])["names"] < 0.0 and not places[2].starts


@pytest.mark.parametrize("text", [WIRE, PAGES, WIRE.replace("\n", " "), WIRE.replace("\n", "\r\n")])
def test_reasons_come_back_the_same_for_all_the_starts(any_model: SegmentationModel, text: str) -> None:
    dump = Dump("a.txt", text)
    places = explain_starts(dump, any_model, threshold=0.77, n_others=5)
    assert explain_starts(dump, any_model, threshold=0.77, n_others=5) == places
    assert [place.index for place in places if place.starts] == [
        segment.index for segment in segment_dump(dump, any_model, threshold=0.77)
    ]
    assert sum(not place.starts for place in places) == 5
    assert [place.start for place in places] == sorted(place.start for place in places)
    for place in places[1:]:
        effects = [abs(r.effect) for r in place.reasons if r.effect is not None and r.group != "together"]
        assert effects == sorted(effects, reverse=True)
        assert all("\n" not in r.words and r.words.strip() == r.words for r in place.reasons)


def test_effects_and_what_they_do_together_lead_from_the_usual_to_the_probability(any_model: SegmentationModel) -> None:
    for place in explain_starts(Dump("", WIRE), any_model, n_others=12)[1:]:
        assert place.usual is not None
        way = np.log(place.probability / (1 - place.probability)) - np.log(place.usual / (1 - place.usual))
        assert sum(told(place).values()) == pytest.approx(way, abs=0.06)


def test_a_start_is_explained_in_its_own_stretch() -> None:
    model = wired(start=("all_caps_share", 40.0))
    lines = matter(3 * WINDOW, seed=1)
    for line in (WINDOW // 2, WINDOW + 5, 3 * WINDOW - 1):
        lines[line] = "RINGERS IN UPPER STOUR HAVE A NEW ROPE OF HEMP"
    places = explain_starts(Dump("", "\n".join(lines)), model)
    assert [place.line - 1 for place in places] == [0, WINDOW // 2, WINDOW + 5, 3 * WINDOW - 1]
    assert all(told(place).keys() == {"opening"} for place in places[1:])


# What was not weighed


def test_a_persons_decision_is_told_as_just_that(any_model: SegmentationModel) -> None:
    text = "\n".join(FERRY + BELLS)
    here, not_here = text.index("Ringers"), text.index("The board")
    places = explain_starts(Dump("", text), any_model, decided={here: True, not_here: False}, n_others=9)
    by_start = {place.start: place for place in places}
    assert [(r.group, r.effect, r.words) for r in by_start[here].reasons] == [
        ("decision", None, "a person decided that a piece starts here")
    ]
    assert by_start[here].probability == 1.0 and by_start[here].decided is True and by_start[here].starts
    assert [r.words for r in by_start[not_here].reasons] == ["a person decided that no piece starts here"]
    assert by_start[not_here].decided is False and not by_start[not_here].starts


def test_two_likely_starts_without_text_between_are_one() -> None:
    model = wired(start=("blank_line", 8.0), title=("all_caps_share", 40.0))
    text = "\n".join(FERRY) + "\n\nA NEW ROPE\n\n" + "\n".join(BELLS)
    _, headline, lede = explain_starts(Dump("", text), model, n_others=1)
    assert headline.starts and not lede.starts
    assert lede.reasons[0].group == "rule" and lede.reasons[0].effect is None
    assert "“A NEW ROPE”" in lede.reasons[0].words
    assert [reason.group for reason in lede.reasons[1:]] == ["layout"]


@pytest.mark.parametrize(("text", "n"), [("", 0), (" \n\n", 1), ("One line.", 1), ("One line.\nTwo.", 1)])
def test_small_dumps_have_their_reasons(text: str, n: int) -> None:
    places = explain_starts(Dump("", text), wired(start=("blank_line", 8.0)))
    assert [place.reasons[0].words for place in places] == ["the dump starts here"] * n


# On the command line


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Runs ``topics segment --explain`` on a dump in a project whose model hears of blank lines alone."""
    monkeypatch.chdir(tmp_path)
    row, table, number = np.zeros(1), np.zeros((1, 1)), np.array(1.0)
    arrays = {"idf": row, "weights": table, "bias": row, "also_weights": table, "also_bias": row}
    arrays |= {"temperature": number, "unknown_below": number, "also_above": number}
    topics = TopicModel.from_arrays(arrays, ["world"], ["ferry"])
    save_model(tmp_path / "models/default", wired(start=("blank_line", 8.0)), topics, name="default", about={}, card="")
    (tmp_path / "quay.txt").write_text("\n".join(FERRY) + "\n\n" + "\n".join(BELLS), "utf-8")

    def explain(*words: str, code: int = 0, stdin: str | None = None) -> list[str]:
        done = CliRunner().invoke(app, ["segment", "--explain", *words], input=stdin)
        assert done.exit_code == code, done.stderr
        return done.stdout.splitlines() if code == 0 else done.stderr.splitlines()

    return explain


def test_rows_have_the_keys_that_the_docs_name(project: Callable[..., list[str]]) -> None:
    rows = [json.loads(line) for line in project("quay.txt", "--others", "1")]
    assert [row["starts"] for row in rows].count(True) == 2 and len(rows) == 3
    page = (ROOT / "docs/formats.md").read_text("utf-8").split("## Why segments start")[1].split("\n## ")[0]
    for key in (*rows[1], *rows[1]["reasons"][0], *GROUPS, "together", "dump", "decision", "rule"):
        assert f"`{key}`" in page or f'"{key}"' in page, key
    assert rows[2]["dump"] == "quay.txt" and rows[2]["reasons"][0]["words"] == "a blank line before it"


def test_reasons_go_to_a_file_and_come_from_any_input(project: Callable[..., list[str]], tmp_path: Path) -> None:
    text = (tmp_path / "quay.txt").read_text("utf-8")
    (tmp_path / "crawl.jsonl").write_text(json.dumps({"body": text}) + "\n", "utf-8")
    assert project("crawl.jsonl", "--text-field", "body", "--output", "why.jsonl") == []
    rows = [json.loads(line) for line in (tmp_path / "why.jsonl").read_text("utf-8").splitlines()]
    assert rows == [{**json.loads(line), "dump": "crawl.jsonl#1"} for line in project("-", stdin=text)]


def test_the_projects_decisions_hold(project: Callable[..., list[str]], tmp_path: Path) -> None:
    text = (tmp_path / "quay.txt").read_text("utf-8")
    at = text.index("The board")
    decision = BoundaryDecision(
        dump=dump_digest(text), offset=at, starts=True, by="ana", at="2026-01-05T12:00:00Z", name=""
    )
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels/mine.jsonl").write_text(to_json(decision) + "\n", "utf-8")
    rows = [json.loads(line) for line in project("quay.txt")]
    assert [row["decided"] for row in rows] == [None, True, None]
    assert len(project("quay.txt", "--no-labels")) == 2


@pytest.mark.parametrize("options", ["--format csv", "--output folder", "--output why.csv", "--clean", "--jobs 2"])
def test_what_reasons_cannot_be_is_a_usage_error(project: Callable[..., list[str]], options: str) -> None:
    assert project("quay.txt", *options.split(), code=2)


def test_others_without_reasons_is_a_usage_error(project: Callable[..., list[str]]) -> None:
    assert CliRunner().invoke(app, ["segment", "quay.txt", "--others", "2"]).exit_code == 2


# On a terminal


def shown(places: list[StartReasons], width: int = 80) -> str:
    screen = io.StringIO()
    render_reasons([place.to_row() for place in places], console=Console(width=width, file=screen))
    return screen.getvalue()


def test_the_screen_shows_each_start_with_its_strongest_reasons(any_model: SegmentationModel) -> None:
    places = explain_starts(Dump("wire.txt", WIRE), any_model, threshold=0.77, n_others=2)
    text = shown(places)
    assert text.count("\nline ") == len(places) and text.count("no start") == 2
    for block in text.split("\nline ")[2:-1]:
        assert 2 <= sum(line.startswith("   +") or line.startswith("   -") for line in block.splitlines()) <= 5
    assert all(len(line) <= 80 for line in text.splitlines()[:-3])


def test_starts_on_one_line_are_told_apart_and_nothing_moves_the_cursor(any_model: SegmentationModel) -> None:
    text = "A storm came.\x1b[2J " + " ".join((FERRY + BELLS) * 5)  # too long for a line of its own
    places = explain_starts(Dump("\x1bx.txt", text), any_model, n_others=2)
    said = shown([replace(place, line=1) for place in places])
    assert "\x1b" not in said and "line 1, character 0" in said


def test_no_dump_no_reasons() -> None:
    assert shown([]) == "No segments.\n"
