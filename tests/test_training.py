"""Labels in, a usable model out: the same every time, and nothing dropped in silence."""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections.abc import Sequence
from dataclasses import fields, replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from topics.bundle import load_model
from topics.classification.analyzer import count_terms
from topics.errors import LabelError
from topics.examples import read_training_set
from topics.labels.decisions import TopicDecision, to_json
from topics.labels.signatures import sign_text
from topics.labels.standoff import SegmentTerms, terms_path, write_terms
from topics.paragraphs import Punkt, split_paragraphs
from topics.pipeline import classify, segment
from topics.records import dump_digest, text_digest
from topics.segmentation.encoding import Sizes
from topics.segmentation.lexicon import hash_word
from topics.segmentation.model import SegmentationModel
from topics.segmentation.network import HEADS, Array
from topics.segmentation.training.corpora import BODY, FURNITURE, NOTHING, TITLE, Article, Corpora
from topics.segmentation.training.descent import Example, Noise
from topics.segmentation.training.fit import Effort, ExampleMaker, Generation, fit_segmentation, tell_truth
from topics.segmentation.training.measure import measure_styles
from topics.segmentation.training.mixes import FIRST, SECOND
from topics.segmentation.training.pieces import MixedDump
from topics.segmentation.training.prose import Prose
from topics.segmentation.training.words import in_steps, learn_vocabulary
from topics.training import TrainReport, train

TAXONOMY = """
[[topic]]
slug = "harbour"
name = "Harbour"
description = "Ships, quays, and those who work there."
key_words = ["quay", "tanker", "pilot boat"]

[[topic]]
slug = "garden"
name = "Garden"
description = "What grows, and what eats it."
key_words = ["roses", "compost", "hedge"]

[[topic]]
slug = "music"
name = "Music"
description = "Choirs, organs and those who listen."
key_words = ["choir", "organ", "sonata"]
"""
TEXTS = {
    "harbour": [
        "A crane fell on the eastern quay, and the harbour board closed it until divers have looked at the piles.",
        "Trawlers stayed in port as the harbour froze. Ice lay on the quay, and the pilot boat could not leave.",
        "The pilot boat met a tanker outside the harbour and brought it to the quay in spite of the fog.",
        "Dockers on the quay want more pay for unloading a tanker at night, and the harbour board does not.",
    ],
    "garden": [
        "Frost killed the plum blossom. Gardeners covered their roses with straw and hoped for a warmer week.",
        "Wrens nest in the hedge. Gardeners who prune roses in May disturb them, and the wrens do not return.",
        "Worms make compost of leaves and straw. Spread the compost under the roses before the frost comes.",
        "A plum wants pruning in summer, a hedge when the wrens have left it, and roses whenever there is time.",
    ],
    "music": [
        "The choir sang hymns on the stairs, since the organ was being tuned and nobody could bear the noise.",
        "The organ has nine hundred pipes. The choir sang a hymn to test it, and then the organist played a sonata.",
        "The cellist broke a string in the middle of the sonata, and the organ played on as if nothing had happened.",
        "A sonata for cello and organ was found behind a cupboard. The choir will sing from the other score.",
    ],
}  # fmt: skip


def decide(topic: str | None, text: str, keep: bool = True, **changes: object) -> TopicDecision:
    decision = TopicDecision(
        dump=dump_digest(text), start=0, end=len(text), segment=text_digest(text), topic=topic, kind="article",
        by="clerk", at="2026-01-05T12:00:00Z", name="own.txt", text=text if keep else None,
    )  # fmt: skip
    return replace(decision, **changes)  # type: ignore[arg-type]


ALL = [decide(topic, text) for topic, texts in TEXTS.items() for text in texts]


def project(folder: Path, **files: list[TopicDecision]) -> Path:
    """A labels folder with a taxonomy of its own and these label files."""
    labels = folder / "labels"
    labels.mkdir(parents=True)
    (labels / "taxonomy.toml").write_text(TAXONOMY, "utf-8")
    for name, decisions in files.items():
        (labels / f"{name}.jsonl").write_text("".join(f"{to_json(d)}\n" for d in decisions), "utf-8")
    return labels


