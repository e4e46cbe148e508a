"""Decisions and articles move the boundaries they speak of, the same way every time, and little else."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from topics.bundle import load_model, save_model
from topics.classification.analyzer import count_terms
from topics.classification.training import Example, fit_topics
from topics.cli import app
from topics.errors import DumpError, LabelError, TopicsError
from topics.labels.decisions import BoundaryDecision, TopicDecision, to_json
from topics.paragraphs import Punkt
from topics.records import Dump, dump_digest, text_digest
from topics.segmentation import SegmentationModel
from topics.segmentation.encoding import Sizes
from topics.segmentation.training.corpora import NOTHING, Article
from topics.segmentation.training.descent import Learner, Noise
from topics.segmentation.training.fit import Effort, Generation, fit_segmentation
from topics.segmentation.training.mixing import Mixer, Style
from topics.segmentation.training.refine import Recipe, Refined, refine
from topics.training import train

QUICK = Recipe(n_steps=40, n_mixed=24, n_rehearsed=24)

WHO = ["The clerk", "A diver", "Marta Keller", "The council", "Her brother", "Ravi Menon", "The pilot", "A baker"]
DID = ["counted", "sold", "mended", "lost", "inspected", "photographed", "promised", "banned", "found", "painted"]
WHAT = ["eleven barrels", "the timetable", "a crane", "memory chips", "two bells", "the vote", "an old tram"]
WHERE = ["Karsund", "Dunmore", "Wexcombe", "Oskil", "Tarvin", "Morne"]


def article(i: int, opening: str = "Reports say that") -> Article:
    """Nine paragraphs about one place; only the first opens as it does."""
    rng = random.Random(i)
    where = WHERE[i % len(WHERE)]

    def sentence() -> str:
        return f"{rng.choice(WHO)} {rng.choice(DID)} {rng.choice(WHAT)} in {where} on day {rng.randint(1, 99)}."

    lines = [f"{opening} {sentence()}", *(f"{sentence()} {sentence()}" for _ in range(8))]
    return Article(f"{where} report {i}", tuple(lines), f"outlet {i % 4}", where, "2025-01")


def dumps_of(articles: Sequence[Article], n: int, seed: int = 3) -> list[tuple[Dump, tuple[int, ...]]]:
    """Dumps of plain paragraphs, each with the offsets of its pieces."""
    mixer, rng = Mixer(replace(NOTHING, articles=tuple(articles))), random.Random(seed)
    mixed = [mixer.render(rng, Style(5, "random")) for _ in range(n)]
    return [(Dump(f"{k}.txt", dump.text), dump.starts) for k, dump in enumerate(mixed)]


LEARNER = Generation(Sizes(embedded=48, opening=96, last=32, hidden=96), (Noise(0.2, 0.12, 0.1),) * 2, 14)


@pytest.fixture(scope="module")
def toy() -> SegmentationModel:
    """A model that knows how one kind of outlet opens its pieces."""
    corpora = replace(NOTHING, articles=tuple(article(i) for i in range(60)), stock=("Share", "Advertisement"))
    return fit_segmentation(
        corpora,
        NOTHING,
        Punkt(),
        lambda words: np.zeros((len(words), 2), np.float32),
        effort=Effort(n_dumps=48, generations=(LEARNER,)),
        n_jobs=1,
    )


FOREIGN = [article(i, "Meanwhile, after all,") for i in range(100, 130)]


def bytes_of(model: SegmentationModel) -> dict[str, bytes]:
    return {name: array.tobytes() for name, array in model.to_arrays().items()}


def probability_at(model: SegmentationModel, dump: Dump, offset: int) -> float:
    scored = model.score(dump.text)
    return float(scored.probabilities[[p.start for p in scored.paragraphs].index(offset)])


def test_nothing_decided_gives_the_model_itself(toy: SegmentationModel) -> None:
    [(dump, starts), *_] = dumps_of(FOREIGN, 1)
    assert refine(toy, [], {}).model is toy
    assert refine(toy, [dump], {}).model is toy
    assert refine(toy, [dump], {}, NOTHING).model is toy
    assert refine(toy, [], {dump_digest(dump.text): {starts[1]: True}}).model is toy, "its dump is not at hand"
    at_start = refine(toy, [dump], {dump_digest(dump.text): {0: True}})
    assert at_start == Refined(toy), "a dump starts with a piece in any case"


def test_a_contradicted_boundary_moves_towards_the_decision(toy: SegmentationModel) -> None:
    [(dump, _), *_] = dumps_of(FOREIGN, 1)
    scored = toy.score(dump.text)
    order = np.argsort(scored.probabilities[1:]) + 1
    unlikely, likely = (scored.paragraphs[i].start for i in (order[len(order) // 2], order[-1]))
    before = [probability_at(toy, dump, offset) for offset in (unlikely, likely)]
    refined = refine(toy, [dump], {dump_digest(dump.text): {unlikely: True, likely: False}}, recipe=QUICK).model
    after = [probability_at(refined, dump, offset) for offset in (unlikely, likely)]
    assert after[0] > before[0] and after[1] < before[1]


def test_refining_twice_gives_the_same_arrays_and_another_seed_does_not(toy: SegmentationModel) -> None:
    reviewed = dumps_of(FOREIGN, 3)
    decided = {dump_digest(dump.text): {at: True for at in starts[1:]} for dump, starts in reviewed}
    dumps = [dump for dump, _ in reviewed]
    articles = replace(NOTHING, articles=tuple(FOREIGN))
    recipe = replace(QUICK, n_steps=6)
    begun = bytes_of(toy)
    first, again, other = (refine(toy, dumps, decided, articles, recipe=recipe, seed=seed).model for seed in (1, 1, 2))
    assert bytes_of(first) == bytes_of(again) != bytes_of(other)
    assert bytes_of(toy) == begun, "the model that was given stays as it was"
    changed = {name for name, array in bytes_of(first).items() if array != begun[name]}
    assert changed and all(name.startswith("network.") for name in changed)
    assert not any(name.endswith((".centre", ".spread")) for name in changed)


@pytest.mark.parametrize("way", ["decisions", "articles"])
def test_unseen_dumps_of_the_outlet_gain_and_others_lose_little(toy: SegmentationModel, way: str) -> None:
    reviewed = dumps_of(FOREIGN[:15], 8)
    decided = {dump_digest(dump.text): {at: True for at in starts[1:]} for dump, starts in reviewed}
    articles = replace(NOTHING, articles=tuple(FOREIGN[:15]))
    if way == "decisions":
        refined = refine(toy, [dump for dump, _ in reviewed], decided, recipe=QUICK).model
    else:
        refined = refine(toy, [], {}, articles, recipe=QUICK).model

    def mean_at_starts(model: SegmentationModel, dumps: Sequence[tuple[Dump, Sequence[int]]]) -> float:
        return float(np.mean([probability_at(model, dump, at) for dump, starts in dumps for at in starts[1:]]))

    unseen = dumps_of(FOREIGN[15:], 5, seed=4)
    assert mean_at_starts(refined, unseen) > mean_at_starts(toy, unseen)
    known = dumps_of([article(i) for i in range(200, 230)], 5)
    assert mean_at_starts(refined, known) > mean_at_starts(toy, known) - 0.05
    moved = [
        np.abs(refined.score(dump.text).probabilities - toy.score(dump.text).probabilities).mean() for dump, _ in known
    ]
    assert np.mean(moved) < 0.05


def test_a_decision_that_fits_no_paragraph_is_said_and_the_others_teach(toy: SegmentationModel) -> None:
    [(dump, starts), *_] = dumps_of(FOREIGN, 1)
    decided = {dump_digest(dump.text): {starts[1]: True, len(dump.text) + 5: True}}
    problems: list[LabelError] = []
    refined = refine(toy, [dump], decided, recipe=replace(QUICK, n_steps=2), on_problem=problems.append)
    assert len(problems) == 1 and refined.model is not toy and refined.n_decisions == 1
    with pytest.raises(LabelError, match="no paragraph starts there"):
        refine(toy, [dump], decided)


def test_a_dump_longer_than_a_stretch_is_learned_from_as_well(toy: SegmentationModel) -> None:
    text = "\n".join(line for i in range(90) for line in FOREIGN[i % 30].paragraphs)
    dump = Dump("long.txt", text)
    offset = toy.score(text).paragraphs[700].start
    before = probability_at(toy, dump, offset)
    recipe = replace(QUICK, n_steps=20, n_rehearsed=6)
    refined = refine(toy, [dump], {dump_digest(text): {offset: before < 0.5}}, recipe=recipe).model
    assert (probability_at(refined, dump, offset) - before) * (0.5 - before) > 0


def test_a_resumed_learner_is_drawn_back_to_where_it_began(toy: SegmentationModel) -> None:
    learner = Learner.resume(toy.network.members[0].weights, pull=100.0)
    assert set(toy.network.members[0].weights) - set(learner.weights) == {"centre", "spread"}
    began = toy.network.members[0].weights["leave"]
    learner.weights["leave"] += 1.0
    nothing = {name: np.zeros_like(w) for name, w in learner.weights.items() if name != "tokens"}
    learner._move(nothing, np.zeros(0, np.int64), 1e-3)
    assert np.allclose(learner.weights["leave"] - began, 0.9, atol=1e-5)
    assert np.array_equal(learner.weights["enter"], toy.network.members[0].weights["enter"])


# ---- topics train


TAXONOMY = """
[[topic]]
slug = "harbour"
name = "Harbour"
description = "Ships and quays."
key_words = ["quay", "tanker"]