def fit(folder: Path, leave_out: tuple[str, ...] = (), **files: list[TopicDecision]) -> TrainReport:
    return train(project(folder, **files), folder / "models" / "mine", leave_out=leave_out)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> TrainReport:
    return fit(tmp_path_factory.mktemp("project"), own=ALL)


def test_a_trained_model_tags_text_with_the_project_s_own_topics(trained: TrainReport) -> None:
    model = load_model(trained.path)
    assert model.topics.slugs == ("harbour", "garden", "music")
    text = (
        "Choir to sing on Sunday\n\nThe choir will sing hymns on Sunday, and the organist has promised a sonata. "
        "The organ was tuned in spring.\n"
    )
    [piece] = segment(text, model)
    [prediction] = classify([piece], model)
    assert (piece.title, prediction.topic, prediction.model) == ("Choir to sing on Sunday", "music", model.id)


def test_the_report_says_what_was_made(trained: TrainReport) -> None:
    assert (trained.n_labels, trained.problems) == (12, ())
    assert trained.version == load_model(trained.path).version
    topics = trained.metrics["topics"]
    assert topics["n"] == 12
    assert {slug: row["n"] for slug, row in topics["by_topic"].items()} == {"harbour": 4, "garden": 4, "music": 4}
    assert trained.summary().startswith("12 labels; ")


def test_the_manifest_and_the_card_say_what_it_was_made_from(trained: TrainReport) -> None:
    manifest = load_model(trained.path).manifest
    labels = trained.path.parent.parent / "labels" / "own.jsonl"
    assert manifest["labels"] == {"own.jsonl": hashlib.sha256(labels.read_bytes()).hexdigest()}
    assert manifest["taxonomy"][1] == {"slug": "garden", "name": "Garden"}
    assert manifest["trained_on"] == {"pieces": 12, "by_topic": {"garden": 4, "harbour": 4, "music": 4}}
    card = (trained.path / "CARD.md").read_text("utf-8")
    assert "Model `mine`" in card and "12 labelled pieces from own.jsonl" in card and "3 topics" in card
    assert "| accuracy | primary or secondary |" in card
    assert re.search(r"Learned from dumps mixed from .*: [\d,]+ of each mix for each generation\.", card)


def test_boundaries_are_taken_over_from_the_base_model(trained: TrainReport) -> None:
    base, made = (load_model(path).segmentation for path in (None, trained.path))
    arrays = made.to_arrays()
    assert all(np.array_equal(array, arrays[name]) for name, array in base.to_arrays().items())
    assert made.punkt == base.punkt


def test_the_same_labels_give_the_same_bytes(trained: TrainReport, tmp_path: Path) -> None:
    again = fit(tmp_path, own=ALL)
    assert again.version == trained.version
    for file in sorted(trained.path.iterdir()):
        assert (again.path / file.name).read_bytes() == file.read_bytes(), file.name


def test_labels_without_text_or_terms_are_reported(tmp_path: Path) -> None:
    names = {"A bell": "x.txt", "A drum": "x.txt", "A horn": "a.txt"}
    lost = [decide("music", text, keep=False, name=name) for text, name in names.items()]
    report = fit(tmp_path, own=[*ALL, *lost])
    assert report.problems == (
        "a.txt: 1 label without text or terms. Give the dump with --dumps.",
        "x.txt: 2 labels without text or terms. Give the dump with --dumps.",
    )
    assert report.n_labels == 12


def test_nothing_is_learned_from_a_text_that_is_not_the_one_named(tmp_path: Path) -> None:
    swapped = replace(ALL[0], text=ALL[1].text)
    moved = decide("music", "A bell rings.", keep=False, end=6)
    labels = project(tmp_path, own=[*ALL[1:], swapped, moved])
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds" / "own.txt").write_text("A bell rings.", "utf-8")
    found = read_training_set(labels)
    assert found.pieces.decisions == tuple(ALL[1:])
    assert found.problems == (
        f"{labels / 'own.jsonl'}:12: its text is not the one that its digest names. Label it again.",
        f"{labels / 'own.jsonl'}:13: own.txt has another text there. Label it again.",
    )