[[topic]]
slug = "music"
name = "Music"
description = "Choirs and organs."
key_words = ["choir", "organ"]
"""
PIECES = {
    "harbour": ["A crane fell on the quay, and the tanker left.", "The tanker met a pilot boat at the quay."],
    "music": ["The choir sang, and the organ was tuned.", "The organ has nine hundred pipes, said the choir."],
}
AT = "2026-01-05T12:00:00Z"


@pytest.fixture(scope="module")
def base(toy: SegmentationModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle around the toy model."""
    examples = [Example(count_terms(None, text), topic) for topic, texts in PIECES.items() for text in texts]
    fitted = fit_topics(examples, tuple(PIECES), [Example(count_terms(topic, topic), topic) for topic in PIECES])
    folder = tmp_path_factory.mktemp("models") / "toy"
    save_model(folder, toy, fitted.model, name="toy", about={"segmentation": {"metrics": {}}}, card="A toy.\n")
    return folder


def project(folder: Path, decisions: Sequence[BoundaryDecision] = (), dumps: Sequence[Dump] = ()) -> Path:
    """A labels folder with four labelled pieces and these decisions; the dumps stand in ``seeds/`` beside it."""
    labels = folder / "labels"
    labels.mkdir(parents=True)
    (labels / "taxonomy.toml").write_text(TAXONOMY, "utf-8")
    pieces = [
        TopicDecision(
            dump=dump_digest(text), start=0, end=len(text), segment=text_digest(text), topic=topic, kind="article",
            by="clerk", at=AT, name="own.txt", text=text,
        )
        for topic, texts in PIECES.items()
        for text in texts
    ]  # fmt: skip
    (labels / "own.jsonl").write_text("".join(f"{row}\n" for row in map(to_json, (*pieces, *decisions))), "utf-8")
    for dump in dumps:
        (folder / "seeds").mkdir(exist_ok=True)
        (folder / "seeds" / dump.name).write_bytes(dump.text.encode())
    return labels