def test_a_line_that_cannot_be_used_is_reported_and_the_others_are(tmp_path: Path) -> None:
    labels = project(tmp_path, own=[*ALL, decide("musik", "The choir of the opera.")])
    with (labels / "own.jsonl").open("a", encoding="utf-8") as file:
        file.write("{}\n")
    report = train(labels, tmp_path / "models" / "mine")
    assert report.n_labels == 12
    unknown, broken = report.problems
    assert f"{labels / 'own.jsonl'}:13: " in unknown and '"musik"' in unknown
    assert f"{labels / 'own.jsonl'}:14: " in broken


def test_text_comes_from_dumps_where_labels_have_none(trained: TrainReport, tmp_path: Path) -> None:
    """The seeds folder beside the labels is read by default; offsets find each piece in its dump."""
    dump = "".join(f"{text}\n" for texts in TEXTS.values() for text in texts)
    bare = []
    for decision in ALL:
        assert decision.text is not None
        start = dump.index(decision.text)
        end = start + len(decision.text)
        bare.append(replace(decision, dump=dump_digest(dump), start=start, end=end, text=None))
    labels = project(tmp_path, own=bare)
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds" / "own.txt").write_bytes(dump.encode())
    report = train(labels, tmp_path / "models" / "mine")
    assert (report.n_labels, report.problems) == (12, ())
    assert report.metrics == trained.metrics


def test_terms_kept_beside_labels_stand_in_for_their_text(trained: TrainReport, tmp_path: Path) -> None:
    labels = project(tmp_path, own=[replace(d, text=None) for d in ALL])
    rows = [SegmentTerms(d.segment, count_terms(None, d.text or ""), sign_text(d.text or "")) for d in ALL]
    write_terms(terms_path(labels / "own.jsonl"), rows)
    report = train(labels, tmp_path / "models" / "mine")
    assert (report.n_labels, report.problems) == (12, ())


def test_the_last_word_on_a_text_holds(tmp_path: Path) -> None:
    text = TEXTS["music"][0]
    changed = decide("harbour", text, at="2026-02-01T00:00:00Z")
    outdated = decide("garden", text, at="2025-01-01T00:00:00Z")
    report = fit(tmp_path, own=[changed, *ALL, outdated])
    assert load_model(report.path).manifest["trained_on"]["by_topic"] == {"garden": 4, "harbour": 5, "music": 3}


def test_boilerplate_teaches_no_topic_and_none_fits_is_not_judged(tmp_path: Path) -> None:
    appeal = decide(None, "Give to the bell fund.", kind="boilerplate")
    neither = decide(None, "The court heard how the dealer had sold one painting three times.")
    report = fit(tmp_path, own=[*ALL, appeal, neither])
    assert report.n_labels == 13
    assert report.metrics["topics"]["n"] == 12
    assert load_model(report.path).manifest["trained_on"]["by_topic"]["none fits"] == 1


@pytest.mark.parametrize("named", ["other", "other.jsonl"])
def test_a_file_can_be_left_out(tmp_path: Path, named: str) -> None:
    report = fit(tmp_path, leave_out=(named,), own=ALL[:8], other=ALL[8:])
    assert report.n_labels == 8
    assert list(load_model(report.path).manifest["labels"]) == ["own.jsonl"]


def test_a_file_to_leave_out_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(LabelError) as raised:
        fit(tmp_path, leave_out=("own", "othr"), own=ALL[:8], other=ALL[8:])
    labels = tmp_path / "labels"
    assert str(raised.value) == f'{labels}: no label file "othr" to leave out. Known are: other, own.'
    with pytest.raises(LabelError, match='no label file "othr" to leave out'):
        read_training_set(labels, leave_out=["othr"])


def test_an_error_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match=r"no label whose text or terms can be had"):
        fit(tmp_path, own=[replace(decision, text=None) for decision in ALL])
    assert not (tmp_path / "models").exists()


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match="nowhere: no label files"):
        train(tmp_path / "nowhere", tmp_path / "models" / "mine")


# ---- boundaries


WHO = ["The clerk", "A diver", "Marta Keller", "The council", "Her brother", "Ravi Menon", "The pilot"]
DID = ["counted", "sold", "mended", "lost", "inspected", "photographed", "promised", "banned", "found"]
WHAT = ["eleven barrels", "the timetable", "a crane", "memory chips", "two bells", "the vote", "an old tram"]
WHERE = ["Karsund", "Dunmore", "Wexcombe", "Oskil", "Tarvin", "Morne"]


def report(i: int) -> Article:
    rng = random.Random(i)
    lines = [f"{rng.choice(WHO)} {rng.choice(DID)} {rng.choice(WHAT)} in {WHERE[i // 2 % 6]}." for _ in range(6)]
    return Article(f"Report {i} from the town", tuple(lines), f"outlet {i % 4}", "town", "2025-01")


def meaning_of(words: Sequence[str]) -> Array:
    """Vectors by the first letters of words: any will do."""
    return np.array([[ord(word[0]) % 7 - 3, len(word) % 5 - 2] for word in words], np.float32)


LEARNER = Generation(Sizes(embedded=12, opening=16, last=8, hidden=24), (Noise(0.1, 0.1, 0.1),), n_rounds=2)
LEARNERS = replace(LEARNER, sizes=Sizes(embedded=10, opening=12, last=6, hidden=16), noises=LEARNER.noises * 2)


def test_fitting_boundaries_twice_gives_the_same_arrays() -> None:
    corpora = Corpora(tuple(report(i) for i in range(60)), (), (), (), ("Share", "Advertisement"))
    held_out = Corpora(tuple(report(i) for i in range(60, 90)), (), (), (), ("Share", "Advertisement"))
    last = replace(LEARNER, mixes=(FIRST, SECOND), told=0.6, noises=(replace(LEARNER.noises[0], names=0.3),))
    generations = (LEARNERS, replace(LEARNERS, mixes=(SECOND,)), last)
    effort = Effort(n_dumps=24, generations=generations, n_calibration=12)
    steps: list[str] = []
    first = fit_segmentation(corpora, held_out, Punkt(), meaning_of, effort=effort, n_jobs=1, on_progress=steps.append)
    second = fit_segmentation(corpora, held_out, Punkt(), meaning_of, effort=effort, n_jobs=1)
    assert any("nats a paragraph" in step for step in steps)
    again = second.to_arrays()
    for name, array in first.to_arrays().items():
        assert array.tobytes() == again[name].tobytes(), name
    assert [network.sizes for network in first.network.members] == [LEARNER.sizes]  # the last generation alone
    assert [step.split("mixed ")[1].split()[0] for step in steps if "mixed " in step] == ["24", "24", "48"]
    assert sum("network 2." in step for step in steps) == 2 * LEARNERS.n_rounds
    assert first.calibration != (1.0, 0.0)
    assert first.meanings.any() and first.vocabulary.weight_of_term.std() > 0  # they are not equal for being empty


def test_without_outlets_kept_aside_odds_are_taken_as_they_are() -> None:
    corpora = Corpora(tuple(report(i) for i in range(40)), (), (), (), ("Share", "Advertisement"))
    effort = Effort(n_dumps=24, generations=(LEARNER,))
    model = fit_segmentation(corpora, NOTHING, Punkt(), meaning_of, effort=effort, n_jobs=1)
    assert model.calibration == (1.0, 0.0)
    arrays = SegmentationModel.from_arrays(model.to_arrays(), model.punkt).to_arrays()
    assert all(np.array_equal(array, arrays[name]) for name, array in model.to_arrays().items())


def write_corpora(folder: Path, outlets: Sequence[str]) -> Path:
    """A folder with one file of reports, by these outlets in turn."""
    folder.mkdir()
    rows = []
    for i in range(40):
        article = report(i)
        body = "\n".join(f"{line} Item {i}." for line in article.paragraphs)
        rows.append({"title": article.title, "text": body, "source": outlets[i % len(outlets)]})
    (folder / "reports.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")
    return folder


@pytest.fixture
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """One small network."""
    effort = Effort(generations=(LEARNER,), n_calibration=4)
    monkeypatch.setattr("topics.segmentation.training.fit.Effort", lambda n_dumps: replace(effort, n_dumps=n_dumps))
    monkeypatch.setattr("topics.segmentation.training.measure.measure_styles", partial(measure_styles, n_dumps=1))