def decide(dump: Dump, offsets: Mapping[int, bool]) -> list[BoundaryDecision]:
    digest = dump_digest(dump.text)
    return [
        BoundaryDecision(dump=digest, offset=at, starts=starts, by="clerk", at=AT, name=dump.name)
        for at, starts in offsets.items()
    ]


def weights(folder: Path) -> str:
    return hashlib.sha256((folder / "segmentation.npz").read_bytes()).hexdigest()


@pytest.fixture
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few steps: what they reach is tested above."""
    monkeypatch.setattr(
        "topics.segmentation.training.refine.Recipe", lambda: Recipe(n_steps=2, n_mixed=24, n_rehearsed=24)
    )


def test_without_decisions_and_articles_boundaries_are_taken_over_as_they_are(base: Path, tmp_path: Path) -> None:
    [(dump, _), *_] = dumps_of(FOREIGN, 1)
    report = train(project(tmp_path, dumps=[dump]), tmp_path / "mine", base=str(base))
    assert weights(report.path) == weights(base)
    assert report.refined is None and "refined" not in load_model(report.path).manifest["segmentation"]
    assert "refined" not in report.summary()


@pytest.mark.usefixtures("quickly")
def test_decisions_on_a_dump_at_hand_refine_and_the_manifest_says_so(base: Path, tmp_path: Path) -> None:
    [(dump, starts), *_] = dumps_of(FOREIGN, 1)
    labels = project(tmp_path, decide(dump, {starts[1]: True, starts[2] + 1: False}), [dump])
    report = train(labels, tmp_path / "mine", base=str(base))
    told = {"base": load_model(base).id, "decisions": 2, "dumps": 1, "articles": 0}
    assert load_model(report.path).manifest["segmentation"]["refined"] == told == report.refined
    assert report.summary().endswith("; boundaries refined by 2 decisions and 0 articles")
    assert weights(report.path) != weights(base)
    assert f"Refined from `{told['base']}` by 2 decisions" in (report.path / "CARD.md").read_text("utf-8")
    again = train(labels, tmp_path / "again" / "mine", base=str(base))
    assert again.version == report.version


@pytest.mark.usefixtures("quickly")
def test_what_refined_is_counted_by_the_paragraphs_that_were_decided(base: Path, tmp_path: Path) -> None:
    [(dump, starts), (other, _), *_] = dumps_of(FOREIGN, 2)
    decisions = [*decide(dump, {0: True}), *decide(other, {0: True})]
    report = train(project(tmp_path / "start", decisions, [dump, other]), tmp_path / "none", base=str(base))
    assert report.refined is None and "refined" not in load_model(report.path).manifest["segmentation"]
    assert "refined" not in report.summary() and weights(report.path) == weights(base)
    decisions += decide(dump, {starts[1] - 1: True, starts[1]: True})
    report = train(project(tmp_path / "same", decisions, [dump, other]), tmp_path / "one", base=str(base))
    assert report.refined is not None
    assert (report.refined["decisions"], report.refined["dumps"]) == (1, 1)


def test_decisions_without_their_dump_are_reported(base: Path, tmp_path: Path) -> None:
    [(dump, starts), *_] = dumps_of(FOREIGN, 1)
    report = train(project(tmp_path, decide(dump, {starts[1]: True})), tmp_path / "mine", base=str(base))
    assert report.problems == ("0.txt: 1 boundary decision without the dump. Give it with --dumps.",)
    assert weights(report.path) == weights(base)


@pytest.mark.usefixtures("quickly")
def test_articles_refine_from_a_file(base: Path, tmp_path: Path) -> None:
    file = tmp_path / "gazette.jsonl"
    rows = ({"title": a.title, "text": "\n".join(a.paragraphs)} for a in FOREIGN[:12])
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    labels = project(tmp_path)
    arguments = ["train", "--labels", str(labels), "--model", str(base), "--output", str(tmp_path / "mine")]
    result = CliRunner().invoke(app, [*arguments, "--articles", str(file)])
    assert result.exit_code == 0, result.output
    assert load_model(tmp_path / "mine").manifest["segmentation"]["refined"]["articles"] == 12
    assert weights(load_model(tmp_path / "mine").path) != weights(base)
    result = CliRunner().invoke(app, [*arguments, "--articles", str(file), "--corpora", str(tmp_path)])
    assert result.exit_code == 2 and "either --corpora or --articles" in result.output
    with pytest.raises(DumpError, match=r"no \.jsonl"):
        train(labels, tmp_path / "other", articles=tmp_path / "seeds", base=str(base))
    file.write_text('{"title": "Short", "text": "One line."}\n', "utf-8")
    with pytest.raises(TopicsError, match="no whole articles"):
        train(labels, tmp_path / "other", articles=file, base=str(base))


@pytest.mark.usefixtures("quickly")
def test_training_again_begins_from_the_first_model(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A project whose model was refined and that is trained again gets what it would have got at once."""
    [(dump, starts), *_] = dumps_of(FOREIGN, 1)
    labels = project(tmp_path, decide(dump, {starts[1]: True}), [dump])
    monkeypatch.setattr("topics.shelf.roots", lambda: [("project", tmp_path / "models"), ("package", base.parent)])
    first = train(labels, tmp_path / "models" / "mine", base=str(base))
    again = train(labels, tmp_path / "models" / "mine", base="mine")
    assert again.version == first.version
    steps: list[str] = []
    monkeypatch.setattr("topics.shelf.roots", lambda: [("project", tmp_path / "models")])
    on = train(labels, tmp_path / "on" / "mine", base="mine", on_progress=steps.append)
    assert on.refined is not None and on.refined["base"] == f"mine@{first.version}"
    assert any("is not at hand: going on from mine" in step for step in steps)