@pytest.mark.usefixtures("quickly")
@pytest.mark.parametrize(
    ("outlets", "styles", "said"),
    [
        (["Al Jazeera"], (), "Not measured: none was kept out."),
        (["Al Jazeera", "BBC"], ("t1", "t2", "t3", "t5"), "Measured on outlets kept out of all training."),
    ],
)
def test_boundaries_learned_anew_are_measured_on_what_is_kept_out(
    outlets: list[str], styles: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    corpora = write_corpora(tmp_path / "corpora", outlets)
    report = train(project(tmp_path, own=ALL), tmp_path / "models" / "mine", corpora=corpora, n_dumps=24)
    assert tuple(report.metrics["segmentation"]) == styles
    digest = hashlib.sha256((corpora / "reports.jsonl").read_bytes()).hexdigest()
    assert load_model(report.path).manifest["segmentation"]["corpora"] == {"reports.jsonl": digest}
    assert said in (report.path / "CARD.md").read_text("utf-8")


def test_what_earlier_networks_say_is_heard_only_where_it_is_asked_for() -> None:
    corpora = Corpora(tuple(report(i) for i in range(40)), (), (), (), ("Share", "Advertisement"))

    def fit(*shares: float) -> Array:
        generations = tuple(replace(LEARNER, told=share) for share in shares)
        effort = Effort(n_dumps=24, generations=generations)
        model = fit_segmentation(corpora, NOTHING, Punkt(), meaning_of, effort=effort, n_jobs=1)
        return model.network.members[0].weights["leave"]

    assert np.array_equal(fit(0.0, 0.0), fit(0.6, 0.0))
    assert not np.array_equal(fit(0.0, 0.0), fit(0.0, 0.6))


def test_examples_are_the_same_whatever_the_number_of_processes() -> None:
    corpora = Corpora(tuple(report(i) for i in range(40)), (), (), (), ("Share", "Advertisement"))
    vocabulary, vectors = learn_vocabulary(corpora, meaning_of, 3)
    maker = ExampleMaker(corpora, (), Prose(), Punkt(), vocabulary, in_steps(vectors))
    one, two = maker.make(30, 5, 1), maker.make(30, 5, 2)
    assert len(one) == len(two) == 30
    for ours, theirs in zip(one, two, strict=True):
        assert all(np.array_equal(getattr(ours, f.name), getattr(theirs, f.name)) for f in fields(Example))


# ---- the truth that is taught


def test_paragraphs_are_told_what_they_are() -> None:
    text = "Share\nFerries late\nThe ferry sailed. It was late.\nBells ring\nThe bell rang.\n"
    at = [text.index(line) for line in text.split("\n")[:-1]]
    dump = MixedDump(
        text, (0, at[3]), (at[2], at[4]), (at[3], len(text)), tuple(at), (FURNITURE, TITLE, BODY, TITLE, BODY)
    )
    truth, weight = tell_truth(dump, split_paragraphs(text))
    column = {name: truth[:, HEADS.index(name)].tolist() for name in HEADS}
    assert column == {
        "start": [1, 0, 0, 1, 0],
        "furniture": [1, 0, 0, 0, 0],
        "title": [0, 1, 0, 1, 0],
        "last": [0, 0, 1, 0, 1],
        "boilerplate": [0, 0, 0, 0, 0],
    }
    assert weight[0].tolist() == [0.0, *weight[1].tolist()[1:]]  # the first start is given
    assert (weight[1:] == weight[1]).all() and weight[1, 0] == 1.0


def test_the_vocabulary_holds_words_that_several_articles_hold() -> None:
    odd = Article("Odd", ("A quokka.",), "outlet", "town", "2025-01")
    corpora = Corpora((*(report(i) for i in range(40)), odd), (), (), (), ())
    vocabulary, vectors = learn_vocabulary(corpora, meaning_of, 3)
    keys = set(vocabulary.keys.tolist())
    assert {hash_word(word) for word in ("town", "crane", "oskil", "the", ".")} <= keys
    assert hash_word("quokka") not in keys
    stop = [i for i, key in enumerate(vocabulary.keys.tolist()) if key == hash_word("the")]
    assert not vectors[stop].any()  # what carries no topic has no meaning
    assert vectors.shape == (len(keys), 2) and vectors.any()
    meanings = in_steps(vectors)
    assert meanings.steps.dtype == np.int8
    assert np.abs(meanings.steps * meanings.scale - vectors).max() <= meanings.scale.max() / 2 + 1e-6
